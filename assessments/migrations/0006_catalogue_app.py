"""The models of the catalogue leave this app's state, when no foreign key of any app refers to them here."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalogue", "0001_initial"),
        ("treatments", "0007_catalogue_app"),
        ("homecare", "0005_catalogue_app"),
        ("assessments", "0005_raised_flags"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    "triggerpoint",
                    "muscle",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=models.PROTECT,
                        related_name="+",
                        to="catalogue.muscle",
                    ),
                ),
                migrations.AlterField(
                    "finding",
                    "muscle",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=models.PROTECT,
                        related_name="+",
                        to="catalogue.muscle",
                    ),
                ),
                migrations.AlterField(
                    "referral",
                    "zone",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=models.PROTECT,
                        related_name="+",
                        to="catalogue.bodyzone",
                    ),
                ),
                migrations.AlterField(
                    "rangeofmotion",
                    "movement",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=models.PROTECT,
                        related_name="+",
                        to="catalogue.movement",
                    ),
                ),
                migrations.AlterField(
                    "painmark",
                    "zone",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=models.PROTECT,
                        related_name="+",
                        to="catalogue.bodyzone",
                    ),
                ),
                migrations.DeleteModel("BodyZone"),
                migrations.DeleteModel("CatalogueLoad"),
                migrations.DeleteModel("Caution"),
                migrations.DeleteModel("Movement"),
                migrations.DeleteModel("Muscle"),
            ]
        )
    ]
