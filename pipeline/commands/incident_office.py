"""What every ``otklik incident`` act works with: the database, the rules, who acts and when."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from models.incident import Incident
from pipeline.commands.acting import acting
from pipeline.commands.messages import CommandError, now, out
from pipeline.decisions import answering, lifecycle
from pipeline.decisions.permissions import Actor
from pipeline.region.load import load_region
from pipeline.region.schema import Region
from pipeline.rules import Rules
from pipeline.settings import load_settings
from pipeline.store.incidents import visible_incident
from pipeline.workplace import open_store


@dataclass(frozen=True, slots=True)
class Office:
    """Somebody at the machine, at one moment."""

    engine: sa.Engine
    rules: Rules
    actor: Actor
    now: datetime

    @property
    def region(self) -> Region:
        """The region's files."""
        return self.rules.region

    def incident(self, session: Session, number: int) -> Incident:
        """Return an incident that this person may see. Raises CommandError."""
        found = visible_incident(session, self.actor, number)
        if found is None:
            raise CommandError(
                f"Инцидента № {number} нет. Номера: otklik incident list --by {self.actor.login}"
            )
        return found


@contextmanager
def open_office(login: str) -> Iterator[Office]:
    """Open the database for the person with this login. Raises CommandError."""
    settings = load_settings()
    rules = Rules.of(load_region(settings.region), settings.public_url)
    with open_store(settings) as engine:
        yield Office(engine, rules, acting(engine, login), now())


def refuse(refused: lifecycle.Refused | answering.Refused, text: str = "") -> CommandError:
    """Return a refusal as an error: its reason, what to add, and the words it is about."""
    lines = [refused.message]
    if isinstance(refused, answering.Refused):
        lines += [f"  {one.kind.russian}: {text[one.start : one.end]}" for one in refused.found]
    elif refused.no is lifecycle.No.REASON:
        lines.append("Ключ: --reason ТЕКСТ")
    return CommandError("\n".join(lines))


def say(text: str) -> None:
    """Print a line as it is: what people have written may look like markup."""
    out.print(text, soft_wrap=True, markup=False)
