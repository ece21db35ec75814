"""A clinic's pictures: taken apart and made anew."""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from PIL import Image, ImageOps, UnidentifiedImageError

from errors.exceptions import Invalid, Problems
from homecare.models import Picture

FORMATS = ["JPEG", "PNG", "WEBP"]
MOST_BYTES = 8 * 2**20
MOST_PIXELS = 40_000_000
EDGE_PX = 640
QUALITY = 78


def find_unknown_pictures(steps: Sequence[Mapping[str, Any]]) -> Problems:
    """Name each step whose picture the clinic does not have."""
    problems = Problems()
    picture_ids = {UUID(step["picture"]) for step in steps if step.get("picture")}
    known_ids = set(Picture.objects.filter(pk__in=picture_ids).values_list("pk", flat=True)) if picture_ids else set()
    for number, step in enumerate(steps):
        if step.get("picture") and UUID(step["picture"]) not in known_ids:
            problems.add(f"/steps/{number}/picture", "unknown.picture")
    return problems


def read_picture(upload: bytes) -> tuple[bytes, int, int]:
    """
    The picture as WebP with edges of at most 640 px, and its width and height.

    It is decoded and written anew: metadata (places, names, thumbnails) and whatever else was in the file are gone.

    :raises Invalid: not a JPEG, PNG or WebP picture, damaged, or too large
    """
    if len(upload) > MOST_BYTES:
        raise Invalid.at("/picture", "too_large.picture_bytes", most=MOST_BYTES // 2**20)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(upload), formats=FORMATS) as opened:
                if opened.width * opened.height > MOST_PIXELS:
                    raise Invalid.at("/picture", "too_large.picture_pixels", most=MOST_PIXELS // 1_000_000)
                upright = ImageOps.exif_transpose(opened) or opened
                picture = upright.convert(
                    "RGBA" if "A" in upright.getbands() or "transparency" in upright.info else "RGB"
                )
    except (
        UnidentifiedImageError,
        OSError,
        SyntaxError,
        ValueError,
        TypeError,
        KeyError,
        ZeroDivisionError,
        struct.error,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ):
        raise Invalid.at("/picture", "not_a_picture") from None
    picture.thumbnail((EDGE_PX, EDGE_PX))
    clean = Image.new(picture.mode, picture.size)
    clean.paste(picture)
    written = io.BytesIO()
    clean.save(written, "WEBP", quality=QUALITY, method=6)
    return written.getvalue(), clean.width, clean.height
