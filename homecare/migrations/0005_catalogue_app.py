"""The foreign keys point at the same tables as before; only the app that holds the models changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0001_initial"), ("homecare", "0004_safety_check")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    "step",
                    "muscle",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=models.PROTECT,
                        related_name="+",
                        to="catalogue.muscle",
                    ),
                ),
            ]
        )
    ]
