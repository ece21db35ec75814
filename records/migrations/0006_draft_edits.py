"""Who changed which field of a draft belongs to documents of every kind. The table keeps its name: only Django's state changes."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import database.expressions


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0005_signed_with_approval"),
        ("assessments", "0006_catalogue_app"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="DraftEdit",
                    fields=[
                        (
                            "id",
                            models.UUIDField(
                                db_default=database.expressions.UUIDv7(),
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("document_id", models.UUIDField()),
                        ("path", models.TextField()),
                        ("tab", models.UUIDField(help_text="one open screen")),
                        ("edited_at", models.DateTimeField()),
                        (
                            "clinic",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="accounts.clinic",
                            ),
                        ),
                        (
                            "edited_by",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "db_table": "assessments_draftedit",
                        "constraints": [
                            models.UniqueConstraint(fields=("document_id", "path"), name="draft_edit_once_a_path")
                        ],
                    },
                ),
            ]
        )
    ]
