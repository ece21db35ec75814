"""What a search looks up: keys in the order of names, and the parts and misspellings of names (ADR 33)."""

import django.db.models.deletion
from django.db import migrations, models

from database.schema_operations import clinic_table


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0012_password_change_required"),
        ("patients", "0006_two_people"),
    ]

    operations = [
        migrations.AddField(
            model_name="searchkey",
            name="sort_name",
            field=models.TextField(db_collation="C", db_default="", default="", help_text="the patient's"),
        ),
        migrations.CreateModel(
            name="NameForm",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("form", models.TextField(db_collation="C")),
                ("word", models.TextField(db_collation="C")),
                (
                    "clinic",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.clinic",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("clinic", "form", "word"), name="name_form_once"),
                ],
            },
        ),
        clinic_table("patients_nameform", key=None),
    ]
