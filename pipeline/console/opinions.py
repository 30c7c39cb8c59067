"""What authors said of final answers, as the card shows it, and the links that were not sent."""

from dataclasses import dataclass

from sqlmodel import Session

from models.columns import stored_id
from models.incident import Incident
from models.vocabulary import AnswerKind
from pipeline.console.frame import Console
from pipeline.decisions.satisfaction import RATINGS
from pipeline.desk.surveys import links_to_pass_on, offers
from pipeline.store import surveys


@dataclass(frozen=True, slots=True)
class Opinion:
    """One rating; ``word`` is the author's own text."""

    answer: int
    rating: int
    meaning: str
    word: str
    at: str
    tone: str


@dataclass(frozen=True, slots=True)
class Opinions:
    """The section; ``links`` are those of answers given by hand, by the answer's number.

    ``offered`` says that final answers carry a link here.
    """

    given: list[Opinion]
    links: dict[int, str]
    offered: bool

    def __bool__(self) -> bool:
        """Tell whether there is anything to show."""
        return bool(self.given or self.links or self.offered)


def opinions(session: Session, incident: Incident, console: Console) -> Opinions:
    """Return what authors said of an incident's answers, the newest first."""
    number, rules = stored_id(incident.id), console.rules
    given = [
        Opinion(
            answer=survey.answer_id,
            rating=survey.rating,
            meaning=RATINGS[survey.rating],
            word=survey.word,
            at=console.local(survey.answered_at),
            tone="urgent" if survey.rating <= console.region.process.dissatisfied else "",
        )
        for survey in reversed(surveys.about(session, number))
        if survey.rating is not None and survey.answered_at is not None
    ]
    links = links_to_pass_on(session, number, rules=rules, now=console.clock())
    return Opinions(given, links, offers(AnswerKind.FINAL, rules))
