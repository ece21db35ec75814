"""No app gets a code without asking the person."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_shows_classification")]

    operations = [
        migrations.RunSQL(
            "UPDATE accounts_apiclient SET skip_authorization = false WHERE skip_authorization",
            migrations.RunSQL.noop,
        ),
        migrations.AddConstraint(
            model_name="apiclient",
            constraint=models.CheckConstraint(
                condition=models.Q(("skip_authorization", False)), name="apiclient_always_asks"
            ),
        ),
    ]
