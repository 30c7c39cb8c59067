"""Webhooks through the API: only to the internet, signed with a secret that is named."""

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
import sqlalchemy as sa
from api.program import Program
from console.builders import NOW
from sqlmodel import select

from models.channel_words import ChannelKind
from models.staff import Staff
from pipeline.database import unit_of_work
from pipeline.decisions.channels import Wanted
from pipeline.desk.channels import Owner, put_channel

HOOK = {"url": "https://example.org/otklik", "secret": "webhook", "body": "roads"}


@dataclass
class Receiver:
    """What somebody's server got; it answers ``status``."""

    url: str
    status: int = 200
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def receiving(status: int) -> Iterator[Receiver]:
    """Listen on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.got.append((headers, body))
            self.send_response(receiver.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(f"http://127.0.0.1:{server.server_port}/hook", status)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def add(program: Program, **fields: Any) -> Any:
    """Add a webhook; what is not said is ordinary."""
    wanted = {**HOOK, **fields}
    given = {name: value for name, value in wanted.items() if value is not None}
    return program.ask("POST", "/webhooks", by="administrator", json=given)


def test_a_webhook_is_added_listed_changed_and_removed(program: Program) -> None:
    added = add(program, occasions=["assigned", "overdue"])
    changed = add(program, occasions=["assigned"], frequency="hourly")
    listed = program.get("/webhooks", by="administrator")["items"]

    assert added.status_code == 201
    assert added.headers["location"] == f"/api/v1/webhooks/{added.json()['id']}"
    assert changed.json()["id"] == added.json()["id"]
    assert listed == [changed.json()]
    assert listed[0]["body"] == "roads"
    assert (listed[0]["secret"], listed[0]["occasions"]) == ("webhook", ["assigned"])
    assert "shared-key" not in str(listed)

    path = f"/webhooks/{added.json()['id']}"
    assert program.ask("DELETE", path, by="administrator").status_code == 204
    assert program.ask("DELETE", path, by="administrator").status_code == 404
    assert program.get("/webhooks", by="administrator")["items"] == []


def test_a_webhook_is_the_owners_unless_it_is_said_whose(program: Program) -> None:
    assert add(program, body=None).json()["staff"] == "administrator"
    assert add(program, body=None, staff="approver").json()["staff"] == "approver"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"url": "http://127.0.0.1/x"}, "внутрь сети"),
        ({"url": "http://2130706433/x"}, "внутрь сети"),
        ({"url": "http://[::ffff:10.0.0.1]/x"}, "внутрь сети"),
        ({"url": "http://169.254.169.254/latest"}, "внутрь сети"),
        ({"url": "file:///etc/passwd"}, "Адрес не годится"),
        ({"url": "https://user:pw@example.org/"}, "имя или пароль"),
        ({"secret": "unknown"}, "Секрета «unknown» на сервере нет"),
        ({"body": "nowhere"}, "в районе нет"),
        ({"staff": "operator"}, "что-то одно"),
        ({"body": None, "staff": "nobody"}, "Такого сотрудника нет"),
        ({"quiet_from": "21:00"}, ""),
    ],
)
def test_a_webhook_that_may_not_be_is_refused(
    fields: dict[str, Any], said: str, program: Program
) -> None:
    refused = add(program, **fields)

    assert refused.status_code == 422
    assert said in refused.json()["detail"]
    assert program.get("/webhooks", by="administrator")["items"] == []


def private(engine: sa.Engine, url: str, *, allow: bool) -> int:
    """Add a webhook as an administrator does on the server itself."""
    wanted = Wanted(ChannelKind.WEBHOOK, url, "webhook", allow_private=allow)
    with unit_of_work(engine) as session:
        owner = session.exec(select(Staff).where(Staff.login == "operator")).one()
        return put_channel(session, Owner(staff_id=owner.id), wanted, now=NOW)


def test_a_trial_notice_is_signed(program: Program, engine: sa.Engine) -> None:
    with receiving(200) as receiver:
        number = private(engine, receiver.url, allow=True)

        answer = program.ask("POST", f"/webhooks/{number}/test", by="administrator")

    assert answer.status_code == 204, answer.text
    [(headers, body)] = receiver.got
    signed = headers["x-otklik-timestamp"].encode() + b"." + body
    expected = hmac.new(b"shared-key", signed, hashlib.sha256).hexdigest()
    assert headers["x-otklik-signature"] == f"sha256={expected}"


@pytest.mark.parametrize(("allow", "status"), [(True, 500), (True, 403), (False, 200)])
def test_a_trial_that_fails_says_why(
    allow: bool, status: int, program: Program, engine: sa.Engine
) -> None:
    with receiving(status) as receiver:
        number = private(engine, receiver.url, allow=allow)

        answer = program.ask("POST", f"/webhooks/{number}/test", by="administrator")

    assert (answer.status_code, answer.json()["code"]) == (502, "not_delivered")
    assert len(receiver.got) == int(allow), "an address inside is not even asked"
    assert "shared-key" not in answer.text


def test_channels_of_other_kinds_are_none_of_the_api(program: Program, engine: sa.Engine) -> None:
    with unit_of_work(engine) as session:
        mail = Wanted(ChannelKind.EMAIL, "roads@example.org")
        number = put_channel(session, Owner(body="roads"), mail, now=NOW)

    assert program.get("/webhooks", by="administrator")["items"] == []
    for method, path in (("DELETE", ""), ("POST", "/test")):
        answer = program.ask(method, f"/webhooks/{number}{path}", by="administrator")
        assert answer.status_code == 404
