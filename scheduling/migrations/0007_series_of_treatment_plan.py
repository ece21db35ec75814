"""A series may be booked for a treatment plan of the same clinic."""

import django.db.models.deletion
from django.db import migrations, models

from database.schema_operations import clinic_key


class Migration(migrations.Migration):
    dependencies = [
        ("scheduling", "0006_fewer_indexes"),
        ("treatments", "0010_treatment_plans"),
    ]

    operations = [
        migrations.AddField(
            model_name="series",
            name="treatment_plan",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="treatments.treatmentplan",
            ),
        ),
        clinic_key("scheduling_series", "treatment_plan_id", "treatments_treatmentplan"),
    ]
