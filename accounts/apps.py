from django.apps import AppConfig


class Accounts(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts.web import sign_in_trail

        sign_in_trail.connect()
