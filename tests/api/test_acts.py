"""Every act of the API, once as it should go, and how it is refused."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from api.program import Program, open_incident
from console.builders import NOW, add_post
from sqlmodel import select

from models.incident import Incident
from models.source import Source
from models.vocabulary import Act, ClosingReason, Stage
from pipeline.database import unit_of_work


def test_what_the_machine_suggested_is_confirmed(program: Program) -> None:
    number = open_incident(program.engine, stage=Stage.REVIEW)

    done = program.did(number, "confirm")

    assert done["incident"]["stage"] == "assigned"
    assert done["incident"]["certainty"] == "auto"
    assert done["incident"]["journal"][-1]["act"] == Act.CONFIRMED
    assert done["incident"]["journal"][-1]["actor"] == "operator"


def test_a_correction_names_only_what_is_wrong(program: Program) -> None:
    number = open_incident(program.engine, stage=Stage.REVIEW)

    incident = program.did(number, "correct", topic="snow", settlement="bor")["incident"]

    assert (incident["topic"], incident["urgency"]) == ("snow", "normal")
    assert incident["place"]["settlement"] == "bor"


def test_a_settlement_may_be_said_to_be_unknown(program: Program) -> None:
    number = open_incident(program.engine, stage=Stage.REVIEW)

    incident = program.did(number, "correct", settlement=None)["incident"]

    assert incident["place"]["settlement"] is None


def test_what_is_no_appeal_is_closed(program: Program) -> None:
    number = open_incident(program.engine, stage=Stage.REVIEW)

    incident = program.did(number, "correct", relevant=False)["incident"]

    assert (incident["stage"], incident["closing_reason"]) == ("closed", "not_relevant")


def test_the_way_of_an_incident_through_its_body(program: Program) -> None:
    number = open_incident(program.engine, stage=Stage.REVIEW)

    stages = [
        program.did(number, "assign", body="luga")["incident"]["stage"],
        program.did(number, "accept", by="neighbour")["incident"]["stage"],
        program.did(number, "return", by="neighbour", reason="Дорога не наша")["incident"]["stage"],
        program.did(number, "pass_up", reason="Спорный вопрос")["incident"]["stage"],
    ]

    assert stages == ["assigned", "work", "returned", "assigned"]


def test_bodies_that_help_are_named_all_at_once(program: Program) -> None:
    number = open_incident(program.engine)

    assert program.did(number, "helpers", bodies=["school", "luga"])["incident"]["helpers"] == [
        "luga",
        "school",
    ]
    assert program.did(number, "helpers", bodies=[])["incident"]["helpers"] == []


def test_a_clock_is_stopped_and_runs_on(program: Program) -> None:
    number = open_incident(program.engine)
    until = (NOW + timedelta(days=2)).isoformat()

    stopped = program.did(number, "pause", until=until, reason="Ждём подрядчика")["incident"]
    running = program.did(number, "resume")["incident"]

    assert stopped["clocks"]["paused_at"] is not None
    assert stopped["clocks"]["working_minutes_left"] is None
    assert running["clocks"]["paused_at"] is None
    assert running["pauses"][0]["reason"] == "Ждём подрядчика"


def test_an_incident_is_put_off_and_woken(program: Program) -> None:
    number = open_incident(program.engine)
    until = (NOW + timedelta(hours=20)).isoformat()

    put_off = program.did(number, "snooze", until=until)["incident"]["clocks"]["snoozed_until"]
    woken = program.did(number, "snooze", until=None)["incident"]["clocks"]["snoozed_until"]

    assert put_off == "2026-11-19T05:00:00Z"
    assert woken is None


def test_an_incident_is_closed_and_opened_again(program: Program) -> None:
    number = open_incident(program.engine)

    closed = program.did(number, "close", closing="no_answer_due", reason="Оскорбления")
    opened = program.did(number, "reopen", reason="Ошиблись")

    assert closed["incident"]["closing_reason"] == ClosingReason.NO_ANSWER_DUE
    assert opened["incident"]["stage"] in {"review", "assigned"}


def test_two_incidents_are_merged_and_taken_apart(program: Program) -> None:
    one, other = open_incident(program.engine), open_incident(program.engine)

    merged = program.did(one, "merge", into=other, reason="Одна яма")["incident"]
    assert (merged["stage"], merged["merged_into"]) == ("closed", other)
    assert len(program.get(f"/incidents/{other}")["posts"]) == 2

    back = program.did(one, "unmerge")["incident"]
    assert (back["stage"], back["merged_into"]) == ("assigned", None)


def test_incidents_that_are_kept_apart_cannot_be_merged(program: Program) -> None:
    one, other = open_incident(program.engine), open_incident(program.engine)
    program.did(one, "keep_apart", other=other)

    refused = program.act(one, "merge", into=other)
    program.did(one, "keep_apart", other=other, lift=True)

    assert (refused.status_code, refused.json()["code"]) == (422, "guard")
    assert program.act(one, "merge", into=other).status_code == 200


def test_a_message_gets_an_incident_of_its_own(program: Program) -> None:
    number = open_incident(program.engine)
    with unit_of_work(program.engine) as session:
        source = session.exec(select(Source)).one()
        second = add_post(session, source, "-1_900", text="И мусор", incident_id=number).id

    done = program.did(number, "split", post=second, reason="О другом")

    assert [post["id"] for post in program.get(f"/incidents/{done['created']}")["posts"]] == [
        second
    ]
    assert len(done["incident"]["posts"]) == 1


def test_a_message_of_another_incident_is_not_split_off(program: Program) -> None:
    number, other = open_incident(program.engine), open_incident(program.engine)
    post = program.get(f"/incidents/{other}")["posts"][0]["id"]

    assert program.act(number, "split", post=post).status_code == 422


@pytest.mark.parametrize(
    ("act", "fields"),
    [
        ("accept", {}),
        ("assign", {"body": "luga"}),
        ("unmerge", {}),
        ("keep_apart", {"other": 1}),
        ("split", {"post": 1}),
        ("helpers", {"bodies": ["luga"]}),
    ],
)
def test_what_was_seen_long_ago_is_a_conflict_that_tells_the_present(
    act: str, fields: dict[str, Any], program: Program
) -> None:
    number = open_incident(program.engine)
    program.did(number, "snooze", until=(NOW + timedelta(hours=1)).isoformat())

    answer = program.act(number, act, version=1, **fields)

    problem = answer.json()
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["code"] == "stale"
    assert problem["present"]["version"] == 2
    assert "ничего не записано" in problem["detail"]
    assert program.version(number) == 2


def test_an_act_from_a_wrong_stage_is_a_conflict(program: Program) -> None:
    number = open_incident(program.engine, stage=Stage.WORK)

    answer = program.act(number, "accept")

    assert (answer.status_code, answer.json()["code"]) == (409, "stage")
    assert answer.json()["present"]["stage"] == "work"


def test_an_act_without_its_reason_is_put_right_by_the_program(program: Program) -> None:
    number = open_incident(program.engine)

    answer = program.act(number, "return", by="executor", reason="  ")

    assert (answer.status_code, answer.json()["code"]) == (422, "reason")


def test_nothing_is_left_of_an_act_that_was_refused(program: Program, engine: sa.Engine) -> None:
    number = open_incident(program.engine)
    before = program.get(f"/incidents/{number}")

    assert program.act(number, "assign", body="nowhere").status_code == 422
    assert program.act(number, "merge", into=number).status_code == 422
    assert program.act(number, "merge", into=99_999).status_code == 422

    assert program.get(f"/incidents/{number}") == before
    with unit_of_work(engine) as session:
        assert session.get_one(Incident, number).version == 1


@pytest.mark.parametrize(
    ("body", "pointer", "said"),
    [
        ({"act": "accept"}, "/body/accept/version", "не заполнено"),
        ({"act": "dance", "version": 1}, "/body", "возможны: 'confirm', 'correct'"),
        ({"version": 1}, "/body", "не сказано, что сделать"),
        ({"act": "accept", "version": 1, "why": 1}, "/body/accept/why", "такого поля нет"),
        ({"act": "accept", "version": 0}, "/body/accept/version", "не меньше 1"),
        ({"act": "pause", "version": 1, "until": "завтра"}, "/body/pause/until", "с зоной"),
        ([], "/body", "нужен объект"),
    ],
)
def test_a_wrong_field_is_named_in_russian(
    body: object, pointer: str, said: str, program: Program
) -> None:
    number = open_incident(program.engine)

    answer = program.ask("POST", f"/incidents/{number}/acts", json=body)

    assert answer.status_code == 422
    errors = answer.json()["errors"]
    assert any(one["pointer"] == pointer and said in one["detail"] for one in errors), errors
