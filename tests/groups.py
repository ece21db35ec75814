"""
Which tests stay together on one worker.

pytest-xdist's own groups are a suffix that it adds to a test's id, and pytest 9.2 ignores that: each test would go
alone, and what a group shares be made on every worker. Here a test's file says where it belongs.
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

GROUPS = {
    "tests/test_processes.py": "whole stack",
    "tests/browser/test_whole_stack.py": "whole stack",
    "tests/test_staying_up.py": "whole stack",
    "tests/backups/test_restore.py": "whole stack",
    "tests/test_reminder_drill.py": "reminder drill",
    "tests/test_upgrade.py": "upgrade",  # one database of the old release serves them all
    "tests/accounts/test_new_password.py": "broker",  # one broker serves all workers of the tests
}


class ByFile(LoadScopeScheduling):
    """The tests of a group go together, all others alone; large groups are handed out first."""

    def _split_scope(self, nodeid: str) -> str:
        return GROUPS.get(nodeid.split("::")[0], nodeid)
