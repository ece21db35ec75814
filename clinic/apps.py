from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.utils.module_loading import autodiscover_modules


class Clinic(AppConfig):
    """The project's own commands and templates."""

    name = "clinic"
    label = "clinic"

    def ready(self) -> None:
        """Load every app's `refusals` and `worklist_links`; a reason or kind that two of them have stops the start."""
        autodiscover_modules("refusals", "worklist_links")


class Api(AppConfig):
    """What every API view stands on."""

    name = "api"
    label = "api"


class Admin(AdminConfig):
    """Django's admin, on a site that lets in owners and support."""

    default_site = "accounts.web.admin_site.PalpateAdmin"
