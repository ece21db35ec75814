"""
Django's PostgreSQL backend, with an end to every wait.

PostgreSQL ends a slow statement by itself (`statement_timeout`), but a frozen server ends nothing. So the client side
waits for DATABASE_WAIT_S at most and then closes the connection. For PAUSE_S after that, every new connection of this
process fails immediately; the first one after the pause tries PostgreSQL again.
"""

from __future__ import annotations

import time
from typing import Any

import psycopg
from django.conf import settings
from django.db.backends.postgresql import base

PAUSE_S = 1.0  # after a wait without an answer, in which no connection is opened


class NoAnswer(psycopg.OperationalError):
    """PostgreSQL did not answer in time."""


class Pause:
    """The moment until which this process opens no connection."""

    until = 0.0

    @classmethod
    def begin(cls) -> None:
        cls.until = time.monotonic() + PAUSE_S

    @classmethod
    def holds(cls) -> bool:
        return time.monotonic() < cls.until


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: Any) -> Any:
        """:raises NoAnswer: PostgreSQL has just not answered"""
        if Pause.holds():
            raise NoAnswer("PostgreSQL did not answer a moment ago")
        try:
            connection = super().get_new_connection(conn_params)
        except psycopg.errors.ConnectionTimeout:
            Pause.begin()
            raise
        if settings.DATABASE_WAIT_S:
            limit_waits(connection, settings.DATABASE_WAIT_S)
        return connection


def limit_waits(connection: Any, seconds: float) -> None:
    """End each statement, commit and fetch of a connection after this number of seconds."""
    wait = type(connection).wait

    def limited(gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        if Pause.holds():
            connection.pgconn.finish()
            raise NoAnswer("PostgreSQL did not answer a moment ago")
        try:
            return wait(connection, gen, interval, seconds if timeout is None else min(timeout, seconds))
        except psycopg.errors._WaitTimeout:
            if timeout is not None and timeout < seconds:
                raise
            Pause.begin()
            connection.pgconn.finish()  # politely ending the session would wait again
            raise NoAnswer("PostgreSQL does not answer") from None

    connection.wait = limited
