"""What a rule of urgency is, and the words that many rules share.

A pattern speaks of a clause in lower case without ё, its words parted by single spaces.
"""

import re
from dataclasses import dataclass
from typing import Any

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
    r"сосед\w*|старуш\w+|стари[кч]\w*|прохож\w+|пожил\w+|мать|отец|отц[ау]|муж[ау]?|водител\w+|"
    r"рабоч(?:его|их)|рыбак\w*|парень|парн[яюе]\w*|девушк\w+|студент\w*|дед[ауе]?|брат[ау]?|"
    r"сестр[ауы]|племянни\w+|велосипедист\w*|мотоциклист\w*|рожениц\w*|ветеран\w*)"
)
ABSENT = (
    r"(?:нет|нету|без|отключ\w+|отруб\w+|выруб\w+|отрез\w+|пропал\w*|исчез\w*|отсутств\w+|"
    r"перекры\w+|обесточ\w+|не (?:идет|бежит|течет|дают|дали|подают|поступает|будет|было|"
    r"включ\w+))"
)


class Pattern:
    """A regular expression that is compiled when first used.

    Compiling all of them takes a tenth of a second, and most processes need few.
    """

    def __init__(self, source: str) -> None:
        """Keep the source; nothing is checked yet."""
        self.pattern = source

    def __getattr__(self, name: str) -> Any:
        """Compile, and answer with the methods of the compiled expression from now on."""
        compiled = re.compile(self.pattern)
        for method in ("search", "match", "finditer", "sub"):
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)


@dataclass(frozen=True, slots=True)
class Rule:
    """A sign of urgency.

    ``weight`` is the share of texts with this sign that are urgent, as far as we could judge;
    ``trigger`` matches a word without which ``pattern`` cannot match, so that most texts never
    reach the pattern. ``supply`` marks cut-offs, to which a planned-outage notice is an answer.
    """

    name: str
    weight: float
    trigger: Pattern
    pattern: Pattern
    supply: bool = False


def rule(name: str, weight: float, trigger: str, *patterns: str, supply: bool = False) -> Rule:
    """Build a rule from beginnings of trigger words and patterns, any of which fires it."""
    return Rule(
        name,
        weight,
        Pattern(trigger),
        # Each word of a clause follows a space; the engine leaps from space to space.
        Pattern(rf" (?:{'|'.join(patterns)})"),
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
