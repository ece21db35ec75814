from django.apps import AppConfig


class HomeCare(AppConfig):
    name = "homecare"

    def ready(self) -> None:
        from assessments.raised_flags import AFTER_FLAGS
        from homecare.labels import WORKLIST_NAMES
        from homecare.periodic import check_after_list_change
        from homecare.programmes.actions import follow_merge
        from homecare.programmes.safety_stops import react_to_record
        from patients.actions import AFTER_ALERTS, AFTER_MERGE
        from treatments.safety_lists import AFTER_LIST_CHANGE
        from worklist.web.labels import FACT_NAMES

        AFTER_MERGE.append(follow_merge)
        AFTER_FLAGS.append(react_to_record)
        AFTER_ALERTS.append(react_to_record)
        AFTER_LIST_CHANGE.append(check_after_list_change)
        FACT_NAMES.update(WORKLIST_NAMES)
