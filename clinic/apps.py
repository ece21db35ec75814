from django.apps import AppConfig


class Clinic(AppConfig):
    """The project's own commands and templates."""

    name = "clinic"
    label = "clinic"


class Api(AppConfig):
    """What every API view stands on."""

    name = "clinic.api"
    label = "api"
