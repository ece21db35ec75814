"""What `make mutation` changes, what it leaves alone, and what it says."""

import subprocess
import sys
import textwrap

from dev import mutation

RULES = textwrap.dedent(
    '''
    """A docstring with 3 numbers."""
    from __future__ import annotations

    SOURCE = "Simons 1999, page 5"
    LIMITS = {"hold_s": Limits(hard=(5, 300), label="Hold", note=f"from {5} s")}


    @dataclass(frozen=True)
    class Limits:
        hard: tuple[int, int] | None = None


    def check(value: int | None, has_reason: bool) -> str:
        if value < 5 and not has_reason:
            return refuse("out_of_range", "The value is too low.")
        return ""
    '''
)


def changes(source=RULES):
    return {(mutant.before.strip(), mutant.after.strip()) for mutant in mutation.make_mutants(source)}


def test_numbers_codes_and_decisions_are_changed():
    assert {
        ("300", "301"),
        ('"hold_s"', '"XXhold_sXX"'),
        ("< 5", "<= 5"),
        ("not has_reason", "has_reason"),
        ("value < 5 and not has_reason", "value < 5 or not has_reason"),
        ('"out_of_range"', '"XXout_of_rangeXX"'),
    } <= changes()


def test_texts_types_and_decorators_are_left_alone():
    before = {before for before, _ in changes()}
    assert not any("Simons" in code or "docstring" in code or "frozen" in code or "|" in code for code in before)
    assert '"Hold"' not in before
    assert '"The value is too low."' not in before
    # The code of a refusal is taken away, its sentence is not; a table is not taken apart at all.
    calls = {after for before, after in changes() if before.startswith("refuse(")}
    assert calls == {'refuse(None, "The value is too low.")', 'refuse("The value is too low.")'}
    assert not any(before.startswith("Limits(") for before in before)


def test_every_mutant_is_a_program_with_one_change_and_the_order_is_always_the_same():
    for app in ("assessments", "scheduling", "treatments"):
        source = mutation.rules_path(app).read_text()
        mutants = mutation.make_mutants(source)
        for mutant in mutants:
            compile(mutant.source, app, "exec")
            assert mutant.source != source
        assert len({mutant.source for mutant in mutants}) == len(mutants)
        assert mutants == mutation.make_mutants(source)


DRILL = """
from pathlib import Path
from dev import mutation

ends = ["", "SEXES = []", "while True: pass", "EVERYTHING = [0]\\nwhile True: EVERYTHING *= 2", "SEXES = SEXES"]

def make_mutants(source):
    return [mutation.Mutant(n, n + 1, "as it was", f"change {n}", f"{source}\\n{end}") for n, end in enumerate(ends)]

mutation.make_mutants = make_mutants
raise SystemExit(mutation.main(%r))
"""


def run_drill(*arguments):
    command = [sys.executable, "-c", DRILL % (["patients", *arguments],)]
    return subprocess.run(command, cwd=mutation.ROOT, capture_output=True, text=True, timeout=300)


def test_survivors_are_listed_and_fail_the_drill():
    drill = run_drill()

    assert "patients/rules.py: 60.0% of 5 mutants noticed" in drill.stdout, drill.stdout + drill.stderr
    assert "(2 killed, 1 timeouts, 2 survived)" in drill.stdout
    survivors = [line for line in drill.stdout.splitlines() if "→" in line]
    assert survivors == [f"  patients/rules.py:{n + 1}: as it was  →  change {n}" for n in (0, 4)]
    assert drill.returncode == 1


def test_when_time_is_over_the_rest_is_said_to_be_untried():
    drill = run_drill("--minutes", "0")

    assert "time is over: 5 more mutants were not tried" in drill.stdout, drill.stdout + drill.stderr
