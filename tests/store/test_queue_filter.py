"""What each filter lets through, in which order, on both databases, and by which index."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from console.builders import NOW, add_incident, add_post, add_source
from sqlmodel import Session, col

from classifiers.stems import read_query
from models.columns import stored_id
from models.incident import CoExecutor, Incident
from models.post import Post
from models.source import Source
from models.vocabulary import Certainty, Network, Outcome, Stage, Topic, Urgency
from pipeline.database import reading, unit_of_work
from pipeline.store import queue_filter
from pipeline.store.incidents import count_queue, listing, matching
from pipeline.store.queue_filter import By, QueueFilter, State, plan

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

INCIDENTS: dict[str, dict[str, Any]] = {
    "late": {"due_at": NOW - HOUR, "urgency": Urgency.URGENT},
    "gas": {"topic": Topic.GAS, "due_at": NOW + HOUR, "stage": Stage.WORK, "operator": "anna"},
    "bor": {"settlement": "bor", "due_at": NOW + 2 * HOUR, "certainty": Certainty.UNSURE},
    "luga": {"body": "luga", "due_at": NOW + 3 * HOUR, "stage": Stage.RETURNED},
    "head": {"due_at": NOW + DAY, "stage": Stage.APPROVAL, "network": Network.OK},
    "later": {"due_at": NOW + 2 * DAY, "snoozed_until": NOW + DAY},
    "awake": {"due_at": NOW + 3 * DAY, "snoozed_until": NOW - HOUR},
    "told": {"stage": Stage.SATISFACTION, "published_at": NOW - DAY, "due_at": NOW - 2 * DAY}
    | {"published_due_at": NOW, "created_at": NOW - 3 * DAY, "outcome": Outcome.EXPLAINED},
    "rated": {"stage": Stage.SATISFACTION, "published_at": NOW - DAY, "rating": 5}
    | {"published_due_at": NOW - 2 * DAY, "created_at": NOW - 4 * DAY},
    "over": {"stage": Stage.CLOSED, "closed_at": NOW - HOUR, "published_at": NOW - 9 * DAY}
    | {"published_due_at": NOW, "created_at": NOW - 10 * DAY, "outcome": Outcome.SOLVED},
    "noise": {"stage": Stage.CLOSED, "closed_at": NOW - DAY, "created_at": NOW - 20 * DAY},
}
"""In the order of their deadlines, and then the newest first."""

OPEN = ["late", "gas", "bor", "luga", "head", "later", "awake"]


def add_town(session: Session) -> dict[int, str]:
    """Store the incidents above; return their names by number."""
    source = add_source(session)
    names = {}
    for name, fields in INCIDENTS.items():
        text = "яма" if name in {"gas", "over"} else "лужа"
        incident = add_incident(session, source, text=text, **fields)
        names[stored_id(incident.id)] = name
    numbers = {name: number for number, name in names.items()}
    session.add(CoExecutor(incident_id=numbers["head"], body="luga"))
    session.add(CoExecutor(incident_id=numbers["noise"], body="luga"))
    other = Source(key="ok:1", network=Network.OK, created_at=NOW)
    session.add(other)
    session.flush()
    add_post(session, other, "1", text="потоп", incident_id=numbers["bor"])
    add_post(session, other, "2", text="потоп", incident_id=numbers["noise"])
    return names


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (QueueFilter(), OPEN),
        (QueueFilter(state=State.CLOSED), ["told", "rated", "over", "noise"]),
        (QueueFilter(state=State.ALL, until=NOW - 3 * DAY), ["rated", "over", "noise"]),
        (QueueFilter(state=State.ALL, since=NOW - 4 * DAY, until=NOW - DAY), ["told", "rated"]),
        (QueueFilter(state=State.ALL, by=By.CLOSED), ["over", "noise"]),
        (QueueFilter(state=State.ALL, by=By.CLOSED, since=NOW - 2 * HOUR), ["over"]),
        (QueueFilter(state=State.ALL, by=By.PUBLISHED, since=NOW - DAY), ["rated", "told"]),
        (QueueFilter(stage=Stage.CLOSED), ["over", "noise"]),
        (QueueFilter(stage=Stage.SATISFACTION), ["told", "rated"]),
        (QueueFilter(stage=Stage.WORK), ["gas"]),
        (QueueFilter(topic=Topic.GAS), ["gas"]),
        (QueueFilter(settlement="bor"), ["bor"]),
        (QueueFilter(urgency=Urgency.URGENT), ["late"]),
        (QueueFilter(urgency=Urgency.NORMAL), OPEN[1:]),
        (QueueFilter(certainty=Certainty.UNSURE), ["bor"]),
        (QueueFilter(network=Network.OK), ["head"]),
        (QueueFilter(operator="anna"), ["gas"]),
        (QueueFilter(overdue_at=NOW), ["late"]),
        (QueueFilter(due=(NOW, NOW + 3 * HOUR)), ["gas", "bor"]),
        (QueueFilter(snoozed_at=NOW), ["later"]),
        (QueueFilter(unassigned=True), ["late", "bor", "luga", "later", "awake"]),
        (QueueFilter(unrated=True), ["told"]),
        (QueueFilter(unrated=True, state=State.ALL), ["told", "over"]),
        (QueueFilter(unrated=True, state=State.CLOSED), ["told", "over"]),
        (QueueFilter(state=State.ALL, outcome=Outcome.SOLVED), ["over"]),
        (QueueFilter(state=State.ALL, in_time=True), ["told", "over"]),
        (QueueFilter(state=State.ALL, in_time=False), ["rated"]),
        (QueueFilter(body="luga"), ["luga", "head"]),
        (QueueFilter(limited_to="luga"), ["luga", "head"]),
        (QueueFilter(limited_to="luga", body="roads"), ["head"]),
        (QueueFilter(limited_to="luga", state=State.ALL), ["luga", "head", "noise"]),
        (QueueFilter(limited_to=""), []),
        (QueueFilter(source="ok:1"), ["bor"]),
        (QueueFilter(source="ok:1", state=State.ALL), ["bor", "noise"]),
        (QueueFilter(source="ok:unknown"), []),
        (QueueFilter(text=read_query("яма")), ["gas"]),
        (QueueFilter(text=read_query("яма"), state=State.ALL), ["gas", "over"]),
        (QueueFilter(text=read_query("потоп"), topic=Topic.GAS), []),
    ],
)
def test_a_list_holds_what_was_asked_for_in_its_order(
    engine: sa.Engine, wanted: QueueFilter, found: list[str]
) -> None:
    with unit_of_work(engine) as session:
        names = add_town(session)
    with reading(engine) as session:
        shown = listing(session, wanted, page=1, size=50)
        assert same(wanted, [names[stored_id(row.incident.id)] for row in shown.rows], found)
        assert (shown.total, shown.more) == (len(found), False)
        assert count_queue(session, wanted) == len(found)
        acted = matching(session, wanted, limit=50)
        assert [names[number] for number, _ in acted] == [
            names[stored_id(row.incident.id)] for row in shown.rows
        ]
        assert [version for _, version in acted] == [1] * len(found)
        assert matching(session, wanted, limit=1) == acted[:1]


def same(wanted: QueueFilter, shown: list[str], found: list[str]) -> bool:
    """Compare lists; what was written at the same moment may stand in either order."""
    return shown == found if wanted.owed else sorted(shown) == sorted(found)


def test_what_is_done_stands_the_newest_first(engine: sa.Engine) -> None:
    with unit_of_work(engine) as session:
        names = add_town(session)
    with reading(engine) as session:
        for wanted, found in (
            (QueueFilter(state=State.CLOSED), ["told", "rated", "over", "noise"]),
            (QueueFilter(state=State.ALL, by=By.CLOSED), ["over", "noise"]),
        ):
            assert [names[number] for number, _ in matching(session, wanted, limit=9)] == found


@pytest.mark.parametrize("limit", ["SOME", "HELPED"])
def test_many_are_asked_for_one_by_one(
    engine: sa.Engine, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a source, or helpers, of more incidents than are named one by one
    monkeypatch.setattr(queue_filter, limit, 0)
    with unit_of_work(engine) as session:
        names = add_town(session)
    with reading(engine) as session:
        for wanted, found in (
            (QueueFilter(source="ok:1"), ["bor"]),
            (QueueFilter(limited_to="luga"), ["luga", "head"]),
        ):
            assert [names[number] for number, _ in matching(session, wanted, limit=9)] == found


def test_what_was_merged_stands_with_the_words_that_moved(engine: sa.Engine) -> None:
    # Given an incident that was merged into one that was merged into a third
    with unit_of_work(engine) as session:
        source = add_source(session)
        last, middle, first = (
            add_incident(session, source, text=text) for text in ("яма", "лужа", "потоп")
        )
        for merged, into in ((first, middle), (middle, last)):
            merged.merged_into, merged.stage, merged.closed_at = into.id, Stage.CLOSED, NOW
            session.execute(
                sa.update(Post)
                .where(col(Post.incident_id) == merged.id)
                .values(incident_id=last.id)
            )
    # Then the list has a row for each of them, as it counted
    with reading(engine) as session:
        found = listing(session, QueueFilter(state=State.ALL), page=1, size=9)
        assert found.total == len(found.rows) == 3
        assert {row.post.text for row in found.rows} == {"яма"}


def test_nothing_is_counted_further_than_it_is_told(engine: sa.Engine) -> None:
    with unit_of_work(engine) as session:
        add_town(session)
    with reading(engine) as session:
        assert count_queue(session, QueueFilter(), most=3) == 3


INDEXES: tuple[tuple[QueueFilter, str], ...] = (
    (QueueFilter(), "incident_open"),
    (QueueFilter(topic=Topic.GAS), "incident_open_topic"),
    (QueueFilter(settlement="bor"), "incident_open_settlement"),
    (QueueFilter(body="roads"), "incident_open_body"),
    (QueueFilter(urgency=Urgency.URGENT), "incident_open_urgent"),
    (QueueFilter(operator="anna"), "incident_open_operator"),
    (QueueFilter(stage=Stage.APPROVAL), "incident_open_stage"),
    (QueueFilter(certainty=Certainty.UNSURE), "incident_open_certainty"),
    (QueueFilter(network=Network.OK), "incident_open_network"),
    (QueueFilter(unassigned=True), "incident_unassigned"),
    (QueueFilter(unrated=True), "incident_satisfaction"),
    (QueueFilter(state=State.CLOSED), "incident_done"),
    (QueueFilter(state=State.ALL), "incident_created"),
    (QueueFilter(state=State.ALL, topic=Topic.GAS), "incident_topic"),
    (QueueFilter(state=State.ALL, settlement="bor"), "incident_settlement"),
    (QueueFilter(state=State.ALL, body="roads"), "incident_body"),
    (QueueFilter(state=State.ALL, by=By.CLOSED, since=NOW), "incident_closed"),
    (QueueFilter(state=State.ALL, by=By.PUBLISHED, since=NOW), "incident_published"),
)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("wanted", "index"), INDEXES)
def test_no_list_is_sorted_or_read_whole(
    engine: sa.Engine, wanted: QueueFilter, index: str
) -> None:
    with reading(engine) as session:
        planned = plan(session, wanted)
        query = sa.select(col(Incident.id)).where(*planned.conditions).order_by(*planned.order)
        written = query.limit(50).compile(engine, compile_kwargs={"literal_binds": True})
        rows = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {written}")
        said = "; ".join(row[3] for row in rows)
    assert f" INDEX {index} " in f"{said} "
    assert "TEMP B-TREE" not in said
