"""Which migrations would break the release before."""

import pytest
from django.db import migrations, models

from dev.migrations import faults


def made(*operations, contracts=""):
    migration = migrations.Migration("0099_test", "patients")
    migration.operations = list(operations)
    if contracts:
        migration.contracts = contracts
    return migration


def said(*operations, **options):
    return list(faults(made(*operations, **options), release="0.3.0"))


TEXT = models.TextField(default="")
TAKING = [
    migrations.RemoveField("patient", "sport"),
    migrations.RenameField("patient", "sport", "sports"),
    migrations.DeleteModel("Note"),
    migrations.RenameModel("Note", "Remark"),
    migrations.AlterModelTable("note", "notes"),
    migrations.RunSQL("ALTER TABLE patients_patient DROP COLUMN sport"),
    migrations.RunSQL(["ALTER TABLE x RENAME TO y"]),
    migrations.RunSQL([("drop table x", None)]),
]


@pytest.mark.parametrize("operation", TAKING)
def test_what_takes_something_away_waits_for_a_later_release(operation):
    assert len(said(operation)) == 1
    assert said(operation, contracts="0.2.0") == []
    (fault,) = said(operation, contracts="0.3.0")
    assert "not out" in fault


def test_versions_are_compared_as_numbers():
    (fault,) = said(TAKING[0], contracts="0.10.0")
    assert "not out" in fault


@pytest.mark.parametrize(
    "operation",
    [
        migrations.AddField("patient", "hobby", models.TextField(null=True)),
        migrations.AddField("patient", "hobby", models.TextField(default="", db_default="")),
        migrations.RunSQL("DROP INDEX x"),
        migrations.RunSQL("-- DROP TABLE x\nSELECT 1"),
        migrations.RunSQL("SELECT 1", "DROP TABLE x"),
        migrations.RemoveIndex("patient", "patient_newest"),
        migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel("Note")]),
    ],
)
def test_what_the_release_before_does_not_notice(operation):
    assert said(operation) == []


def test_a_new_column_has_a_default_of_the_database():
    (fault,) = said(migrations.AddField("patient", "hobby", TEXT))
    assert "db_default" in fault
    new = migrations.CreateModel("Hobby", [("id", models.BigAutoField(primary_key=True))])
    assert said(new, migrations.AddField("hobby", "name", TEXT)) == []
