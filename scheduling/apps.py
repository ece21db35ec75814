from django.apps import AppConfig


class Scheduling(AppConfig):
    name = "scheduling"

    def ready(self) -> None:
        from patients.actions import AFTER_MERGE
        from scheduling.actions import follow_merge
        from scheduling.slots import working_days
        from worklist.actions import WORKING_DAYS

        AFTER_MERGE.append(follow_merge)
        WORKING_DAYS.append(working_days)
