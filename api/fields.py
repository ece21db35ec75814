"""Serializer pieces that every app's API uses."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Any, NoReturn, Self
from uuid import UUID

from django.utils.dateparse import parse_datetime
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from errors.texts import message_for


class Text(serializers.CharField):
    """Text as typed: only real strings (a number is refused, not turned into one), surrounding blanks cut."""

    def to_internal_value(self, data: object) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class StrictInteger(serializers.IntegerField):
    """A JSON integer: `"5"`, `5.5` and `true` are refused."""

    def to_internal_value(self, data: object) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return int(super().to_internal_value(data))


class Number(serializers.DecimalField):
    """A JSON number with at most `decimal_places`; a number in quotes is refused."""

    def to_internal_value(self, data: object) -> Any:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        return super().to_internal_value(data)


class ErrorCode(str):
    """A code with the parameters of its text: DRF copies text and code of an error into new ones, and nothing else."""

    params: Mapping[str, Any]

    def __new__(cls, code: str, params: Mapping[str, Any]) -> Self:
        made = super().__new__(cls, code)
        made.params = params
        return made


class Choice(serializers.ChoiceField):  # noqa: TID251 - the one place
    """One of some codes; a refusal lists them."""

    def fail(self, key: str, **kwargs: Any) -> NoReturn:
        if key == "invalid_choice":
            params = {"choices": [code for code in self.choices if code != ""]}
            raise serializers.ValidationError(message_for("invalid.choice", params), code=ErrorCode(key, params))
        super().fail(key, **kwargs)
        raise AssertionError  # DRF's raises


# Fields that DRF would read too kindly.
EXACT = (serializers.UUIDField, serializers.DateTimeField)


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields that it does not know: a misspelt clinical field must not vanish silently."""

    computed: frozenset[str] = frozenset()  # fields that we answer with and refuse when sent

    def to_internal_value(self, data: object) -> Any:
        if isinstance(data, dict):
            unknown = set(data) - set(self.fields)
            if unknown:
                raise serializers.ValidationError({name: [self._refusal(name)] for name in sorted(map(str, unknown))})
            misread: dict[str, Any] = {
                name: [why] for name, field in self._exact_fields if (why := _misread(field, data.get(name)))
            }
            misread |= {
                name: reasons for name, field in self._exact_lists if (reasons := _misread_items(field, data.get(name)))
            }
            if misread:
                raise serializers.ValidationError(misread)
        return super().to_internal_value(data)

    @cached_property
    def _exact_fields(self) -> list[tuple[str, Any]]:
        return [(name, field) for name, field in self.fields.items() if isinstance(field, EXACT)]

    @cached_property
    def _exact_lists(self) -> list[tuple[str, Any]]:
        lists = [(name, field) for name, field in self.fields.items() if isinstance(field, serializers.ListField)]
        return [(name, field.child) for name, field in lists if isinstance(field.child, EXACT)]

    def _refusal(self, name: str) -> ErrorDetail:
        if name in self.computed:
            return ErrorDetail(message_for("computed"), code="computed")
        params = {"fields": list(self.fields)}
        return ErrorDetail(message_for("unknown_field", params), code=ErrorCode("unknown_field", params))


def _misread_items(child: serializers.Field[Any, Any, Any, Any], values: object) -> dict[int, list[ErrorDetail]]:
    """Return the refusals in a plain list, by the place of the item."""
    if not isinstance(values, list):
        return {}  # the field refuses it
    return {place: [why] for place, value in enumerate(values) if (why := _misread(child, value))}


def _misread(field: serializers.Field[Any, Any, Any, Any], value: object) -> ErrorDetail | None:
    """Return the refusal of what DRF would take and read as something else: a number as an ID, a bare time as UTC."""
    if isinstance(field, serializers.UUIDField):
        if value is not None and not isinstance(value, str | UUID):
            return ErrorDetail(message_for("invalid.id"), code="invalid")
    elif isinstance(value, str):
        try:
            moment = parse_datetime(value)
        except ValueError:
            return None  # the field refuses it
        if moment is not None and moment.tzinfo is None:
            return ErrorDetail(message_for("invalid.moment"), code="invalid")
    return None


@lru_cache
def build_serializer(shape: type[serializers.Serializer[Any]]) -> serializers.Serializer[Any]:
    return shape()


def parse(shape: type[serializers.Serializer[Any]], data: object) -> dict[str, Any]:
    """
    What was sent, in the form that this shape describes.

    The shape is built once for all requests: validation keeps nothing on it, and building a nested one costs as much
    as using it.

    :raises rest_framework.exceptions.ValidationError: naming each field that is not of the form
    """
    return dict(build_serializer(shape).run_validation(data))


def names_of(shape: type[serializers.Serializer[Any]]) -> list[str]:
    """The names of a shape's fields, for rows whose columns have the same names."""
    return [str(name) for name in build_serializer(shape).fields]


def many(shape: type[serializers.Serializer[Any]], *, at_most: int, **options: Any) -> Any:
    """A list of these shapes, with a limit. (DRF's stubs do not know the list's own arguments.)"""
    # Many=True makes a list.
    return shape(many=True, required=False, max_length=at_most, **options)  # type: ignore[call-arg]
