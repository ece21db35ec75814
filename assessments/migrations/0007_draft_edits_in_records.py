"""The model of draft edits leaves this app's state; see `records.0006_draft_edits`."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("assessments", "0006_catalogue_app"),
        ("records", "0006_draft_edits"),
    ]

    operations = [migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel("DraftEdit")])]
