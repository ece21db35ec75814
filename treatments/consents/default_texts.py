"""
The product's own consent texts, English and German, for each class of technique and region.

VERSION goes into every consent; a changed text gets a new one. Consents keep their text whole, so an old version need
not stay here. A clinician has not reviewed these texts; the pages for staff say so.

Sources of all numbers: domain facts, section 6.5 (Brady 2014, Boyce 2020, board notice, Martin-Pintado-Zugasti 2016)
and section 13 (Navarro-Santana 2020), sections 2.1 (cadaver study) and 3.3 (injections). Where a source gives no number
with a denominator, the text says that none is known.
"""

from __future__ import annotations

from dataclasses import dataclass

from treatments.consents.rules import (
    DRY_NEEDLING,
    GENERAL,
    INJECTION,
    MANUAL,
    NECK,
    PELVIS,
    REGIONS,
    SUBOCCIPITAL,
    TECHNIQUE_CLASSES,
    THORAX,
)

VERSION = "2026-11"
LANGUAGES = ["en", "de"]


@dataclass(frozen=True)
class DefaultText:
    """What is read and signed: paragraphs, and each risk as a sentence with its denominator."""

    text: str
    risks: tuple[str, ...]


ABOUT = {
    "en": {
        DRY_NEEDLING: (
            "Dry needling: a thin, sterile, single-use needle is put through the skin into a muscle, to reduce pain "
            "and tension at a trigger point. Nothing is injected. You may feel a short cramp or twitch."
        ),
        INJECTION: (
            "Trigger point injection: a small amount of a medicine, often a local anaesthetic, or of salt water is "
            "injected into a muscle, to reduce pain at a trigger point. You will be told which medicine it is."
        ),
        MANUAL: (
            "Manual treatment: the therapist presses, stretches or massages muscles with the hands, to reduce pain "
            "and tension at a trigger point."
        ),
    },
    "de": {
        DRY_NEEDLING: (
            "Dry Needling: Eine dünne, sterile Einmalnadel wird durch die Haut in einen Muskel gestochen, um Schmerz "
            "und Spannung an einem Triggerpunkt zu verringern. Es wird nichts gespritzt. Sie können dabei ein kurzes "
            "Krampfen oder Zucken spüren."
        ),
        INJECTION: (
            "Triggerpunkt-Injektion: Eine kleine Menge eines Arzneimittels, oft eines örtlichen Betäubungsmittels, "
            "oder Kochsalzlösung wird in einen Muskel gespritzt, um den Schmerz an einem Triggerpunkt zu verringern. "
            "Wir sagen Ihnen, welches Mittel es ist."
        ),
        MANUAL: (
            "Manuelle Behandlung: Die Therapeutin oder der Therapeut drückt, dehnt oder massiert Muskeln mit den "
            "Händen, um Schmerz und Spannung an einem Triggerpunkt zu verringern."
        ),
    },
}
WHERE = {
    "en": {
        GENERAL: "This consent is for arms, legs, buttocks and other places away from neck, chest and pelvis.",
        NECK: "This consent is for the head and neck.",
        THORAX: "This consent is for muscles that lie over or near the lung: shoulder, chest and upper back.",
        PELVIS: "This consent is for the pelvis and the inner thigh. You may have somebody of your choice with you.",
        SUBOCCIPITAL: "This consent is for the small muscles between head and neck.",
    },
    "de": {
        GENERAL: (
            "Diese Einwilligung gilt für Arme, Beine, Gesäß und andere Stellen abseits von Hals, Brust und Becken."
        ),
        NECK: "Diese Einwilligung gilt für Kopf und Hals.",
        THORAX: (
            "Diese Einwilligung gilt für Muskeln, die über oder nahe der Lunge liegen: Schulter, Brust und oberer "
            "Rücken."
        ),
        PELVIS: (
            "Diese Einwilligung gilt für das Becken und die Innenseite des Oberschenkels. Sie können eine Person "
            "Ihrer Wahl dabeihaben."
        ),
        SUBOCCIPITAL: "Diese Einwilligung gilt für die kleinen Muskeln zwischen Kopf und Hals.",
    },
}
RIGHTS = {
    "en": (
        "You can ask questions at any time. You can say stop during the treatment, and you can withdraw this consent "
        "at any time without giving a reason; other treatment stays open to you. Tell us before the treatment if you "
        "are pregnant, take blood thinners, have a bleeding disorder, a pacemaker, an infection or an allergy, or if "
        "you have fainted at a needle before."
    ),
    "de": (
        "Sie können jederzeit Fragen stellen. Sie können während der Behandlung Stopp sagen, und Sie können diese "
        "Einwilligung jederzeit ohne Angabe von Gründen widerrufen; andere Behandlungen stehen Ihnen weiter offen. "
        "Sagen Sie uns vor der Behandlung, wenn Sie schwanger sind, Blutverdünner nehmen, eine Blutungsstörung, "
        "einen Herzschrittmacher, eine Infektion oder eine Allergie haben, oder wenn Sie bei einer Nadel schon "
        "einmal ohnmächtig geworden sind."
    ),
}
AFTER_LUNG = {
    "en": (
        "After the treatment: pain in the chest, shortness of breath or a dry cough can be signs of air beside the "
        "lung. They can also come later, even the next day. Call the emergency number then."
    ),
    "de": (
        "Nach der Behandlung: Schmerzen in der Brust, Atemnot oder trockener Husten können Zeichen von Luft neben "
        "der Lunge sein. Sie können auch später kommen, sogar am nächsten Tag. Rufen Sie dann den Notruf."
    ),
}
BRADY = {
    "en": (
        "Mild side effects: after 1,463 of 7,629 treatments (19.18 %) in a study of 39 physiotherapists: bruise 7.55 "
        "%, bleeding 4.65 %, pain during 3.01 %, pain afterwards 2.19 %, symptoms worse 0.88 %, drowsiness 0.26 %, "
        "headache 0.14 %, nausea 0.13 %. No significant event among these 7,629; the true rate may be up to about "
        "0.04 %. (Brady 2014)"
    ),
    "de": (
        "Leichte Nebenwirkungen: nach 1.463 von 7.629 Behandlungen (19,18 %) in einer Studie mit 39 "
        "Physiotherapeuten: Bluterguss 7,55 %, Blutung 4,65 %, Schmerz dabei 3,01 %, Schmerz danach 2,19 %, stärkere "
        "Beschwerden 0,88 %, Schläfrigkeit 0,26 %, Kopfschmerz 0,14 %, Übelkeit 0,13 %. Kein bedeutsames Ereignis "
        "bei diesen 7.629; die wahre Häufigkeit kann bis zu etwa 0,04 % betragen. (Brady 2014)"
    ),
}
BOYCE = {
    "en": (
        "Minor side effects: after 7,531 of 20,494 treatments (36.7 %) in a study of 420 physical therapists: "
        "bleeding 16 %, bruising 7.7 %, pain during 5.9 %. Major events: 20 of 20,494 treatments (less than 0.1 %, 1 "
        "in 1,024). (Boyce 2020)"
    ),
    "de": (
        "Leichte Nebenwirkungen: nach 7.531 von 20.494 Behandlungen (36,7 %) in einer Studie mit 420 "
        "Physiotherapeuten: Blutung 16 %, Bluterguss 7,7 %, Schmerz dabei 5,9 %. Schwere Ereignisse: 20 von 20.494 "
        "Behandlungen (weniger als 0,1 %, 1 von 1.024). (Boyce 2020)"
    ),
}
SORENESS = {
    "en": (
        "Soreness where you were needled: all of 60 healthy people in one study (Martin-Pintado-Zugasti 2016); 55 to "
        "91 % of participants in other trials, gone after 24 to 48 hours (Navarro-Santana 2020)."
    ),
    "de": (
        "Muskelkater an der behandelten Stelle: bei allen 60 gesunden Personen einer Studie (Martin-Pintado-Zugasti "
        "2016); bei 55 bis 91 % der Teilnehmenden anderer Studien, nach 24 bis 48 Stunden vergangen (Navarro-Santana "
        "2020)."
    ),
}
RARE = {
    "en": (
        "Rare: fainting, infection, injury of a nerve or a vessel, a broken needle. We know of no rate with a number "
        "of treatments behind it. Such studies rest on what therapists report; the true figures may be higher."
    ),
    "de": (
        "Selten: Ohnmacht, Infektion, Verletzung eines Nervs oder Gefäßes, eine abgebrochene Nadel. Uns ist keine "
        "Häufigkeit bekannt, hinter der eine Zahl von Behandlungen steht. Solche Studien beruhen auf dem, was "
        "Therapeuten melden; die wahren Zahlen können höher sein."
    ),
}
LUNG = {
    "en": (
        "Rare but serious: a punctured lung (pneumothorax). Reported after fewer than 1 in 100,000 treatments in a "
        "data set of acupuncture of the whole body; over the chest it may be more often. It can need a hospital. "
        "(South African board notice 121)"
    ),
    "de": (
        "Selten, aber ernst: eine verletzte Lunge (Pneumothorax). Berichtet nach weniger als 1 von 100.000 "
        "Behandlungen in einem Datensatz zur Akupunktur am ganzen Körper; über der Brust kann es häufiger sein. Ein "
        "Krankenhaus kann nötig werden. (South African board notice 121)"
    ),
}
OF_REGION = {
    "en": {
        NECK: "At the neck: injury of a nerve or a large vessel. We know of no rate with a number of treatments.",
        PELVIS: (
            "At the pelvis: injury of nerves or vessels of the pelvis and the intimate area. We know of no rate with "
            "a number of treatments."
        ),
        SUBOCCIPITAL: (
            "Under the back of the head: injury of the spinal cord or of the vertebral artery. We know of no rate "
            "with a number of treatments. In a study on cadavers, each of three therapists, one of them an expert, "
            "struck the spinal cord at least once with 50 mm needles (Kearns 2022)."
        ),
    },
    "de": {
        NECK: (
            "Am Hals: Verletzung eines Nervs oder eines großen Gefäßes. Uns ist keine Häufigkeit mit einer Zahl von "
            "Behandlungen bekannt."
        ),
        PELVIS: (
            "Am Becken: Verletzung von Nerven oder Gefäßen des Beckens und des Intimbereichs. Uns ist keine "
            "Häufigkeit mit einer Zahl von Behandlungen bekannt."
        ),
        SUBOCCIPITAL: (
            "Unter dem Hinterkopf: Verletzung des Rückenmarks oder der Wirbelarterie. Uns ist keine Häufigkeit mit "
            "einer Zahl von Behandlungen bekannt. In einer Studie an Verstorbenen traf jede von drei Fachpersonen, "
            "darunter eine sehr erfahrene, mit 50-mm-Nadeln mindestens einmal das Rückenmark (Kearns 2022)."
        ),
    },
}
INJECTED = {
    "en": (
        "Soreness begins 2 to 8 hours after the injection and lasts 24 to 48 hours.",
        "Possible: bruise, bleeding, infection, fainting, injury of a nerve or a vessel, an allergic reaction, or a "
        "reaction to too much of the medicine. We know of no rate with a number of treatments. You are observed "
        "afterwards.",
        "The needle itself carries the risks of dry needling, for which there are figures:",
    ),
    "de": (
        "Muskelkater beginnt 2 bis 8 Stunden nach der Injektion und dauert 24 bis 48 Stunden.",
        "Möglich: Bluterguss, Blutung, Infektion, Ohnmacht, Verletzung eines Nervs oder Gefäßes, eine allergische "
        "Reaktion oder eine Reaktion auf zu viel des Mittels. Uns ist keine Häufigkeit mit einer Zahl von "
        "Behandlungen bekannt. Sie werden danach beobachtet.",
        "Die Nadel selbst hat die Risiken des Dry Needling, für die es Zahlen gibt:",
    ),
}
BY_HAND = {
    "en": (
        "Possible: pain during the treatment, soreness afterwards, a bruise, symptoms worse for some days. We know "
        "of no rate with a number of treatments.",
    ),
    "de": (
        "Möglich: Schmerz während der Behandlung, Muskelkater danach, ein Bluterguss, für einige Tage stärkere "
        "Beschwerden. Uns ist keine Häufigkeit mit einer Zahl von Behandlungen bekannt.",
    ),
}


def default_text(technique_class: str, region: str, language: str) -> DefaultText:
    """
    Return the product's text.

    :raises KeyError: unknown class, region or language
    """
    paragraphs = [ABOUT[language][technique_class], WHERE[language][region], RIGHTS[language]]
    if technique_class == MANUAL:
        return DefaultText("\n\n".join(paragraphs), BY_HAND[language])
    risks = [BRADY[language], BOYCE[language], SORENESS[language], RARE[language]]
    if technique_class == INJECTION:
        risks = [*INJECTED[language], BRADY[language], BOYCE[language], RARE[language]]
    if region == THORAX:
        risks.insert(0, LUNG[language])
        paragraphs.append(AFTER_LUNG[language])
    elif region in OF_REGION[language]:
        risks.insert(0, OF_REGION[language][region])
    return DefaultText("\n\n".join(paragraphs), tuple(risks))


ALL = {
    (technique_class, region, language): default_text(technique_class, region, language)
    for technique_class in TECHNIQUE_CLASSES
    for region in REGIONS
    for language in LANGUAGES
}
