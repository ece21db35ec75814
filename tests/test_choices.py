"""A page's refused choice says what can be chosen, as the API's does (`tests/test_routes.py`)."""

import pytest
from django.forms import Form
from django.utils import translation

from errors import form_fields

CHOICES = [("", "nothing"), ("a", "Apple"), ("Citrus", [("l", "Lemon"), ("o", "Orange")])]


@pytest.mark.parametrize(
    ("field", "sent"),
    [
        (form_fields.ChoiceField, "x"),
        (form_fields.TypedChoiceField, "x"),
        (form_fields.MultipleChoiceField, ["a", "x"]),
        (form_fields.TypedMultipleChoiceField, ["x"]),
    ],
)
def test_the_choices_are_listed(field, sent):
    form = type("Fruit", (Form,), {"fruit": field(choices=CHOICES)})

    assert form({"fruit": sent}).errors["fruit"] == ["Choose one of: Apple, Lemon, Orange."]
    with translation.override("de"):
        assert "Apple, Lemon, Orange" in form({"fruit": sent}).errors["fruit"][0]
    assert form({"fruit": "a" if isinstance(sent, str) else ["a"]}).is_valid()
    assert form({}).errors["fruit"] == ["This field is required."]
