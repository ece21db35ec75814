"""How the commands of this folder end: at a signal they stop what they started, and nothing cuts that short."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping
from types import FrameType

from backups.programs import dying_with_parent
from dev.servers import die_with_parent

STOPPING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def stop_on_signals() -> None:
    """
    Raise KeyboardInterrupt at the first SIGINT, SIGTERM or SIGHUP, and ignore those that follow.

    The blocks that hold servers and processes then stop them, and a second Ctrl-C leaves none of them behind.
    """
    for number in STOPPING_SIGNALS:
        # A shell's background job ignores SIGINT unless told otherwise; `nohup` means what it says about SIGHUP.
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
    if "MAKELEVEL" in os.environ:
        die_with_parent()  # a killed make says nothing to what it started


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    for number in STOPPING_SIGNALS:
        signal.signal(number, lambda *_: None)  # unlike SIG_IGN, no child inherits it
    raise KeyboardInterrupt


def call(command: list[str], *, cwd: os.PathLike[str], environment: Mapping[str, str], patience_s: float = 15) -> int:
    """
    Run a command to its end and return its exit code; at a signal, stop the command too.

    :raises KeyboardInterrupt: after the command has ended
    """
    process = subprocess.Popen(dying_with_parent(command), cwd=cwd, env=environment)
    try:
        return process.wait()
    except KeyboardInterrupt:
        _stop(process, patience_s)
        raise


def _stop(process: subprocess.Popen[bytes], patience_s: float) -> None:
    # Ctrl-C reaches a whole terminal, and a second SIGINT would break off what the first one began to clean up.
    for number, wait_s in ((None, 0.5), (signal.SIGINT, patience_s), (signal.SIGKILL, None)):
        if number is not None and process.poll() is None:
            process.send_signal(number)
        try:
            process.wait(wait_s)
            return
        except subprocess.TimeoutExpired:
            continue
