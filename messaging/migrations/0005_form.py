"""A message may carry the link to a form."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0009_invitation"),
        ("messaging", "0004_aftercare"),
        ("patients", "0004_birth_date_possible"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="link",
            name="link_purpose_known",
        ),
        migrations.RemoveConstraint(
            model_name="message",
            name="message_kind_known",
        ),
        migrations.RemoveConstraint(
            model_name="wording",
            name="wording_kind_known",
        ),
        migrations.AlterField(
            model_name="message",
            name="kind",
            field=models.TextField(
                choices=[
                    ("check_in", "Exercise reminder"),
                    ("soreness", "Question after needling"),
                    ("consent_copy", "Copy of a consent"),
                    ("aftercare", "Advice after needling"),
                    ("form", "Form to fill in"),
                    ("programme_ended", "End of the programme"),
                    ("review_due", "Review is due"),
                    ("staff_alert", "Alert to the therapist"),
                    ("appointment_booked", "Appointment booked"),
                    ("appointment_moved", "Appointment moved"),
                    ("appointment_cancelled", "Appointment cancelled"),
                    ("appointment_reminder", "Appointment reminder"),
                    ("appointment_missed", "Appointment missed"),
                    ("series_booked", "Series of appointments booked"),
                    ("series_moved", "Series of appointments moved"),
                    ("series_cancelled", "Series of appointments cancelled"),
                    ("slot_offered", "Offer of a free appointment"),
                ]
            ),
        ),
        migrations.AlterField(
            model_name="wording",
            name="kind",
            field=models.TextField(
                choices=[
                    ("check_in", "Exercise reminder"),
                    ("soreness", "Question after needling"),
                    ("consent_copy", "Copy of a consent"),
                    ("aftercare", "Advice after needling"),
                    ("form", "Form to fill in"),
                    ("programme_ended", "End of the programme"),
                    ("review_due", "Review is due"),
                    ("staff_alert", "Alert to the therapist"),
                    ("appointment_booked", "Appointment booked"),
                    ("appointment_moved", "Appointment moved"),
                    ("appointment_cancelled", "Appointment cancelled"),
                    ("appointment_reminder", "Appointment reminder"),
                    ("appointment_missed", "Appointment missed"),
                    ("series_booked", "Series of appointments booked"),
                    ("series_moved", "Series of appointments moved"),
                    ("series_cancelled", "Series of appointments cancelled"),
                    ("slot_offered", "Offer of a free appointment"),
                ]
            ),
        ),
        migrations.AddConstraint(
            model_name="link",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "purpose__in",
                        [
                            "check_in",
                            "soreness",
                            "calendar",
                            "stop",
                            "appointment",
                            "offer",
                            "consent",
                            "aftercare",
                            "form",
                        ],
                    )
                ),
                name="link_purpose_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "check_in",
                            "soreness",
                            "consent_copy",
                            "aftercare",
                            "form",
                            "programme_ended",
                            "review_due",
                            "staff_alert",
                            "appointment_booked",
                            "appointment_moved",
                            "appointment_cancelled",
                            "appointment_reminder",
                            "appointment_missed",
                            "series_booked",
                            "series_moved",
                            "series_cancelled",
                            "slot_offered",
                        ],
                    )
                ),
                name="message_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="wording",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "check_in",
                            "soreness",
                            "consent_copy",
                            "aftercare",
                            "form",
                            "programme_ended",
                            "review_due",
                            "staff_alert",
                            "appointment_booked",
                            "appointment_moved",
                            "appointment_cancelled",
                            "appointment_reminder",
                            "appointment_missed",
                            "series_booked",
                            "series_moved",
                            "series_cancelled",
                            "slot_offered",
                        ],
                    )
                ),
                name="wording_kind_known",
            ),
        ),
    ]
