"""
The advice after needling, in English and German.

VERSION goes into every row that says that it was given, with the whole text; a changed text gets a new version. A
clinician has not reviewed these texts; the pages for staff say so. Sources: see `treatments.aftercare.rules`.
"""

from __future__ import annotations

from dataclasses import dataclass

VERSION = "2026-11"
LANGUAGES = ["en", "de"]


@dataclass(frozen=True)
class Advice:
    """What the patient reads: the warning first, because it must not be missed."""

    title: str
    warning_title: str
    signs: tuple[str, ...]
    warning: str
    expected_title: str
    expected: tuple[str, ...]

    @property
    def as_text(self) -> str:
        """The whole advice as plain text, as it is kept."""
        signs = "\n".join(f"- {sign}" for sign in self.signs)
        expected = "\n".join(f"- {line}" for line in self.expected)
        parts = [self.title, self.warning_title, signs, self.warning, self.expected_title, expected]
        return "\n\n".join(parts)


ALL = {
    "en": Advice(
        title="After your needling treatment",
        warning_title="Seek emergency care at once if you notice one of these:",
        signs=(
            "pain in the chest, also when you breathe in",
            "shortness of breath, at rest or on exertion",
            "a new, dry cough",
        ),
        warning=(
            "A needle can, very rarely, injure the lung. The signs may appear later: some people notice them only the "
            "next day. Do not wait for your next appointment. Call the emergency number or go to an emergency "
            "department, and say that you were treated with needles, when and where on the body."
        ),
        expected_title="What you can expect",
        expected=(
            "The treated muscle is often sore for 1 to 3 days, like after hard exercise.",
            "A small bruise or a drop of blood where the needle was is possible.",
            "Tell us about any other problem: at your next visit, or earlier by phone.",
        ),
    ),
    "de": Advice(
        title="Nach Ihrer Behandlung mit Nadeln",
        warning_title="Holen Sie sofort notärztliche Hilfe, wenn Sie eines davon bemerken:",
        signs=(
            "Schmerzen in der Brust, auch beim Einatmen",
            "Atemnot, in Ruhe oder bei Anstrengung",
            "neuer, trockener Husten",
        ),
        warning=(
            "Eine Nadel kann in sehr seltenen Fällen die Lunge verletzen. Die Anzeichen können später auftreten: "
            "Manche Menschen bemerken sie erst am nächsten Tag. Warten Sie nicht bis zu Ihrem nächsten Termin. "
            "Rufen Sie den Notruf oder gehen Sie in eine Notaufnahme, und sagen Sie, dass Sie mit Nadeln behandelt "
            "wurden, wann und an welcher Körperstelle."
        ),
        expected_title="Womit Sie rechnen können",
        expected=(
            "Der behandelte Muskel schmerzt oft 1 bis 3 Tage, wie nach starker Anstrengung.",
            "Ein kleiner Bluterguss oder ein Tropfen Blut an der Einstichstelle ist möglich.",
            "Berichten Sie uns von allen anderen Beschwerden: beim nächsten Termin, oder früher per Telefon.",
        ),
    ),
}
