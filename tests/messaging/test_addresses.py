"""Phone numbers as people type them."""

import pytest

from messaging import addresses


@pytest.mark.parametrize(
    ("typed", "country", "expected"),
    [
        ("020 7946 0018", "GB", "+442079460018"),
        ("+49 30 23125 000", "GB", "+493023125000"),
        ("030 23125 123", "DE", "+493023125123"),
    ],
)
def test_numbers_as_typed(typed, country, expected):
    assert addresses.e164(typed, country) == expected


@pytest.mark.parametrize("typed", ["", "call me", "12", "+"])
def test_what_is_no_number(typed):
    with pytest.raises(ValueError):  # noqa: PT011
        addresses.e164(typed, "GB")
