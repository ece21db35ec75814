"""What a person is competent in becomes readable below scheduling. The table is renamed; its rows stay."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0002_row_level_security"), ("accounts", "0002_row_level_security")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.DeleteModel(name="Competency")],
            database_operations=[
                # The row-level policy, the rights of the app's role and the constraints stay with the table.
                migrations.RunSQL(
                    [
                        "ALTER TABLE scheduling_competency RENAME TO accounts_competency",
                        "ALTER TABLE accounts_competency RENAME CONSTRAINT scheduling_competency_of_clinic "
                        "TO accounts_competency_of_clinic",
                    ],
                    [
                        "ALTER TABLE accounts_competency RENAME CONSTRAINT accounts_competency_of_clinic "
                        "TO scheduling_competency_of_clinic",
                        "ALTER TABLE accounts_competency RENAME TO scheduling_competency",
                    ],
                )
            ],
        )
    ]
