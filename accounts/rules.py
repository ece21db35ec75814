"""The permissions, the permissions of each role, and the competencies that a person can have. Plain tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

SCOPES = {
    "patients:read": "Read who is treated: identity, contact, alerts",
    "patients:write": "Add, change and import patients",
    "patients:merge": "Merge two records of one patient",
    "assessments:read": "Read what was found",
    "assessments:write": "Record and sign what was found",
    "treatments:read": "Read what was done",
    "treatments:write": "Record and sign what was done",
    "records:read": "Read signed records: history, changes feed, verification",
    "records:export": "Export all signed records",
    "scheduling:read": "Read appointments and follow-ups",
    "scheduling:write": "Book and change appointments and follow-ups",
    "homecare:read": "Read home programmes and check-ins",
    "homecare:write": "Write home programmes",
    "webhooks:manage": "Manage webhooks",
    "safety:manage": "Change the clinic's safety list, consent texts and consent settings",
}
# What is only looked at; pages show no button for the rest while nothing can be saved.
READING = frozenset(scope for scope in SCOPES if scope.endswith(":read"))
ROLES = {"owner": "Owner", "therapist": "Therapist", "staff": "Staff"}
ROLE_SCOPES = {
    # The owner answers for the clinic and sees all of it; an owner who treats is a therapist as well.
    "owner": frozenset(SCOPES) - {"assessments:write", "treatments:write", "homecare:write"},
    "therapist": frozenset(SCOPES) - {"patients:merge", "records:export", "webhooks:manage", "safety:manage"},
    # The desk needs to know who comes and what to be careful of, not what was found.
    "staff": frozenset({"patients:read", "patients:write", "scheduling:read", "scheduling:write", "homecare:read"}),
}


LOOPBACK = {"localhost", "127.0.0.1"}


def is_origin(text: str) -> bool:
    """Return whether a text is exactly what a browser sends as `Origin`: https, or http on the same machine."""
    try:
        parts = urlsplit(text)
        port = f":{parts.port}" if parts.port is not None else ""
    except ValueError:
        return False
    host = parts.hostname or ""
    may_be_plain = parts.scheme == "http" and host in LOOPBACK
    return (
        bool(host)
        and "*" not in host
        and (parts.scheme == "https" or may_be_plain)
        and text == f"{parts.scheme}://{host}{port}"
    )


def scopes_of_roles(roles: set[str]) -> frozenset[str]:
    """All that somebody with these roles in a clinic may do there."""
    return frozenset().union(*(ROLE_SCOPES[role] for role in roles))


# --- Competencies ---------------------------------------------------------------------------------------------

# What a clinic may have seen proof of: each technique, and what needs a training of its own.
# Source of the last five: domain facts, section 9.2, and safety facts, part 6.
COMPETENCIES = {
    "ischemic_compression": "Ischemic compression",
    "manual_pressure_release": "Manual pressure release",
    "transverse_friction": "Transverse friction",
    "muscle_energy_technique": "Muscle energy technique",
    "strain_counterstrain": "Strain-counterstrain",
    "massage": "Massage",
    "myofascial_release": "Myofascial release",
    "stretching": "Stretching",
    "strengthening": "Strengthening",
    "self_release_teaching": "Self-release taught",
    "advice": "Advice",
    "dry_needling": "Dry needling",
    "trigger_point_injection": "Trigger point injection",
    "dn_basic": "Dry needling: basic training",
    "dn_thorax": "Dry needling of the thorax",
    "dn_suboccipital": "Dry needling of the suboccipitals",
    "dn_pelvic": "Dry needling of the pelvis",
    "injection_prescriber": "Prescriber of injections",
}
# Competencies that are techniques of treatment: each of them can be offered on the treatment screen, or not.
TECHNIQUES = [code for code in COMPETENCIES if not code.startswith("dn_") and code != "injection_prescriber"]
CONSENT_DAYS_MAX = 3_650  # no clinical claim: ten years, against slips of the pen
ADVANCED_TRAININGS = ["dn_basic", "dn_thorax", "dn_suboccipital", "dn_pelvic", "injection_prescriber"]
EXPIRES_SOON = timedelta(days=60)  # safety facts, part 6

NEEDLING_COMPETENCIES = ["dry_needling", "dn_basic", "dn_thorax", "dn_suboccipital", "dn_pelvic"]

ALWAYS, ONCE_RECORDED, NEVER = "always", "once_recorded", "never"
# Whether a plain needling needs proof of the basic training: for the clinic to decide.
BASIC_TRAINING = {
    ALWAYS: "Always",
    ONCE_RECORDED: "Once the clinic has recorded a needling competency",
    NEVER: "Never",
}


@dataclass(frozen=True)
class KnownCompetency:
    """What a clinic has seen proof of for one person; it holds on its last day, and not the day after."""

    code: str
    valid_until: date | None = None

    def holds(self, on_date: date) -> bool:
        return self.valid_until is None or self.valid_until >= on_date


# How long the link of an invitation works, and the one with which the first clinic is set up.
INVITATION_VALID = timedelta(days=7)
SETUP_LINK_VALID = timedelta(days=1)
LANGUAGES = ["en", "de"]  # of pages and messages

# Minutes that a clinic may choose until an untouched screen locks; never longer than the service allows.
IDLE_LOCK_MIN = (1, 60)
IDLE_LOCK_CHOICES = [2, 5, 10, 15, 30, 60]
LETTER_TEXT_MAX = 600  # characters of the address, and of the footer, of letters
# The steps of the first set-up, in this order.
SETUP_STEPS = ["clinic", "rooms", "types", "people", "hours"]

# --- How long records are kept ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Retention:
    """
    How long a jurisdiction has records kept.

    :ivar years: after the last entry
    :ivar minors_until_age: a record of somebody who was a minor at the last entry is kept at least until this age
    """

    label: str
    years: int
    minors_until_age: int | None = None


# Domain facts, section 9.4 (sources: 9.1, 9.2). Ontario: 10 years; for minors, 10 years from majority (18).
RETENTION = {
    "us_ca": Retention("California", 7, 19),
    "us_ny": Retention("New York", 6, 22),
    "us_fl": Retention("Florida (acupuncture)", 5),
    "us_dc": Retention("District of Columbia (acupuncture)", 3),
    "ca_on": Retention("Ontario", 10, 28),
    "gb": Retention("United Kingdom", 8, 25),
}

# --- Proof of who one is -----------------------------------------------------------------------------------------

EACH_SIGN_IN, EACH_SIGNATURE = "sign_in", "signature"
# When a person proves again who they are before they sign: for the clinic to decide.
SIGNING_PROOFS = {
    EACH_SIGN_IN: "Once per sign-in, for at most 8 hours",
    EACH_SIGNATURE: "At every signature",
}
PROOF_HOLDS = timedelta(hours=8)
FRESH_PROOF_HOLDS = timedelta(minutes=5)  # from the password to the signature that it is for


def proof_holds(mode: str, *, proved_at: datetime | None, at: datetime) -> bool:
    """
    Return whether a person has proved recently enough who they are.

    :param mode: one of `SIGNING_PROOFS`
    """
    if proved_at is None:
        return False
    return at - proved_at <= (FRESH_PROOF_HOLDS if mode == EACH_SIGNATURE else PROOF_HOLDS)
