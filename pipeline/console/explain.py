"""Why the machine decided so, in Russian: every rule that can fire has its words here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models.journal import MACHINE, JournalEntry
from models.vocabulary import Act, Topic, Urgency
from pipeline.console.frame import Console
from pipeline.console.wording import NBSP, body_name, excerpt, settlement_name

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
    "text": "текст",
    "relevant": "обращение",
    "also": "другие темы",
}
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
        topics=[_bar(_topic(str(code)), "", share) for code, share in prediction.get("topics", ())],
        fine_topics=[
            _bar(name, group, share) for name, group, share in prediction.get("fine_topics", ())
        ],
        words=_words(reasons, "topic:"),
        appeal=_words(reasons, "relevant:", "cue:"),
        alarms=[explain(name) for name, _ in reasons if _is_alarm(name)],
        rules=[explain(str(name)) for name in prediction.get("rules", ())],
        model=model,
    )


def journal(entries: Sequence[JournalEntry], console: Console) -> list[Line]:
    """Return an incident's journal for people, the oldest line first."""
    return [
        Line(
            at=console.local(entry.at),
            actor=ACTORS.get(entry.actor, entry.actor),
            act=entry.act.russian,
            tone=entry.act.value,
            reasons=[explain(name) for name in entry.reason.split(", ") if name],
            # The opening's facts are what the card itself shows.
            changes=[] if entry.act is Act.OPENED else _changes(entry, console),
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


def _topic(code: str) -> str:
    return Topic(code).russian if code in frozenset(Topic) else code


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


def _changes(entry: JournalEntry, console: Console) -> list[Change]:
    keys = [*entry.after, *(key for key in entry.before if key not in entry.after)]
    pairs = [(key, entry.before.get(key), entry.after.get(key)) for key in keys]
    return [
        Change(FIELDS.get(key, key), _value(key, old, console), _value(key, new, console))
        for key, old, new in pairs
        if old != new
    ]


def _value(key: str, value: object, console: Console) -> str:
    """Return a stored value as people read it."""
    if value is None or value in ("", []):
        return ""
    text = str(value)
    if key == "topic":
        text = _topic(text)
    elif key == "urgency" and text in frozenset(Urgency):
        text = Urgency(text).russian
    elif key == "settlement":
        text = settlement_name(text, console.region)
    elif key == "body":
        text = body_name(text, console.region)
    elif key == "relevant":
        text = "да" if value else "нет"
    elif key == "also" and isinstance(value, list):
        text = ", ".join(_topic(str(code)) for code in value)
    elif key == "due_at":
        text = _stored_moment(text, console)
    return excerpt(text, 200)


def _stored_moment(text: str, console: Console) -> str:
    try:
        return console.local(datetime.fromisoformat(text))
    except ValueError:
        return text
