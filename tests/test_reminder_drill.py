"""Nothing lost, nothing doubled unmarked, while all falls over. The whole drill: `make bench ARGS=reminders`."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.reminders import MOODS, drill
from tests.drills import small_or_drill
from tests.processes import migrated, without_servers

pytestmark = [pytest.mark.processes, pytest.mark.long]


@pytest.mark.parametrize(("messages", "kills"), small_or_drill((50, 2), (500, 10)))
@pytest.mark.parametrize("keys", [True, False], ids=["keys", "plain"])
@pytest.mark.usefixtures("django_db_setup")
def test_killed_restarted_flushed(tmp_path: Path, keys: bool, messages: int, kills: int):
    fill = migrated()
    with without_servers():
        outcome = drill(tmp_path, messages=messages, kills=kills, keys=keys, fill=fill, **MOODS)

    assert outcome.lost == []
    assert outcome.unmarked_duplicates == []
    assert sum(outcome.states.values()) == messages
    assert outcome.kills >= kills * 0.8
    if keys:
        assert outcome.duplicates == []
        assert outcome.states == {"sent": messages}
    else:
        assert set(outcome.states) <= {"sent", "unknown"}
        assert len(outcome.taken) + outcome.states.get("unknown", 0) >= messages
