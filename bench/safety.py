"""How long the safety check takes: twelve needlings of a patient about whom much is known."""

from __future__ import annotations

import statistics
import time
from datetime import UTC, datetime

import catalogue
from assessments.red_flags import FlagState, OpenFlag
from patients.rules import KnownAlert
from treatments.safety import safety_check
from treatments.safety_facts import MuscleFacts, PatientFacts, PlannedIntervention

INTERVENTIONS, ROUNDS = 12, 300
AIM_MS = 2


def milliseconds() -> tuple[float, int]:
    """Return the median of one check, and how many findings it has."""
    at = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    muscles = [
        MuscleFacts(key, m["region"], tuple(m["needling"]["cautions"]), m["needling"]["risk"])
        for key, m in list(catalogue.MUSCLES.items())[:INTERVENTIONS]
    ]
    alerts = (KnownAlert("anticoagulant"), KnownAlert("pregnancy"), KnownAlert("lymphoedema", "left", "arm"))
    flags = FlagState(open=(OpenFlag("night_pain_constant", at), OpenFlag("neuro_new", at)))
    facts = PatientFacts(alerts=alerts, flags=flags)
    taken, findings = [], []
    for _round in range(ROUNDS):
        # New values each time: what a value keeps for itself must not count as speed.
        session = [PlannedIntervention("dry_needling", {"needle_length_mm": 25}, muscle, "left") for muscle in muscles]
        started = time.perf_counter()
        findings = safety_check(session, facts, (), at=at)
        taken.append(time.perf_counter() - started)
    return statistics.median(taken) * 1000, len(findings)


def report() -> None:
    median, findings = milliseconds()
    print(f"\nSafety check: {INTERVENTIONS} needlings, {findings} findings")
    print(f"  {'one check':<20} {median:>8.2f} ms  aim: below {AIM_MS}")


if __name__ == "__main__":
    report()
