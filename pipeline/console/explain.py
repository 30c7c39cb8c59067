"""Why the machine decided so, in Russian: every rule that can fire has its words here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models.journal import JournalEntry
from models.vocabulary import (
    MACHINE,
    Act,
    AnswerKind,
    AnswerState,
    ClosingReason,
    Outcome,
    Role,
    Stage,
    Topic,
    Urgency,
)
from pipeline.console.wording import NBSP, body_name, excerpt, moment, settlement_name
from pipeline.region.schema import Region

RULES = {
    "relevance:deleted": "текст удалён автором",
    "relevance:official_answer": "это ответ самой администрации",
    "relevance:without_words": "в тексте нет слов",
    "relevance:stated_by_source": "источник сам назвал это обращением",
    "relevance:urgent_in_doubt": "названа опасность, поэтому взято и при сомнении",
    "relevance:model_says": "модель сочла текст обращением",
    "topic:stated_by_source": "тему назвал источник",
    "topic:model_says": "тему выбрала модель",
    "topic:(тред)": "сообщение, на которое ответили",
    "closed_by_source": "закрыт в системе, из которой взята таблица",
    "not_relevant": "это не обращение, отвечать не нужно",
    "place:text": "место названо в тексте",
    "place:stated": "место указано в таблице",
    "place:thread": "место названо выше в обсуждении",
    "place:community": "место — по сообществу, где написано",
    "place:person": "место указал оператор",
    "place:none": "место не найдено",
    "urgent:gas-smell": "запах или утечка газа",
    "urgent:explosion": "взрыв",
    "urgent:fire": "пожар или задымление",
    "urgent:fallen-wire": "упавший или повисший провод, столб",
    "urgent:electric-shock": "бьёт током, искрит",
    "urgent:open-manhole": "открытый люк или неограждённая яма",
    "urgent:people-trapped": "люди не могут выбраться",
    "urgent:people-hurt": "есть пострадавшие",
    "urgent:child-in-danger": "ребёнок в опасности",
    "urgent:no-heating": "нет отопления",
    "urgent:no-water": "нет воды",
    "urgent:no-electricity": "нет электричества",
    "urgent:no-gas": "нет газа",
    "urgent:collapse": "обрушение",
    "urgent:giving-way": "конструкция или грунт не держит",
    "urgent:falling-ice": "падает снег или лёд",
    "urgent:falling-tree": "падает дерево",
    "urgent:flood": "затопление или прорыв",
    "urgent:medical-refusal": "нет медицинской помощи",
    "urgent:medical-emergency": "человеку плохо, нужна скорая",
    "urgent:ambulance-blocked": "скорая или пожарные не могут проехать",
    "urgent:helpless-alone": "ребёнок или беспомощный человек без помощи",
    "urgent:cut-off": "людей отрезало от дороги",
    "urgent:cry-for-help": "просят о спасении, помощь не едет",
    "urgent:dog-attack": "нападают животные",
    "urgent:traffic-accident": "авария или опасность на дороге",
    "urgent:danger-to-life": "угроза жизни или здоровью",
    "urgent:water-danger": "опасность на воде или на льду",
    "urgent:poison": "отравление, ядовитый воздух",
    "urgent:violence": "насилие или оружие",
    "urgent:missing-or-suicidal": "пропал человек или угроза самоубийства",
    "learned:urgent": "слова — как в срочных обращениях, но ни одно правило не сработало",
    "cue:asks-for-action": "просит что-то сделать или ответить",
    "cue:names-a-defect": "называет неполадку",
    "cue:offers-for-sale": "предлагает купить",
    "cue:hires": "предлагает работу",
    "cue:thanks": "благодарит",
    "cue:greets": "поздравляет",
    "cue:announces": "зовёт на мероприятие",
    "cue:reports-news": "пересказывает новость",
    "cue:gives-notice": "предупреждает об отключении или работах",
    "cue:seeks-lost": "ищет потерянное",
    "cue:argues-politics": "спорит о политике",
    "cue:laughs": "шутит",
    "cue:insults": "ругается",
}
ACTORS = {MACHINE: "Otklik"}

FIELDS = {
    "topic": "тема",
    "urgency": "важность",
    "settlement": "поселение",
    "body": "ответственный",
    "due_at": "срок",
    "norm": "норматив",
    "relevant": "обращение",
    "also": "другие темы",
    "stage": "стадия",
    "round": "круг",
    "paused": "срок стоит",
    "until": "до",
    "minutes": "минут после срока",
    "helpers": "соисполнители",
    "closing_reason": "причина закрытия",
    "outcome": "итог",
    "rating": "оценка",
    "answer": "номер ответа",
    "answer_kind": "вид",
    "answer_state": "состояние",
    "answer_url": "ссылка",
    "answer_error": "причина",
    "merged": "объединён",
    "unmerged": "отделён",
    "posts": "сообщения",
    "post": "сообщение",
    "like_post": "похоже на сообщение",
    "score": "сходство",
    "other": "другой инцидент",
    "apart": "не объединять",
    "split_into": "теперь в инциденте",
    "repeat_of": "повтор инцидента",
    "left_a_word": "оставил слова",
    "snoozed_until": "отложен до",
    "merged_into": "объединён с",
    "split_from": "отделён от",
    "notices_taken_back": "уведомлений не отправлено",
    "notices_gone": "уведомлений уже ушло",
    "role": "роль",
    "login": "сотрудник",
    "model": "модель",
    "months": "срок хранения, мес.",
    "due": "подлежит инцидентов",
    "incidents": "инцидентов",
}
"""How people call what the desk notes; what has no name here is none of their business."""

WORDS: Mapping[str, Mapping[str, str]] = {
    "topic": {one.value: one.russian for one in Topic},
    "urgency": {one.value: one.russian for one in Urgency},
    "stage": {one.value: one.russian for one in Stage},
    "closing_reason": {one.value: one.russian for one in ClosingReason},
    "outcome": {one.value: one.russian for one in Outcome},
    "answer_kind": {one.value: one.russian for one in AnswerKind},
    "answer_state": {one.value: one.russian for one in AnswerState},
    "role": {one.value: one.russian for one in Role},
}
"""Codes in Russian; one that the vocabulary has forgotten stays a code."""

MOMENTS = frozenset({"due_at", "until", "snoozed_until"})
SHOWN_REASONS = 12


@dataclass(frozen=True, slots=True)
class Bar:
    """A name with a probability: ``width`` of 100, and how it is written."""

    name: str
    group: str
    width: str
    percent: str


@dataclass(frozen=True, slots=True)
class Word:
    """A word or a rule and how much it spoke for the verdict, or against it."""

    name: str
    weight: str
    against: bool


@dataclass(frozen=True, slots=True)
class Why:
    """Everything that a prediction says of itself."""

    relevance: str
    urgency: str
    urgent: bool
    topics: list[Bar]
    fine_topics: list[Bar]
    words: list[Word]
    appeal: list[Word]
    alarms: list[str]
    rules: list[str]
    model: str


@dataclass(frozen=True, slots=True)
class Change:
    """What one act changed; an empty ``before`` means that there was nothing."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the journal."""

    at: str
    actor: str
    act: str
    tone: str
    reasons: list[str]
    changes: list[Change]


def explain(name: str) -> str:
    """Return a rule in Russian; a rule that is newer than this table keeps its own name."""
    if name in RULES:
        return RULES[name]
    kind, _, rest = name.partition(":")
    return f"правило маршрута «{rest}»" if kind == "route" else name


def why(prediction: dict[str, Any], model: str) -> Why | None:
    """Return a stored prediction in words and bars; None where nothing was predicted."""
    if not prediction:
        return None
    # Reasons of the first version have no spans.
    reasons = [(str(name), float(weight)) for name, weight, *_ in prediction.get("reasons", ())]
    return Why(
        relevance=percent(prediction.get("relevance", 0)),
        urgency=percent(prediction.get("urgency", 0)),
        urgent=bool(prediction.get("urgent")),
        topics=[
            _bar(WORDS["topic"].get(str(code), str(code)), "", share)
            for code, share in prediction.get("topics", ())
        ],
        fine_topics=[
            _bar(name, group, share) for name, group, share in prediction.get("fine_topics", ())
        ],
        words=_words(reasons, "topic:"),
        appeal=_words(reasons, "relevant:", "cue:"),
        alarms=[explain(name) for name, _ in reasons if _is_alarm(name)],
        rules=[explain(str(name)) for name in prediction.get("rules", ())],
        model=model,
    )


def journal(entries: Sequence[JournalEntry], region: Region) -> list[Line]:
    """Return an incident's journal for people, the oldest line first."""
    return [
        Line(
            at=moment(entry.at, region.time_zone)[0],
            actor=ACTORS.get(entry.actor, entry.actor),
            act=entry.act.russian,
            tone=entry.act.value,
            reasons=_reasons(entry),
            # The opening's facts are what the card itself shows.
            changes=[] if entry.act is Act.OPENED else _changes(entry, region),
        )
        for entry in entries
    ]


def percent(share: object) -> str:
    """Return a probability as whole percents; never 0 % or 100 % for what is only near them."""
    value = float(share) if isinstance(share, int | float) else 0.0
    rounded = round(value * 100)
    if rounded == 0 and value > 0:
        return f"<1{NBSP}%"
    if rounded == 100 and value < 1:
        return f">99{NBSP}%"
    return f"{rounded}{NBSP}%"


def _bar(name: object, group: object, share: object) -> Bar:
    value = min(1.0, max(0.0, float(share) if isinstance(share, int | float) else 0.0))
    return Bar(str(name), str(group), f"{value * 100:.1f}", percent(share))


def _is_alarm(name: str) -> bool:
    return name.startswith(("urgent:", "learned:"))


def _words(reasons: Sequence[tuple[str, float]], *kinds: str) -> list[Word]:
    return [_word(name, weight) for name, weight in reasons if name.startswith(kinds)][
        :SHOWN_REASONS
    ]


def _word(name: str, weight: float) -> Word:
    shown = RULES.get(name) or f"«{name.partition(':')[2] or name}»"
    sign = "\N{MINUS SIGN}" if weight < 0 else "+"
    return Word(excerpt(shown, 60), f"{sign}{abs(weight):.2f}".replace(".", ","), weight < 0)


def _reasons(entry: JournalEntry) -> list[str]:
    """Return the machine's rules one by one, and a person's words as they wrote them."""
    if entry.actor == MACHINE or entry.reason in RULES:
        # A route's name is a person's, with commas of its own, and stands last.
        rules, found, route = entry.reason.partition("route:")
        names = [*rules.split(", "), found + route]
        return [explain(name) for name in names if name]
    return [entry.reason] if entry.reason else []


def _changes(entry: JournalEntry, region: Region) -> list[Change]:
    keys = [*entry.after, *(key for key in entry.before if key not in entry.after)]
    pairs = [(key, entry.before.get(key), entry.after.get(key)) for key in keys]
    return [
        Change(FIELDS[key], _value(key, old, region), _value(key, new, region))
        for key, old, new in pairs
        if old != new and key in FIELDS
    ]


def _value(key: str, value: object, region: Region) -> str:
    """Return a stored value as people read it."""
    if value is None or value in ("", []):
        return ""
    text = str(value)
    if key in WORDS:
        text = WORDS[key].get(text, text)
    elif isinstance(value, bool):
        text = "да" if value else "нет"
    elif key == "settlement":
        text = settlement_name(text, region)
    elif key == "body":
        text = body_name(text, region)
    elif isinstance(value, list):
        text = ", ".join(_item(key, str(item), region) for item in value)
    elif key in MOMENTS:
        text = _stored_moment(text, region)
    return excerpt(text, 200)


def _item(key: str, item: str, region: Region) -> str:
    if key == "helpers":
        return body_name(item, region)
    return WORDS["topic"].get(item, item) if key == "also" else item


def _stored_moment(text: str, region: Region) -> str:
    try:
        return moment(datetime.fromisoformat(text), region.time_zone)[0]
    except ValueError:
        return text
