"""How long records are kept. Numbers: domain facts, section 9.4."""

from datetime import date

import pytest

from accounts.rules import RETENTION
from privacy.rules import add_years, kept_until

ADULT = date(1980, 2, 3)


@pytest.mark.parametrize(
    ("place", "born", "last_entry", "until"),
    [
        ("us_ca", ADULT, date(2020, 5, 1), date(2027, 5, 1)),
        ("us_ca", date(2010, 6, 1), date(2012, 5, 1), date(2029, 6, 1)),  # until 19
        ("us_ca", date(2010, 6, 1), date(2027, 5, 1), date(2034, 5, 1)),  # 7 years are later
        ("us_ny", ADULT, date(2020, 5, 1), date(2026, 5, 1)),
        ("us_ny", date(2010, 6, 1), date(2012, 5, 1), date(2032, 6, 1)),  # until 22
        ("gb", ADULT, date(2020, 5, 1), date(2028, 5, 1)),
        ("gb", date(2010, 6, 1), date(2012, 5, 1), date(2035, 6, 1)),  # until 25
        ("gb", date(2010, 6, 1), date(2028, 6, 1), date(2036, 6, 1)),  # 18 on that day: no minor
        ("gb", date(2010, 6, 1), date(2028, 5, 31), date(2036, 5, 31)),
        ("gb", None, date(2020, 5, 1), date(2028, 5, 1)),
        ("ca_on", ADULT, date(2020, 5, 1), date(2030, 5, 1)),
        ("ca_on", date(2010, 6, 1), date(2012, 5, 1), date(2038, 6, 1)),  # 10 years from 18
        ("us_fl", date(2010, 6, 1), date(2020, 5, 1), date(2025, 5, 1)),
        ("us_dc", ADULT, date(2020, 5, 1), date(2023, 5, 1)),
    ],
)
def test_a_record_is_kept_until(place, born, last_entry, until):
    assert kept_until(RETENTION[place], last_entry=last_entry, birth_date=born) == until


def test_the_29th_of_february_has_a_day_in_every_year():
    assert add_years(date(2020, 2, 29), 5) == date(2025, 3, 1)
    assert add_years(date(2020, 2, 29), 4) == date(2024, 2, 29)
