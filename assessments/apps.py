from django.apps import AppConfig


class Assessments(AppConfig):
    name = "assessments"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy

        from assessments.drawing_form import DRAWING, PAIN_DRAWING, read_drawing
        from assessments.intake import INTAKE
        from assessments.outcomes.labels import measure_name
        from assessments.points import follow_merge
        from assessments.red_flag_table import RED_FLAGS
        from assessments.signed_rows import KIND, ROWS
        from patient_forms.questions import add_kind
        from patient_forms.registry import register_form
        from patients.actions import AFTER_MERGE
        from records import verification
        from worklist.web.labels import ANSWERS, FACT_NAMES

        verification.ROWS[KIND] = ROWS
        AFTER_MERGE.append(follow_merge)
        FACT_NAMES["measures"] = measure_name
        register_form(INTAKE)
        register_form(PAIN_DRAWING)
        add_kind(DRAWING, read_drawing, folder="assessments")
        for code, flag in RED_FLAGS.items():
            ANSWERS.setdefault(code, gettext_lazy(flag.label))
