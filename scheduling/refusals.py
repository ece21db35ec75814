"""What scheduling refuses, in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.rules import COMPETENCIES
from errors.texts import Text, labels, register
from scheduling import labels as words
from treatments.rules import TECHNIQUES

TECHNIQUE_LABELS = {code: technique.label for code, technique in TECHNIQUES.items()}

# Appointments
register(
    {
        "unknown.treatment_plan": _("This is no running treatment plan of this patient. Book without it."),
        "overlap.hours": _("Two of these hours overlap. Change one of them."),
        "slot_taken": _("This time is already booked for the therapist or the room. Choose another time."),
        "not_available": _("The therapist is not available at this time. Choose another time."),
        "patient_busy": _("The patient has another appointment at this time. Choose another time."),
        "not_upcoming": _("This appointment is over or cancelled. Correct its status first."),
        "changed_meanwhile": _("This appointment was changed by someone else. Reload to see the changes."),
        "too_late_to_cancel": _("It is too late to cancel online. Please call the clinic."),
        "both_booked": _("Both records have appointments at the same time. Move or cancel one of them first."),
        "unknown.appointment": _("This appointment does not exist in this clinic. Choose another."),
        "unknown.appointment_type": _("This appointment type does not exist or is no longer offered. Choose another."),
        "unknown.therapist": _("Choose a therapist of this clinic."),
        "unknown.room_for_type": _("Choose a room that this appointment type can use."),
        "unknown.series": _("This series does not belong to the patient, or it has ended. Choose an active series."),
        "unknown.patient": _("This record does not exist, or was merged into another. Use the record that is in use."),
        "other_type": _("This series is of another appointment type. Choose a series of the same type."),
        "full": _("All sessions of this series are booked."),
        "merged": _("This record was merged into another. Book with the record that is in use."),
        "not_in_care": _("This patient is not in care. Change the patient's status before booking."),
        "not_competent": _("No valid competency is recorded for this therapist and this appointment type."),
        "not_allowed.room_online": _("This appointment is online. Leave the room empty."),
        "not_allowed.cancellation_reason": _("Only a cancellation has a reason and a person who cancelled."),
        "outside_hours": _("The therapist does not work at this time and place. Choose another time, or confirm it."),
        "out_of_range.minutes": _("Enter a length from %(low)s to %(high)s minutes."),
        "out_of_range.appointment_start": _("Choose a time from one month ago to two years ahead."),
        "invalid.appointment_time": _("Enter a valid date and time."),
        "invalid.same_appointment": _("Choose two different appointments."),
        "invalid.status": Text(_("Choose one of: %(choices)s."), choices=labels(words.STATUSES)),
        "invalid.cancelled_by": Text(_("Choose who cancelled: %(choices)s."), choices=labels(words.CANCELLED_BY)),
        "invalid.cancellation_reason": Text(_("Choose a reason: %(choices)s."), choices=labels(words.REASONS)),
        "required.correction_reason": Text(
            _("This corrects an appointment with the status “%(status)s”. Give a reason."),
            status=labels(words.STATUSES),
        ),
        "required.slot": _("Choose a time."),
        "too_early.no_show": _("This appointment has not started yet."),
        "too_early.day": _("The day of this appointment has not come yet."),
    }
)
# Series
register(
    {
        "required.session_count": _("Enter the number of sessions."),
        "too_many.sessions_a_day": _("This is more than one session a day. Choose fewer sessions or more weeks."),
        "too_close": _("This session is too close to the one before. Choose a later time."),
        "out_of_range.series_start": _("Choose a day within the next two years."),
        "invalid.reach": Text(_("Choose one of: %(choices)s."), choices=labels(words.REACH)),
    }
)
# Waitlist and recalls
register(
    {
        "offer_gone": _("This time is already taken, or the offer has expired."),
        "waits_already": _("This patient is already on the waitlist for this."),
        "unknown.therapist_for_type": _("Choose a therapist who offers this appointment type."),
        "unknown.upcoming_appointment": _("Choose an upcoming appointment of this patient and this type."),
        "invalid.until_time": _("Choose an end time after the start time."),
        "invalid.until_date": _("Choose a last day that is not before the first day."),
        "invalid.appointment_type_missing": _("Choose an appointment type."),
        "invalid.too_far_ahead": _("Choose a time at most two years ahead."),
        "invalid.figures_last_day": _("Choose a last day from the first day to one year after it."),
        "invalid.weekday": _("Choose days from Monday (0) to Sunday (6)."),
        "invalid.recall_months": _("Choose one of these numbers of months: %(choices)s."),
        "invalid.recall_day": _("Choose a day from tomorrow on, at most two years ahead."),
    }
)
# Set-up
register(
    {
        "name_taken": _("This name is already used. Choose another name."),
        "required.name": _("Enter a name."),
        "required.both_times": _("Enter both times, or leave both empty for the whole day."),
        "out_of_range.day": _("Choose a day from 2000 to 2100."),
        "out_of_range.weekday": _("Choose a day from Monday (0) to Sunday (6)."),
        "out_of_range.reminder_hours": _("Enter at most %(most)s reminders, each %(low)s to %(high)s hours before."),
        "unknown.competency": Text(_("Choose one of: %(choices)s."), choices=labels(COMPETENCIES)),
        "unknown.technique": Text(_("Choose one of: %(choices)s."), choices=labels(TECHNIQUE_LABELS)),
        "unknown.room": _("Choose rooms of this clinic."),
        "unknown.setup": _("This does not exist in this clinic. Reload the page and choose again."),
        "invalid.last_day": _("Choose a last day that is not before the first day."),
        "invalid.one_of_minutes": _("Choose one of these numbers of minutes: %(choices)s."),
    }
)
