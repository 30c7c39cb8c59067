"""Who is let in: keys, their scopes, their owners' roles, and how often they may ask."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from api.conftest import services
from api.program import ALL, Program, give_key, open_incident
from console.builders import NOW, Clock
from console.client import Browser
from fastapi import FastAPI
from sqlmodel import col, select

from models.journal import JournalEntry
from models.staff import ApiKey, Staff
from models.vocabulary import Act, Role
from pipeline.api.pace import Pace
from pipeline.database import reading, unit_of_work
from pipeline.desk import access, staffing
from pipeline.desk.api_keys import ApiKeyError, make_key, revoke_key


def test_a_key_is_kept_as_a_hash_and_journalled(engine: sa.Engine, program: Program) -> None:
    token = program.key("operator")

    with reading(engine) as session:
        key = session.exec(select(ApiKey)).one()
        entry = session.exec(select(JournalEntry).order_by(col(JournalEntry.id).desc())).first()
    assert token.startswith("otk_")
    assert token not in str(key.model_dump())
    assert entry is not None
    assert (entry.act, entry.actor) == (Act.API_KEY_CHANGED, "administrator")
    assert entry.after["login"] == "operator"
    assert token not in str(entry.model_dump())


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer otk_" + "a" * 43},
        {"Authorization": "Bearer otk_" + "щ" * 43},
        {"Authorization": "Basic b3BlcmF0b3I6eA=="},
        {"Authorization": "Bearer ' OR 1=1 --"},
    ],
)
def test_without_a_known_key_nothing_opens(headers: dict[str, str], program: Program) -> None:
    sent = {name: value.encode() for name, value in headers.items()}

    answer = program.browser.send("GET", "/api/v1/region", headers=sent)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "unauthorized"


def test_a_cookie_opens_nothing(engine: sa.Engine, program: Program) -> None:
    with unit_of_work(engine) as session:
        staff = session.exec(select(Staff).where(Staff.login == "administrator")).one()
        program.browser.http.cookies.set("otklik", access.open_session(session, staff, NOW))

    assert program.browser.get("/").status_code == 200, "signed in"
    assert program.browser.get("/api/v1/region").status_code == 401


def test_a_key_opens_no_page_of_the_console(program: Program) -> None:
    key = program.key("administrator")

    answer = program.browser.get("/", Authorization=f"Bearer {key}")

    assert answer.status_code == 303


def test_a_key_that_was_revoked_has_expired_or_whose_owner_left_opens_nothing(
    engine: sa.Engine, program: Program, clock: Clock
) -> None:
    revoked, left = give_key(engine, "operator"), give_key(engine, "approver")
    expiring = give_key(engine, "operator", expires_at=NOW + timedelta(days=1))
    with unit_of_work(engine) as session:
        first = session.exec(select(ApiKey).order_by(col(ApiKey.id))).first()
        assert first is not None
        revoke_key(session, first.id or 0, by="administrator", now=NOW)
        session.exec(select(Staff).where(Staff.login == "approver")).one().active = False

    assert program.ask("GET", "/region", key=revoked).status_code == 401
    assert program.ask("GET", "/region", key=left).status_code == 401
    assert program.ask("GET", "/region", key=expiring).status_code == 200
    clock.forward(timedelta(days=1))
    assert program.ask("GET", "/region", key=expiring).status_code == 401


# method and path, the scope, and the answer to a key with that scope: operator, executor,
# approver, administrator, observer. 422 and 404 are for what a role may ask for in vain.
CALLS = {
    ("GET", "/region"): ("incidents:read", (200, 200, 200, 200, 200)),
    ("GET", "/incidents"): ("incidents:read", (200, 200, 200, 200, 403)),
    ("GET", "/incidents/{number}"): ("incidents:read", (200, 200, 200, 200, 404)),
    ("GET", "/incidents/{number}/journal"): ("incidents:read", (200, 200, 200, 200, 404)),
    ("POST", "/incidents/{number}/acts"): ("incidents:act", (200, 200, 403, 200, 404)),
    ("POST", "/incidents/{number}/answers"): ("answers:write", (201, 201, 403, 201, 404)),
    ("POST", "/incidents/{number}/answers/{answer}"): (
        "answers:write",
        (404, 404, 404, 404, 404),
    ),
    ("POST", "/incidents"): ("incidents:act", (422, 403, 403, 422, 403)),
    ("GET", "/summary"): ("reports:read", (200, 403, 200, 200, 200)),
    ("GET", "/webhooks"): ("webhooks:manage", (403, 403, 403, 200, 403)),
    ("POST", "/webhooks"): ("webhooks:manage", (403, 403, 403, 422, 403)),
    ("DELETE", "/webhooks/{channel}"): ("webhooks:manage", (403, 403, 403, 404, 403)),
    ("POST", "/webhooks/{channel}/test"): ("webhooks:manage", (403, 403, 403, 404, 403)),
}
ROLES = ("operator", "executor", "approver", "administrator", "observer")


def sent(method: str, path: str, program: Program) -> tuple[str, dict[str, object] | None]:
    """Return an address that exists, with a body that fits."""
    stage = "work" if "answers" in path else "assigned"
    number = open_incident(program.engine, stage=stage) if "{number}" in path else 0
    address = path.format(number=number, answer=99, channel=99)
    body: dict[str, object] | None = None
    if path.endswith("/acts"):
        body = {"act": "accept", "version": 1}
    elif path.endswith("/answers"):
        body = {"how": "draft", "version": 1, "kind": "final", "text": "Починим завтра."}
    elif path.endswith("{answer}"):
        body = {"act": "withdraw", "version": 1}
    elif path == "/incidents":
        body = {"channel": "paper", "text": "…"}
    elif path == "/webhooks":
        body = {"url": "http://127.0.0.1/x", "secret": "webhook"}
    return address, body if method == "POST" else None


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_each_role_may_do_what_its_table_says_and_no_more(
    method: str, path: str, program: Program
) -> None:
    scope, statuses = CALLS[method, path]
    for role, status in zip(ROLES, statuses, strict=True):
        address, body = sent(method, path, program)
        key = give_key(program.engine, role, [scope])
        answer = program.ask(method, address, key=key, json=body)
        assert answer.status_code == status, (role, answer.text)


def test_every_call_asks_for_its_scope(program: Program) -> None:
    for (method, path), (scope, _) in CALLS.items():
        key = give_key(program.engine, "administrator", ALL - {scope})
        address, body = sent(method, path, program)

        answer = program.ask(method, address, key=key, json=body)

        assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope"), path
        assert scope in answer.json()["detail"]


def test_the_table_names_every_call(program: Program) -> None:
    described = program.browser.get("/api/v1/openapi.json").json()["paths"]
    found = {(method.upper(), path) for path, calls in described.items() for method in calls}

    assert found == set(CALLS)


def test_what_another_body_has_is_not_there(program: Program) -> None:
    number = open_incident(program.engine)

    answers = [
        program.ask("GET", f"/incidents/{number}", by="neighbour"),
        program.ask("GET", f"/incidents/{number}/journal", by="neighbour"),
        program.act(number, "accept", by="neighbour"),
    ]

    assert [answer.status_code for answer in answers] == [404] * 3
    assert program.get("/incidents", by="neighbour")["items"] == []


def test_another_role_holds_with_the_next_request(engine: sa.Engine, program: Program) -> None:
    number = open_incident(engine)
    program.get(f"/incidents/{number}")
    with unit_of_work(engine) as session:
        staffing.set_role(session, "operator", Role.OBSERVER, NOW)

    assert program.ask("GET", f"/incidents/{number}").status_code == 404


def test_the_last_use_is_written_down_once_a_minute(
    engine: sa.Engine, program: Program, clock: Clock
) -> None:
    def last_used() -> object:
        with reading(engine) as session:
            return session.exec(select(ApiKey)).one().last_used_at

    program.get("/region")
    clock.forward(timedelta(seconds=59))
    program.get("/region")
    assert last_used() == NOW
    clock.forward(timedelta(seconds=1))
    program.get("/region")
    assert last_used() == NOW + timedelta(minutes=1)


def test_a_key_that_asks_too_often_waits(app: FastAPI, program: Program, clock: Clock) -> None:
    services(app)["/api/v1"].state.pace = Pace(burst=2, per_second=0.5)
    program.get("/region")
    program.get("/region")

    refused = program.ask("GET", "/region")

    assert (refused.status_code, refused.headers["retry-after"]) == (429, "2")
    assert program.ask("GET", "/region", by="approver").status_code == 200, "another key"
    clock.forward(timedelta(seconds=2))
    program.get("/region")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"title": "  "}, "Назовите ключ"),
        ({"title": "а" * 101}, "Назовите ключ"),
        ({"scopes": []}, "Отметьте"),
        ({"scopes": ["everything"]}, "Отметьте"),
        ({"owner": "nobody"}, "Такого сотрудника нет"),
        ({"expires_at": NOW}, "Срок ключа уже прошёл"),
    ],
)
def test_a_key_that_makes_no_sense_is_not_made(
    fields: dict[str, object], said: str, engine: sa.Engine, program: Program
) -> None:
    assert program.engine is engine
    wanted = {"title": "Сайт", "scopes": ["incidents:read"], "owner": "operator"}

    with pytest.raises(ApiKeyError, match=said), unit_of_work(engine) as session:
        make_key(
            session,
            **{"expires_at": None, **wanted, **fields},  # type: ignore[arg-type]  # wrong on purpose
            by="administrator",
            now=NOW,
        )


def test_a_program_that_was_mistaken_for_a_page_is_refused_as_json(stranger: Browser) -> None:
    foreign = stranger.send(
        "POST", "/api/v1/incidents", json={}, headers={"Origin": "https://evil.example"}
    )
    large = stranger.send("POST", "/api/v1/incidents", content=b" " * 1_100_000)

    assert [foreign.status_code, large.status_code] == [403, 413]
    assert foreign.headers["content-type"] == "application/problem+json"
    assert large.json()["status"] == 413


@pytest.fixture
def stranger(program: Program) -> Browser:
    return program.browser
