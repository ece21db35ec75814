"""Merging edits: pure, so every property is tried on many drafts."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

import catalogue
from api.fields import parse
from assessments import exam_paths, rules
from assessments.exam_paths import tidy
from records.editing import Edit, LastEdit, merge, path_of, with_edit

AT = datetime(2026, 11, 21, tzinfo=UTC)
ROWS = exam_paths.ROWS
ids = st.sampled_from(["a", "b", "c"])
signs = st.sampled_from(rules.SIGNS)
sign_edits = st.builds(
    lambda row, sign, value: (f"findings/{row}/{sign}", value), ids, signs, st.sampled_from(rules.SIGN_VALUES)
)
head_edits = st.tuples(st.sampled_from(["pain_now", "pain_worst_24h"]), st.integers(0, 10) | st.none())
edits = st.lists(sign_edits | head_edits, max_size=12)


def draft(*rows):
    flat = {"performed_at": "2026-11-21T00:00:00Z", "current_symptom": "yes", "rule_set": rules.DEFAULT_RULE_SET}
    for ordinal, row in enumerate(rows):
        flat |= {f"findings/{row}/muscle": "levator_scapulae", f"findings/{row}/side": "left"}
        flat |= {f"findings/{row}/place": row, f"findings/{row}/ordinal": ordinal}
    return flat


def made(changes, start="1"):
    return [Edit(f"{start}{i}", path, value) for i, (path, value) in enumerate(changes)]


def merged(flat, changes, *, tab="mine", last=None, errors=lambda flat: []):
    return merge(flat, changes, rows=ROWS, tab=tab, last_edits=last or {}, errors_of=errors, tidy=tidy)


@given(edits)
def test_sending_again_what_was_sent_changes_nothing(changes):
    once = merged(draft("a", "b", "c"), made(changes)).flat
    assert merged(once, made(changes)).flat == once


@given(edits, edits)
def test_edits_of_different_fields_come_out_the_same_in_either_order(mine, theirs):
    taken = {path for path, _ in mine}
    theirs = [(path, value) for path, value in theirs if path not in taken]
    flat = draft("a", "b", "c")
    first = merged(merged(flat, made(mine)).flat, made(theirs)).flat
    second = merged(merged(flat, made(theirs)).flat, made(mine)).flat
    assert first == second


@given(st.sampled_from(rules.SIGN_VALUES), st.sampled_from(rules.SIGN_VALUES), st.sampled_from(rules.SIGN_VALUES))
def test_the_second_on_one_field_is_told_unless_both_say_the_same(base, theirs, mine):
    path = "findings/a/taut_band"
    flat = draft("a") | {path: theirs}
    last = {path: LastEdit("theirs", "somebody", AT)}
    result = merged(flat, [Edit("1", path, mine, base)], last=last)
    if theirs in (base, mine):
        assert result.flat[path] == mine
    else:
        assert result.conflicts == [(result.conflicts[0][0], theirs)]
        assert result.flat == flat


@given(edits)
def test_ones_own_earlier_edit_is_no_conflict(changes):
    last = {path: LastEdit("mine", "me", AT) for path, _ in changes}
    assert merged(draft("a", "b", "c"), made(changes), last=last).conflicts == []


def test_one_impossible_value_keeps_no_other_out():
    def errors(flat):
        return [("pain_now", "From 0 to 10.")] if flat.get("pain_now", 0) > 10 else []

    result = merged(draft("a"), made([("pain_now", 11), ("pain_worst_24h", 7)]), errors=errors)
    assert [(edit.path, why) for edit, why in result.refused] == [("pain_now", "From 0 to 10.")]
    assert (result.flat.get("pain_now"), result.flat["pain_worst_24h"]) == (None, 7)


def test_a_field_of_a_row_that_is_gone_is_refused():
    result = merged(draft("a"), made([("findings/b/taut_band", "present")]))
    assert [why for _edit, why in result.refused] == ["removed"]


def test_a_row_removed_and_brought_back_is_the_same():
    flat = draft("a", "b") | {"findings/a/referred_pain": "present", "findings/a/referred_to/head.temple/left": True}
    row = {path.removeprefix("findings/a/"): value for path, value in flat.items() if path.startswith("findings/a/")}
    gone = with_edit(flat, Edit("1", "findings/a"), ROWS)
    assert not any(path.startswith("findings/a/") for path in gone)
    assert with_edit(gone, Edit("2", "findings/a", row), ROWS) == flat


def test_a_referral_that_is_none_takes_its_zones_along():
    flat = draft("a") | {"findings/a/referred_pain": "present", "findings/a/referred_to/head.temple/left": True}
    assert "findings/a/referred_to/head.temple/left" in tidy(flat)
    assert "findings/a/referred_to/head.temple/left" not in tidy(flat | {"findings/a/referred_pain": "absent"})


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "muscle": st.sampled_from(sorted(catalogue.MUSCLES)),
                "side": st.sampled_from(rules.SIDES),
                **{sign: st.sampled_from(rules.SIGN_VALUES) for sign in rules.SIGNS},
                "recognised": st.sampled_from(rules.RECOGNISED_VALUES),
                "ppt_kpa": st.lists(st.integers(30, 900), max_size=3),
                "notes": st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=5),
            }
        ),
        max_size=3,
    )
)
def test_a_draft_as_paths_and_back_is_the_same(findings):
    from uuid import UUID

    from assessments.web.views import Draft

    rows = [{**f, "id": str(UUID(int=i)), "unreviewed": False} for i, f in enumerate(findings)]
    whole = parse(Draft, {"findings": rows, "performed_at": "2026-11-21T00:00:00Z", "notes": "x"})
    content = {
        **dict.fromkeys(exam_paths.HEAD),
        "red_flags": [],
        "pain_drawing": [],
        "range_of_motion": [],
        **whole,
    }
    again = parse(
        Draft,
        exam_paths.unflatten(exam_paths.flatten(content))
        | {"current_symptom": "yes"}
        | {"rule_set": rules.DEFAULT_RULE_SET},
    )
    assert again["findings"] == whole["findings"]


def test_pointers_become_paths():
    rows = {"findings": ["findings/x", "findings/y"]}
    assert path_of("/findings/1/ppt_kpa/0", rows) == "findings/y/ppt_kpa/0"
    assert path_of("/pain_now", rows) == "pain_now"
