"""`palpate pull PLACE` and `palpate verify PLACE`."""

from __future__ import annotations

import argparse
import os
import sqlite3
import sys
from collections.abc import Sequence

import httpx

from palpate_client.clients import Client
from palpate_client.mirror import Diverged, Mirror
from palpate_client.protocol import Problem
from palpate_client.records import NotWhole

SETTINGS = ("PALPATE_URL", "PALPATE_CLIENT_ID", "PALPATE_CLIENT_SECRET")


def main(arguments: Sequence[str] | None = None, *, transport: httpx.BaseTransport | None = None) -> int:
    """Return 0, 1 where something does not hold, and 2 where the server could not be asked."""
    parser = argparse.ArgumentParser(prog="palpate", description="Keep a verified mirror of a Palpate clinic.")
    commands = parser.add_subparsers(dest="command", required=True)
    pull = commands.add_parser("pull", help=f"bring the mirror up to the server that {SETTINGS[0]} names")
    verify = commands.add_parser("verify", help="check the mirror again, without the server")
    for command in (pull, verify):
        command.add_argument("place", help="a folder, or a .sqlite file")
    chosen = parser.parse_args(arguments)
    missing = [name for name in SETTINGS if not os.environ.get(name)]
    if chosen.command == "pull" and missing:
        parser.error(f"set {', '.join(missing)}")
    try:
        with Mirror(chosen.place, create=chosen.command == "pull") as mirror:
            if chosen.command == "pull":
                url, client_id, secret = (os.environ[name] for name in SETTINGS)
                with Client(url, client_id=client_id, client_secret=secret, transport=transport) as client:
                    print(f"{mirror.pull(client)} changes; the mirror ends at record {mirror.head()[0]}")
            else:
                verdict = mirror.verify()
                print(
                    f"{verdict.records} records hold, {verdict.erased} of them erased, {verdict.restricted} restricted"
                )
    except (Diverged, NotWhole) as error:
        print(f"palpate: {error}", file=sys.stderr)
        return 1
    except FileNotFoundError:
        print(f"palpate: there is no mirror at {chosen.place}", file=sys.stderr)
        return 1
    except sqlite3.DatabaseError:  # its text may quote a row
        print(
            f"palpate: {chosen.place} cannot be used as a mirror: damaged, in use, or something else", file=sys.stderr
        )
        return 1
    except (Problem, httpx.HTTPError) as error:
        print(f"palpate: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
