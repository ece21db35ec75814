"""JSON in and out, with orjson."""

from collections.abc import Mapping
from decimal import Decimal
from typing import IO, Any

import orjson
from django.utils.functional import Promise
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

from errors.texts import message_for


def encode(value: Any) -> Any:
    """
    What orjson does not know by itself.

    :raises TypeError: the value has no JSON form
    """
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Promise):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"no JSON form for {type(value).__name__}")


OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS


class JSON(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        if data is None:
            return b""
        if isinstance(data, bytes):  # already JSON, as stored
            return data
        return orjson.dumps(data, default=encode, option=OPTIONS)


class JSONBody(BaseParser):
    media_type = "application/json"

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            return orjson.loads(stream.read())
        except orjson.JSONDecodeError as refusal:
            # Its position helps, its text may quote the body.
            raise ParseError(message_for("parse_error", {"line": refusal.lineno, "column": refusal.colno})) from None
