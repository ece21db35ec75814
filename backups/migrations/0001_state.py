"""When each kind of backup was last whole. One row a kind, for the whole server: no clinic, no person."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="BackupState",
            fields=[
                ("kind", models.TextField(primary_key=True, serialize=False)),
                ("stored_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["base", "wal", "dump"])), name="backup_kind"
                    )
                ],
            },
        ),
    ]
