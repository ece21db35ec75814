"""Each clinic its own exams; signed ones are final; code lists are read-only to the application."""

from django.db import migrations

from database.schema_operations import clinic_key, clinic_table, final_once_signed, final_with_parent


class Migration(migrations.Migration):
    dependencies = [("assessments", "0001_initial"), ("records", "0002_final_and_chained")]

    operations = [
        clinic_table("assessments_triggerpoint"),
        clinic_table("assessments_assessment"),
        clinic_table("assessments_finding"),
        clinic_table("assessments_referral"),
        clinic_table("assessments_rangeofmotion"),
        clinic_table("assessments_redflaganswer"),
        clinic_table("assessments_painmark"),
        clinic_key("assessments_triggerpoint", "patient_id", "patients_patient"),
        clinic_key("assessments_assessment", "patient_id", "patients_patient"),
        clinic_key("assessments_assessment", "revises_id", "assessments_assessment"),
        clinic_key("assessments_assessment", "record_id", "records_record"),
        clinic_key("assessments_finding", "assessment_id", "assessments_assessment"),
        clinic_key("assessments_referral", "assessment_id", "assessments_assessment"),
        clinic_key("assessments_rangeofmotion", "assessment_id", "assessments_assessment"),
        clinic_key("assessments_redflaganswer", "assessment_id", "assessments_assessment"),
        clinic_key("assessments_painmark", "assessment_id", "assessments_assessment"),
        clinic_key("assessments_finding", "trigger_point_id", "assessments_triggerpoint"),
        clinic_key("assessments_referral", "finding_id", "assessments_finding"),
        final_once_signed("assessments_assessment"),
        final_with_parent("assessments_finding", "assessments_assessment", "assessment_id"),
        final_with_parent("assessments_referral", "assessments_assessment", "assessment_id"),
        final_with_parent("assessments_rangeofmotion", "assessments_assessment", "assessment_id"),
        final_with_parent("assessments_redflaganswer", "assessments_assessment", "assessment_id"),
        final_with_parent("assessments_painmark", "assessments_assessment", "assessment_id"),
        migrations.RunSQL(
            [
                "ALTER TABLE assessments_finding ADD CONSTRAINT finding_ppt_within_limits "
                "CHECK (10 <= ALL (ppt_kpa) AND 2000 >= ALL (ppt_kpa))",
                *(
                    f"REVOKE INSERT, UPDATE, DELETE ON assessments_{table} FROM palpate_app"
                    for table in ("muscle", "bodyzone", "movement", "caution", "catalogueload")
                ),
            ],
            "ALTER TABLE assessments_finding DROP CONSTRAINT finding_ppt_within_limits",
        ),
    ]
