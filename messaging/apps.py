from django.apps import AppConfig


class Messaging(AppConfig):
    name = "messaging"

    def ready(self) -> None:
        from anymail.signals import tracking

        from messaging.web import hooks

        tracking.connect(hooks.receive_mail_event, dispatch_uid="palpate")
