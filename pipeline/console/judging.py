"""The form for a person's word on an incident: what it says, holds and offers."""

from collections.abc import Sequence
from dataclasses import dataclass

from models.incident import Incident
from models.journal import JournalEntry
from models.vocabulary import Act, Certainty, Topic, Urgency
from pipeline.console.explain import Line, journal
from pipeline.console.frame import Console
from pipeline.console.wording import TOPICS
from pipeline.decisions.correcting import Correction

JUDGED = frozenset({Act.CONFIRMED, Act.CORRECTED})

ASK = {
    Certainty.AUTO: "Otklik уверен в разборе. Если он всё же ошибся, исправьте.",
    Certainty.REVIEW: "Otklik просит проверить разбор.",
    Certainty.UNSURE: "Otklik не уверен в разборе: решите сами.",
}
EDITED = "После проверки автор изменил текст. Посмотрите ещё раз."
AGAIN = "Если что-то не так, исправьте ещё раз."


@dataclass(frozen=True, slots=True)
class Choice:
    """One list to choose from: values with their Russian names, and the value chosen now."""

    name: str
    title: str
    options: list[tuple[str, str]]
    chosen: str


@dataclass(frozen=True, slots=True)
class Judging:
    """The form as the card shows it.

    ``judged`` is the newest line of the journal in which a person judged the incident, ``also``
    the further topics ticked now, ``trouble`` why the form was not accepted, else "".
    """

    ask: str
    choices: list[Choice]
    also: tuple[Topic, ...]
    topics: list[Topic]
    judged: Line | None
    trouble: str


def judging(
    incident: Incident,
    entries: Sequence[JournalEntry],
    said: Correction,
    console: Console,
    trouble: str,
) -> Judging:
    """Return the form filled in with ``said``; ``entries`` are the incident's journal."""
    last = next((entry for entry in reversed(entries) if entry.act in JUDGED), None)
    return Judging(
        ask=_ask(incident, entries, last),
        choices=[
            Choice("topic", "Тема", [(code.value, code.russian) for code in TOPICS], said.topic),
            Choice(
                "urgency",
                "Важность",
                [(urgency.value, urgency.russian) for urgency in Urgency],
                said.urgency,
            ),
            Choice(
                "settlement",
                "Поселение",
                _settlements(incident.settlement, console),
                said.settlement or "",
            ),
            Choice(
                "relevant",
                "Это обращение?",
                [("yes", "да"), ("no", "нет, закрыть без ответа")],
                "yes" if said.relevant else "no",
            ),
        ],
        also=said.also,
        topics=TOPICS,
        judged=journal([last], console.region)[0] if last is not None else None,
        trouble=trouble,
    )


def _ask(incident: Incident, entries: Sequence[JournalEntry], last: JournalEntry | None) -> str:
    if last is None:
        return ASK[incident.certainty]
    since = entries[entries.index(last) :]
    return EDITED if any(entry.act is Act.POST_EDITED for entry in since) else AGAIN


def _settlements(present: str | None, console: Console) -> list[tuple[str, str]]:
    """Return the region's settlements by name; one that it has forgotten stays while it stands."""
    known = sorted(
        ((settlement.code, settlement.name) for settlement in console.region.settlements),
        key=lambda settlement: settlement[1],
    )
    forgotten = [present] if present and present not in dict(known) else []
    return [("", "не указано"), *known, *((code, code) for code in forgotten)]
