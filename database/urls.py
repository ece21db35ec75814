"""Connection URIs of the environment."""

from __future__ import annotations

from typing import Any

import environ
from psycopg.conninfo import conninfo_to_dict

env = environ.FileAwareEnv()


def connection_parts(name: str) -> dict[str, Any]:
    """
    Return what a connection URI of the environment says, as libpq's parameters, with the password of its own variable
    (`DATABASE_PASSWORD` for `DATABASE_URL`); empty if there is no such URI.
    """
    parts: dict[str, Any] = dict(conninfo_to_dict(env.str(name, default="")))
    password = env.str(name.replace("_URL", "_PASSWORD"), default="")
    return parts | {"password": password} if parts and password else parts
