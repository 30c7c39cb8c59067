"""``otklik incident`` for tests: staff, incidents of Катынь, a way to type."""

import argparse
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from answering import source_of
from console.builders import NOW, add_incident

from models.columns import stored_id
from models.errors import OtklikError
from models.incident import Incident
from models.vocabulary import Network, Role
from pipeline.commands import incident
from pipeline.commands.parser import Parser
from pipeline.database import reading, unit_of_work
from pipeline.desk import staffing

STAFF = (
    ("admin", Role.ADMINISTRATOR, None),
    ("petrova", Role.OPERATOR, None),
    ("glava", Role.APPROVER, None),
    ("watcher", Role.OBSERVER, None),
    ("katyn", Role.EXECUTOR, "katynskoe"),
    ("pechersk", Role.EXECUTOR, "pecherskoe"),
)


def hire(engine: sa.Engine) -> None:
    """Add somebody of each role, and executors of two bodies."""
    with unit_of_work(engine) as session:
        for login, role, body in STAFF:
            staffing.add_staff(session, login, role, NOW, body=body)


def opened(engine: sa.Engine, network: Network = Network.VK, **fields: Any) -> int:
    """Open an incident of Катынь; return its number."""
    with unit_of_work(engine) as session:
        incident = add_incident(
            session,
            source_of(session, f"{network.value}:katyn", network),
            post={"author_id": "7001", "prediction": {}},
            **{
                "network": network,
                "body": "katynskoe",
                "settlement": "katynskoe",
                "due_at": datetime.now(UTC) + timedelta(days=30),
                **fields,
            },
        )
        return stored_id(incident.id)


def stands(engine: sa.Engine, number: int) -> Incident:
    """Return an incident as it is now."""
    with reading(engine) as session:
        return session.get_one(Incident, number)


def otklik(*words: str | int) -> int:
    """Run the command as the command line does."""
    parser = Parser(prog="otklik")
    commands: Any = parser.add_subparsers(required=True)
    incident.add(commands)
    args: argparse.Namespace = parser.parse_args(["incident", *map(str, words)])
    code: int = args.run(args)
    return code


def refused(*words: str | int) -> str:
    """Run what is refused; return what is said."""
    with pytest.raises(OtklikError) as error:
        otklik(*words)
    return str(error.value)
