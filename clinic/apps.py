from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class Clinic(AppConfig):
    """The project's own commands and templates."""

    name = "clinic"
    label = "clinic"


class Api(AppConfig):
    """What every API view stands on."""

    name = "clinic.api"
    label = "api"


class Admin(AdminConfig):
    """Django's admin, on a site that lets in owners and support."""

    default_site = "accounts.web.admin_site.PalpateAdmin"
