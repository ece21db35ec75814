from django.apps import AppConfig


class Backups(AppConfig):
    name = "backups"
