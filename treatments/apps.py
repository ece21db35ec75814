from django.apps import AppConfig


class Treatments(AppConfig):
    name = "treatments"

    def ready(self) -> None:
        from records import verification
        from treatments.signed_rows import KIND, ROWS

        verification.ROWS[KIND] = ROWS
