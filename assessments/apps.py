from django.apps import AppConfig


class Assessments(AppConfig):
    name = "assessments"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy

        from assessments.intake import INTAKE
        from assessments.red_flag_table import RED_FLAGS
        from assessments.signed_rows import KIND, ROWS
        from patient_forms.registry import register_form
        from records import verification
        from worklist.web.labels import ANSWERS

        verification.ROWS[KIND] = ROWS
        register_form(INTAKE)
        for code, flag in RED_FLAGS.items():
            ANSWERS.setdefault(code, gettext_lazy(flag.label))
