from django.apps import AppConfig


class Scheduling(AppConfig):
    name = "scheduling"

    def ready(self) -> None:
        from patients.actions import AFTER_MERGE
        from scheduling.actions import follow_merge

        AFTER_MERGE.append(follow_merge)
