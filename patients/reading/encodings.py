"""Bytes as text, in the encodings that programs for clinics write."""

from __future__ import annotations

import codecs
import io
from typing import BinaryIO

from patients.reading.incoming import Unreadable

CHUNK = 1 << 20
MARKS = [(codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")]


def find_encoding(stream: BinaryIO, *, also_windows: bool) -> str:
    """
    Return the encoding of a stream, by its mark, else UTF-8, else cp1252 (Excel's, in the west). Ends at the start.

    :param also_windows: whether cp1252 may be it; JSON is never in it
    :raises Unreadable: none of them
    """
    stream.seek(0)
    start = stream.read(4)
    marked = next((name for mark, name in MARKS if start.startswith(mark)), "")
    if not marked and len(start) > 1 and start[1] == 0:
        marked = "utf-16-le"
    elif not marked and start[:1] == b"\0":
        marked = "utf-16-be"
    for name in [marked] if marked else ["utf-8", *(["cp1252"] if also_windows else [])]:
        if _decodes(stream, name):
            stream.seek(0)
            return name
    raise Unreadable("encoding")


def _decodes(stream: BinaryIO, name: str) -> bool:
    stream.seek(0)
    decoder = codecs.getincrementaldecoder(name)()
    try:
        while chunk := stream.read(CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def as_utf8(stream: BinaryIO) -> BinaryIO:
    """
    A stream of JSON in UTF-8 without a mark.

    :raises Unreadable: neither UTF-8 nor UTF-16
    """
    name = find_encoding(stream, also_windows=False)
    if name == "utf-8":
        return stream
    if name == "utf-8-sig":
        stream.seek(len(codecs.BOM_UTF8))
        return stream
    return io.BytesIO(io.TextIOWrapper(stream, encoding=name).read().encode())
