from django.apps import AppConfig


class HomeCare(AppConfig):
    name = "homecare"

    def ready(self) -> None:
        from assessments.raised_flags import AFTER_FLAGS
        from homecare.labels import WORKLIST_NAMES
        from homecare.periodic import check_after_list_change
        from homecare.programmes.merging import follow_merge
        from homecare.programmes.safety_stops import is_reminder_stopped, react_to_record
        from messaging.checks import NO_LONGER_WANTED
        from patients.actions import AFTER_ALERTS, AFTER_MERGE
        from treatments.safety_lists import AFTER_LIST_CHANGE
        from worklist.web.labels import FACT_NAMES

        AFTER_MERGE.append(follow_merge)
        AFTER_FLAGS.append(react_to_record)
        AFTER_ALERTS.append(react_to_record)
        AFTER_LIST_CHANGE.append(check_after_list_change)
        NO_LONGER_WANTED["check_in"] = is_reminder_stopped
        FACT_NAMES.update(WORKLIST_NAMES)
