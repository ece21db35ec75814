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
    (r"From (\d+) to (\d+) at a patient's home\.", _("From {0} to {1} at a patient's home.")),
    (r"From (\d+) to (\d+) (?:weeks|days)\.", _("From {0} to {1}.")),
    (r"Usual is (\d+) to (\d+)\. Say why this differs\.", _("Usual is {0} to {1}; say why.")),
    (r"At most (\d+) steps; more is not done\.", _("At most {0} steps; more is not done.")),
    (r"At most (\d+) spots, of a scan\.", _("At most {0} spots, of a scan.")),
    (r"Say where spot (\d+) is\.", _("Say where spot {0} is.")),
    (r"At most (\d+) times a day\.", _("At most {0} times a day.")),
    (r"At most (\d+) MB\.", _("At most {0} MB.")),
    (r"At most ([\d,]+) (?:million pixels|characters)\.", _("Too large.")),
    (r"Nothing is sent in the quiet hours, (\S+) to (\S+)\.", _("Nothing is sent in the quiet hours, {0} to {1}.")),
    (r"The patient has not agreed to messages by email\.", _("The patient has not agreed to mails.")),
    (r"The patient has not agreed to messages by sms\.", _("The patient has not agreed to SMS.")),
    (r"There is no address for email, or it cannot be one\.", _("There is no mail address.")),
    (r"There is no address for sms, or it cannot be one\.", _("There is no phone number, or it cannot be one.")),
    (r"After \w+ comes .+; for anything else, say why\.", _("This is a correction: say why.")),
    (r"(.+) is not known\. There are: (.+)\.", _("{0} is not known. There are: {1}.")),
    (
        r"An SMS has at most (\d+) characters; with all filled in, this has (\d+)\.",
        _("An SMS has at most {0} characters; with all filled in, this has {1}."),
    ),
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
    _("A programme has at least one step."),
    _("Give it a name that the patient will read."),
    _("Say which muscle is pressed."),
    _("This muscle is not to be pressed by oneself."),
    _("A muscle needs its side: left or right."),
    _("Say in words what is to be done."),
    _("This exercise has no such number."),
    _("The pressure ends below where it begins."),
    _("This patient has no such trigger point."),
    _("There is no such picture."),
    _("This day is over."),
    _("This is no date."),
    _("A whole number, please."),
    _("A time is written as 08:30."),
    _("Pain is from 0 to 10."),
    _("From 0 to 10."),
    _("Choose at least one time."),
    _("Choose at least one day."),
    _("To fade, say after how many weeks and to how many days."),
    _("The link asks for the year of birth, and none is recorded."),
    _("There is no channel with consent and an address."),
    _("There is no such muscle; see the catalogue."),
    _("This is no id."),
    _("Tap at least one answer."),
    _("This step is not in the programme any more."),
    _("This message wants {link}: without it nobody can answer."),
    _("A mail wants {stop}, by which it can be ended."),
    _("A mail needs a subject."),
    _("Choose a picture."),
    _("This is no JPEG, PNG or WebP picture, or it is damaged."),
    _("Another programme of this patient is running. End it first, or change that one."),
    _("It was sent again just now."),
    _("It is in the patient's quiet hours now; nothing is sent. Send it later."),
    _("This point is in another muscle, or side."),
    _("Both records have a home programme that is running or paused; end one of them first."),
    _("The address for email did not take messages before. Record another one."),
    _("The address for sms did not take messages before. Record another one."),
    _("Nothing has changed since the last version."),
    _("This programme is not running."),
    _("This programme has ended. Start a new one, with the same steps if you like."),
    _("There is a template with this name."),
    _("A template needs a name."),
    _("Somebody else has changed this programme meanwhile. Open it again to go on from there."),
    _("Somebody has done this meanwhile."),
    _("This message is still on its way, or was called off."),
    _("It is known what became of this message."),
    _("Only the clinic's owner may change this."),
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
