"""Open311: topics as services, incidents as requests, and what happened to them."""

import xml.etree.ElementTree as ET
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from api.program import Program, give_key, open_incident
from builders import shipped_judge
from console.builders import NOW, Clock
from sqlmodel import select

from models.post import Post
from models.vocabulary import Stage, Topic
from pipeline.api.open311_shapes import nearest
from pipeline.database import reading

HOSTILE = Path(__file__).parents[1] / "data" / "hostile.txt"
CALL = {
    "service_code": "lighting",
    "description": "Третий день не горит фонарь у школы",
    "address_string": "Луга, ул. Лесная, 5",
}


def ask(
    program: Program, path: str, *, by: str = "operator", method: str = "GET", **more: Any
) -> httpx.Response:
    """Send a request with somebody's key."""
    headers = {"Authorization": f"Bearer {program.key(by)}", **more.pop("headers", {})}
    return program.browser.send(method, f"/open311/v2{path}", headers=headers, **more)


def get(program: Program, path: str, **more: Any) -> Any:
    """Return what a request for JSON that has to succeed answers."""
    answer = ask(program, path, **more)
    assert answer.status_code == 200, answer.text
    return answer.json()


def read(answer: httpx.Response) -> ET.Element:
    """Return an answer in XML, read."""
    return ET.fromstring(answer.content)  # noqa: S314 - our own


def send(program: Program, **fields: str) -> httpx.Response:
    """Enter a request; what is not said is ordinary, and what is empty is left out."""
    form = {name: value for name, value in {**CALL, **fields}.items() if value}
    return ask(program, "/requests.json", method="POST", data=form)


def test_whoever_looks_finds_the_service_without_a_key(program: Program) -> None:
    found = program.browser.get("/open311/v2/discovery.json").json()
    told = read(program.browser.get("/open311/v2/discovery.xml"))

    assert found["endpoints"][0]["url"] == "http://127.0.0.1:8017/open311/v2"
    assert [one.text for one in told.findall("endpoints/endpoint/formats/format/type")] == [
        "application/json",
        "text/xml",
    ]


def test_every_topic_is_a_service(program: Program) -> None:
    services = get(program, "/services.json")
    told = read(ask(program, "/services.xml"))

    assert [one["service_code"] for one in services] == [topic.value for topic in Topic]
    assert told.tag == "services"
    assert told.findtext("service/service_name") == "Дороги и тротуары"
    assert told.findtext("service/metadata") == "false"
    assert get(program, "/services/snow.json") == {"service_code": "snow", "attributes": []}
    assert ask(program, "/services/dragons.json").status_code == 404


@pytest.mark.parametrize("path", ["/services", "/requests", "/servicerequestupdates"])
def test_without_a_key_nothing_is_read(path: str, program: Program) -> None:
    bare = program.browser.get(f"/open311/v2{path}.json")
    in_xml = program.browser.get(f"/open311/v2{path}.xml")
    narrow = give_key(program.engine, "operator", ["incidents:read"])
    wrong = program.browser.get(f"/open311/v2/requests.json?api_key={narrow}")

    assert (bare.status_code, bare.json()[0]["code"]) == (403, 403)
    assert in_xml.headers["content-type"] == "text/xml; charset=utf-8"
    assert read(in_xml).findtext("error/code") == "403"
    assert wrong.status_code == 403


def test_a_key_may_stand_where_the_standard_has_it(program: Program) -> None:
    key = program.key("operator")

    assert program.browser.get(f"/open311/v2/requests.json?api_key={key}").status_code == 200
    sent = program.browser.post("/open311/v2/requests.json", {**CALL, "api_key": key})
    assert sent.status_code == 201


def test_an_incident_is_a_request(program: Program) -> None:
    number = open_incident(program.engine, village="Луга", street="Лесная ул.", house="5")

    [request] = get(program, "/requests.json")

    assert request["service_request_id"] == str(number)
    assert (request["status"], request["status_notes"]) == ("open", "назначен")
    assert request["service_code"] == "roads"
    assert request["description"] == "Во дворе яма"
    assert request["agency_responsible"] == "Отдел дорог"
    assert request["address"] == "Лугское сельское поселение, Луга, Лесная ул., 5"
    assert request["expected_datetime"] == "2026-11-18T12:00:00+00:00"
    assert "author" not in str(request)
    assert get(program, f"/requests/{number}.json") == [request]
    told = read(ask(program, f"/requests/{number}.xml"))
    assert told.findtext("request/description") == "Во дворе яма"
    assert ask(program, "/requests/424242.json").status_code == 404


NARROWED: tuple[tuple[str, list[str] | int], ...] = (
    ("", ["open", "snow", "closed"]),
    ("status=open", ["open", "snow"]),
    ("status=closed", ["closed"]),
    ("status=open,closed&service_code=snow", ["snow"]),
    ("service_code=roads,snow&status=open", ["open", "snow"]),
    ("start_date=2026-08-01T00:00:00Z&end_date=2026-08-20T00:00:00Z", ["old"]),
    ("start_date=2026-11-18T00:00:00Z", ["open", "snow", "closed"]),
    ("service_request_id={old},{snow}", ["old", "snow"]),
    ("page=2&page_size=2&status=open,closed", 1),
)


def test_requests_are_narrowed(program: Program, engine: sa.Engine) -> None:
    made = {
        "open": open_incident(engine),
        "snow": open_incident(engine, topic=Topic.SNOW, due_at=NOW + timedelta(hours=9)),
        "closed": open_incident(engine, stage=Stage.CLOSED),
        "old": open_incident(engine, created_at=NOW - timedelta(days=100), stage=Stage.CLOSED),
    }

    for query, found in NARROWED:
        rows = get(program, f"/requests.json?{query.format(**made)}")
        numbers = {int(row["service_request_id"]) for row in rows}
        if isinstance(found, int):
            assert len(numbers) == found, query
        else:
            assert numbers == {made[name] for name in found}, query


SENSELESS = (
    ("/requests.json?status=half", 400),
    ("/requests.json?service_request_id=a", 400),
    ("/requests.json?service_request_id=" + ",".join("1" * 51), 400),
    ("/requests.json?start_date=yesterday", 400),
    ("/requests.json?start_date=9999-12-31T23:59:59-23:00", 400),
    ("/requests.json?service_code=dragons", 404),
    ("/requests.json?jurisdiction_id=elsewhere.gov", 404),
    ("/requests.csv", 404),
    ("/requests/x.json", 404),
    ("/nothing.json", 404),
)


def test_what_makes_no_sense_is_refused_as_the_standard_has_it(program: Program) -> None:
    for path, status in SENSELESS:
        answer = ask(program, path)
        assert answer.status_code == status, path
        assert answer.json()[0]["code"] == status
        assert answer.json()[0]["description"]


def test_an_executor_sees_what_their_body_has(program: Program) -> None:
    number = open_incident(program.engine)

    assert get(program, "/requests.json", by="neighbour") == []
    assert ask(program, f"/requests/{number}.json", by="neighbour").status_code == 404
    assert len(get(program, "/requests.json", by="executor")) == 1
    assert ask(program, "/requests.json", by="observer").status_code == 403


def test_personal_data_is_taken_out_of_texts(program: Program) -> None:
    text = "Яма! Звоните мне 8 900 000-00-01, кв. 17, id: @ivan_petrov, ivan@example.org"
    open_incident(program.engine, text=text)

    [request] = get(program, "/requests.json")

    assert request["description"] == (
        "Яма! Звоните мне [скрыто: телефон], [скрыто: номер квартиры из обращения], "
        "id: [скрыто: страница человека], [скрыто: электронная почта]"
    )


def test_hostile_texts_are_text_in_either_format(program: Program) -> None:
    for text in HOSTILE.read_text(encoding="utf-8").split("\n"):
        if not text.strip():
            continue
        number = open_incident(program.engine, text=f"{text}\x08\x1b\ufffe")
        told = read(ask(program, f"/requests/{number}.xml"))
        [row] = get(program, f"/requests/{number}.json")
        assert [one.tag for one in told] == ["request"]
        assert len(list(told[0].iter())) == 18, "no element of theirs"
        assert "\x08" not in (told.findtext("request/description") or "")
        assert row["description"].endswith("\x08\x1b\ufffe")


def test_a_citizens_request_becomes_an_incident(program: Program, engine: sa.Engine) -> None:
    photo = "https://example.org/1.jpg"

    answer = send(program, phone="8 900 000-00-01", first_name="Пётр", media_url=photo)

    assert answer.status_code == 201, answer.text
    [created] = answer.json()
    [request] = get(program, f"/requests/{created['service_request_id']}.json")
    assert (request["status"], request["service_code"]) == ("open", "lighting")
    with reading(engine) as session:
        post = session.exec(select(Post)).one()
    assert post.text == f"{CALL['description']}\n\nФото: {photo}"
    assert post.author_id == "8 900 000-00-01"
    assert "Пётр" not in str(post.model_dump())
    card = program.get(f"/incidents/{created['service_request_id']}")
    assert card["network"] == "hotline"


def test_an_answer_in_xml_names_the_number(program: Program) -> None:
    answer = ask(program, "/requests.xml", method="POST", data=CALL)

    told = read(answer)
    assert (answer.status_code, told.tag) == (201, "service_requests")
    assert (told.findtext("request/service_request_id") or "").isdigit()


def test_a_request_that_is_repeated_keeps_its_number(program: Program) -> None:
    headers = {"Idempotency-Key": "app-1"}

    sent = [
        ask(program, "/requests.json", method="POST", data=CALL, headers=headers).json()
        for _ in range(2)
    ]

    assert sent[0] == sent[1]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"address_string": ""}, 400),
        ({"description": ""}, 400),
        ({"description": "…!"}, 400),
        ({"service_code": ""}, 400),
        ({"service_code": "dragons"}, 404),
        ({"lat": "99", "long": "32"}, 400),
        ({"lat": "nan", "long": "32"}, 400),
        ({"jurisdiction_id": "elsewhere"}, 404),
    ],
)
def test_a_request_that_cannot_be_taken_says_why(
    fields: dict[str, str], status: int, program: Program
) -> None:
    answer = send(program, **fields)

    assert (answer.status_code, answer.json()[0]["code"]) == (status, status)
    assert get(program, "/requests.json") == []


def test_a_point_belongs_to_the_village_that_is_near() -> None:
    region = shipped_judge().region

    assert nearest(54.9199, 31.5660, region) == "Волоковая"
    assert nearest(0.0, 0.0, region) is None


def test_updates_tell_of_answers_and_closings_since_a_moment(
    program: Program, clock: Clock
) -> None:
    number = open_incident(program.engine, stage=Stage.WORK)
    clock.forward(timedelta(hours=1))
    wanted = {"how": "by_hand", "kind": "interim", "version": 1, "text": "Выехала бригада."}
    more = {"link": "https://vk.com/wall-1_2?reply=3"}
    path = f"/incidents/{number}/answers"
    assert program.ask("POST", path, json=wanted | more).status_code == 201
    clock.forward(timedelta(hours=1))
    final = {"kind": "final", "text": "Яму засыпали.", "version": program.version(number)}
    assert program.ask("POST", path, json=wanted | more | final).status_code == 201
    program.did(number, "close", closing="satisfied")

    updates = get(program, "/servicerequestupdates.json")

    assert [(one["status"], one["description"]) for one in updates] == [
        ("open", None),
        ("open", "Выехала бригада."),
        ("closed", "Яму засыпали."),
        ("closed", None),
    ]
    assert {one["service_request_id"] for one in updates} == {str(number)}
    since = (NOW + timedelta(hours=2)).isoformat().replace("+", "%2B")
    assert get(program, f"/servicerequestupdates.json?start_date={since}") == updates[2:]
    last = updates[1]["update_id"]
    assert get(program, f"/servicerequestupdates.json?after={last}") == updates[2:]
    assert get(program, "/servicerequestupdates.json", by="neighbour") == []
    told = read(ask(program, "/servicerequestupdates.xml"))
    assert [one.findtext("description") for one in told.findall("request_update")] == [
        "",
        "Выехала бригада.",
        "Яму засыпали.",
        "",
    ]


def test_a_link_to_rate_an_answer_is_not_told(program: Program, engine: sa.Engine) -> None:
    number = open_incident(engine, stage=Stage.WORK)
    text = f"Починили.\n\nОцените ответ: https://otklik.example.org/o/{'abcdefgh' * 3}"
    wanted = {"how": "by_hand", "kind": "final", "version": 1, "text": text}
    link = {"link": "https://vk.com/wall-1_2?reply=3"}
    path = f"/incidents/{number}/answers"
    assert program.ask("POST", path, json=wanted | link).status_code == 201

    updates = get(program, "/servicerequestupdates.json")

    assert "/o/" not in str(updates)
