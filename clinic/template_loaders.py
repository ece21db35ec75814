"""Templates without their indentation: it helps who reads the source, and would be a tenth of every page's weight."""

from __future__ import annotations

import re

from django.template import Origin
from django.template.loaders import app_directories, filesystem

INDENTATION = re.compile(r"\n\s+")
# An element's tag whose attributes stand one to a line.
TAG = re.compile(r"<[a-z][^<>]*>")


def compact(source: str) -> str:
    """Return a template's source with one line break for each, and each element's tag on one line."""
    if "<pre" in source:
        return source
    return TAG.sub(lambda tag: tag[0].replace("\n", " "), INDENTATION.sub("\n", source))


class Filesystem(filesystem.Loader):
    def get_contents(self, origin: Origin) -> str:
        return _compact_html(origin, super().get_contents(origin))


class AppDirectories(app_directories.Loader):
    def get_contents(self, origin: Origin) -> str:
        return _compact_html(origin, super().get_contents(origin))


def _compact_html(origin: Origin, source: str) -> str:
    return compact(source) if origin.name.endswith(".html") else source
