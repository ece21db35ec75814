from django.apps import AppConfig


class HomeCare(AppConfig):
    name = "homecare"

    def ready(self) -> None:
        from assessments.raised_flags import AFTER_FLAGS
        from homecare.programmes.actions import follow_merge
        from homecare.programmes.safety_stops import react_to_flags
        from patients.actions import AFTER_MERGE

        AFTER_MERGE.append(follow_merge)
        AFTER_FLAGS.append(react_to_flags)
