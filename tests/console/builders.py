"""A small municipality and rows to fill its console with."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import argon2
from sqlmodel import Session

from models.columns import stored_id
from models.incident import Incident
from models.post import Post, PostVersion
from models.source import Source
from models.staff import Staff
from models.vocabulary import Act, Network, PostKind, Role, Stage, Topic, Urgency
from pipeline.decisions.permissions import Actor
from pipeline.decisions.worktime import WorkCalendar
from pipeline.desk import access, journal, staffing
from pipeline.desk.search import index
from pipeline.region import schema
from pipeline.rules import Rules

NOW = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
"""Wednesday, noon in Moscow: half of the working day is gone."""

PASSWORD = "семь раз отмерь"  # noqa: S105 - for tests only

PREDICTION: Mapping[str, Any] = {
    "relevance": 0.93,
    "topics": [["roads", 0.81], ["landscaping", 0.12], ["snow", 0.004]],
    "fine_topics": [["Ямы во дворах", "Благоустройство", 0.55]],
    "urgent": True,
    "urgency": 0.9,
    "reasons": [["topic:яма", 1.25], ["topic:спасибо", -0.5], ["urgent:open-manhole", 0.9]],
    "rules": ["relevance:urgent_in_doubt", "topic:model_says", "place:community"],
}

OPERATOR = Actor("operator", Role.OPERATOR)


def operator(login: str) -> Actor:
    """Return an operator of this name."""
    return Actor(login, Role.OPERATOR)


class Clock:
    """A clock that stands still until somebody moves it."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, by: timedelta) -> None:
        self.now += by


@dataclass(frozen=True)
class Person:
    """Somebody who may sign in, and what they would type."""

    id: int
    login: str
    role: Role
    password: str = PASSWORD


def make_region() -> schema.Region:
    day = ((time(8), time(12)), (time(13), time(17)))
    return schema.Region(
        code="zarechny",
        name="Заречный район",
        municipality=schema.Municipality("zarechny", "Заречный", "район"),
        time_zone="Europe/Moscow",
        working_hours={weekday: day if weekday < 5 else () for weekday in range(7)},
        short_day_minutes=60,
        extra_days_off=frozenset[date](),
        extra_working_days=frozenset[date](),
        settlements=(
            schema.Settlement("luga", "Лугское сельское поселение"),
            schema.Settlement("bor", "Боровое сельское поселение"),
        ),
        bodies=(
            schema.Body(
                "roads",
                "Отдел дорог",
                schema.BodyKind.DEPARTMENT,
                contacts=schema.Contacts(
                    email="roads@zarechny.example.org", phone="+7 (000) 000-00-00"
                ),
            ),
            schema.Body("luga", "Администрация Лугского поселения", schema.BodyKind.SETTLEMENT),
        ),
        rules=(),
        default_body="roads",
        norms=(),
        sources=(
            schema.Source(
                "vk:luga",
                schema.SourceKind.RECORDING,
                Network.VK,
                "Подслушано Луги",
                file=Path("luga.jsonl"),
            ),
        ),
        sample_feed=(),
    )


def make_calendar(region: schema.Region) -> WorkCalendar:
    return WorkCalendar.from_values(time_zone=region.time_zone, working_hours=region.working_hours)


def make_rules() -> Rules:
    """Return the rules of that municipality."""
    region = make_region()
    return Rules(region, make_calendar(region))


def add_person(session: Session, login: str, role: Role = Role.OPERATOR) -> Person:
    staff = staffing.add_staff(session, login, role, NOW)
    person = Person(stored_id(staff.id), login, role)
    access.set_password(session, staff, PASSWORD_HASHES.of(login))
    return person


class _Hashes:
    """argon2 is slow on purpose; here it is given as little work as it takes."""

    def __init__(self) -> None:
        quick = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        self.known = access.PasswordHash(quick.hash(PASSWORD))

    def of(self, _login: str) -> access.PasswordHash:
        return self.known


PASSWORD_HASHES = _Hashes()


def add_source(session: Session, *, title: str = "Подслушано Луги", error: str = "") -> Source:
    source = Source(
        key="vk:luga",
        network=Network.VK,
        title=title,
        created_at=NOW - timedelta(days=1),
        last_success_at=NOW - timedelta(minutes=2),
        last_error=error,
        last_error_at=NOW if error else None,
        failures=2 if error else 0,
    )
    session.add(source)
    session.flush()
    return source


def add_post(session: Session, source: Source, external_id: str, **fields: Any) -> Post:
    post = Post(
        **{
            "source_id": source.id,
            "external_id": external_id,
            "kind": PostKind.COMMENT,
            "url": f"https://vk.com/wall{external_id}",
            "text": "Во дворе яма",
            "published_at": NOW - timedelta(hours=2),
            "first_seen_at": NOW,
            "last_seen_at": NOW,
            "relevant": True,
            "prediction": dict(PREDICTION),
            "model": "2026.1",
            **fields,
        }
    )
    session.add(post)
    session.flush()
    if post.incident_id is not None:
        index(session, {stored_id(post.id): post.text})
    return post


def add_incident(
    session: Session,
    source: Source,
    *,
    text: str = "Во дворе яма",
    due_at: datetime = NOW + timedelta(hours=3),
    post: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Incident:
    """Add an incident with its post and the first line of its journal."""
    incident = Incident(
        **{
            "topic": Topic.ROADS,
            "urgency": Urgency.NORMAL,
            "stage": Stage.REVIEW,
            "settlement": "luga",
            "place_from": "community",
            "body": "roads",
            "route_rule": "Дороги района",
            "created_at": NOW - timedelta(hours=2),
            "opened_at": NOW - timedelta(hours=1),
            "clock_from": NOW - timedelta(hours=2),
            "stage_at": NOW - timedelta(hours=1),
            "due_at": due_at,
            "norm": "8 рабочих часов",
            "calendar": "0123456789abcdef",
            **fields,
        }
    )
    session.add(incident)
    session.flush()
    add_post(session, source, f"-1_{incident.id}", text=text, incident_id=incident.id, **post or {})
    journal.write(
        session,
        Act.OPENED,
        at=incident.opened_at,
        incident_id=stored_id(incident.id),
        reason="relevance:model_says, topic:model_says, place:community, route:Дороги района",
        after={"topic": incident.topic.value, "body": incident.body},
    )
    session.flush()
    return incident


def add_version(session: Session, post: Post, text: str) -> PostVersion:
    version = PostVersion(
        post_id=stored_id(post.id), revision=post.revision, text=text, replaced_at=NOW
    )
    session.add(version)
    session.flush()
    return version


def deactivate(session: Session, person: Person) -> None:
    session.get_one(Staff, person.id).active = False
