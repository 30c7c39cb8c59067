"""Taking what a program typed in, through the same path as the console's form."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from connectors.manual import EntryError, read_entry
from pipeline.api.keys import Caller
from pipeline.api.problems import FieldProblem, ProblemError
from pipeline.enter import enter


def enter_as(who: Caller, form: Mapping[str, str]) -> int | None:
    """Store what a program typed in; return its incident. Raises ProblemError 422."""
    console = who.console
    now = console.clock()
    try:
        entry = read_entry(form, now=now, zone=ZoneInfo(console.region.time_zone))
        with console.judging:
            return enter(console.engine, console.judge(), entry, by=who.actor.login, now=now)
    except EntryError as error:
        raise ProblemError(
            422,
            "invalid",
            f"Обращение не принято: {error}.",
            errors=[
                FieldProblem(pointer=f"/body/{name}", detail=said)
                for name, said in error.fields.items()
            ],
        ) from None
