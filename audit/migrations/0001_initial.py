import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.functions.datetime
from django.db import migrations, models

import database.expressions


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="AuditEvent",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=database.expressions.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ("clinic_id", models.UUIDField(null=True)),
                ("user_id", models.UUIDField(null=True)),
                ("client_id", models.TextField(default="")),
                ("action", models.TextField(help_text="app and verb, as in patient.read")),
                ("outcome", models.TextField(choices=[("ok", "Ok"), ("refused", "Refused"), ("failed", "Failed")])),
                (
                    "code",
                    models.TextField(
                        default="", help_text="why it was refused or failed: the error code of the answer"
                    ),
                ),
                ("target_id", models.UUIDField(null=True)),
                (
                    "patient_ids",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None),
                ),
                ("ip", models.GenericIPAddressField(null=True)),
                ("request_id", models.TextField(default="")),
            ],
            options={
                "indexes": [
                    models.Index(fields=["clinic_id", "-at"], name="audit_event_by_clinic"),
                    django.contrib.postgres.indexes.GinIndex(fields=["patient_ids"], name="audit_event_by_patient"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("outcome__in", ["ok", "refused", "failed"])),
                        name="audit_event_outcome_known",
                    )
                ],
            },
        ),
    ]
