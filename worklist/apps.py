from django.apps import AppConfig


class Worklist(AppConfig):
    name = "worklist"

    def ready(self) -> None:
        from patients.actions import AFTER_MERGE
        from worklist.actions import follow_merge

        AFTER_MERGE.append(follow_merge)
