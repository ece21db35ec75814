from django.apps import AppConfig


class Changes(AppConfig):
    name = "changes"

    def ready(self) -> None:
        from changes.webhooks import rotate_encryption
        from database.encryption import ROTATIONS

        ROTATIONS.append(rotate_encryption)
