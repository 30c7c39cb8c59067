"""Answers through the API: the same rules as in the console."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from api.program import Program, open_incident
from casework import WITH_APPROVAL
from console.builders import Clock
from console.client import browsing

from models.vocabulary import Role, Stage
from pipeline.console.app import create_app


def write(program: Program, number: int, how: str, by: str = "operator", **more: Any) -> Any:
    """Send an answer; what is not said about it is ordinary."""
    wanted = {
        "how": how,
        "version": program.version(number),
        "kind": "final",
        "text": "Здравствуйте! Яму засыплют в пятницу.",
        **more,
    }
    return program.ask("POST", f"/incidents/{number}/answers", by=by, json=wanted)


def decide(
    program: Program, number: int, answer: Mapping[str, Any], act: str, by: str, **more: Any
) -> httpx.Response:
    """Take a step with an answer as it was shown."""
    wish = {"act": act, "version": answer["version"], **more}
    path = f"/incidents/{number}/answers/{answer['id']}"
    return program.ask("POST", path, by=by, json=wish)


def test_an_answer_is_put_on_its_way_and_taken_off(program: Program) -> None:
    number = open_incident(program.engine, stage=Stage.WORK)

    sent = write(program, number, "send", outcome="solved")
    answer = sent.json()["answer"]
    off = decide(program, number, answer, "withdraw", "operator")

    assert (sent.status_code, answer["state"], answer["outcome"]) == (201, "queued", "solved")
    assert sent.json()["incident"]["stage"] == "publishing"
    assert off.json()["answer"]["state"] == "withdrawn"
    assert off.json()["incident"]["stage"] == "work"


def test_an_answer_that_was_published_by_hand_is_taken_down(program: Program) -> None:
    number = open_incident(program.engine, stage=Stage.WORK)

    without = write(program, number, "by_hand")
    done = write(program, number, "by_hand", link="https://vk.com/wall-1_2?reply=3")

    assert (without.status_code, without.json()["code"]) == (422, "link")
    assert done.json()["answer"]["url"] == "https://vk.com/wall-1_2?reply=3"
    assert done.json()["incident"]["stage"] == "satisfaction"


def test_the_same_words_sent_twice_are_one_answer(program: Program) -> None:
    number = open_incident(program.engine, stage=Stage.WORK)

    first = write(program, number, "send", version=1)
    second = write(program, number, "send", version=1)

    assert first.json()["answer"]["id"] == second.json()["answer"]["id"]


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"text": " … "}, 422, "empty"),
        ({"text": "Звоните: +7 900 000-00-01"}, 422, "personal"),
        ({"text": "а" * 4001}, 422, "too_long"),
        ({"post": 424242}, 422, "post"),
        ({"version": 7}, 409, "stale"),
    ],
)
def test_an_answer_that_cannot_go_out_says_why(
    fields: dict[str, Any], status: int, code: str, program: Program
) -> None:
    number = open_incident(program.engine, stage=Stage.WORK)

    refused = write(program, number, "send", **fields)

    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert program.get(f"/incidents/{number}")["answers"] == []


@pytest.mark.parametrize("how", ["draft", "submit", "send", "by_hand"])
def test_an_answer_to_what_has_changed_is_a_conflict(how: str, program: Program) -> None:
    number = open_incident(program.engine, stage=Stage.WORK)
    program.did(number, "helpers", bodies=["school"])

    refused = write(program, number, how, version=1)

    assert (refused.status_code, refused.json()["code"]) == (409, "stale")
    assert refused.json()["present"]["helpers"] == ["school"]


def test_a_draft_goes_to_the_head_back_and_out(
    engine: sa.Engine, clock: Clock, staff: Mapping[str, Role]
) -> None:
    assert staff
    region, calendar = WITH_APPROVAL.region, WITH_APPROVAL.calendar
    app = create_app(engine=engine, region=region, calendar=calendar, clock=clock)
    with browsing(app) as browser:
        program = Program(browser, engine)
        number = open_incident(engine, stage=Stage.WORK)

        refused = write(program, number, "send")
        draft = write(program, number, "draft", "executor", text="Засыплем.").json()["answer"]
        old = write(program, number, "draft", "executor", draft_version=9)
        draft = write(program, number, "draft", "executor", draft_version=draft["version"])
        shown = decide(program, number, draft.json()["answer"], "submit", "executor").json()
        own = decide(program, number, shown["answer"], "approve", "executor")
        back = decide(program, number, shown["answer"], "reject", "approver", reason="Когда?")
        again = write(program, number, "submit", "executor", text="Засыплем в пятницу.").json()
        late = decide(program, number, shown["answer"], "approve", "approver")
        out = decide(program, number, again["answer"], "approve", "approver").json()

    assert (refused.status_code, refused.json()["code"]) == (422, "approval")
    assert (old.status_code, old.json()["code"]) == (409, "stale")
    assert shown["incident"]["stage"] == "approval"
    assert own.status_code == 403
    assert back.json()["answer"]["remark"] == "Когда?"
    assert back.json()["incident"]["stage"] == "work"
    assert late.status_code == 409
    assert (out["answer"]["state"], out["answer"]["approved_by"]) == ("queued", "approver")
    assert out["incident"]["stage"] == "publishing"


def test_an_answer_of_another_incident_is_not_there(program: Program) -> None:
    number = open_incident(program.engine, stage=Stage.WORK)
    other = open_incident(program.engine, stage=Stage.WORK)
    answer = write(program, number, "send").json()["answer"]

    assert decide(program, other, answer, "withdraw", "operator").status_code == 404


def test_a_step_that_is_not_open_is_a_conflict(program: Program) -> None:
    number = open_incident(program.engine, stage=Stage.WORK)
    answer = write(program, number, "send").json()["answer"]

    refused = decide(program, number, answer, "repeat", "operator")

    assert (refused.status_code, refused.json()["code"]) == (409, "step")
