from django.apps import AppConfig


class Messaging(AppConfig):
    name = "messaging"

    def ready(self) -> None:
        from anymail.signals import tracking

        from messaging.web import hooks

        tracking.connect(hooks.mail_told, dispatch_uid="palpate")
