"""Named rules that say why a text is urgent: danger to people, or life without heat or water.

No official list exists; the rules follow what duty services treat as an emergency. A rule looks
at one clause at a time, so that a word of danger in one sentence and a leak in another do not
meet by chance. Missing an urgent text is far worse than a false alarm, so the rules are wide
and the guards narrow: a guard needs its own plain words (put out, mended, last year, planned).
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from classifiers.urgency_people import PEOPLE
from classifiers.urgency_rule import Rule
from classifiers.urgency_things import THINGS

RULES: tuple[Rule, ...] = (*THINGS, *PEOPLE)
SUPPLY = frozenset(rule.name for rule in RULES if rule.supply)

_CLAUSE = re.compile(r"[.!?;…\n]+")
_NO_LETTER = re.compile(r"[^a-zа-я.]+")


class Fired(NamedTuple):
    """A rule that fired and the weight left to it after the guards."""

    name: str
    weight: float


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
_BREAK = " . "


def word_rules(word: str) -> int:
    """Return the bits of the rules that a word could fire: bit i is RULES[i]."""
    if not _CALLS_SOME.match(word):
        return 0
    return sum(1 << place for place, rule in enumerate(RULES) if rule.trigger.match(word))


def clauses(clean: str) -> str:
    """Return a text that normalise() has cleaned as plain words, « . » between its clauses.

    There is one space around each word. A pattern never matches across « . », for it is no word.
    """
    broken = _CLAUSE.sub(_BREAK, clean)
    return f" {_NO_LETTER.sub(' ', broken).strip(' .')} "


def _weight(rule: Rule, text: str, *, notice: bool) -> float:
    """Return the largest weight with which a rule fires in a clause; 0 where it does not."""
    best = 0.0
    if rule.supply and notice:
        return best
    for match in rule.pattern.finditer(text):
        start, end = match.span()
        start = text.rfind(_BREAK, 0, start + 1) + 1
        end = text.find(_BREAK, end) + 1 or len(text)
        if not rule.supply and text[start : match.start() + 1].endswith(_DENIED):
            continue
        clause = text[start:end]
        if _MENDED.search(clause) or _LONG_AGO.search(clause):
            continue
        if rule.supply and _UNCONNECTED.search(clause):
            continue
        best = max(best, rule.weight / 2 if _SUPPOSED.search(clause) else rule.weight)
        if best == rule.weight:
            break
    return best


def fired(clean: str, candidates: int = -1) -> tuple[Fired, ...]:
    """Return the rules that fire in a text that normalise() has cleaned, in the order of RULES.

    ``candidates`` holds the bits of the rules worth trying (see word_rules); all by default.
    """
    rules = [rule for place, rule in enumerate(RULES) if candidates >> place & 1]
    if not rules:
        return ()
    plain = clauses(clean)
    matching = [rule for rule in rules if rule.pattern.search(plain)]
    if not matching or _REPORT.search(plain):
        return ()
    notice = _NOTICE.search(plain) is not None
    weights = [_weight(rule, plain, notice=notice) for rule in matching]
    return tuple(
        Fired(rule.name, weight) for rule, weight in zip(matching, weights, strict=True) if weight
    )


# What a fired rule adds to the score is learned for each by itself, and once for all together.
ANY = "any"
SIGNS: tuple[str, ...] = (*(rule.name for rule in RULES), ANY)
_PLACES = {name: place for place, name in enumerate(SIGNS)}


def signs(rules: Sequence[Fired]) -> list[float]:
    """Return the weight, 0..1, of each of SIGNS: of a rule its own, of ANY the largest."""
    row = [0.0] * len(SIGNS)
    for rule in rules:
        row[_PLACES[rule.name]] = rule.weight
    row[-1] = max((rule.weight for rule in rules), default=0.0)
    return row


def shares(rules: Sequence[Fired], worths: Mapping[str, float]) -> list[tuple[str, float]]:
    """Return each fired rule with what it adds to the score; ANY is split evenly among them."""
    if not rules:
        return []
    common = worths[ANY] * max(rule.weight for rule in rules) / len(rules)
    return [(rule.name, worths[rule.name] * rule.weight + common) for rule in rules]
