"""Keep patient data out of the logs."""

import logging
import re

# Links of patients, feeds of calendars, links for a new password.
TOKEN = re.compile(r"^(/[cs]/(?:feeds/|calendar/)?|/account/password/reset/key/)[^/]+")


class WithoutQuery(logging.Filter):
    """Cut query strings (may carry a name), tokens of links, and exception values (may quote a row)."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        if request is not None:
            record.msg, record.args = (
                "%s %s",
                (getattr(request, "method", "?"), TOKEN.sub(r"\1...", getattr(request, "path", "?"))),
            )
        if record.exc_info and record.exc_info[1] is not None:
            error_class, error, trace = record.exc_info
            record.exc_text = None
            record.exc_info = (
                (error_class, type(error)(f"<{type(error).__name__}: text withheld>"), trace) if _plain(error) else None
            )
            if record.exc_info is None:
                record.msg = f"{record.getMessage()} ({type(error).__module__}.{type(error).__name__}, text withheld)"
                record.args = ()
        return True


def _plain(error: BaseException) -> bool:
    try:
        type(error)("")
    except Exception:  # noqa: BLE001 - any constructor may refuse; then only its name is logged
        return False
    return True
