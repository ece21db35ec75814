"""
Pictures: decoded and written again, so that nothing else that was in the file is kept (places, names, thumbnails,
scripts). A clinic's logo and its pictures of exercises come through here, and so does whatever else takes a picture.
"""

from __future__ import annotations

import io
import struct
from typing import Literal, NamedTuple

from PIL import Image, ImageOps, UnidentifiedImageError

from errors.exceptions import Invalid

FORMATS = ["JPEG", "PNG", "WEBP"]
MOST_BYTES = 8 * 2**20
MOST_PIXELS = 40_000_000
WEBP_QUALITY = 78
# What Pillow's decoders raise on damaged files; anything else is a fault of ours.
DAMAGED = (
    UnidentifiedImageError,
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    ZeroDivisionError,
    struct.error,
)


class CleanPicture(NamedTuple):
    """A picture as it is kept."""

    content: bytes
    width_px: int
    height_px: int


def clean_picture(
    upload: bytes, *, pointer: str, edge_px: int, save_as: Literal["PNG", "WEBP"] = "WEBP"
) -> CleanPicture:
    """
    Return the upload as a new picture, upright, with edges of at most `edge_px`.

    :param pointer: names the field in a refusal
    :param save_as: PNG where letters are typeset from it
    :raises Invalid: no JPEG, PNG or WebP picture, damaged, or too large
    """
    if len(upload) > MOST_BYTES:
        raise Invalid.at(pointer, "too_large.picture_bytes", most=MOST_BYTES // 2**20)
    picture = _decode(upload, pointer)
    picture.thumbnail((edge_px, edge_px))
    clean = Image.new(picture.mode, picture.size)
    clean.paste(picture)
    written = io.BytesIO()
    if save_as == "PNG":
        clean.save(written, "PNG", optimize=True)
    else:
        clean.save(written, "WEBP", quality=WEBP_QUALITY, method=6)
    return CleanPicture(written.getvalue(), clean.width, clean.height)


def _decode(upload: bytes, pointer: str) -> Image.Image:
    try:
        with Image.open(io.BytesIO(upload), formats=FORMATS) as opened:
            # Before a pixel is unpacked: a small file can hold a very large picture.
            if opened.width * opened.height > MOST_PIXELS:
                raise Invalid.at(pointer, "too_large.picture_pixels", most=MOST_PIXELS // 1_000_000)
            upright = ImageOps.exif_transpose(opened) or opened
            has_alpha = "A" in upright.getbands() or "transparency" in upright.info
            return upright.convert("RGBA" if has_alpha else "RGB")
    except Image.DecompressionBombError:
        raise Invalid.at(pointer, "too_large.picture_pixels", most=MOST_PIXELS // 1_000_000) from None
    except DAMAGED:
        raise Invalid.at(pointer, "not_a_picture") from None
