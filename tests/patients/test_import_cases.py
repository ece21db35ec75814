"""Imports as a whole: who becomes whom, alerts, and that a second import, another order or an undoing hold."""

import io
import json
from datetime import timedelta
from itertools import permutations
from pathlib import Path

import pytest
from django.utils import timezone

from database import tenancy
from identity.actor import Actor
from patients import actions, rules
from patients.importing.reviews import ReviewDecided, decide
from patients.importing.runs import import_files
from patients.importing.undoing import ImportUndone, TooLateToUndo, undo_import
from patients.models import Alert, ImportRun, Medication, Patient, ReviewItem
from patients.reading.files import Source, guess_format
from tests.patients.test_reading import CASES, bundle, medicine, person

DATA = Path(__file__).parents[1] / "data"
FILES = sorted(path for path in CASES.iterdir() if path.suffix in {".json", ".csv"})


def run(cast, *files, dry_run=False, columns=None):
    sources = []
    for file in files:
        name, content = (file.name, file.read_bytes()) if isinstance(file, Path) else file
        sources.append(Source(name, guess_format(name), lambda content=content: io.BytesIO(content), columns or {}))
    with tenancy.scope(cast.clinic.pk):
        by = Actor.system(cast.clinic.pk, "test")
        return import_files(sources, dry_run=dry_run, by=by, at=timezone.now())


def undo(cast, report):
    with tenancy.scope(cast.clinic.pk):
        by = Actor.system(cast.clinic.pk, "test")
        return undo_import(run_id=report.run_id, revision=None, by=by, at=timezone.now())


def state(cast):
    """Everything of every patient that an import may touch, without ids and revisions."""
    with tenancy.scope(cast.clinic.pk):
        found = []
        for patient in Patient.objects.with_everything():
            details = tuple(
                str(getattr(patient, name))
                for name in ("family_name", "given_names", "birth_date", "sex", "phone", "email", "city", "status")
            )
            found.append(
                (
                    details,
                    sorted((i.system, i.value) for i in patient.identifiers.all()),
                    sorted((a.code, a.note, a.ended_at is None) for a in patient.alerts.all()),
                    sorted((m.text, m.ended_at is None) for m in patient.medications.all()),
                    sorted((c.text, c.ended_at is None) for c in patient.conditions.all()),
                    sorted((n.kind, n.text) for n in patient.notes.all()),
                )
            )
        return sorted(found, key=str)


def alerts_of(cast):
    with tenancy.scope(cast.clinic.pk):
        return sorted(Alert.objects.current().values_list("code", flat=True))


def table(*rows):
    return "t.csv", "\n".join(["external_id,family_name,given_names,birth_date,sex,phone", *rows]).encode()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_dry_run_is_the_run_and_a_second_run_and_an_undoing_change_nothing(cast, path):
    before = state(cast)
    tried = run(cast, path, dry_run=True).as_dict()
    assert state(cast) == before

    done = run(cast, path)
    after = state(cast)
    plain = done.as_dict()
    same = ["place", "outcome", "taken", "left_out"]
    assert [[line[name] for name in same] for line in tried["lines"]] == [
        [line[name] for name in same] for line in plain["lines"]
    ]
    again = run(cast, path)
    assert state(cast) == after
    assert again.count("created") == again.count("completed") == 0

    undo(cast, done)
    assert state(cast) == before


def test_twins_with_their_mothers_number_become_two(cast):
    assert run(cast, CASES / "43_twins_with_mothers_number.json").count("created") == 2
    mother = person("m", identifier=[{"system": "https://clinic-a.example/mrn", "value": "MOTHER-9"}])
    assert run(cast, bundle(mother)).count("created") == 1


def test_numbers_of_two_people_are_refused_and_nothing_of_it_is_taken(cast):
    run(cast, CASES / "44_refused_report.json")
    before = state(cast)

    [line] = run(cast, CASES / "44b_matches_both.json").lines

    assert (line.outcome, line.taken, len(line.others)) == ("refused", [], 2)
    assert state(cast) == before


def test_alerts_from_allergies_devices_and_medicines(cast):
    run(cast, CASES / "14_allergies.json", CASES / "50_med_r5_and_stu3.json")

    assert alerts_of(cast) == sorted(
        ["local_anaesthetic_allergy", "metal_allergy", "pacemaker", *["anticoagulant"] * 5]
    )


@pytest.mark.parametrize(
    ("second", "outcome", "reason"),
    [
        ("1,Berg,Anna,1980-02-03,f,", "unchanged", None),
        ("1,Berg,Anna,1980-02-04,f,", "refused", "birth_date_contradicts"),
        ("1,Berg,Anna,1980-02-03,m,", "refused", "sex_contradicts"),
        ("1,Lund,Bo,1980-02-03,f,", "review", "name_differs"),
        ("2,Berg,Anna,1980-02-03,f,", "created", None),
    ],
)
def test_who_a_second_row_is(cast, second, outcome, reason):
    first = "1,Berg,Anna,1980-02-03,f,"
    for rows in ((first, second), (second, first)):
        report = run(cast, table(*rows), dry_run=True)
        assert report.count("created") == (2 if outcome == "created" else 1)
        if outcome in {"refused", "review"}:
            [line] = [line for line in report.lines if line.outcome == outcome]
            assert line.why[0].code == reason
            assert len(line.others) == 1


def test_neither_the_order_of_rows_nor_of_files_matters(cast):
    rows = [
        "1,Berg,Anna,1980-02-03,f,",
        "1,Berg,Anna,,,+44 20 7183 8750",
        "1,Berg,Anna,1980-02-04,f,",
        "2,Berg,Anna,1980-02-03,f,",
        "1,Lund,Bo,1980-02-03,f,",
    ]
    outcomes = set()
    for order in permutations(rows):
        report = run(cast, table(*order), dry_run=True)
        by_row = {order[line.position - 1]: line.outcome for line in report.lines}
        outcomes.add(tuple(by_row[row] for row in rows))
    assert len(outcomes) == 1

    files = [CASES / "14_allergies.json", CASES / "50_med_r5_and_stu3.json", table(*rows)]
    reports = [run(cast, *order, dry_run=True) for order in permutations(files)]
    assert len({json.dumps(sorted(report.counts.items())) for report in reports}) == 1


def test_a_person_decides_on_the_review_list_and_the_next_import_remembers(cast):
    run(cast, table("1,Berg,Anna,1980-02-03,f,"))
    other = table("1,Lund,Bo,1980-02-03,f,")
    assert run(cast, other).count("review") == 1
    with tenancy.scope(cast.clinic.pk):
        item = ReviewItem.objects.get()
        by = Actor.system(cast.clinic.pk, "test")
        decide(item_id=item.pk, decision="different", revision=item.revision, by=by, at=timezone.now())
        assert Patient.objects.count() == 2
        with pytest.raises(ReviewDecided):
            decide(item_id=item.pk, decision="same", revision=None, by=by, at=timezone.now())

    assert run(cast, other).count("unchanged") == 1
    with tenancy.scope(cast.clinic.pk):
        assert Patient.objects.count() == 2


def test_a_second_import_ends_what_has_ended_and_undoing_it_brings_it_back(cast):
    one = person(identifier=[{"system": "s", "value": "K1"}])
    run(cast, bundle(one, medicine({"reference": "Patient/p1"})))
    before = state(cast)
    assert alerts_of(cast) == ["anticoagulant"]

    stopped = run(cast, bundle(one, medicine({"reference": "Patient/p1"}, status="stopped")))

    assert stopped.count("completed") == 1
    assert alerts_of(cast) == []
    with tenancy.scope(cast.clinic.pk):
        assert Medication.objects.exclude(ended_at=None).count() == 1
    undo(cast, stopped)
    assert state(cast) == before


def test_what_the_clinic_edited_stays_and_what_nobody_edited_is_renewed(cast):
    run(cast, table("1,Berg,Anna,1980-02-03,f,+44 20 7183 8750"))
    renewed = run(cast, table("1,Berg,Anna,1980-02-03,f,+44 20 7183 8751"))
    assert renewed.count("completed") == 1
    with tenancy.scope(cast.clinic.pk):
        anna = Patient.objects.get()
        assert anna.phone == "+44 20 7183 8751"
        by = Actor.system(cast.clinic.pk, "test")
        actions.change_patient(patient=anna, changes={"phone": "+44 20 7183 8752"}, by=by, at=timezone.now())

    [line] = run(cast, table("1,Berg,Anna,1980-02-03,f,+44 20 7183 8753")).lines
    assert line.left_out[-1].code == "own_kept"
    undo(cast, renewed)
    with tenancy.scope(cast.clinic.pk):
        assert Patient.objects.get().phone == "+44 20 7183 8752"


def test_an_import_is_undone_once_and_keeps_who_was_used_since(cast):
    report = run(cast, table("1,Berg,Anna,1980-02-03,f,", "2,Lund,Bo,1981-02-03,m,"))
    with tenancy.scope(cast.clinic.pk):
        anna = Patient.objects.get(family_name="Berg")
        by = Actor.system(cast.clinic.pk, "test")
        actions.change_patient(patient=anna, changes={"city": "Cork"}, by=by, at=timezone.now())

    outcome = undo(cast, report)

    assert (outcome.removed, outcome.kept_ids) == (1, (str(anna.pk),))
    with pytest.raises(ImportUndone):
        undo(cast, report)


def test_an_import_cannot_be_undone_after_thirty_days(cast):
    report = run(cast, table("1,Berg,Anna,1980-02-03,f,"))
    with tenancy.scope(cast.clinic.pk):
        late = timezone.now() - timedelta(days=rules.UNDO_DAYS, minutes=1)
        ImportRun.objects.update(started_at=late)
    with pytest.raises(TooLateToUndo):
        undo(cast, report)


def test_the_same_person_takes_what_the_record_has(cast):
    run(cast, table("1,Berg,Anna,1980-02-03,f,"))
    run(cast, table("1,Lund,Anna,1980-02-03,f,+44 20 7183 8750"))
    with tenancy.scope(cast.clinic.pk):
        item = ReviewItem.objects.get()
        by = Actor.system(cast.clinic.pk, "test")
        decide(item_id=item.pk, decision="same", revision=item.revision, by=by, at=timezone.now())
        anna = Patient.objects.get()

    assert (anna.family_name, anna.phone) == ("Lund", "+44 20 7183 8750")


def test_another_clinic_sees_nothing_of_an_import(cast):
    run(cast, table("1,Berg,Anna,1980-02-03,f,"), table("1,Lund,Bo,1980-02-03,f,"))

    with tenancy.scope(cast.other_clinic.pk):
        assert not ImportRun.objects.exists()
        assert not ReviewItem.objects.exists()
