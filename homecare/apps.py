from django.apps import AppConfig


class HomeCare(AppConfig):
    name = "homecare"

    def ready(self) -> None:
        from homecare.actions import follow_merge
        from patients.actions import AFTER_MERGE

        AFTER_MERGE.append(follow_merge)
