"""Lists, cards, journals, and messages that programs enter."""

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from api.program import Program, give_key, open_incident
from console.builders import NOW, add_version
from sqlmodel import select

from models.post import Post
from models.staff import Staff
from models.vocabulary import Network, Role, Stage, Topic, Urgency
from pipeline.database import reading, unit_of_work
from pipeline.searching import catch_up
from pipeline.store.posts import posts_of

HOSTILE = Path(__file__).parents[1] / "data" / "hostile.txt"


def test_a_list_holds_what_is_owed_by_its_deadlines(program: Program) -> None:
    later = open_incident(program.engine, due_at=NOW + timedelta(hours=5))
    sooner = open_incident(program.engine, due_at=NOW + timedelta(hours=1))
    open_incident(program.engine, stage=Stage.CLOSED)

    found = program.get("/incidents")

    assert [one["id"] for one in found["items"]] == [sooner, later]
    assert found["next_page"] is None
    first = found["items"][0]
    assert (first["topic"], first["stage"], first["version"]) == ("roads", "assigned", 1)
    assert first["place"] == {
        "settlement": "luga",
        "village": None,
        "street": None,
        "house": None,
    }
    assert first["clocks"]["due_at"] == "2026-11-18T10:00:00Z"
    assert first["excerpt"] == "Во дворе яма"


def test_a_list_is_read_page_by_page(program: Program) -> None:
    numbers = [
        open_incident(program.engine, due_at=NOW + timedelta(hours=hour)) for hour in (1, 2, 3)
    ]

    first = program.get("/incidents?limit=2")
    second = program.get(f"/incidents?limit=2&page={first['next_page']}")
    third = program.get("/incidents?limit=2&page=3")

    assert [one["id"] for one in first["items"] + second["items"]] == numbers
    assert (second["next_page"], third["items"]) == (None, [])


FILTERS = {
    "topic=snow": ["snow"],
    "urgent=true": ["urgent"],
    "overdue=true": ["late"],
    "settlement=bor": ["bor"],
    "body=luga": ["luga"],
    "stage=work": ["work"],
    "state=closed": ["closed"],
    "network=hotline": ["hotline"],
    "since=2026-11-10&until=2026-11-10": ["old"],
    "topic=snow&urgent=true": [],
    "q=фонарями": ["lamp"],
}


def test_a_list_is_narrowed_as_the_queue_is(program: Program, engine: sa.Engine) -> None:
    made = {
        "snow": open_incident(engine, topic=Topic.SNOW),
        "urgent": open_incident(engine, urgency=Urgency.URGENT),
        "late": open_incident(engine, due_at=NOW - timedelta(hours=1)),
        "bor": open_incident(engine, settlement="bor"),
        "luga": open_incident(engine, body="luga"),
        "work": open_incident(engine, stage=Stage.WORK),
        "closed": open_incident(engine, stage=Stage.CLOSED, closed_at=NOW),
        "hotline": open_incident(engine, network=Network.HOTLINE),
        "old": open_incident(engine, created_at=NOW - timedelta(days=8)),
        "lamp": open_incident(engine, text="Не горят фонари"),
    }
    catch_up(engine, 100)

    for query, found in FILTERS.items():
        items = program.get(f"/incidents?{query}")["items"]
        assert [one["id"] for one in items] == [made[name] for name in found], query


SENSELESS = (
    "limit=201",
    "limit=0",
    "page=0",
    "topic=dragons",
    "since=tomorrow",
    "since=9999-12-31",
    "until=0001-01-01",
    "settlement=%00",
    "overdue=maybe",
    "nothing=1",
    "page=99999999999999999999",
)


def test_a_filter_that_makes_no_sense_is_refused(program: Program) -> None:
    for query in SENSELESS:
        answer = program.ask("GET", f"/incidents?{query}")
        assert answer.status_code == 422, query
        assert answer.json()["errors"]


def test_a_card_holds_everything_that_is_known(program: Program, engine: sa.Engine) -> None:
    number = open_incident(engine, post={"author_id": "501"})
    with unit_of_work(engine) as session:
        add_version(session, posts_of(session, number)[0], "Во дворе ямка")

    card = program.get(f"/incidents/{number}")

    assert card["posts"][0]["author_id"] == "501"
    assert card["posts"][0]["versions"][0]["text"] == "Во дворе ямка"
    assert card["clocks"]["working_minutes_left"] == 120, "lunch is no working time"
    assert {"accepted", "closed", "merged"} <= set(card["acts"])
    assert [entry["act"] for entry in card["journal"]] == ["opened"]
    assert program.get(f"/incidents/{number}/journal")["items"] == card["journal"]


@pytest.mark.parametrize("number", ["0", "-1", "x", "99999999999999999999", "1.5", "%00"])
def test_a_number_that_is_none_is_not_found_or_refused(number: str, program: Program) -> None:
    assert program.ask("GET", f"/incidents/{number}").status_code in {404, 422}
    assert program.ask("GET", "/incidents/424242").status_code == 404


def test_hostile_texts_come_back_as_they_are(program: Program, engine: sa.Engine) -> None:
    for text in HOSTILE.read_text(encoding="utf-8").split("\n"):
        if not text.strip():
            continue
        number = open_incident(engine, text=text)
        answer = program.ask("GET", f"/incidents/{number}")
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.json()["posts"][0]["text"] == text


def test_a_letter_is_entered_classified_and_routed(program: Program, engine: sa.Engine) -> None:
    answer = program.ask(
        "POST",
        "/incidents",
        json={
            "channel": "paper",
            "number": "17",
            "text": "Не горит фонарь у дома 5 на Лесной",
            "received_at": "2026-11-17T12:00:00+03:00",
            "contact": "ул. Лесная, д. 5",
        },
    )

    assert answer.status_code == 201, answer.text
    number = answer.json()["incident"]
    assert answer.headers["location"] == f"/api/v1/incidents/{number}"
    card = program.get(f"/incidents/{number}")
    assert (card["network"], card["topic"]) == ("paper", "lighting")
    assert card["clocks"]["created_at"] == "2026-11-17T09:00:00Z"
    with reading(engine) as session:
        post = session.exec(select(Post)).one()
        assert post.stated["entered_by"] == "operator"


def test_a_request_that_is_repeated_gives_the_same_incident(program: Program) -> None:
    call = {"channel": "hotline", "text": "Не горит фонарь у дома 5 на Лесной"}
    headers = {"Idempotency-Key": "call-2026-11-18-1"}

    first = program.ask("POST", "/incidents", json=call, headers=headers)
    second = program.ask("POST", "/incidents", json=call, headers=headers)
    other = program.ask(
        "POST", "/incidents", json={**call, "text": "Другое: прорвало трубу"}, headers=headers
    )

    assert first.json() == second.json()
    assert [first.status_code, second.status_code, other.status_code] == [201, 201, 422]
    assert "уже сохранена с другим текстом" in other.json()["detail"]


def test_keys_of_two_people_are_no_repeats_of_each_other(program: Program) -> None:
    call = {"channel": "hotline", "text": "Не горит фонарь у дома 5 на Лесной"}
    headers = {"Idempotency-Key": "1"}
    program.ask("POST", "/incidents", json=call, headers=headers)

    other = {**call, "text": "Прорвало трубу у дома 7, заливает подвал"}
    by_other = program.ask("POST", "/incidents", json=other, headers=headers, by="administrator")

    assert by_other.status_code == 201


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"text": "\u0000 …"}, "/body/text"),
        ({"received_at": "2027-01-01T00:00:00Z"}, "/body/received_at"),
        ({"received_at": "2020-01-01T00:00:00Z"}, "/body/received_at"),
        ({"channel": "vk"}, "/body/channel"),
        ({"author": "Имя"}, "/body/author"),
        ({"text": "а" * 100_001}, "/body/text"),
    ],
)
def test_an_entry_that_cannot_be_taken_says_which_field(
    fields: dict[str, str], pointer: str, program: Program
) -> None:
    call = {"channel": "hotline", "text": "Не горит фонарь", **fields}

    answer = program.ask("POST", "/incidents", json=call)

    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"text": 1' + b"0" * 5000 + b"}"]
)
def test_a_body_that_is_no_json_is_refused(body: bytes, program: Program) -> None:
    headers = {"Content-Type": "application/json"}

    answer = program.ask("POST", "/incidents", content=body, headers=headers)

    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


def test_half_a_surrogate_pair_is_taken_out(program: Program) -> None:
    number = open_incident(program.engine)
    body = '{"act":"close","version":1,"closing":"no_answer_due","reason":"a\\ud800b\\u0000"}'
    headers = {"Content-Type": "application/json"}

    answer = program.ask(
        "POST", f"/incidents/{number}/acts", content=body.encode(), headers=headers
    )

    assert answer.status_code == 200
    assert answer.json()["incident"]["journal"][-1]["reason"] == "a?b"


def test_the_region_is_told_with_its_codes(program: Program) -> None:
    region = program.get("/region")

    assert region["code"] == "zarechny"
    assert {"code": "roads", "title": "Дороги и тротуары"} in region["topics"]
    assert [one["code"] for one in region["settlements"]] == ["luga", "bor"]
    assert region["bodies"][0]["email"] == "roads@zarechny.example.org"


def test_the_summary_counts_what_the_owner_may_see(program: Program, engine: sa.Engine) -> None:
    open_incident(engine, urgency=Urgency.URGENT)
    open_incident(engine, body="luga", due_at=NOW - timedelta(hours=1))

    summary = program.get("/summary", by="observer")

    assert (summary["open"], summary["urgent"], summary["overdue"]) == (2, 1, 1)
    assert summary["by_stage"]["assigned"] == 2


def test_what_is_not_there_is_said_so_in_json(program: Program) -> None:
    for method, path, status in (
        ("GET", "/nothing", 404),
        ("GET", "/", 404),
        ("DELETE", "/region", 405),
        ("GET", "/docs", 404),
    ):
        answer = program.ask(method, path)
        assert answer.status_code == status, path
        assert answer.headers["content-type"] == "application/problem+json"


def test_an_executor_of_nothing_sees_nothing(program: Program, engine: sa.Engine) -> None:
    open_incident(engine)
    with unit_of_work(engine) as session:
        session.add(Staff(login="lost", role=Role.EXECUTOR, created_at=NOW))
    key = give_key(engine, "lost")

    assert program.get("/incidents", key=key)["items"] == []
