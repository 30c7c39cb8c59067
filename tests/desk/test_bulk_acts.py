"""One act on many incidents: exactly those, each once, however often it is interrupted."""

from datetime import timedelta
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa
from casework import RULES
from console.builders import NOW, add_incident, add_person, add_source, deactivate
from sqlmodel import col, select

from models.columns import stored_id
from models.console import BulkAct, BulkState
from models.incident import Incident
from models.journal import JournalEntry
from models.vocabulary import Act, Certainty, ClosingReason, Role, Stage, Urgency
from pipeline.bulk import FAULT, Runner
from pipeline.database import reading, unit_of_work
from pipeline.desk import bulk_acts as desk
from pipeline.desk.bulk_acts import BulkKind, BulkWish
from pipeline.desk.undo import new_token
from pipeline.store import bulk_acts as store

UNTIL = NOW + timedelta(hours=4)
SNOOZE = BulkWish(BulkKind.SNOOZE, until=UNTIL)


class Office:
    """Incidents, somebody who acts on all of them, and runners that die when told."""

    def __init__(self, engine: sa.Engine, number: int = 4) -> None:
        self.engine = engine
        self.now = NOW
        with unit_of_work(engine) as session:
            self.person = add_person(session, "operator")
            self.admin = add_person(session, "admin", Role.ADMINISTRATOR)
            source = add_source(session)
            self.ids = [(stored_id(add_incident(session, source).id), 1) for _ in range(number)]

    def runner(self) -> Runner:
        return Runner(self.engine, RULES, lambda: self.now, pause=0, retry=0)

    def start(self, wish: BulkWish, runner: Runner) -> str:
        token = new_token()
        with unit_of_work(self.engine) as session:
            assert desk.start(
                session,
                wish,
                self.ids,
                token=token,
                staff_id=self.person.id,
                runner=runner.name,
                now=self.now,
            )
        return token

    def done(self, wish: BulkWish) -> str:
        """Do something to all of them."""
        runner = self.runner()
        token = self.start(wish, runner)
        runner.run(token)
        return token

    def step(self, token: str, runner: Runner, **more: Any) -> bool:
        """Deal with one incident."""
        with unit_of_work(self.engine) as session:
            how: dict[str, Any] = {"runner": runner.name, "rules": RULES, "now": self.now}
            return desk.advance(session, token, self.ids, **how, **more)

    def change(self, what: Any, token: str, **more: Any) -> Any:
        """Stop, resume or take back."""
        with unit_of_work(self.engine) as session:
            return what(session, token, now=self.now, **more)

    def act(self, token: str) -> BulkAct:
        with reading(self.engine) as session:
            found = store.find_bulk_act(session, token)
            assert found is not None
            return found

    def incidents(self) -> list[Incident]:
        with reading(self.engine) as session:
            return list(session.exec(select(Incident).order_by(col(Incident.id))).all())

    def acts(self, act: Act) -> list[int | None]:
        """Return the incidents that the journal says this was done to."""
        with reading(self.engine) as session:
            query = select(JournalEntry.incident_id).where(JournalEntry.act == act)
            return list(session.exec(query.order_by(col(JournalEntry.id))).all())

    @property
    def numbers(self) -> list[int]:
        return [number for number, _ in self.ids]


@pytest.fixture
def office(engine: sa.Engine) -> Office:
    return Office(engine)


@pytest.mark.parametrize(
    ("wish", "then"),
    [
        (
            BulkWish(BulkKind.CONFIRM),
            lambda one: (
                (one.stage, one.certainty, one.operator)
                == (Stage.ASSIGNED, Certainty.AUTO, "operator")
            ),
        ),
        (
            BulkWish(BulkKind.NOT_RELEVANT, "реклама"),
            lambda one: one.closing_reason is ClosingReason.NOT_RELEVANT,
        ),
        (BulkWish(BulkKind.ASSIGN, body="luga"), lambda one: one.body == "luga"),
        (
            BulkWish(BulkKind.CLOSE, "Спам одного автора"),
            lambda one: one.closing_reason is ClosingReason.NO_ANSWER_DUE,
        ),
        (SNOOZE, lambda one: one.snoozed_until == UNTIL),
        (BulkWish(BulkKind.URGENT), lambda one: one.urgency is Urgency.URGENT),
    ],
    ids=lambda value: value.kind if isinstance(value, BulkWish) else "",
)
def test_every_kind_is_done_to_all_and_taken_back_from_all(
    wish: BulkWish, then: Any, office: Office
) -> None:
    before = [one.model_dump(exclude={"version"}) for one in office.incidents()]
    token = office.done(wish)

    assert all(then(one) for one in office.incidents())
    act = office.act(token)
    assert (act.state, act.done, act.refused) == (BulkState.DONE, 4, [])

    runner = office.runner()
    who = {"staff_id": office.person.id, "runner": runner.name}
    assert office.change(desk.take_back, token, **who)
    runner.run(token)

    assert [one.model_dump(exclude={"version"}) for one in office.incidents()] == before
    act = office.act(token)
    assert (act.state, act.wish["undo"]["restored"]) == (BulkState.UNDONE, 4)


def test_the_reason_is_in_each_journal(office: Office) -> None:
    office.done(BulkWish(BulkKind.NOT_RELEVANT, "реклама"))
    with reading(office.engine) as session:
        closed = session.exec(select(JournalEntry).where(JournalEntry.act == Act.CLOSED)).all()
    assert [(one.actor, one.reason) for one in closed] == [("operator", "реклама")] * 4


def test_what_changed_after_the_preview_is_left_alone_and_said(office: Office) -> None:
    with unit_of_work(office.engine) as session:
        session.get_one(Incident, office.numbers[1]).version = 2
        session.get_one(Incident, office.numbers[2]).stage = Stage.CLOSED
    token = office.done(SNOOZE)

    (stale, [one]), (closed, [other]) = office.act(token).refused
    assert ("изменился" in stale, one) == (True, office.numbers[1])
    assert ("закрыт" in closed, other) == (True, office.numbers[2])
    assert office.acts(Act.SNOOZED) == [office.numbers[0], office.numbers[3]]


def test_a_killed_runner_leaves_nothing_half_done_and_nothing_is_done_twice(
    office: Office,
) -> None:
    # Given a runner that was killed after two incidents
    first, second = office.runner(), office.runner()
    token = office.start(SNOOZE, first)
    assert office.step(token, first)
    assert office.step(token, first)
    # While it may be alive nobody takes over
    assert not office.change(desk.resume, token, runner=second.name)
    # When somebody goes on with the act later
    office.now += desk.ALIVE + timedelta(seconds=1)
    assert office.change(desk.resume, token, runner=second.name)
    # Then the first one, if it lives after all, does nothing more
    assert not office.step(token, first)
    second.run(token)
    assert office.acts(Act.SNOOZED) == office.numbers
    assert office.act(token).state is BulkState.DONE


def test_a_stopped_act_stands_still_until_somebody_lets_it_go_on(office: Office) -> None:
    runner = office.runner()
    token = office.start(SNOOZE, runner)
    office.step(token, runner)
    office.change(desk.stop, token)

    assert not office.step(token, runner)
    runner.run(token)
    assert (office.act(token).state, office.act(token).done) == (BulkState.STOPPED, 1)
    assert office.change(desk.resume, token, runner=runner.name)
    runner.run(token)
    assert office.acts(Act.SNOOZED) == office.numbers


def test_what_was_done_before_the_stop_can_be_taken_back(office: Office) -> None:
    runner = office.runner()
    token = office.start(SNOOZE, runner)
    office.step(token, runner)
    office.step(token, runner)
    office.change(desk.stop, token)

    assert office.change(desk.take_back, token, staff_id=office.admin.id, runner=runner.name)
    runner.run(token)

    assert office.acts(Act.UNDONE) == [office.numbers[1], office.numbers[0]]
    assert {one.snoozed_until for one in office.incidents()} == {None}
    assert not office.change(desk.resume, token, runner=runner.name), "it is over"


def test_taking_back_says_what_somebody_has_gone_on_from(office: Office) -> None:
    token = office.done(SNOOZE)
    with unit_of_work(office.engine) as session:
        session.get_one(Incident, office.numbers[0]).version += 1
    runner = office.runner()
    office.change(desk.take_back, token, staff_id=office.person.id, runner=runner.name)
    runner.run(token)

    undoing = office.act(token).wish["undo"]
    assert undoing["restored"] == 3
    ((why, numbers),) = undoing["kept"]
    assert ("изменился" in why, numbers) == (True, [office.numbers[0]])


@pytest.mark.parametrize(("after", "possible"), [(600, True), (601, False)])
def test_ten_minutes_after_its_end_nothing_is_taken_back_any_more(
    after: int, possible: bool, office: Office
) -> None:
    token = office.done(SNOOZE)
    office.now += timedelta(seconds=after)

    said = office.change(desk.take_back, token, staff_id=office.person.id, runner="r")

    assert said is possible


def test_who_was_dismissed_meanwhile_does_nothing_more(office: Office) -> None:
    runner = office.runner()
    token = office.start(SNOOZE, runner)
    office.step(token, runner)
    with unit_of_work(office.engine) as session:
        deactivate(session, office.person)
    runner.run(token)

    assert office.acts(Act.SNOOZED) == office.numbers[:1]
    assert office.act(token).refused == [[desk.DISMISSED, office.numbers[1:]]]


def test_what_the_program_fails_at_keeps_no_other_from_its_act(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    """A number that is gone is a fault of the program here: nothing ever deletes an incident."""
    office.ids.insert(1, (404, 1))
    token = office.done(BulkWish(BulkKind.URGENT))

    assert "bulk act: an incident failed" in caplog.text
    assert office.act(token).refused == [[FAULT, [404]]]
    assert office.act(token).state is BulkState.DONE


def test_what_is_urgent_already_is_not_confirmed_by_the_way(office: Office) -> None:
    with unit_of_work(office.engine) as session:
        session.get_one(Incident, office.numbers[0]).urgency = Urgency.URGENT
    token = office.done(BulkWish(BulkKind.URGENT))

    assert office.act(token).refused == [[desk.URGENT_ALREADY, office.numbers[:1]]]
    assert office.incidents()[0].stage is Stage.REVIEW


def test_nobody_finds_what_is_not_there(office: Office) -> None:
    runner = office.runner()
    runner.run("guessed")
    assert not office.change(desk.resume, "guessed", runner=runner.name)
    assert not office.change(desk.take_back, "guessed", staff_id=1, runner=runner.name)
    assert office.change(desk.stop, "guessed") is None


def test_old_acts_are_forgotten(office: Office) -> None:
    token = office.done(SNOOZE)
    office.now += desk.KEPT + timedelta(seconds=1)
    office.start(SNOOZE, office.runner())
    with reading(office.engine) as session:
        assert store.find_bulk_act(session, token) is None


def test_a_database_that_is_away_is_waited_for(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    runner = office.runner()
    token = office.start(SNOOZE, runner)
    begun = count()

    def away(_connection: sa.Connection) -> None:
        if next(begun) == 2:
            raise sa.exc.OperationalError("BEGIN", {}, ConnectionError("away"))

    sa.event.listen(office.engine, "begin", away)
    runner.run(token)

    assert "the database is away" in caplog.text
    assert office.acts(Act.SNOOZED) == office.numbers
    assert office.act(token).refused == []


def test_a_token_that_is_known_starts_nothing(office: Office) -> None:
    runner = office.runner()
    token = office.start(SNOOZE, runner)
    with unit_of_work(office.engine) as session:
        assert not desk.start(
            session,
            SNOOZE,
            office.ids,
            token=token,
            staff_id=office.person.id,
            runner=runner.name,
            now=NOW,
        )
