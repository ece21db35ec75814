"""
Answers of the API in fewer bytes: zstd, brotli or gzip, as the client says, and 304 for what it has already.

Only what is asked for by a bearer token is compressed. A browser's session could be made to ask from another site, and
then the length of an answer that holds a secret beside a guess would tell (BREACH); a token is sent on purpose.
"""

from __future__ import annotations

import zlib
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from typing import Protocol

import brotli
from backports import zstd
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.cache import patch_vary_headers

# Shorter ones fit into one packet anyway.
LEAST_BYTES = 1_000
# Each level is the one after which more time gives few bytes less, with pages of signed documents.
ZSTD_LEVEL, BROTLI_QUALITY, GZIP_LEVEL = 1, 4, 5
# What is made once and sent often.
THOROUGH = {"zstd": 19, "br": 9, "gzip": 9}


class Packer(Protocol):
    """Compresses a stream; `flush` gives what is held back so far, `finish` also the end."""

    def add(self, chunk: bytes) -> bytes: ...

    def finish(self) -> bytes: ...


class _Zstd:
    def __init__(self, level: int) -> None:
        self.packer = zstd.ZstdCompressor(level=level)

    def add(self, chunk: bytes) -> bytes:
        return self.packer.compress(chunk, mode=zstd.ZstdCompressor.FLUSH_BLOCK)

    def finish(self) -> bytes:
        return self.packer.flush()


class _Brotli:
    def __init__(self, level: int) -> None:
        self.packer = brotli.Compressor(quality=level)

    def add(self, chunk: bytes) -> bytes:
        return bytes(self.packer.process(chunk) + self.packer.flush())

    def finish(self) -> bytes:
        return bytes(self.packer.finish())


class _Gzip:
    def __init__(self, level: int) -> None:
        self.packer = zlib.compressobj(level, wbits=31)

    def add(self, chunk: bytes) -> bytes:
        return self.packer.compress(chunk) + self.packer.flush(zlib.Z_SYNC_FLUSH)

    def finish(self) -> bytes:
        return self.packer.flush()


# In the order of preference, where the client has none.
PACKERS: dict[str, tuple[Callable[[int], Packer], int]] = {
    "zstd": (_Zstd, ZSTD_LEVEL),
    "br": (_Brotli, BROTLI_QUALITY),
    "gzip": (_Gzip, GZIP_LEVEL),
}


def choose_coding(accepted: str) -> str:
    """
    Return which of ours an Accept-Encoding header likes best; empty for none.

    `*` chooses none: it promises codings that the client may not have thought of.
    """
    best, best_weight = "", 0.0
    weights: dict[str, float] = {}
    for part in accepted.lower().split(","):
        name, _, parameter = part.partition(";")
        key, _, value = parameter.strip().partition("=")
        try:
            weights[name.strip()] = float(value) if key.strip() == "q" else 1.0
        except ValueError:
            weights[name.strip()] = 0.0
    for name in PACKERS:
        if weights.get(name, 0.0) > best_weight:
            best, best_weight = name, weights[name]
    # An answer as it is may be wished for more.
    return best if best_weight >= weights.get("identity", 0.0) else ""


def pack(content: bytes, coding: str, level: int | None = None) -> bytes:
    """Return the whole content in that coding."""
    make, usual = PACKERS[coding]
    if coding == "zstd":  # in one call it says the content's size ahead, and is faster
        return zstd.compress(content, level=level or usual)
    if coding == "br":
        return bytes(brotli.compress(content, quality=level or usual))
    packer = make(level or usual)
    return packer.add(content) + packer.finish()


def pack_stream(chunks: Iterable[bytes], coding: str) -> Iterator[bytes]:
    """Each chunk in that coding, as far as it can be read without the next one."""
    make, level = PACKERS[coding]
    packer = make(level)
    for chunk in chunks:
        yield packer.add(chunk)
    yield packer.finish()


# --- Entity tags ----------------------------------------------------------------------------------------------


def tag_of(*facts: object) -> str:
    """Return a strong entity tag that changes with any of these."""
    text = "\n".join(map(str, facts))
    return f'"{urlsafe_b64encode(sha256(text.encode()).digest()[:18]).decode()}"'


def tag_of_bytes(content: bytes) -> str:
    return f'"{urlsafe_b64encode(sha256(content).digest()[:18]).decode()}"'


def with_coding(tag: str, coding: str) -> str:
    """Each coding of an answer is another representation, with a tag of its own."""
    return f'{tag[:-1]}-{coding}"' if coding and tag.startswith('"') else tag


def without_coding(tag: str) -> str:
    """Return the tag as it is without a coding's ending; the content behind both is the same."""
    for coding in PACKERS:
        ending = f'-{coding}"'
        if tag.endswith(ending):
            return f'{tag[: -len(ending)]}"'
    return tag


def is_known(header: str, tag: str) -> bool:
    """Whether If-None-Match names this tag, in whichever coding; `*` is not asked for here."""
    tags = (part.strip().removeprefix("W/") for part in header.split(","))
    return any(without_coding(sent) == tag for sent in tags)


# --- Both -----------------------------------------------------------------------------------------------------


def encode(request: HttpRequest, response: HttpResponse | StreamingHttpResponse) -> None:
    """Compress an answer in place, if the client takes it and it is worth it."""
    patch_vary_headers(response, ["Accept-Encoding"])
    coding = choose_coding(request.headers.get("Accept-Encoding", ""))
    if not coding or response.status_code == 304 or response.has_header("Content-Encoding"):
        if coding and response.has_header("ETag"):
            response["ETag"] = with_coding(response["ETag"], coding)
        return
    if isinstance(response, StreamingHttpResponse):
        response.streaming_content = pack_stream(
            response.streaming_content,  # type: ignore[arg-type] # ours are never async
            coding,
        )
    elif len(response.content) < LEAST_BYTES:
        return
    else:
        response.content = pack(response.content, coding)
        response["Content-Length"] = str(len(response.content))
    response["Content-Encoding"] = coding
    if response.has_header("ETag"):
        response["ETag"] = with_coding(response["ETag"], coding)
