from django.apps import AppConfig


class Assessments(AppConfig):
    name = "assessments"

    def ready(self) -> None:
        from assessments.signed_rows import KIND, ROWS
        from records import verification

        verification.ROWS[KIND] = ROWS
