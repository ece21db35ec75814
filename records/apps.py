from django.apps import AppConfig


class Records(AppConfig):
    name = "records"

    def ready(self) -> None:
        from patients.actions import FIRST_MOMENTS
        from records.queries import first_moment

        FIRST_MOMENTS.append(first_moment)
