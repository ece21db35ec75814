-- One clinic with a long past, for `make bench ARGS=scale`. Run by PostgreSQL's superuser on an empty, migrated database.
-- Everything follows from `bench.patients`; the same number makes the same rows, ids included (times count from today).
-- Only what the measured lists read is made: the documents are of the usual size, but nobody signed them.

CREATE FUNCTION pg_temp.id(what text, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex(1700000000000 + n), 12, '0') || '7' || substr(md5(what || n), 1, 3)
        || '8' || substr(md5(what || n), 4, 15))::uuid
$$;
CREATE FUNCTION pg_temp.dice(what text, n bigint, sides int) RETURNS int LANGUAGE sql IMMUTABLE AS $$
    SELECT (hashtextextended(what || n, 0) & 1073741823)::int % sides
$$;
CREATE FUNCTION pg_temp.people() RETURNS int LANGUAGE sql STABLE AS $$
    SELECT current_setting('bench.patients')::int
$$;
CREATE FUNCTION pg_temp.clinic() RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT pg_temp.id('clinic', 1) $$;
CREATE FUNCTION pg_temp.surname(n bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT initcap((ARRAY['sm','tu','ab','ko','mar','len','ha','bri','do','fa','ger','ju','per','row','wes'])[h % 15 + 1]
        || (ARRAY['i','o','a','e','u'])[h / 15 % 5 + 1] || (ARRAY['th','ck','rn','ll','nd','rs','b','m'])[h / 75 % 8 + 1]
        || (ARRAY['er','ey','son','ley','s'])[h / 600 % 5 + 1])
    FROM (SELECT pg_temp.dice('surname', n, 3000) AS h)
$$;

INSERT INTO accounts_clinic (id, slug, name, country, time_zone, locale, rule_set, pressure_unit)
VALUES (pg_temp.clinic(), 'scale', 'Scale', 'GB', 'Europe/London', 'en-GB', 'delphi2018_any2', 'kPa');
INSERT INTO messaging_sending (clinic_id, reply_to, quiet_from, quiet_until, late_after_min, most_a_day, per_minute,
    when_unknown, window_used)
VALUES (pg_temp.clinic(), '', '00:00', '00:00', 1440, 1000, 1000000, 'leave', 0);

-- Who works there: 32 therapists, an owner (33) and somebody at the desk (34).
INSERT INTO accounts_user (id, email, name, password, registration_no, is_active, is_superuser)
SELECT pg_temp.id('user', n), 'scale' || n || '@bench.example', 'Person ' || n, '', '', true, false
FROM generate_series(1, 34) AS n;
INSERT INTO accounts_membership (clinic_id, user_id, role, is_active)
SELECT pg_temp.clinic(), pg_temp.id('user', n), CASE n WHEN 33 THEN 'owner' WHEN 34 THEN 'staff' ELSE 'therapist' END, true
FROM generate_series(1, 34) AS n;
INSERT INTO scheduling_site (id, clinic_id, name, address, is_active)
VALUES (pg_temp.id('site', 1), pg_temp.clinic(), 'Quay', '', true);
INSERT INTO scheduling_room (id, clinic_id, site_id, name, is_active)
SELECT pg_temp.id('room', n), pg_temp.clinic(), pg_temp.id('site', 1), 'Room ' || n, true FROM generate_series(1, 32) AS n;
INSERT INTO scheduling_hours (clinic_id, user_id, room_id, weekday, from_time, until_time)
SELECT pg_temp.clinic(), pg_temp.id('user', n), pg_temp.id('room', n), d, '07:00', '18:30'
FROM generate_series(1, 32) AS n, generate_series(0, 4) AS d;
INSERT INTO scheduling_appointmenttype
    (id, clinic_id, name, length_min, buffer_min, online, technique, therapists, rooms, is_active)
VALUES (pg_temp.id('type', 1), pg_temp.clinic(), 'Treatment', 30, 0, false, '', '{}', '{}', true);

INSERT INTO patients_patient (id, clinic_id, family_name, given_names, birth_date, sex, pronouns, language, time_zone,
    email, consent_email, consent_sms, consent_phone, address_line, city, state, postal_code, country, emergency_name,
    emergency_relationship, emergency_phone, status, sort_name, revision, created_at)
SELECT pg_temp.id('patient', n), pg_temp.clinic(), pg_temp.surname(n), 'Ada', date '1930-01-01' + pg_temp.dice('born', n, 27000),
    'unknown', '', '', '', 'p' || n || '@mail.example', 'granted', 'not_asked', 'not_asked', '', '', '', '', '', '', '',
    '', 'in_care', lower(pg_temp.surname(n)) || ' ada', 1, now() - interval '5 years' * (1 - n::float / pg_temp.people())
FROM generate_series(1, pg_temp.people()) AS n;
INSERT INTO patients_searchkey (clinic_id, patient_id, key, sort_name)
SELECT clinic_id, id, k, sort_name FROM patients_patient p,
    LATERAL (VALUES (lower(family_name)), (lower(given_names)), (birth_date::text), ('h1' || right(md5(id::text), 6))) AS v (k)
WHERE clinic_id = pg_temp.clinic();
INSERT INTO patients_identifier (clinic_id, patient_id, system, value)
SELECT pg_temp.clinic(), pg_temp.id('patient', n), 'urn:bench', 'H1' || n FROM generate_series(1, pg_temp.people()) AS n;

-- Visits: five years back and eight weeks ahead, 16 half hours a day. Patient g comes six times.
CREATE TEMP TABLE visit AS
SELECT i, i % g AS patient, i / g AS round, s % 32 + 1 AS therapist,
    date_trunc('week', now()) - interval '260 weeks' + interval '8 hours'
        + s / 32 / 80 * interval '1 week' + s / 32 % 80 / 16 * interval '1 day' + s / 32 % 16 * interval '30 min' AS starts_at
FROM (SELECT i, g, (i * 686080::bigint / (6 * g)) AS s FROM (SELECT pg_temp.people() * 4 / 15 AS g),
    LATERAL generate_series(0, 6 * g - 1) AS i);
INSERT INTO scheduling_series (id, clinic_id, patient_id, type_id, count, weeks, length_min, starts_on, note, ended_at, made_at)
SELECT pg_temp.id('series', patient), pg_temp.clinic(), pg_temp.id('patient', patient + 1), pg_temp.id('type', 1), 8, 8, 30,
    starts_at::date, '', CASE WHEN patient % 25 <> 0 THEN now() END, starts_at - interval '7 days'
FROM visit WHERE round = 0 AND patient % 5 = 0;
INSERT INTO scheduling_appointment (id, clinic_id, patient_id, type_id, therapist_id, room_id, starts_at, ends_at,
    blocked_until, status, cancelled_by, reason, note, series_id, number, outside_hours, booked_at, status_at, revision)
SELECT pg_temp.id('appointment', i), pg_temp.clinic(), pg_temp.id('patient', patient + 1), pg_temp.id('type', 1),
    pg_temp.id('user', therapist), pg_temp.id('room', therapist), starts_at, starts_at + interval '30 min',
    starts_at + interval '30 min', status, CASE status WHEN 'cancelled' THEN 'patient' ELSE '' END,
    CASE status WHEN 'cancelled' THEN 'ill' ELSE '' END, '', CASE WHEN patient % 5 = 0 THEN pg_temp.id('series', patient) END,
    CASE WHEN patient % 5 = 0 THEN round + 1 END, false, starts_at - interval '1 day' * pg_temp.dice('lead', i, 40),
    CASE status WHEN 'cancelled' THEN starts_at - interval '1 hour' * pg_temp.dice('cancel', i, 90) ELSE starts_at END, 1
FROM visit, LATERAL (SELECT CASE
    WHEN starts_at > now() - interval '1 hour' THEN 'booked'
    WHEN pg_temp.dice('status', i, 100) < 10 THEN 'cancelled'
    WHEN pg_temp.dice('status', i, 100) < 14 THEN 'noshow' ELSE 'fulfilled' END AS status)
ORDER BY i;
INSERT INTO scheduling_change (clinic_id, appointment_id, at, by_client, what, before, after, why)
SELECT clinic_id, id, status_at, '', status, '{}', '{}', '' FROM scheduling_appointment
WHERE clinic_id = pg_temp.clinic();

-- Exams with three findings, sessions with one intervention, and their documents in one chain.
CREATE TEMP TABLE document AS
SELECT n, n % 3 = 0 AS is_session, pg_temp.id(CASE WHEN n % 3 = 0 THEN 'session' ELSE 'exam' END, n) AS subject_id,
    (n * 7 % pg_temp.people() + 1)::bigint AS patient, n % 32 + 1 AS therapist,
    now() - interval '5 years' * (1 - n::float / (pg_temp.people() * 3 / 2)) AS at
FROM generate_series(1, pg_temp.people() * 3 / 2) AS n;
INSERT INTO assessments_assessment (id, clinic_id, patient_id, performed_at, notes, recorded_at, subject_id, version,
    revision, current_symptom, rule_set, gate_action, gate_blocking, recorded_by_id)
SELECT subject_id, pg_temp.clinic(), pg_temp.id('patient', patient), at, '', at, subject_id, 1, 1, 'yes',
    'delphi2018_any2', 'none', '{}', pg_temp.id('user', therapist)
FROM document WHERE NOT is_session;
INSERT INTO assessments_triggerpoint (id, clinic_id, patient_id, muscle_id, side, place, place_key, created_at, number)
SELECT pg_temp.id('point', n * 3 + f), pg_temp.clinic(), pg_temp.id('patient', patient), 'trapezius_upper', 'right',
    'place ' || n || f, 'place ' || n || f, at, row_number() OVER (PARTITION BY patient ORDER BY n, f)
FROM document, generate_series(0, 2) AS f WHERE NOT is_session;
INSERT INTO assessments_finding (clinic_id, assessment_id, trigger_point_id, ordinal, muscle_id, side, place, taut_band,
    hypersensitive_spot, referred_pain, palpable_nodule, local_twitch, jump_sign, restricted_rom, pain_on_contraction,
    weakness, autonomic, stress_aggravation, spot_in_band, referred_quality, recognised, ppt_kpa, limit_reasons, notes,
    criteria, class_code, rule_set, rule_set_version, missing_tests, unreviewed)
SELECT pg_temp.clinic(), subject_id, pg_temp.id('point', n * 3 + f), f, 'trapezius_upper', 'right', 'place ' || n || f,
    'present', 'present', 'present', 'present', 'not_tested', 'absent', 'not_tested', 'not_tested', 'not_tested',
    'not_tested', 'not_tested', 'yes', '{}', 'yes', '{186.3}', '{}', '', 'met', 'active', 'delphi2018_any2', 1, '{}', false
FROM document, generate_series(0, 2) AS f WHERE NOT is_session;
INSERT INTO treatments_session (id, clinic_id, patient_id, performed_at, notes, recorded_at, subject_id, version, revision,
    response, limit_reasons, recorded_by_id)
SELECT subject_id, pg_temp.clinic(), pg_temp.id('patient', patient), at, '', at, subject_id, 1, 1, '', '{}',
    pg_temp.id('user', therapist)
FROM document WHERE is_session;
INSERT INTO treatments_intervention (clinic_id, session_id, ordinal, technique, muscle_id, side, limit_reasons, response,
    hold_s, repetitions)
SELECT pg_temp.clinic(), subject_id, 0, 'ischemic_compression', 'trapezius_upper', 'right', '{}', '', 60, 3
FROM document WHERE is_session;
INSERT INTO records_record (id, clinic_id, sequence, kind, entry, subject_id, patient_id, version, occurred_at, signed_at,
    signed_by_id, document, sha256, previous_sha256)
SELECT pg_temp.id('record', n), pg_temp.clinic(), n, CASE WHEN is_session THEN 'session' ELSE 'assessment' END, 'signed',
    subject_id, pg_temp.id('patient', patient), 1, at, at, pg_temp.id('user', therapist), document, sha256(document),
    coalesce(lag(sha256(document)) OVER (ORDER BY n), decode(repeat('00', 32), 'hex'))
FROM document, LATERAL (SELECT convert_to(
    replace(current_setting('bench.document'), '"n"', '"' || md5('document' || n) || '"'), 'UTF8') AS document);
UPDATE assessments_assessment a SET signed_at = d.at, signed_by_id = a.recorded_by_id, record_id = pg_temp.id('record', d.n)
FROM document d WHERE d.subject_id = a.id;
UPDATE treatments_session s SET signed_at = d.at, signed_by_id = s.recorded_by_id, record_id = pg_temp.id('record', d.n)
FROM document d WHERE d.subject_id = s.id;
INSERT INTO records_chain (clinic_id, head_sequence, head_sha256)
SELECT clinic_id, sequence, sha256 FROM records_record WHERE clinic_id = pg_temp.clinic() ORDER BY sequence DESC LIMIT 1;

-- At home: every eighth patient has had a programme; every fortieth has one that runs, and every 17th of those is silent.
INSERT INTO homecare_programme (id, clinic_id, patient_id, author_id, status, started_on, ended_at, revision, made_at,
    stopped_flags, stopped_reasons, safety_checked_at)
SELECT pg_temp.id('programme', n), pg_temp.clinic(), pg_temp.id('patient', n), pg_temp.id('user', n % 32 + 1),
    CASE WHEN n % 40 = 0 THEN 'active' ELSE 'ended' END, current_date - 61, CASE WHEN n % 40 <> 0 THEN now() END, 1, now(),
    '{}', '{}', now()
FROM generate_series(8, pg_temp.people(), 8) AS n;
INSERT INTO homecare_version (id, clinic_id, programme_id, number, title, note, made_by_id, made_at, overrides)
SELECT pg_temp.id('version', n), pg_temp.clinic(), pg_temp.id('programme', n), 1, 'Neck', '', pg_temp.id('user', n % 32 + 1),
    now() - interval '61 days', '[]'
FROM generate_series(8, pg_temp.people(), 8) AS n;
INSERT INTO homecare_step (id, clinic_id, version_id, lasting, position, exercise, tool, cue, drawing, limit_reasons,
    hold_s, repetitions, times_per_day)
SELECT pg_temp.id('step', 2 * n + s), pg_temp.clinic(), pg_temp.id('version', n), pg_temp.id('lasting', 2 * n + s), s,
    'chin_tuck', '', '', '', '{}', 10, 10, 2
FROM generate_series(8, pg_temp.people(), 8) AS n, generate_series(0, 1) AS s;
INSERT INTO homecare_reminderplan (clinic_id, programme_id, channels, times, weekdays, planned_zone)
SELECT pg_temp.clinic(), pg_temp.id('programme', n), '{email}', '{08:00,20:00}', '{0,1,2,3,4,5,6}', ''
FROM generate_series(40, pg_temp.people(), 40) AS n;
INSERT INTO homecare_checkin (id, clinic_id, patient_id, programme_id, version_id, local_date, pain, wrong, note,
    answered_at, revision)
SELECT pg_temp.id('checkin', n * 100 + d), pg_temp.clinic(), pg_temp.id('patient', n), pg_temp.id('programme', n),
    pg_temp.id('version', n), current_date - d, 3, '{}', '', now() - d * interval '1 day', 1
FROM generate_series(40, pg_temp.people(), 40) AS n, generate_series(1, 60) AS d WHERE n / 40 % 17 <> 0 OR d > 20;
INSERT INTO homecare_stepanswer (clinic_id, check_in_id, step_id, done, reason, spots, checked)
SELECT pg_temp.clinic(), pg_temp.id('checkin', n * 100 + d), pg_temp.id('step', 2 * n + s), 'yes', '', '[]', '{}'
FROM generate_series(40, pg_temp.people(), 40) AS n, generate_series(1, 60) AS d, generate_series(0, 1) AS s
WHERE n / 40 % 17 <> 0 OR d > 20;
INSERT INTO homecare_occurrence (clinic_id, patient_id, programme_id, kind, channel, local_date, local_time, clock, due_at,
    status)
SELECT pg_temp.clinic(), pg_temp.id('patient', n), pg_temp.id('programme', n), 'check_in', 'email', current_date - d, '08:00',
    'plain', now() - d * interval '1 day', 'owed'
FROM generate_series(40, pg_temp.people(), 40) AS n, generate_series(1, 60) AS d;

-- The worklist, closed and open; messages, their links, and what patients were told.
INSERT INTO worklist_item (id, clinic_id, patient_id, kind, about_id, facts, since, due_at, times, done_at, done_by_id,
    outcome, note)
SELECT pg_temp.id('item', n), pg_temp.clinic(), pg_temp.id('patient', n % pg_temp.people() + 1), 'recall',
    pg_temp.id('about', n), '{"due_on": "2026-01-01"}', at, at, 1, CASE WHEN n % 50 <> 0 THEN at END,
    CASE WHEN n % 50 <> 0 THEN pg_temp.id('user', 34) END, CASE WHEN n % 50 <> 0 THEN 'reached' ELSE '' END, ''
FROM (SELECT n, now() - interval '5 years' * (1 - n::float / (pg_temp.people() / 2)) AS at
    FROM generate_series(1, pg_temp.people() / 2) AS n);
INSERT INTO messaging_link (id, clinic_id, patient_id, purpose, about_id, token_sha256, expires_at, made_at, wrong_answers)
SELECT pg_temp.id('link', n), pg_temp.clinic(), pg_temp.id('patient', n % pg_temp.people() + 1), 'check_in',
    pg_temp.id('programme', n), sha256(convert_to('link' || n, 'UTF8')), at + interval '3 days', at, 0
FROM (SELECT n, now() - interval '5 years' * (1 - n::float / (pg_temp.people() * 3 / 2)) AS at
    FROM generate_series(1, pg_temp.people() * 3 / 2) AS n);
INSERT INTO messaging_message (id, clinic_id, patient_id, kind, channel, about_id, link_id, dedupe_key, state, calendar,
    reason, uncertain, due_at, late_at, next_at, attempts, fence, provider, provider_ref, sent_at, settled_at, made_at)
SELECT pg_temp.id('message', n), pg_temp.clinic(), pg_temp.id('patient', n % pg_temp.people() + 1), 'check_in', 'email',
    pg_temp.id('programme', n), CASE WHEN n % 2 = 0 THEN pg_temp.id('link', n / 2) END, 'bench:' || n, state, '',
    CASE state WHEN 'failed' THEN 'gave_up' ELSE '' END, state = 'unknown', at, at + interval '1 day', at, 1, 1, 'mail', '',
    CASE WHEN state <> 'queued' THEN at END, CASE WHEN state <> 'queued' THEN at END, at
FROM (SELECT n, at, CASE WHEN at > now() THEN 'queued' WHEN n % 400 = 0 THEN 'failed' WHEN n % 997 = 0 THEN 'unknown'
        ELSE 'delivered' END AS state
    FROM (SELECT n, now() - interval '5 years' * (0.975 - n::float / (pg_temp.people() * 3)) AS at
        FROM generate_series(1, pg_temp.people() * 3) AS n));
INSERT INTO scheduling_told (clinic_id, message_id, appointment_id, starts_at, ends_at)
SELECT pg_temp.clinic(), pg_temp.id('message', i + 1), pg_temp.id('appointment', i), starts_at, starts_at + interval '30 min'
FROM visit;

-- Who looked at what: one patient an event, and now and then a page of fifty.
INSERT INTO audit_auditevent (at, clinic_id, user_id, client_id, action, outcome, code, target_id, patient_ids, request_id)
SELECT now() - interval '10 days' * (1 - n::float / (pg_temp.people() * 10)), pg_temp.clinic(),
    pg_temp.id('user', pg_temp.dice('who', n, 34) + 1), '', (ARRAY['patient.read', 'records.history', 'page.patient',
    'page.worklist', 'scheduling.read', 'patient.change'])[pg_temp.dice('action', n, 6) + 1],
    CASE WHEN pg_temp.dice('outcome', n, 100) = 0 THEN 'refused' ELSE 'ok' END, '', pg_temp.id('patient', p), CASE
        WHEN n % 50 = 0 THEN ARRAY(SELECT pg_temp.id('patient', (p + more) % pg_temp.people() + 1)
            FROM generate_series(0, 49) AS more) ELSE ARRAY[pg_temp.id('patient', p)] END, ''
FROM (SELECT n, (pg_temp.dice('looked', n, 1000000)::bigint * pg_temp.people() / 1000000) + 1 AS p
    FROM generate_series(1, pg_temp.people() * 10) AS n);
