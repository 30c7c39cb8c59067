"""What a rule of urgency is, and the words that many rules share.

A pattern speaks of a clause in lower case without ё, its words parted by single spaces.
"""

import re
from dataclasses import dataclass

# Up to seven words may stand between the parts of a sign: «пахнет [в подъезде сильно] газом».
GAP = r" (?:\w+ ){0,7}"
CLOSE = r" (?:\w+ ){0,3}"

CHILD = (
    r"(?:дет(?:и|ей|ям|ьми|ях|ишк\w+)|ребен\w+|ребят\w+|школьни\w+|малыш\w*|девочк\w+|мальчи\w+|"
    r"подрост\w+|младен\w+|новорожд\w+|грудн\w+|внук\w*|внуч\w+|дочк\w+|дочь|сын(?:а|у|ок|ишк\w+)?|"
    r"первокла\w+|второкла\w+)"
)
PERSON = (
    rf"(?:{CHILD}|люд(?:и|ей|ям)|человек\w*|женщин\w+|мужчин\w+|бабушк\w+|дедушк\w+|"
    r"пенсионер\w*|пешеход\w*|мам[ауы]|инвалид\w*|жител\w+|пассажир\w*|"
    r"сосед\w*|старуш\w+|старик\w*|прохож\w+|пожил\w+|мать|отец|отц[ау]|муж[ау]?|водител\w+)"
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
        # Each word of a clause follows a space; the engine leaps from space to space.
        re.compile(rf" (?:{'|'.join(patterns)})"),
        supply,
    )


def either(first: str, second: str) -> str:
    """Match both signs in any order, no more than seven words apart."""
    return rf"(?:{first}){GAP}(?:{second})|(?:{second}){GAP}(?:{first})"


def near(first: str, second: str) -> str:
    """Match both signs in any order, no more than three words apart: «нет [уже третий день] воды».

    What is absent stands close by: «без» further off speaks of something else.
    """
    return rf"(?:{first}){CLOSE}(?:{second})|(?:{second}){CLOSE}(?:{first})"
