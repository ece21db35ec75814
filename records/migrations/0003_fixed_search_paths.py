"""No temporary or new object can stand in for what the triggers of final rows look at."""

from django.db import migrations

from database.schema_operations import fixed_paths, no_rights_to_make_things, parent_functions

PARTS = {
    ("assessments_assessment", "assessment_id"): [
        "assessments_finding", "assessments_referral", "assessments_rangeofmotion", "assessments_redflaganswer",
        "assessments_painmark",
    ],
    ("treatments_session", "session_id"): [
        "treatments_intervention", "treatments_measure", "treatments_override", "treatments_adverseeventanswer",
    ],
}  # fmt: skip


class Migration(migrations.Migration):
    # All migrations that made functions before these had a search path of their own.
    dependencies = [
        ("records", "0002_final_and_chained"),
        ("audit", "0002_append_only"),
        ("messaging", "0002_row_level_security"),
        ("assessments", "0002_row_level_security"),
        ("treatments", "0004_adverse_events_and_aftercare"),
        ("homecare", "0002_row_level_security"),
        ("scheduling", "0002_row_level_security"),
    ]

    operations = [
        *(
            migrations.RunSQL(parent_functions(table, parent, column), migrations.RunSQL.noop)
            for (parent, column), tables in PARTS.items()
            for table in tables
        ),
        fixed_paths(),
        no_rights_to_make_things(),
    ]
