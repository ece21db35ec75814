from django.apps import AppConfig


class Scheduling(AppConfig):
    name = "scheduling"

    def ready(self) -> None:
        from messaging.actions import AFTER_AGAIN
        from patients.actions import AFTER_DEATH, AFTER_MERGE
        from scheduling.availability.slots import working_days
        from scheduling.booking.actions import follow_death, follow_merge
        from scheduling.notifications import follow_again
        from worklist.actions import WORKING_DAYS

        AFTER_DEATH.append(follow_death)
        AFTER_MERGE.append(follow_merge)
        AFTER_AGAIN.append(follow_again)
        WORKING_DAYS.append(working_days)
