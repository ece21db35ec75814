"""The catalogue is an app of its own. Its tables were made by `assessments` and keep their names: only Django's state changes."""

import django.contrib.postgres.fields
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [("assessments", "0005_raised_flags")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="BodyZone",
                    fields=[
                        ("id", models.TextField(primary_key=True, serialize=False)),
                        ("label", models.TextField()),
                        ("region", models.TextField()),
                        ("views", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                        ("sided", models.BooleanField()),
                        (
                            "synonyms",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.TextField(), default=list, size=None
                            ),
                        ),
                        ("search_text", models.TextField()),
                        ("position", models.PositiveSmallIntegerField()),
                        ("is_retired", models.BooleanField(default=False)),
                    ],
                    options={"db_table": "assessments_bodyzone"},
                ),
                migrations.CreateModel(
                    name="CatalogueLoad",
                    fields=[
                        ("version", models.TextField(primary_key=True, serialize=False)),
                        ("loaded_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                    ],
                    options={"db_table": "assessments_catalogueload"},
                ),
                migrations.CreateModel(
                    name="Caution",
                    fields=[
                        ("id", models.TextField(primary_key=True, serialize=False)),
                        ("text", models.TextField()),
                        ("is_retired", models.BooleanField(default=False)),
                    ],
                    options={"db_table": "assessments_caution"},
                ),
                migrations.CreateModel(
                    name="Movement",
                    fields=[
                        ("id", models.TextField(primary_key=True, serialize=False)),
                        ("label", models.TextField()),
                        ("position", models.PositiveSmallIntegerField()),
                        ("is_retired", models.BooleanField(default=False)),
                    ],
                    options={"db_table": "assessments_movement"},
                ),
                migrations.CreateModel(
                    name="Muscle",
                    fields=[
                        ("id", models.TextField(primary_key=True, serialize=False)),
                        ("name", models.TextField()),
                        ("latin", models.TextField()),
                        ("region", models.TextField()),
                        ("group", models.TextField()),
                        ("tier", models.TextField()),
                        ("needling_risk", models.TextField()),
                        ("self_pressure", models.TextField()),
                        ("detail", models.JSONField(help_text="the catalogue's entry, whole")),
                        ("search_text", models.TextField()),
                        ("position", models.PositiveSmallIntegerField()),
                        ("is_retired", models.BooleanField(default=False)),
                    ],
                    options={"db_table": "assessments_muscle"},
                ),
            ]
        )
    ]
