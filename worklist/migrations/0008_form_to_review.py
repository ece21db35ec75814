"""A form that a patient sent in waits for its review."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0009_invitation"),
        ("patients", "0004_birth_date_possible"),
        ("worklist", "0007_unconfirmed_event"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="item",
            name="item_kind_known",
        ),
        migrations.AlterField(
            model_name="item",
            name="kind",
            field=models.TextField(
                choices=[
                    ("red_flag", "Something is wrong"),
                    ("stop_event_twice", "Two warning signs during self-pressure"),
                    ("programme_stopped", "Home programme paused by the safety check"),
                    ("pain_up", "Worst pain up by 2 or more for 3 days"),
                    ("adverse_event", "Problems after treatment"),
                    ("serious_event", "A serious adverse event"),
                    ("unconfirmed_event", "An adverse event reported at home is not confirmed"),
                    ("silent", "No check-in for 14 days"),
                    ("review_due", "Review is due"),
                    ("programme_ended", "Programme has ended"),
                    ("no_show", "Missed"),
                    ("cannot_come", "Cancelled by the patient"),
                    ("cannot_treat", "Cancelled by the clinic"),
                    ("series_short", "Fewer sessions booked than planned"),
                    ("series_ended", "Series has ended"),
                    ("not_arrived", "Appointment without a recorded attendance"),
                    ("closed_over", "Booked while the clinic is now closed"),
                    ("hours_gone", "The therapist no longer works there at that time"),
                    ("unsigned", "A draft is not signed"),
                    ("referral", "Red flag: refer to a physician"),
                    ("referral_withdrawn", "An exam with a red flag was marked as entered in error"),
                    ("needling_follow_up", "No answer since needling"),
                    ("slot_free", "A time is free for someone on the waitlist"),
                    ("form_to_review", "A patient sent in a form"),
                    ("recall", "Recall"),
                    ("message_failed", "A message could not be sent"),
                    ("message_uncertain", "It is not known whether a message was sent"),
                ]
            ),
        ),
        migrations.AddConstraint(
            model_name="item",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "red_flag",
                            "stop_event_twice",
                            "programme_stopped",
                            "pain_up",
                            "adverse_event",
                            "serious_event",
                            "unconfirmed_event",
                            "silent",
                            "review_due",
                            "programme_ended",
                            "no_show",
                            "cannot_come",
                            "cannot_treat",
                            "series_short",
                            "series_ended",
                            "not_arrived",
                            "closed_over",
                            "hours_gone",
                            "unsigned",
                            "referral",
                            "referral_withdrawn",
                            "needling_follow_up",
                            "slot_free",
                            "form_to_review",
                            "recall",
                            "message_failed",
                            "message_uncertain",
                        ],
                    )
                ),
                name="item_kind_known",
            ),
        ),
    ]
