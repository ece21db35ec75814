"""SMS through a mail-to-SMS gateway: a mail to <number>@<gateway>. The demo's inbox is one."""

from __future__ import annotations

from dataclasses import replace

from django.conf import settings

from messaging.providers import Outgoing, Receipt
from messaging.providers.mail import Mail


class MailGateway(Mail):
    name = "mail_gateway"

    def send(self, message: Outgoing) -> Receipt:
        number = message.address.removeprefix("+")
        return super().send(replace(message, address=f"{number}@{settings.SMS_MAIL_GATEWAY}", stop_url=""))
