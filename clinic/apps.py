from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.utils.module_loading import autodiscover_modules


class Clinic(AppConfig):
    """The project's own commands and templates."""

    name = "clinic"
    label = "clinic"

    def ready(self) -> None:
        """Load every app's `refusals`; a reason that two tables have stops the start."""
        autodiscover_modules("refusals")


class Api(AppConfig):
    """What every API view stands on."""

    name = "api"
    label = "api"


class Admin(AdminConfig):
    """Django's admin, on a site that lets in owners and support."""

    default_site = "accounts.web.admin_site.PalpateAdmin"
