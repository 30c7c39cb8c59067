"""What a rule of urgency is, and the words that many rules share.

A pattern speaks of a clause in lower case without ё, its words parted by single spaces.
"""

import re
from dataclasses import dataclass

# Up to four words may stand between the parts of a sign: «пахнет [в подъезде сильно] газом».
GAP = r" (?:\w+ ){0,4}"

CHILD = (
    r"(?:дет(?:и|ей|ям|ьми|ях|ишк\w+)|ребен\w+|ребят\w+|школьни\w+|малыш\w*|девочк\w+|мальчи\w+)"
)
PERSON = (
    rf"(?:{CHILD}|люд(?:и|ей|ям)|человек\w*|женщин\w+|мужчин\w+|бабушк\w+|дедушк\w+|"
    r"пенсионер\w*|пешеход\w*|старик\w*|мам[ауы]|инвалид\w*|жител\w+|пассажир\w*|"
    r"соседк?\w*)"
)
ABSENT = (
    r"(?:нет|нету|без|отключ\w+|отруб\w+|выруб\w+|пропал\w*|исчез\w*|отсутств\w+|"
    r"перекры\w+|обесточ\w+|не (?:идет|бежит|течет|дают|дали|подают|поступает|будет|было|"
    r"включ\w+))"
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A sign of urgency.

    ``weight`` is the share of texts with this sign that are urgent, as far as we could judge;
    ``trigger`` matches a word without which ``pattern`` cannot match, so that most texts never
    reach the pattern. ``supply`` marks cut-offs, to which a planned-outage notice is an answer.
    """

    name: str
    weight: float
    trigger: re.Pattern[str]
    pattern: re.Pattern[str]
    supply: bool = False


def rule(name: str, weight: float, trigger: str, *patterns: str, supply: bool = False) -> Rule:
    """Build a rule from beginnings of trigger words and patterns, any of which fires it."""
    return Rule(
        name,
        weight,
        re.compile(trigger),
        re.compile("|".join(rf"\b(?:{pattern})" for pattern in patterns)),
        supply,
    )


def either(first: str, second: str) -> str:
    """Match both signs in any order, no more than four words apart."""
    return rf"(?:{first}){GAP}(?:{second})|(?:{second}){GAP}(?:{first})"
