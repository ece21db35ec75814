"""Whether an e-mail address or a phone number of another system can be used."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

PHONE = re.compile(r"\+?[\d\s().\-/]+")
EXTENSION = re.compile(r"\s*(?:ext\.?|extension|durchwahl|x)\s*\d+$", re.IGNORECASE)
MIN_DIGITS, MAX_DIGITS = 5, 17  # E.164 has at most 15; 00 before it makes 17


def usable_email(text: str) -> str | None:
    """The address without spaces around it, or None if no mail can be sent to it."""
    address = text.strip()
    name, _, domain = address.rpartition("@")
    try:
        validate_email(f"{name}@{domain.encode('idna').decode()}")
    except (ValidationError, UnicodeError):
        return None
    return address


def usable_phone(text: str) -> str | None:
    """The number without an extension, or None if it is no number."""
    number = EXTENSION.sub("", text.strip())
    digits = sum(character.isdigit() for character in number)
    return number if PHONE.fullmatch(number) and MIN_DIGITS <= digits <= MAX_DIGITS else None
