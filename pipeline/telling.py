"""A notice in words, by what is known of its incident when it is sent."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from models.columns import stored_id
from models.incident import Incident
from models.notice import Notice
from pipeline.console.wording import NBSP, body_name, moment, settlement_name
from pipeline.decisions.deadlines import humanise, left
from pipeline.decisions.notice_texts import Case, Told, tell
from pipeline.decisions.worktime import WorkCalendar
from pipeline.region.schema import Region


@dataclass(frozen=True, slots=True)
class Telling:
    """Puts notices into words. Of an incident it takes what the program decided, and no post.

    ``link`` is the console's address, without a slash at the end.
    """

    region: Region
    calendar: WorkCalendar
    link: str

    def tell(self, notice: Notice, incident: Incident | None, *, now: datetime) -> Told:
        """Return a notice in words."""
        if incident is None:
            return tell(notice.occasion, None, since=self._since(notice))
        helping = bool(notice.facts.get("helpers"))
        return tell(notice.occasion, self._case(incident, now), helping=helping)

    def _case(self, incident: Incident, now: datetime) -> Case:
        return Case(
            number=stored_id(incident.id),
            topic=incident.topic.russian,
            place=settlement_name(incident.settlement, self.region),
            urgency=incident.urgency.russian,
            stage=incident.stage.russian,
            body=body_name(incident.body, self.region),
            due=self._moment(incident.due_at),
            due_at=incident.due_at.isoformat(),
            left=self._left(incident, now),
            link=f"{self.link}/incident/{incident.id}",
        )

    def _left(self, incident: Incident, now: datetime) -> str:
        if incident.paused_at is not None:
            return "срок приостановлен"
        working = left(now, incident.due_at, self.calendar)
        said = humanise(working)
        if not working:
            return said
        return (
            f"{said} рабочего времени"
            if working < timedelta()
            else (f"осталось {said} рабочего времени")
        )

    def _moment(self, at: datetime) -> str:
        said, zone = moment(at, self.calendar.time_zone)
        return f"{said.replace(NBSP, ' ')} ({zone})"

    def _since(self, notice: Notice) -> str:
        try:
            return self._moment(datetime.fromisoformat(str(notice.facts.get("since", ""))))
        except ValueError:
            return ""


def machine_readable(told: Told) -> dict[str, Any]:
    """Return a notice for a webhook; the fields are documented in docs/notices.md."""
    case = told.case
    return {
        "occasion": told.occasion.value,
        "title": told.title,
        "incident": case.number if case else None,
        "topic": case.topic if case else None,
        "place": case.place if case else None,
        "urgency": case.urgency if case else None,
        "stage": case.stage if case else None,
        "body": case.body if case else None,
        "due_at": case.due_at if case else None,
        "url": case.link if case else None,
    }
