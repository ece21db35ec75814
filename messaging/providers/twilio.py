"""
SMS through Twilio's Messages API.

It takes no idempotency key. A message whose answer was lost is looked for, by its number and its words, among what
no other message is known as, before it is sent again.
"""

from __future__ import annotations

from datetime import timedelta
from types import TracebackType
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from requests.exceptions import ConnectionError as NoConnection
from requests.exceptions import ConnectTimeout, RequestException
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from messaging.providers import OutcomeUnknown, Outgoing, Receipt, Refused

# Twilio's error codes: not a number, not a mobile, unsubscribed (STOP), unreachable for good.
ADDRESS_REFUSED = {21211, 21214, 21217, 21610, 21614, 21612, 30005, 30006}


class OwnHost(TwilioHttpClient):
    """Twilio's client; `TWILIO_API_URL` may name another host, as an outgoing proxy or a test does."""

    def request(self, method: str, url: str, *arguments: Any, **options: Any) -> Any:
        if settings.TWILIO_API_URL:
            url = url.replace("https://api.twilio.com", settings.TWILIO_API_URL, 1)
        return super().request(method, url, *arguments, **options)


class Twilio:
    name = "twilio"
    honours_keys = False

    def __init__(self) -> None:
        account, secret = settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN
        self.http = OwnHost(timeout=settings.EMAIL_TIMEOUT)
        self.client = Client(account, secret, http_client=self.http)

    def __enter__(self) -> Twilio:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.http.session is not None:
            self.http.session.close()

    def send(self, message: Outgoing) -> Receipt:
        callback_path = reverse("twilio_status", args=[message.clinic_id, message.key])
        try:
            sms = self.client.messages.create(
                to=message.address,
                from_=settings.TWILIO_FROM,
                body=message.body,
                status_callback=f"{settings.PUBLIC_URL}{callback_path}",
            )
        except TwilioRestException as refusal:
            for_now = refusal.status == 429 or refusal.status >= 500
            raise Refused(
                "provider_unreachable" if for_now else "provider_refused",
                for_good=not for_now,
                of_address=refusal.code in ADDRESS_REFUSED,
            ) from None
        except ConnectTimeout:
            raise Refused("provider_unreachable") from None
        except NoConnection as fault:
            # Refused or no such host: it never began. Reset in the middle: nobody knows.
            if "NewConnectionError" in repr(fault) or "NameResolution" in repr(fault):
                raise Refused("provider_unreachable") from None
            raise OutcomeUnknown from None
        except RequestException:
            raise OutcomeUnknown from None
        return Receipt(str(sms.sid))

    def find(self, message: Outgoing) -> Receipt | None:
        try:
            since = timezone.now() - timedelta(days=1)
            for sms in self.client.messages.list(to=message.address, date_sent_after=since, limit=50):
                if sms.body == message.body and sms.sid not in message.known_refs:
                    return Receipt(str(sms.sid))
        except (TwilioRestException, RequestException):
            raise Refused("provider_unreachable") from None
        return None
