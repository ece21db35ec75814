"""What is injected: agents as codes, however they are written. Plain Python."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

LIDOCAINE, SALINE, OTHER_AGENT = "lidocaine", "saline", "other"
# Code to how it is written elsewhere: the beginnings of words, without accents. Lidocaine first: a mixture
# counts as it.
AGENTS = {
    LIDOCAINE: ("lidocain", "lignocain", "xylocain", "xylocitin"),
    "bupivacaine": ("bupivacain", "marcain", "carbostesin"),
    "mepivacaine": ("mepivacain", "carbocain", "scandicain", "meaverin"),
    "ropivacaine": ("ropivacain", "naropin"),
    "procaine": ("procain", "novocain"),
    SALINE: (),
    OTHER_AGENT: (),
}
# Saline is nothing but saline: each word must be one of these, and one of the first.
SALINE_WORDS = frozenset({"saline", "nacl", "kochsalz", "kochsalzlosung", "natriumchlorid"})
WORDS_BESIDE_SALINE = frozenset({"normal", "isotonic", "sterile", "solution", "isotone", "losung"})
ANAESTHETICS = [code for code in AGENTS if code not in (SALINE, OTHER_AGENT)]


def agent_code(text: str | None) -> str | None:
    """
    Return the code of an injected agent, however it is written; None if nothing is.

    A name that is not known is "other": it has no maximum on file, and an allergy counts for it.
    """
    if not text:
        return None
    plain = "".join(c for c in unicodedata.normalize("NFKD", str(text).casefold()) if not unicodedata.combining(c))
    words = re.findall(r"[a-z]+", plain)
    for code, beginnings in AGENTS.items():
        if plain == code or any(word.startswith(beginnings) for word in words if beginnings):
            return code
    if set(words) & SALINE_WORDS and set(words) <= SALINE_WORDS | WORDS_BESIDE_SALINE:
        return SALINE
    return OTHER_AGENT


def with_agent_code(dose: Mapping[str, Any]) -> dict[str, Any]:
    """Return a dose with its agent as a code; what was written is kept beside it where the code says less."""
    agent = dose.get("agent")
    code = agent_code(agent)
    if code is None or agent == code:
        return dict(dose)
    return {**dose, "agent": code, "agent_text": dose.get("agent_text") or agent}
