"""
Refusals of the rules in a therapist's words and language.

The rules speak to programs, too, and name fields as the API does; a page says the same without them.
"""

from __future__ import annotations

import re

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

# What the rules say with numbers in it, and how a page says it.
WITH_NUMBERS = [
    (r"From (\S+) to (\S+?)( \S+)?\.", _("From {0} to {1}{2}.")),
    (r"Usual is (\S+) to (\S+?)( \S+)?; say why .*", _("Usual is {0} to {1}{2}; say why.")),
    (r"(\d+) needles went in and (\d+) came out\. .*", _("{0} needles went in and {1} came out. Find the difference.")),
    (
        r"The lung lies under this muscle: (\d+) mm .*",
        _("The lung lies under this muscle: {0} mm or more wants a reason."),
    ),
    (r"At the suboccipitals (\d+) mm .*", _("At the suboccipitals {0} mm or more wants a reason.")),
    (r"Needling this muscle is blocked by default; .*", _("Needling this muscle is blocked by default: say why.")),
    (r"More than (\d+) needled points .*", _("More than {0} needled points want a reason.")),
    (r"(\S+) mg lidocaine in all; above (\d+) mg .*", _("{0} mg lidocaine in all; above {1} mg wants a reason.")),
    (r"Before (\d+): .*", _("Before {0}: a slip of the pen?")),
]
# What they say without; here so that it is translated.
PLAIN = [
    _("Brought from the last exam: confirm it, change it or remove it."),
    _("This place is found twice; give the second a place of its own."),
    _("The best pain cannot be above the worst."),
    _("An exam is recorded when it has happened, not before."),
    _("A session is recorded when it has happened, not before."),
    _("There is nothing in this assessment to sign."),
    _("There is nothing in this session to sign."),
    _("The muscle that is needled must be named."),
    _("Count the needles in and out."),
    _("Only where a twitch was looked for."),
    _("This zone stands here twice."),
    _("This is signed and can no longer be changed; add an addendum, or start a new version."),
    _("Somebody has started a new version of this already; go on with that one."),
    _("This patient's care has ended; take the patient back into care first."),
    _("This patient was merged into another; use that one."),
    _("The needles that went in are not those that came out. This cannot be signed before they are found."),
    _("A newer version replaced this, or it was entered in error."),
    _("Your role in this clinic does not include this page."),
    _("There is no such thing here."),
]


def said(detail: str) -> str:
    """The same refusal as a page says it; what is not known here stays as it is."""
    for pattern, words in WITH_NUMBERS:
        found = re.fullmatch(pattern, detail)
        if found:
            return str(words).format(*(part or "" for part in found.groups()))
    return gettext(detail)
