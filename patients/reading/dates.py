"""Birth dates as other systems write them."""

from __future__ import annotations

import re
from datetime import date

from patients import rules

# What systems write where they know no date; the first three are before `rules.EARLIEST_BIRTH_DATE` anyway.
FILLERS = {"0000-00-00", "0001-01-01", "1899-12-30", "1900-01-01"}


class BadDate(Exception):
    """
    A text is no birth date.

    :ivar code: a key of `labels.REMARKS`: `birth_date_form`, `birth_date_two_days` or `birth_date_impossible`
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read_iso(text: str, *, today: date) -> str:
    """
    A FHIR date: `1980`, `1980-02` or `1980-02-03`.

    :raises BadDate: another form, or nobody in care can be born then
    """
    if not re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", text):
        raise BadDate("birth_date_form")
    if text in FILLERS:
        raise BadDate("birth_date_impossible")
    try:
        earliest = date.fromisoformat((text + "-01-01")[:10])
    except ValueError:
        raise BadDate("birth_date_impossible") from None
    if rules.judge_birth_date(earliest, today=today):
        raise BadDate("birth_date_impossible")
    return text


def read_written(text: str, *, today: date) -> str:
    """
    A date of a table: 1980-02-03, 1980/02/03, 19800203, 3.2.1980 or 13/2/1980, also with a time; 1980, 02.1980.

    :raises BadDate: another form, two days are possible, or nobody in care can be born then
    """
    day = re.sub(r"[T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?$", "", text.strip())
    if re.fullmatch(r"\d{4}(-\d{2}){0,2}", day):
        return read_iso(day, today=today)
    if found := re.fullmatch(r"(\d{4})([/.])(\d{1,2})\2(\d{1,2})", day):
        return _iso(found[1], found[3], found[4], today)
    if re.fullmatch(r"(19|20)\d{6}", day):
        return _iso(day[:4], day[4:6], day[6:], today)
    if found := re.fullmatch(r"(\d{1,2})[./](\d{4})", day):
        return read_iso(f"{found[2]}-{int(found[1]):02d}", today=today)
    if found := re.fullmatch(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})", day):
        return _day_and_month(found[1], found[3], found[4], is_day_first=found[2] == ".", today=today)
    raise BadDate("birth_date_form")


def _day_and_month(first: str, second: str, year: str, *, is_day_first: bool, today: date) -> str:
    if is_day_first or int(first) > 12 or first == second:
        return _iso(year, second, first, today)
    if int(second) > 12:
        return _iso(year, first, second, today)
    raise BadDate("birth_date_two_days")


def _iso(year: str, month: str, day: str, today: date) -> str:
    return read_iso(f"{int(year):04d}-{int(month):02d}-{int(day):02d}", today=today)
