"""Forms of outcome measures, made from the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

import catalogue
from assessments.labels import SIDES
from assessments.outcomes import labels, rules
from assessments.outcomes.rules import Activity, NewOutcome
from assessments.rules import MAX_PPT_TRIALS
from errors import form_fields
from errors.exceptions import FieldError
from errors.texts import message_of

AS_TYPED = "%Y-%m-%dT%H:%M"
TRIALS = range(MAX_PPT_TRIALS)


def number_field(label: str, *, low: float, high: float, step: str = "1", **options: Any) -> forms.DecimalField:
    widget = forms.NumberInput({"inputmode": "decimal", "step": step, "min": low, "max": high})
    return forms.DecimalField(label=label, required=False, widget=widget, max_digits=8, **options)


class OutcomeForm(forms.Form):
    """The fields of one measure, or of the six ranges of the neck; what they may be is checked by the action."""

    performed_at = forms.DateTimeField(
        label=gettext_lazy("When"),
        required=False,
        input_formats=[AS_TYPED, "%Y-%m-%dT%H:%M:%S"],
        widget=forms.DateTimeInput({"type": "datetime-local"}, AS_TYPED),
        help_text=gettext_lazy("Empty: now"),
    )

    def __init__(self, data: Any = None, *, measure: str, unit: str) -> None:
        super().__init__(data)
        self.codes = rules.NECK_RANGE if measure == rules.NECK_RANGE_FORM else [measure]
        self.measure = catalogue.MEASURES[self.codes[0]]
        builders = {
            rules.VALUE: self._add_values,
            rules.ITEMS: self._add_items,
            rules.ACTIVITIES: self._add_activities,
            rules.TRIALS: lambda: self._add_trials(unit),
            rules.GROUP: self._add_group,
        }
        builders[self.measure["entry"]]()

    def _add_values(self) -> None:
        for code in self.codes:
            measure = catalogue.MEASURES[code]
            label = _(measure["label"]) + (f", {measure['unit']}" if measure["unit"] in ("mm", "°", "%") else "")
            self.fields[code] = number_field(label, low=measure["low"], high=measure["high"])
        if "movement" in self.measure:
            self.fields["device"] = form_fields.ChoiceField(
                label=_("Measured with"), required=False, choices=[("", "–"), *labels.DEVICES.items()]
            )

    def _add_items(self) -> None:
        for number, label in enumerate(self.measure["items"]):
            title = f"{number + 1}. {_(label)}"
            self.fields[f"item_{number}"] = forms.IntegerField(
                label=title,
                required=False,
                widget=forms.NumberInput({"inputmode": "numeric", "min": 0, "max": self.measure["item_high"]}),
            )
        self.fields["total"] = number_field(
            _("Total on the sheet"), low=self.measure["low"], high=self.measure["high"], step="any"
        )
        self.fields["total"].help_text = _("Optional: it is compared with the answers, never taken instead of them.")

    def _add_activities(self) -> None:
        _least, most = self.measure["activities"]
        for number in range(most):
            title = _("Activity {n}").format(n=number + 1)
            self.fields[f"text_{number}"] = forms.CharField(
                label=title, required=False, max_length=rules.TEXT_MOST, help_text=_("In the patient's words")
            )
            label = _("Activity {n}, 0 to 10").format(n=number + 1)
            self.fields[f"value_{number}"] = number_field(
                label, low=self.measure["low"], high=self.measure["high"], step="any"
            )

    def _add_trials(self, unit: str) -> None:
        muscles = sorted((_(muscle["name"]), code) for code, muscle in catalogue.MUSCLES.items())
        self.fields["muscle"] = form_fields.ChoiceField(
            label=_("Muscle"), choices=[("", "–"), *((code, name) for name, code in muscles)], required=False
        )
        sides = [(code, SIDES[code]) for code in rules.SIDES]
        self.fields["side"] = form_fields.ChoiceField(label=_("Side"), choices=[("", "–"), *sides], required=False)
        for number in TRIALS:
            self.fields[f"trial_{number}"] = number_field(
                _("Trial {n}").format(n=number + 1), low=0, high=rules.ENTERED_MOST, step="any"
            )
        self.fields["unit"] = form_fields.ChoiceField(
            label=_("Unit"), choices=list(labels.PRESSURE_UNITS.items()), initial=unit
        )
        area, rate = rules.PROBE_AREA_CM2, rules.RATE_KPA_S
        self.fields["probe_area_cm2"] = number_field(
            _("Area of the probe, cm²"), low=float(area[0]), high=float(area[1]), step="any"
        )
        self.fields["rate_kpa_s"] = number_field(
            _("Rate, kPa a second"), low=float(rate[0]), high=float(rate[1]), step="any"
        )
        self.fields["reason"] = forms.CharField(
            label=_("Why an unusual value is correct"), required=False, max_length=rules.REASON_MOST
        )

    def _add_group(self) -> None:
        self.fields["group"] = form_fields.ChoiceField(
            label=_("Risk group"), widget=forms.RadioSelect, choices=list(labels.RISK_GROUPS.items())
        )

    def outcomes(self, now: datetime) -> list[NewOutcome]:
        """What was entered; of the ranges, those that have a value."""
        sent = self.cleaned_data
        at = sent["performed_at"] or now
        if self.measure["entry"] == rules.VALUE:
            entered = [code for code in self.codes if sent[code] is not None] or self.codes[:1]
            device = sent.get("device", "")
            self.codes = entered
            return [NewOutcome(measure=code, performed_at=at, value=sent[code], device=device) for code in entered]
        return [NewOutcome(measure=self.codes[0], performed_at=at, **self._parts())]

    def _parts(self) -> dict[str, Any]:
        sent = self.cleaned_data
        entry = self.measure["entry"]
        if entry == rules.ITEMS:
            return {
                "items": tuple(sent[f"item_{n}"] for n in range(len(self.measure["items"]))),
                "total": sent["total"],
            }
        if entry == rules.ACTIVITIES:
            rows = [(sent[f"text_{n}"], sent[f"value_{n}"]) for n in range(self.measure["activities"][1])]
            # A text without a number is no zero: it is out of the scale, and refused at its field.
            kept = [
                (text, Decimal(-1) if value is None else value) for text, value in rows if text or value is not None
            ]
            return {"activities": tuple(Activity(text=text, value=value) for text, value in kept)}
        if entry == rules.TRIALS:
            trials = tuple(sent[f"trial_{n}"] for n in TRIALS if sent[f"trial_{n}"] is not None)
            names = ("muscle", "side", "unit", "probe_area_cm2", "rate_kpa_s", "reason")
            return {"trials": trials, **{name: sent[name] for name in names}}
        return {"group": sent["group"]}

    def add_refusal(self, errors: Sequence[FieldError]) -> None:
        for error in errors:
            name = self._field_of(error.pointer.strip("/").split("/"))
            self.add_error(name if name in self.fields else None, message_of(error))

    def _field_of(self, parts: list[str]) -> str:
        if parts[0].isdigit():  # of several ranges, below its number
            return self.codes[int(parts[0])] if parts[1] == "value" else parts[1]
        if parts[0] == "value":
            return self.codes[0]
        names = {"items": "item", "trials": "trial"}
        if parts[0] in names:
            return f"{names[parts[0]]}_{parts[1] if len(parts) > 1 else 0}"
        if parts[0] == "activities":
            return f"{parts[2]}_{parts[1]}" if len(parts) > 2 else "text_0"
        return parts[0]


class WithdrawalForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Why this result is wrong"),
        required=False,
        max_length=rules.REASON_MOST,
        widget=forms.Textarea({"rows": 3}),
    )


class SettingsForm(forms.Form):
    weeks = forms.CharField(
        label=gettext_lazy("Weeks of a treatment plan"),
        required=False,
        max_length=100,
        help_text=gettext_lazy("Whole numbers with commas, 0 is the begin. Empty: nothing becomes due."),
    )
    measures = form_fields.MultipleChoiceField(
        label=gettext_lazy("Measures"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, data: Any = None, *, initial: dict[str, Any]) -> None:
        weeks = ", ".join(str(week) for week in initial["weeks"])
        super().__init__(data, initial=initial | {"weeks": weeks})
        field: Any = self.fields["measures"]
        field.choices = [(code, labels.measure_name(code)) for code in rules.MEASURES]

    def clean_weeks(self) -> list[int]:
        parts = [part.strip() for part in self.cleaned_data["weeks"].replace(";", ",").split(",") if part.strip()]
        if not all(part.isascii() and part.isdigit() and len(part) < 5 for part in parts):
            raise forms.ValidationError(_("Enter whole numbers of weeks with commas, such as 0, 2, 4."))
        return [int(part) for part in parts]
