from django.db import migrations, models

ACTIONS = ["created", "changed", "merged", "deleted", "signed", "addendum", "entered_in_error", "erased"]


class Migration(migrations.Migration):
    dependencies = [("changes", "0003_what_is_there")]

    operations = [
        migrations.AlterField(
            model_name="clinicchange",
            name="action",
            field=models.TextField(choices=[(action, action) for action in ACTIONS]),
        ),
        migrations.RemoveConstraint(model_name="clinicchange", name="change_action_known"),
        migrations.AddConstraint(
            model_name="clinicchange",
            constraint=models.CheckConstraint(condition=models.Q(("action__in", ACTIONS)), name="change_action_known"),
        ),
    ]
