"""Django's choice fields for pages; their refusals list the choices, as the API's do."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.fields import ChoiceField as _ChoiceField

from errors.texts import message_for

MOST = 60  # of time zones there are 500: nobody reads them in a sentence


def list_labels(choices: Any) -> list[str]:
    """Return the labels of choices, of those in groups too, without the one that stands for nothing."""
    labels: list[str] = []
    for value, label in choices:
        if isinstance(label, list | tuple):
            labels += list_labels(label)
        elif value not in ("", None):
            labels.append(str(label))
    return labels


class ListsChoices(_ChoiceField):
    """Refuses another value with the list of those that can be chosen."""

    def validate(self, value: Any) -> None:
        """:raises ValidationError:"""
        try:
            super().validate(value)
        except ValidationError as refusal:
            labels = list_labels(self.choices)
            if refusal.code != "invalid_choice" or len(labels) > MOST:
                raise
            text = message_for("invalid.choice", {"choices": labels})
            raise ValidationError(text, code="invalid_choice") from None


class ChoiceField(ListsChoices):
    pass


class TypedChoiceField(ListsChoices, forms.TypedChoiceField):  # noqa: TID251 - here they are made
    pass


class MultipleChoiceField(ListsChoices, forms.MultipleChoiceField):  # noqa: TID251 - the one place
    pass


class TypedMultipleChoiceField(ListsChoices, forms.TypedMultipleChoiceField):  # noqa: TID251 - the one place
    pass
