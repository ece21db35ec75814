"""JSON in and out, with orjson."""

from collections.abc import Mapping
from decimal import Decimal
from typing import IO, Any

import orjson
from django.utils.functional import Promise
from django.utils.http import parse_header_parameters
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

from api.json_reading import read_json
from errors.texts import message_for


def encode(value: object) -> Any:
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

    def render(
        self, data: object, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        if data is None:
            return b""
        if isinstance(data, bytes):  # already JSON, as stored
            return data
        return orjson.dumps(data, default=encode, option=OPTIONS)


class JSONBody(BaseParser):
    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """
        Return the body's value.

        :raises UnsupportedMediaType: another charset is named; JSON is UTF-8 (RFC 8259)
        """
        charset = parse_header_parameters(media_type or "")[1].get("charset", "utf-8").strip('"').lower()
        if charset not in ("utf-8", "utf8"):
            raise UnsupportedMediaType(media_type or "", message_for("unsupported_media_type.charset"))
        return read_json(stream.read())
