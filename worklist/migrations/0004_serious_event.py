"""A serious adverse event waits for the owner."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_competency_and_consent_settings"),
        ("patients", "0003_alert_place_and_end"),
        ("worklist", "0003_referral_withdrawn"),
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
                    ("stop_event_twice", "A stop sign of self-pressure, twice"),
                    ("pain_up", "Worst pain up by 2 or more for 3 days"),
                    ("adverse_event", "Trouble after treatment"),
                    ("serious_event", "A serious adverse event"),
                    ("silent", "No check-in for 14 days"),
                    ("review_due", "Review is due"),
                    ("programme_ended", "Programme has ended"),
                    ("no_show", "Did not come"),
                    ("cannot_come", "Cancelled by the patient"),
                    ("cannot_treat", "Cancelled by the clinic"),
                    ("series_short", "Fewer sessions booked than planned"),
                    ("series_ended", "Series has ended"),
                    ("not_arrived", "Appointment is over, and nobody has closed it"),
                    ("closed_over", "Booked when it is closed now"),
                    ("hours_gone", "The therapist does not work there and then any more"),
                    ("unsigned", "A draft is not signed"),
                    ("referral", "Red flag: refer to a physician"),
                    ("referral_withdrawn", "An exam with a red flag was marked as entered in error"),
                    ("needling_follow_up", "No word since needling"),
                    ("slot_free", "A time is free that they wait for"),
                    ("recall", "Recall"),
                    ("message_failed", "A message could not be sent"),
                    ("message_uncertain", "It is unknown whether a message went out"),
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
                            "pain_up",
                            "adverse_event",
                            "serious_event",
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
