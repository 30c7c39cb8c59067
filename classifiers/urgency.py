"""Named rules that say why a text is urgent: danger to people, or life without heat or water.

No official list exists; the rules follow what duty services treat as an emergency. A rule looks
at one clause at a time, so that a word of danger in one sentence and a leak in another do not
meet by chance. Missing an urgent text is far worse than a false alarm, so the rules are wide
and the guards narrow: a guard needs its own plain words (put out, mended, last year, planned).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from classifiers.text import clauses
from classifiers.urgency_people import PEOPLE
from classifiers.urgency_rule import Rule
from classifiers.urgency_things import THINGS

RULES: tuple[Rule, ...] = (*THINGS, *PEOPLE)
_EVERY_RULE = (1 << len(RULES)) - 1


# The guards. A thing mended, long past, wished away or planned is no alarm.
_MENDED = re.compile(
    r"(?<!не )\b(?:устранили|устранен[аоы]?|починили|восстановили|потушили|отремонтировали|"
    r"исправили|закрыли люк|ликвидирован[аоы]?|ликвидировали|спасибо|благодар\w+|"
    r"(?:уже )?(?:дали|включили|вернули|появил(?:ся|ась|ось)) "
    r"(?:свет|вод[ау]|газ|тепло|отопление))\b"
)
_LONG_AGO = re.compile(
    r"\b(?:в прошл\w+ (?:год|век|зим|лет)\w*|(?:лет|года|год) назад|когда то|в советск\w+|"
    r"в детстве|в девяностых|во время войны|раньше (?:был\w*|часто))\b"
)
_SUPPOSED = re.compile(
    r"\b(?:если|вдруг|в случае|при (?:пожаре|запахе|обнаружении|аварии)|во избежание|"
    r"не дай бог|чтобы не|правила|памятка|учени[яе]|тренировк\w+|профилактик\w+|"
    r"противопожарн\w+|фильм\w*|сериал\w*|книг\w+)\b"
)
_NOTICE = re.compile(
    r"\b(?:планов\w+|в связи с (?:проведени|ремонт|профилакти|работ|аварийн)\w+|"
    r"будет (?:отключ|прекращ|приостан|огранич|производ)\w+|уведомля\w+|информируе\w+|"
    r"просим отнестись|приносим извинения|ориентировочн\w+|график отключений)\b"
)
# What was never connected was not cut off.
_UNCONNECTED = re.compile(
    r"\b(?:участ(?:ок|к[аиу]|ков|ках)|газификаци\w+|догазификаци\w+|подключени[ею]|проведут|"
    r"провести)\b"
)
# Somebody official tells of a danger that is in hand: to call for help is not his business.
_REPORT = re.compile(
    r"\b(?:пресс служб\w+|сообщ(?:ает|ают|или|ил|ила|ается) (?:мчс|пресс|гу|полици\w+|глав\w+)|"
    r"мчс (?:россии )?(?:напомина|предупрежда|сообща)\w+|причин[аы] устанавлива\w+|по легенде|"
    r"возбужден\w* (?:уголовн\w+|дел\w+)|госавтоинспекц\w+|в ходе (?:рейда|учени\w+)|"
    r"спасател\w+ (?:вызвол|эвакуирова|спасл|достави)\w+|устраня(?:ется|ются)|"
    r"работы заверш\w+|завершен\w* (?:ремонт|замен|строительств|капремонт)\w*|"
    r"присмотрите за|потерпите|просим (?:жител\w+|вас|не )|низкий поклон|поклон)\b"
)
_DENIED = (" не ", " нет ", " без ", " ни ", " никаких ", " никакого ")


# Most words call no rule at all; one look spares them thirty.
_CALLS_SOME = re.compile("|".join(f"(?:{rule.trigger.pattern})" for rule in RULES))


def word_rules(word: str) -> int:
    """Return the bits of the rules that a word could fire: bit i is RULES[i]."""
    if not _CALLS_SOME.match(word):
        return 0
    return sum(1 << place for place, rule in enumerate(RULES) if rule.trigger.match(word))


class Sign(NamedTuple):
    """A rule that fired in clause number ``clause``, in the words [``first``, ``end``) of it."""

    rule: Rule
    weight: float
    clause: int
    first: int
    end: int


def _sign(rule: Rule, plain: str, clause: int, *, notice: bool) -> Sign | None:
    """Return how a rule that matches a clause fires in it; None where a guard forbids."""
    if rule.supply and (notice or _UNCONNECTED.search(plain)):
        return None
    if _MENDED.search(plain) or _LONG_AGO.search(plain):
        return None
    for match in rule.pattern.finditer(plain):
        if rule.supply or not plain[: match.start() + 1].endswith(_DENIED):
            weight = rule.weight / 2 if _SUPPOSED.search(plain) else rule.weight
            # Each word follows one space: the spaces before a place count the words.
            first = plain.count(" ", 0, match.start() + 1) - 1
            return Sign(rule, weight, clause, first, plain.count(" ", 0, match.end()))
    return None


def _places(bits: int) -> Iterator[int]:
    while bits:
        yield (bits & -bits).bit_length() - 1
        bits &= bits - 1


def signs_of(clean: str, candidates: Mapping[int, int] | None = None) -> list[Sign]:
    """Return the rules that fire in a text that normalise() has cleaned, in the order of RULES.

    ``candidates`` holds, by clause, the bits of the rules worth trying (see word_rules); all of
    them everywhere by default. Of one rule only its weightiest sign is told.
    """
    # The words of text.marks, one space around each: so they may be counted.
    parts = [f" {clause} " for clause in clauses(clean)]
    best: dict[int, Sign] = {}
    notice: bool | None = None
    for clause in range(len(parts)) if candidates is None else sorted(candidates):
        bits = _EVERY_RULE if candidates is None else candidates[clause]
        plain = parts[clause]
        for place in _places(bits):
            if not RULES[place].pattern.search(plain):
                continue
            if notice is None:
                # A pattern never reaches across « . », for it is no word.
                whole = ".".join(parts)
                if _REPORT.search(whole):
                    return []
                notice = _NOTICE.search(whole) is not None
            sign = _sign(RULES[place], plain, clause, notice=notice)
            if sign and (place not in best or sign.weight > best[place].weight):
                best[place] = sign
    return [best[place] for place in sorted(best)]


# What a fired rule adds to the score is learned for each by itself, and once for all together.
ANY = "any"
SIGNS: tuple[str, ...] = (*(rule.name for rule in RULES), ANY)
_PLACES = {name: place for place, name in enumerate(SIGNS)}


def signs(rules: Sequence[Sign]) -> list[float]:
    """Return the weight, 0..1, of each of SIGNS: of a rule its own, of ANY the largest."""
    row = [0.0] * len(SIGNS)
    for sign in rules:
        row[_PLACES[sign.rule.name]] = sign.weight
    row[-1] = max((sign.weight for sign in rules), default=0.0)
    return row


def shares(rules: Sequence[Sign], worths: Mapping[str, float]) -> list[tuple[Sign, float]]:
    """Return each sign with what it adds to the score; ANY is split evenly among them."""
    if not rules:
        return []
    common = worths[ANY] * max(sign.weight for sign in rules) / len(rules)
    return [(sign, worths[sign.rule.name] * sign.weight + common) for sign in rules]
