from django.apps import AppConfig


class Worklist(AppConfig):
    name = "worklist"

    def ready(self) -> None:
        from audit.labels import ACTS_OF_THING
        from patients.actions import AFTER_MERGE
        from worklist.actions import follow_merge
        from worklist.web.labels import KINDS

        AFTER_MERGE.append(follow_merge)
        ACTS_OF_THING["worklist"] = KINDS
