"""What there is to be allowed, and which role is allowed it. Plain tables."""

SCOPES = {
    "patients:read": "Read who is treated: identity, contact, alerts",
    "patients:write": "Add, change, merge and import patients",
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
}
ROLES = {"owner": "Owner", "therapist": "Therapist", "staff": "Staff"}
ROLE_SCOPES = {
    # The owner answers for the clinic and sees all of it; an owner who treats is a therapist as well.
    "owner": frozenset(SCOPES) - {"assessments:write", "treatments:write", "homecare:write"},
    "therapist": frozenset(SCOPES) - {"records:export", "webhooks:manage"},
    # The desk needs to know who comes and what to be careful of, not what was found.
    "staff": frozenset({"patients:read", "patients:write", "scheduling:read", "scheduling:write", "homecare:read"}),
}


def scopes_of_roles(roles: set[str]) -> frozenset[str]:
    """All that somebody with these roles in a clinic may do there."""
    return frozenset().union(*(ROLE_SCOPES[role] for role in roles))
