"""
The forms that a clinic can send. An app registers each of its forms when Django starts: what it asks, and what becomes
of the answers once a therapist accepts them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured

from identity.actor import Actor
from patient_forms.models import FormRequest
from patient_forms.questions import Section
from patients.models import Patient

Answers = Mapping[str, Any]


@dataclass(frozen=True)
class Proposal:
    """
    One thing that accepting a form would write.

    :ivar key: names it among the form's proposals
    :ivar recorded: what the record says now; empty: nothing
    """

    key: str
    label: Any
    proposed: Any
    recorded: Any = ""


class Accept(Protocol):
    def __call__(
        self, *, patient: Patient, answers: Answers, keys: Collection[str], by: Actor, at: datetime
    ) -> None: ...


class React(Protocol):
    def __call__(self, *, request: FormRequest, by: Actor, at: datetime) -> None: ...


def _nothing(*, request: FormRequest, by: Actor, at: datetime) -> None:
    """A form whose answers wait for the therapist, and nothing else."""


@dataclass(frozen=True)
class PatientForm:
    """
    :ivar code: as in `FormRequest.form`
    :ivar version: raised whenever the questions change
    :ivar sections: what it asks of this patient
    :ivar check: whether the answers can be, in this clinic on this day; raises Invalid. Called once lengths and choices
        are checked
    :ivar propose: what accepting would write, each beside what is recorded
    :ivar describe: further answers that the therapist reads and nothing is written of: pairs of question and answer
    :ivar accept: writes the proposals with these keys, inside the transaction of the acceptance. The patient is locked
    :ivar react: called inside the transaction that keeps the answers: what cannot wait for the therapist
    :ivar review_note: what the therapist must know who reads the answers
    :ivar advise: what the patient must do now, whoever reads the form later; shown with the thanks
    """

    code: str
    title: Any
    intro: Any
    version: int
    sections: Callable[[Patient], list[Section]]
    check: Callable[[Answers, UUID, date], None]
    propose: Callable[[Answers, Patient], list[Proposal]]
    describe: Callable[[Answers], list[tuple[Any, Any]]]
    accept: Accept
    react: React = _nothing
    review_note: Any = ""
    advise: Callable[[Answers], list[Any]] = lambda answers: []


FORMS: dict[str, PatientForm] = {}


def register_form(form: PatientForm) -> None:
    """:raises ImproperlyConfigured: another form has this code"""
    if form.code in FORMS:
        raise ImproperlyConfigured(f"patient form {form.code}: registered twice")
    FORMS[form.code] = form


def list_forms() -> Sequence[PatientForm]:
    return list(FORMS.values())
