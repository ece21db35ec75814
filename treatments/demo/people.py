"""Who works in the two demo clinics, and what their patients are called. All of them are invented."""

from __future__ import annotations

CLINICS = [
    {
        "slug": "harbour",
        "name": "Harbour Physiotherapy",
        "country": "GB",
        "time_zone": "Europe/London",
        "locale": "en-GB",
    },
    {
        "slug": "linden",
        "name": "Praxis an der Linde",
        "country": "DE",
        "time_zone": "Europe/Berlin",
        "locale": "de-DE",
        "pressure_unit": "kgf/cm2",
    },
]
# E-mail, name, registration, clinic and roles; the last belongs to both clinics.
PEOPLE = [
    ("owner@harbour.example", "Imogen Fairbairn", "", {"harbour": ["owner"]}),
    ("therapist@harbour.example", "Tomasz Zielak", "PH-48211", {"harbour": ["therapist"]}),
    ("staff@harbour.example", "Noor Haddad", "", {"harbour": ["staff"]}),
    ("owner@linden.example", "Annegret Vollmer", "HP-1190", {"linden": ["owner", "therapist"]}),
    ("therapist@linden.example", "Jurek Brandt", "PT-7731", {"linden": ["therapist"]}),
    ("staff@linden.example", "Mirela Popa", "", {"linden": ["staff"]}),
    ("locum@both.example", "Kerstin Aalto", "PH-50377", {"harbour": ["therapist"], "linden": ["therapist"]}),
]
SUPPORT = ("support@palpate.example", "Palpate support")

FAMILY_NAMES = [
    "Abernathy", "Achterberg", "Adeyemi", "Baptiste", "Birkeland", "Calloway", "Castellanos", "Dąbrowska", "Dimitrov",
    "Eastwood", "Eriksen", "Fenwick", "Fontaine", "Galvin", "Grünwald", "Hallam", "Hashimoto", "Ibáñez", "Iversen",
    "Jankowski", "Jessop", "Kaplan", "Kowalczyk", "Lindqvist", "Lombardi", "MacAllister", "Mbeki", "Nakamura",
    "Nørgaard", "O'Shea", "Okonkwo", "Pemberton", "Petrov", "Quigley", "Ramaswamy", "Rosenthal", "Sandoval",
    "Schreiber", "Tanaka", "Thornbury", "Underhill", "Valente", "Vestergaard", "Whitlock", "Winterbourne", "Xanthos",
    "Yildirim", "Zander", "Ziółkowski", "Brandão", "Chevalier", "Delacroix", "Engström", "Fitzgerald", "Gallagher",
    "Hoffmann", "Jovanović", "Kristensen", "Lefèvre", "Morales",
]  # fmt: skip
GIVEN_NAMES = [
    ("Ada", "female"), ("Bram", "male"), ("Chidi", "male"), ("Delphine", "female"), ("Elif", "female"),
    ("Finlay", "male"), ("Greta", "female"), ("Hugo", "male"), ("Ines", "female"), ("Jonas", "male"),
    ("Katya", "female"), ("Leif", "male"), ("Maren", "female"), ("Nils", "male"), ("Oona", "female"),
]  # fmt: skip
