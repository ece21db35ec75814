"""Where a message goes: the patient's address of now, or the mail of somebody at the clinic."""

from __future__ import annotations

from django.conf import settings
from django.db.models import F, Func, Value
from django.utils.crypto import salted_hmac

from accounts.models import Clinic
from messaging import rules
from messaging.models import Message, RefusedAddress
from patients.facts import e164
from patients.models import Patient

# Why a channel cannot be used; each is a reason of a refusal, too.
OBSTACLES = ("no_consent", "no_address", "address_refused")


def of_patient(patient: Patient, channel: str, country: str) -> str:
    """The address, or an empty text if there is none that could be one."""
    patient = patient.in_use
    if channel == rules.EMAIL:
        return (patient.email or "").strip()
    try:
        return e164(patient.phone or "", country)
    except ValueError:
        return ""


def of_message(message: Message, clinic: Clinic) -> str:
    if message.to_user is not None:
        return message.to_user.email
    return of_patient(message.patient, message.channel, clinic.country)


def hash_address(channel: str, address: str) -> str:
    """A keyed hash, so that a list of refused addresses is no list of addresses."""
    return _hashed(channel, address, settings.SECRET_KEY)


def _hashed(channel: str, address: str, key: str) -> str:
    text = f"{channel}:{address.casefold()}"
    return salted_hmac("palpate.address", text, secret=key, algorithm="sha256").hexdigest()


def hashes(channel: str, address: str) -> list[str]:
    """Return what an address may be listed as: a new SECRET_KEY must not let messages through that were refused."""
    return [_hashed(channel, address, key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


def is_refused(channel: str, address: str) -> bool:
    return RefusedAddress.objects.filter(channel=channel, address_hash__in=hashes(channel, address)).exists()


def obstacle(patient: Patient, channel: str, country: str) -> str:
    """Return why nothing may be sent to the patient by this channel, one of OBSTACLES; empty if it may."""
    if getattr(patient.in_use, f"consent_{channel}") != "granted":
        return "no_consent"
    address = of_patient(patient, channel, country)
    if not address:
        return "no_address"
    return "address_refused" if is_refused(channel, address) else ""


def usable_channels(patient: Patient) -> list[str]:
    """The channels by which the patient can be reached, mail first."""
    country = Clinic.objects.values_list("country", flat=True).get(pk=patient.clinic_id)
    return [channel for channel in rules.CHANNELS if not obstacle(patient, channel, country)]


def refuse(message: Message, address: str, reason: str) -> None:
    """Send nothing to this address any more, until somebody changes it or lets it pass again."""
    row, refusals_made = RefusedAddress.objects.get_or_create(
        clinic_id=message.clinic_id,
        channel=message.channel,
        address_hash=hash_address(message.channel, address),
        defaults={"reasons": [reason]},
    )
    if not refusals_made and reason not in row.reasons:
        appended = Func(F("reasons"), Value(reason), function="array_append")
        RefusedAddress.objects.filter(pk=row.pk).update(reasons=appended)
