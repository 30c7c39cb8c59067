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
class Said:
    """A judgement that was not accepted: what stood in its form, and why not.

    Of one that only ``agreed``, too late, the form keeps nothing: there was nothing to lose.
    """

    correction: Correction
    trouble: str
    agreed: bool = False


@dataclass(frozen=True, slots=True)
class Differs:
    """A field in which what a person has chosen is not what stands now."""

    title: str
    chosen: str
    stands: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One list to choose from: values with their Russian names, and the value chosen now."""

    name: str
    title: str
    options: list[tuple[str, str]]
    chosen: str

    @property
    def words(self) -> str:
        """The chosen value's name."""
        return dict(self.options).get(self.chosen, self.chosen)


@dataclass(frozen=True, slots=True)
class Judging:
    """The form as the card shows it.

    ``judged`` is the newest line of the journal in which a person judged the incident, ``also``
    the further topics ticked now, ``trouble`` why the form was not accepted, else "". ``differs``
    sets what was chosen then beside what stands now.
    """

    ask: str
    choices: list[Choice]
    also: tuple[Topic, ...]
    topics: list[Topic]
    judged: Line | None
    trouble: str
    differs: list[Differs]


def judging(
    incident: Incident,
    entries: Sequence[JournalEntry],
    stands: Correction,
    console: Console,
    refused: Said | None,
) -> Judging:
    """Return the form; ``entries`` are the incident's journal.

    It holds what ``stands``, or what a person has filled in when that was ``refused``.
    """
    typed = refused.correction if refused else stands
    said = stands if refused and refused.agreed else typed
    last = next((entry for entry in reversed(entries) if entry.act in JUDGED), None)
    return Judging(
        ask=_ask(incident, entries, last),
        choices=_choices(incident, said, console),
        also=said.also,
        topics=TOPICS,
        judged=journal([last], console.region)[0] if last is not None else None,
        trouble=refused.trouble if refused else "",
        differs=_differs(
            _choices(incident, typed, console), _choices(incident, stands, console), typed, stands
        )
        if refused
        else [],
    )


def _choices(incident: Incident, said: Correction, console: Console) -> list[Choice]:
    return [
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
    ]


def _differs(
    chosen: Sequence[Choice], standing: Sequence[Choice], said: Correction, stands: Correction
) -> list[Differs]:
    found = [
        Differs(one.title, one.words, other.words)
        for one, other in zip(chosen, standing, strict=True)
        if one.chosen != other.chosen
    ]
    if frozenset(said.also) != frozenset(stands.also):
        found.append(Differs("Другие темы", _names(said.also), _names(stands.also)))
    return found


def _names(topics: Sequence[Topic]) -> str:
    return "; ".join(topic.russian for topic in topics) or "нет"


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
