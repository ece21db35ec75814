"""A red flag may be raised by the intake form."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0009_invitation"),
        ("assessments", "0007_draft_edits_in_records"),
        ("patients", "0004_birth_date_possible"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="raisedflag",
            name="raised_flag_source_known",
        ),
        migrations.AlterField(
            model_name="raisedflag",
            name="source_id",
            field=models.UUIDField(help_text="the check-in or form in which it was answered"),
        ),
        migrations.AddConstraint(
            model_name="raisedflag",
            constraint=models.CheckConstraint(
                condition=models.Q(("source__in", ["home_check_in", "intake_form"])), name="raised_flag_source_known"
            ),
        ),
    ]
