"""
Which conditions, allergies and devices of other systems raise which alert.

Read in public sources in November 2026: `ecqm`: value sets of US quality measures (Cardiac Pacer, OID
2.16.840.1.113883.3.526.3.1193); `ig`: examples and value sets of published FHIR guides (IPS, HiGHmed, ICPC-based
guides; "no known allergy" and its kin: IPS, value set absent-or-unknown-snomed-uv-ips); `synthea`: Synthea's published
patients; `cpic`: as in `medicine_table`. SNOMED CT ids stand without terms (NOTICE.md).

General knowledge, not compared with a page: the categories of ICD-10 (a category covers its subcategories; the longest
prefix decides, an empty alert takes a subcategory out), and the clinical words of each language for what the alert's
label says. They want a clinician's and a coder's look.
"""

from __future__ import annotations

ICD10 = {
    "D65": "bleeding_disorder",
    "D66": "bleeding_disorder",
    "D67": "bleeding_disorder",
    "D68": "bleeding_disorder",
    "D68.5": "",  # thrombophilia: blood that clots too well
    "D68.6": "",
    "D69.3": "bleeding_disorder",
    "D69.4": "bleeding_disorder",
    "D69.5": "bleeding_disorder",
    "D69.6": "bleeding_disorder",
    "Z33": "pregnancy",
    "Z34": "pregnancy",
    "Z35": "pregnancy",
    "O09": "pregnancy",
    "Z95.0": "pacemaker",
    "Z95.2": "heart_valve",
    "Z95.3": "heart_valve",
    "Z95.4": "heart_valve",
    "E10": "diabetes",
    "E11": "diabetes",
    "E12": "diabetes",
    "E13": "diabetes",
    "E14": "diabetes",
    "B20": "immune_suppression",
    "B21": "immune_suppression",
    "B22": "immune_suppression",
    "B23": "immune_suppression",
    "B24": "immune_suppression",
    "D80": "immune_suppression",
    "D81": "immune_suppression",
    "D82": "immune_suppression",
    "D83": "immune_suppression",
    "D84": "immune_suppression",
    "Z94": "immune_suppression",
    "G40": "epilepsy",
    "M80": "osteoporosis",
    "M81": "osteoporosis",
    "I89.0": "lymphoedema",
    "I97.2": "lymphoedema",
    "Q82.0": "lymphoedema",
    "I26": "clot",
    "I80": "clot",
    "I82": "clot",
    "Z79.01": "anticoagulant",
    "Z79.02": "antiplatelet",
    "Z92.1": "anticoagulant",  # ICD-10 of the WHO: long-term (current) use of anticoagulants
    "Z88.4": "local_anaesthetic_allergy",
}
ICD10_CM_ONLY_HISTORY = frozenset({"Z92.1"})  # in ICD-10-CM, Z92 is personal history

SNOMED = {
    "bleeding_disorder": "28293008 41788008 128105004 64779008 302215000",
    "pregnancy": "77386006 72892002 83074005 169560008",
    "pacemaker": "14106009 441509002 360127006 360128001 424921004",
    "diabetes": "44054006",
    "immune_suppression": "234532001 62479008",
    "epilepsy": "84757009 128613002",
    "clot": "128053003 59282003",
    "malignancy": "363346000",
    "anticoagulant": "711150003",
}

CONDITION_WORDS = {
    "bleeding_disorder": (
        "haemophilia;hemophilia;hämophilie;bluter;bluterkrankheit;hémophilie;hemofilia;emofilia;hemofilie;"
        "von willebrand;"
        "bleeding disorder;bleeding diathesis;thrombocytopenia;thrombozytopenie;blutgerinnungsstörung;"
        "gerinnungsstörung;"
        "coagulopathy;coagulation disorder"
    ),
    "pregnancy": "pregnancy;pregnant;schwangerschaft;schwanger;gravidität;grossesse;enceinte;embarazo;"
    "embarazada;gravidanza;"
    "incinta;zwangerschap;zwanger;gravidez",
    "pacemaker": "pacemaker;cardiac pacemaker;herzschrittmacher;schrittmacher;stimulateur cardiaque;marcapasos;"
    "marcapasso;pace maker",
    "heart_valve": "prosthetic heart valve;artificial heart valve;mechanical heart valve;"
    "künstliche herzklappe;herzklappenersatz",
    "diabetes": "diabetes;diabetes mellitus;diabète;diabete;zuckerkrankheit",
    "immune_suppression": "immunosuppression;immunosuppressed;immunodeficiency;immune deficiency;immunsuppression;"
    "immunsupprimiert;immundefekt;immunschwäche;immunodépression;inmunosupresión;immunosoppressione;"
    "immunocompromised;hiv;aids",
    "epilepsy": "epilepsy;epilepsie;epilepsia;epilessia;seizure disorder",
    "osteoporosis": "osteoporosis;osteoporose;ostéoporose;osteoporosi",
    "lymphoedema": "lymphoedema;lymphedema;lymphödem;lymphœdème;linfedema",
    "anticoagulant": "anticoagulated;anticoagulation;antikoaguliert;antikoagulation",
}
# Words that make another disease of what stands before or after them.
NOT_WITH = {"diabetes": {"insipidus", "prediabetes", "gestational", "prä"}, "diabete": {"insipido"}}

ALLERGY_WORDS = {
    "local_anaesthetic_allergy": (
        "lidocaine;lignocaine;lidocain;lidocaína;lidocaina;lidocaïne;xylocaine;xylocain;procaine;procain;"
        "novocaine;mepivacaine;"
        "mepivacain;bupivacaine;bupivacain;ropivacaine;ropivacain;prilocaine;prilocain;articaine;articain;tetracaine;"
        "benzocaine;local anaesthetic;local anaesthetics;local anesthetic;local anesthetics;lokalanästhetikum;"
        "lokalanästhetika;anesthésique local;anesthésiques locaux;anestésico local;anestésicos locales;"
        "anestetico locale"
    ),
    "metal_allergy": "nickel;metal;metals;metall;chromium;chrome;chrom;cobalt;kobalt;níquel;niquel;nichel;nikkel;"
    "surgical steel;stainless steel",
}
ALLERGY_ATC = {"N01B": "local_anaesthetic_allergy"}
ALLERGY_RXNORM = {"6387": "local_anaesthetic_allergy"}  # cpic
ALLERGY_SNOMED = {"387480006": "local_anaesthetic_allergy"}  # ig
# What says that there is no allergy is none, and nothing to note.
NO_ALLERGY_SNOMED = frozenset({"716186003", "409137002", "429625007", "428607008"})
