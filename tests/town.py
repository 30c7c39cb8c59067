"""A town of any size for measuring the console: incidents of three years, made from a seed.

One in twelve is open. Texts are put together from some forty thousand different sentences, so
that words are as unevenly frequent as they are in life: «дорога» in every tenth, a street in a few.
"""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from models.columns import stored_id
from models.incident import Incident
from models.post import Post
from models.source import Source
from models.staff import Staff
from models.timer import Timer
from models.vocabulary import (
    Certainty,
    Clock,
    ClosingReason,
    Network,
    Outcome,
    PostKind,
    Role,
    Stage,
    Topic,
    Urgency,
)
from pipeline.database import unit_of_work
from pipeline.desk import access, search, staffing
from pipeline.desk.bulk import insert, insert_with_ids
from pipeline.rules import Rules

NOW = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)
BATCH = 5_000
DIFFERENT = 100_000
"""Incidents with words and moments of their own; any more are copies that the database makes."""

OPEN_SHARE = 1 / 12
STAGES = (
    (Stage.REVIEW, 40),
    (Stage.ASSIGNED, 20),
    (Stage.WORK, 30),
    (Stage.RETURNED, 3),
    (Stage.APPROVAL, 5),
    (Stage.PUBLISHING, 2),
)
PROBLEMS: dict[Topic, tuple[str, ...]] = {
    Topic.ROADS: ("на дороге глубокие ямы", "дорога разбита грузовиками", "нет асфальта"),
    Topic.SNOW: ("не чистят снег", "каток вместо тротуара", "сугробы до окон"),
    Topic.LIGHTING: ("не горят фонари", "темно у остановки", "лампа мигает всю ночь"),
    Topic.GARBAGE: ("не вывозят мусор", "свалка за гаражами", "баки переполнены"),
    Topic.WATER: ("из крана идёт ржавая вода", "нет воды с утра", "сломана колонка"),
    Topic.HEATING: ("холодные батареи", "в квартире двенадцать градусов", "не дают отопление"),
    Topic.GAS: ("пахнет газом в подъезде", "обещали газификацию", "отключили газ"),
    Topic.ELECTRICITY: ("скачет напряжение", "третий день нет света", "провод лежит на заборе"),
    Topic.HOUSING: ("течёт крыша", "грязно в подъезде", "не работает лифт"),
    Topic.LANDSCAPING: ("сломаны качели", "двор зарос травой", "упала лавочка"),
    Topic.TRANSPORT: ("автобус не приходит", "отменили рейс", "нет расписания"),
    Topic.ANIMALS: ("стая собак у школы", "собака напала на ребёнка", "бездомные щенки"),
    Topic.OTHER: ("не могу дозвониться", "нужна справка", "как записаться на приём"),
}
ASKS = (
    "Когда это закончится?",
    "Примите меры.",
    "Сколько можно ждать?",
    "Прошу разобраться.",
    "Уже писали, ответа нет.",
)
SINCE = ("вторую неделю", "с понедельника", "с весны", "который год", "после дождя", "со вчера")


def fill(engine: sa.Engine, rules: Rules, incidents: int, seed: int) -> None:
    """Put a town's sources, incidents, posts, clocks and full-text index into a database."""
    chance = random.Random(seed)  # noqa: S311 - a made-up town, no secret
    with unit_of_work(engine) as session:
        sources = list(_sources(session))
    different = min(incidents, DIFFERENT)
    for first in range(0, different, BATCH):
        with unit_of_work(engine) as session:
            count = min(BATCH, different - first)
            rows = [_incident(chance, rules) for _ in range(count)]
            _store(session, chance, rows, sources=sources, first=first)
    for copied in range(different, incidents, different):
        with unit_of_work(engine) as session:
            _copy(session, min(different, incidents - copied), by=copied)
    with unit_of_work(engine) as session:
        _go_on_counting(session)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("ANALYZE"))


COPY_TIMERS = """
INSERT INTO timer (incident_id, clock, cycle, level, due_at, state)
SELECT incident_id + :by, clock, cycle, level, due_at, state FROM timer WHERE incident_id <= :n
"""
COPY_STEMS = """
INSERT INTO post_search ({key}, stems)
SELECT {key} + :by, stems FROM post_search WHERE {key} <= :n
"""
NEXT_NUMBER = """
SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))
"""


def _copy(session: Session, count: int, *, by: int) -> None:
    """Copy the first incidents with all that belongs to them, their numbers moved on."""
    incident, post = Incident.__table__, Post.__table__  # type: ignore[attr-defined]
    for table, moved in (
        (incident, {"id": incident.c.id + by}),
        (
            post,
            {
                "id": post.c.id + by,
                "incident_id": post.c.incident_id + by,
                "external_id": post.c.external_id + f"-{by}",
            },
        ),
    ):
        columns = [moved.get(column.name, column) for column in table.columns]
        chosen = sa.select(*columns).where(table.c.id <= count)
        session.execute(sa.insert(table).from_select(list(table.columns.keys()), chosen))
    key = "post_id" if session.get_bind().dialect.name == "postgresql" else "rowid"
    numbers = {"by": by, "n": count}
    session.execute(sa.text(COPY_TIMERS), numbers)
    session.execute(sa.text(COPY_STEMS.format(key=key)), numbers)


def _go_on_counting(session: Session) -> None:
    """Let PostgreSQL give new rows numbers after those that were copied."""
    if session.get_bind().dialect.name == "postgresql":
        for table in ("incident", "post"):
            session.execute(sa.text(NEXT_NUMBER.format(table=table)))


def operators(engine: sa.Engine, count: int) -> list[str]:
    """Add operators, signed in; return the tokens of their cookies."""
    with unit_of_work(engine) as session:
        people = [
            staffing.add_staff(session, f"operator{number}", Role.OPERATOR, NOW)
            for number in range(1, count + 1)
        ]
        return [_come_in(session, one) for one in people]


def _come_in(session: Session, staff: Staff) -> str:
    return access.open_session(session, staff, NOW)


def _sources(session: Session) -> Iterator[int]:
    for number, network in enumerate((Network.VK, Network.OK, Network.TELEGRAM) * 10):
        source = Source(
            key=f"{network.value}:{number}",
            network=network,
            title=f"Подслушано {number}",
            created_at=NOW - timedelta(days=1100),
            last_success_at=NOW,
        )
        session.add(source)
        session.flush()
        yield stored_id(source.id)


def _incident(chance: random.Random, rules: Rules) -> dict[str, Any]:
    region = rules.region
    topic = chance.choice(tuple(PROBLEMS))
    settlement = chance.choice(region.settlements)
    village = chance.choice(settlement.villages).name if settlement.villages else None
    body = region.administration_of(settlement.code)
    is_open = chance.random() < OPEN_SHARE
    back = timedelta(seconds=chance.randrange(3 * 86_400 if is_open else 1_000 * 86_400))
    created_at = NOW - back
    urgent = chance.random() < 0.08
    stage = Stage.CLOSED
    if is_open:
        (stage,) = chance.choices([one for one, _ in STAGES], [weight for _, weight in STAGES])
    due_at = created_at + timedelta(hours=chance.randrange(3, 96))
    answered = None if is_open else created_at + timedelta(hours=chance.randrange(1, 90))
    closed_at = None if answered is None else answered + timedelta(hours=97)
    return {
        "topic": topic,
        "urgency": Urgency.URGENT if urgent else Urgency.NORMAL,
        "stage": stage,
        "certainty": chance.choice((Certainty.AUTO, Certainty.AUTO, *Certainty)),
        "network": chance.choice((Network.VK, Network.VK, Network.OK, Network.TELEGRAM)),
        "settlement": settlement.code,
        "village": village,
        "street": f"улица {chance.choice(STREETS)}" if chance.random() < 0.6 else None,
        "place_from": "text",
        "body": body.code if body and chance.random() < 0.7 else region.default_body,
        "route_rule": "",
        "route_note": "",
        "created_at": created_at,
        "opened_at": created_at + timedelta(minutes=4),
        "first_assigned_at": None if stage is Stage.REVIEW else created_at + timedelta(minutes=20),
        "published_at": answered,
        "published_due_at": due_at if answered else None,
        "final_at": answered,
        "final_due_at": due_at if answered else None,
        "outcome": chance.choice(tuple(Outcome)) if answered else None,
        "closing_reason": ClosingReason.NO_REPLY if closed_at else None,
        "closed_at": closed_at,
        "rating": chance.choice((None, None, None, 1, 2, 3, 4, 5)) if answered else None,
        "clock_from": created_at,
        "due_at": due_at,
        "norm": "8 рабочих часов",
        "calendar": rules.calendar.version,
        "stage_at": closed_at or created_at + timedelta(minutes=20),
    }


def _store(
    session: Session,
    chance: random.Random,
    rows: Sequence[dict[str, Any]],
    *,
    sources: Sequence[int],
    first: int,
) -> None:
    ids = insert_with_ids(session, Incident, list(rows))
    posts = [
        _post(chance, row, incident_id, chance.choice(sources), first + place)
        for place, (row, incident_id) in enumerate(zip(rows, ids, strict=True))
    ]
    post_ids = insert_with_ids(session, Post, posts)
    search.index(session, dict(zip(post_ids, (post["text"] for post in posts), strict=True)))
    timers = [
        {"incident_id": incident_id, "clock": Clock.ANSWER, "due_at": row["due_at"]}
        for row, incident_id in zip(rows, ids, strict=True)
        if row["stage"] is not Stage.CLOSED
    ]
    insert(session, Timer, timers)


def _post(
    chance: random.Random, row: dict[str, Any], incident_id: int, source: int, number: int
) -> dict[str, Any]:
    problem = chance.choice(PROBLEMS[row["topic"]])
    where = row["village"] or "посёлке"
    street = f", {row['street']}" if row["street"] else ""
    text = f"Здравствуйте! {where}{street}: {problem} {chance.choice(SINCE)}. {chance.choice(ASKS)}"
    at = text.index(problem)
    return {
        "source_id": source,
        "external_id": f"-{source}_{number}",
        "kind": PostKind.COMMENT,
        "text": text,
        "published_at": row["created_at"],
        "first_seen_at": row["opened_at"],
        "last_seen_at": row["opened_at"],
        "relevant": True,
        "prediction": {
            "topics": [[row["topic"].value, 0.81], ["other", 0.1], ["roads", 0.05]],
            "fine_topics": [],
            "relevance": 0.93,
            "urgency": 0.1,
            "urgent": row["urgency"] is Urgency.URGENT,
            "also": [],
            "reasons": [[f"topic:{problem.split()[0]}", 0.9, [[at, at + len(problem.split()[0])]]]],
            "rules": [],
            "place": None,
        },
        "model": "benchmark",
        "incident_id": incident_id,
    }


STREETS = [
    f"{name} {number}-я" if number else name
    for number in range(12)
    for name in (
        "Центральная",
        "Молодёжная",
        "Садовая",
        "Лесная",
        "Школьная",
        "Заречная",
        "Полевая",
        "Мира",
        "Новая",
        "Набережная",
        "Солнечная",
        "Строителей",
        "Луговая",
        "Дорожная",
    )
]
"""Some with a number before or after it, as streets are called."""
