"""
Which medicines thin the blood, in the words and codes of other systems. Each has a source; a clinic adds its own.

- `atc`: the groups and ingredients of the WHO's ATC system, B01AA to B01AX (antithrombotic agents), B01AC (platelet
  aggregation inhibitors), N02BA (salicylic acid and derivatives), L04A (immunosuppressants). General knowledge: not
  compared with the WHO's own pages.

Read in November 2026:

- `cpic`: drug table of the Clinical Pharmacogenetics Implementation Consortium (RxNorm and ATC ids of each ingredient).
- `vsac`: value set "Anticoagulants for All Indications" (OID 2.16.840.1.113762.1.4.1248.22, eCQM update 2025-05-08).
- `ingredients`: a public list of RxNorm ingredients by ATC group (B01AA to B01AX) made from RxNav.
- `rxnav`: a public list of RxNorm codes, each checked against RxNav in 2026.
- `synthea`: Synthea's published patients (`tests/data`, smart-on-fhir/generated-sample-data).
- `ig`: examples of published FHIR implementation guides (CDC NHSN reporting, QI-Core, CH EMED EPR, IPS).
- `dk`: CodeSystem "Medication name" of the Danish KIP implementation guide (brand, ATC).
- `us`, `fr`, `be`, `de`, `at`, `it`, `es`, `pt`, `nl`, `pl`, `bg`, `ru`, `tr`: public lists in that country's
  language that give the name beside its ingredient or ATC code.
"""

from __future__ import annotations

from dataclasses import dataclass

ANTICOAGULANT, ANTIPLATELET, IMMUNE = "anticoagulant", "antiplatelet", "immune_suppression"

# The longest prefix decides. Thrombolytics (B01AD) count as anticoagulants: what the alert stands for is bleeding.
ATC_GROUPS = {
    "B01A": ANTICOAGULANT,
    "B01AA": ANTICOAGULANT,
    "B01AB": ANTICOAGULANT,
    "B01AC": ANTIPLATELET,
    "B01AD": ANTICOAGULANT,
    "B01AE": ANTICOAGULANT,
    "B01AF": ANTICOAGULANT,
    "B01AX": ANTICOAGULANT,
    "N02BA01": ANTIPLATELET,
    "N02BA51": ANTIPLATELET,
    "N02BA15": ANTIPLATELET,
    "L04A": IMMUNE,
}


@dataclass(frozen=True)
class Source:
    """Codes or names of one alert from one source."""

    alert: str
    source: str
    items: str
    language: str = ""


RXNORM = [
    Source(ANTICOAGULANT, "cpic", "11289 154 8150"),
    Source(ANTIPLATELET, "cpic", "1191 32968"),
    Source(
        ANTICOAGULANT,
        "ingredients",
        "5224 67109 67108 67031 69528 75960 78484 69646 280611 1598 8130 163426 50097 237057 1037042 1114195 1364430 "
        "1599538 1927851 15202 60819 114934 321208",
    ),
    Source(
        ANTICOAGULANT,
        "vsac",
        "1037045 1037179 1114198 1232082 1232086 1361574 1361615 1361853 1362831 1364435 1364445 1549682 1599543 "
        "1599551 1599555 1658634 1658637 1658647 1658690 1658692 1658717 1659195 1659197 1659260 1659263 1723476 "
        "1798389 1992427 1997015 1997017 2121591 308351 308769 402248 854228 854235 854238 854241 854245 854248 854252 "
        "854255 855288 855296 855302 855312 855318 855324 855332 855338 855344 861356 861360 861363 861365 978725 "
        "978733 978736 978740 978744 978746 978755 978759 978777",
    ),
    Source(ANTIPLATELET, "rxnav", "243670 198467 613391 1116632"),
    Source(ANTIPLATELET, "ig", "1116635 855812"),
    Source(ANTICOAGULANT, "synthea", "1804799"),
    Source(ANTIPLATELET, "synthea", "309362"),
]  # fmt: skip
# SNOMED CT ids stand alone, without terms (NOTICE.md); each was read in the examples of a published guide or data set.
SNOMED = [
    Source(ANTICOAGULANT, "ig", "372756006 704474000"),
    Source(ANTIPLATELET, "ig", "387458008"),
    Source(ANTICOAGULANT, "dm+d of the NHS", "775732007 13568411000001103 774624002 777455008"),
]

NAMES = [
    Source(
        ANTICOAGULANT,
        "atc",
        "warfarin;phenprocoumon;acenocoumarol;dicoumarol;dicumarol;phenindione;fluindione;tioclomarol;"
        "ethyl biscoumacetate;"
        "heparin;enoxaparin;dalteparin;tinzaparin;nadroparin;parnaparin;reviparin;bemiparin;danaparoid;"
        "fondaparinux;apixaban;rivaroxaban;edoxaban;betrixaban;dabigatran;dabigatran etexilate;bivalirudin;argatroban;"
        "desirudin;lepirudin;ximelagatran;alteplase;reteplase;tenecteplase;streptokinase;urokinase",
        "en",
    ),
    Source(
        ANTIPLATELET,
        "atc",
        "clopidogrel;prasugrel;ticagrelor;ticlopidine;dipyridamole;cilostazol;aspirin;acetylsalicylic acid;"
        "acetylsalicylic;carbasalate calcium;vorapaxar;cangrelor;eptifibatide;tirofiban;abciximab;triflusal;indobufen",
        "en",
    ),
    Source(ANTICOAGULANT, "us", "coumadin;eliquis;xarelto;savaysa;pradaxa;lovenox;fragmin;arixtra;angiomax", "en"),
    Source(ANTIPLATELET, "us", "plavix;effient;brilinta;asa", "en"),
    Source(
        ANTICOAGULANT,
        "de",
        "marcumar;falithrom;lixiana;clexane;eliquis;xarelto;pradaxa",
        "de",
    ),
    Source(ANTIPLATELET, "de", "acetylsalicylsäure;ass;herz ass;iscover;brilique;efient;plavix", "de"),
    Source(ANTICOAGULANT, "at", "marcoumar;sintrom", "de"),
    Source(ANTIPLATELET, "at", "thrombo ass;thromboass;aspirin cardio", "de"),
    Source(
        ANTICOAGULANT,
        "fr",
        "warfarine;acénocoumarol;fluindione;préviscan;coumadine;minisintrom;mini sintrom;héparine;"
        "fraxiparine;fragmine",
        "fr",
    ),
    Source(ANTIPLATELET, "fr", "acide acétylsalicylique;acétylsalicylate;aspirine;kardégic;aspégic;catalgine", "fr"),
    Source(ANTICOAGULANT, "be", "phenprocoumone;marcoumar;marevan;enoxaparine", "fr"),
    Source(ANTIPLATELET, "be", "asaflow;cardioaspirine;ticlid", "fr"),
    Source(
        ANTICOAGULANT,
        "es",
        "warfarina;acenocumarol;neosintrom;heparina;enoxaparina;dalteparina;tinzaparina;nadroparina;bivalirudina;"
        "dabigatrán;rivaroxabán;apixabán;edoxabán;alteplasa;tenecteplasa;reteplasa;estreptokinasa;urokinasa",
        "es",
    ),
    Source(ANTIPLATELET, "es", "ácido acetilsalicílico;acetilsalicílico;aspirina;ticlopidina", "es"),
    Source(
        ANTICOAGULANT,
        "pt",
        "varfarina;rivaroxabana;apixabana;edoxabana;dabigatrana;enoxaparina;heparina;marevan",
        "pt",
    ),
    Source(ANTIPLATELET, "pt", "ácido acetilsalicílico;aas", "pt"),
    Source(ANTICOAGULANT, "it", "acenocumarolo;sintrom", "it"),
    Source(ANTIPLATELET, "it", "acido acetilsalicilico;cardioaspirin;cardioaspirina", "it"),
    Source(ANTICOAGULANT, "nl", "fenprocoumon;warfarine", "nl"),
    Source(ANTIPLATELET, "nl", "acetylsalicylzuur;carbasalaatcalcium;ascal;ascal cardio", "nl"),
    Source(ANTICOAGULANT, "dk", "marevan;klexane;logiparin;noparin;innohep", "da"),
    Source(ANTICOAGULANT, "pl", "warfaryna;acenokumarol;apiksaban", "pl"),
    Source(ANTICOAGULANT, "tr", "varfarin;enoksaparin", "tr"),
    Source(ANTIPLATELET, "tr", "klopidogrel", "tr"),
    Source(
        ANTICOAGULANT,
        "bg",
        "варфарин;аценокумарол;синтром;апиксабан;еликвис;ривароксабан;ксарелто;дабигатран;прадакса;едоксабан;ликсиана",
        "bg",
    ),
    Source(
        ANTIPLATELET,
        "bg",
        "ацетилсалицилова киселина;клопидогрел;плавикс;зилт;zyllt;тикагрелор;брилик;аспирин;кардиопирин;кардиомагнил",
        "bg",
    ),
    Source(ANTICOAGULANT, "ru", "варфарин;дабигатран;апиксабан;ривароксабан;клексан;эноксапарин;гепарин;"
        "фраксипарин", "ru"),
    Source(
        ANTIPLATELET,
        "ru",
        "клопидогрел;плавикс;брилинта;тикагрелор;прасугрел;аспирин;тромбо асс;кардиомагнил;"
        "cardiomagnyl;сановаск;sanovasc",
        "ru",
    ),
]  # fmt: skip

# Through the skin or into the eye, these do not thin the blood: ATC C05BA (heparins for topical use) and its likes.
TOPICAL_ATC = ("C05BA", "C05AA", "D", "M02", "S01", "S02")
TOPICAL_WORDS = frozenset(
    "gel cream creme creams ointment salve lotion topical emulgel shampoo salbe pommade pomata pomada crema unguento "
    "balsam plaster augentropfen eye zalf masc гел крем мазь гель".split()
)
# "5-ASA" is mesalazine.
NOT_BEFORE = {"asa": {"5"}, "ass": {"5"}}
