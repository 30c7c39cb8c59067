"""``otklik incident clock``: why an incident is due when it is, line by line."""

import argparse
from collections.abc import Sequence
from datetime import datetime

from models.incident import Incident
from models.vocabulary import Stage
from pipeline.commands.clock import print_lines
from pipeline.commands.incident_office import Office, say
from pipeline.console.wording import moment
from pipeline.database import reading
from pipeline.decisions import clock_explain, clocks, deadlines
from pipeline.decisions.clocks import LEGAL, Stretch
from pipeline.desk.terms import cycle_of, stretches
from pipeline.store.incidents import pauses_of


def run(args: argparse.Namespace, office: Office) -> int:
    """Print the norm, the start, the days that were counted, the pauses and the deadline."""
    with reading(office.engine) as session:
        incident = office.incident(session, args.number)
        pauses = stretches(pauses_of(session, args.number, cycle_of(incident)), office.now)
    _explain(incident, pauses, office)
    return 0


def _explain(incident: Incident, pauses: Sequence[Stretch], office: Office) -> None:
    region, calendar = office.region, office.rules.calendar
    norm = region.norm_for(incident.network, incident.urgency, incident.term)
    since = incident.clock_from
    source = f"{incident.network.russian}, важность {incident.urgency.russian}"
    round_ = f", круг {incident.round}" if incident.round > 1 else ""
    say(f"Инцидент № {incident.id}, {incident.term.russian}{round_}")
    say(f"Район:   {region.name}, время {region.time_zone}, календарь {calendar.version}")
    say(f"Норма:   {deadlines.norm(norm.amount, norm.unit)} ({source})")
    say(f"Начало:  {_moment(since, office)}, {_start(incident)}")
    lines = clock_explain.explain_norm(norm, since, office.rules.calendar)
    if lines:
        say("")
        print_lines(lines)
        say("")
    plain = clocks.due(norm, since, calendar).due_at
    if pauses:
        say(f"Без пауз: {_moment(plain, office)}")
    for pause in pauses:
        lost = calendar.between(max(pause.since, since), max(pause.until, since))
        say(
            f"Пауза:   {_moment(pause.since, office)} — {_moment(pause.until, office)}, "
            f"рабочего времени в ней {clock_explain.spell(lost)}"
        )
    due_at = clocks.due(norm, since, calendar, pauses).due_at
    say(f"Срок:    {_moment(incident.due_at, office)} ({incident.norm})")
    if incident.paused_at is not None:
        say("Срок приостановлен: он станет известен, когда пауза кончится.")
    elif due_at != incident.due_at:
        say(_difference(incident, due_at, office))
    if incident.stage in LEGAL and incident.paused_at is None:
        left = clock_explain.remaining(calendar, office.now, incident.due_at)
        say(f"{left[:1].upper()}{left[1:]}.")
    elif incident.stage is Stage.CLOSED:
        say("Инцидент закрыт: срок больше не идёт.")


def _start(incident: Incident) -> str:
    """Say what the clock began with."""
    if incident.clock_from == incident.created_at:
        return "обращение написано"
    if incident.clock_from == incident.published_at:
        return "опубликован промежуточный ответ"
    return "начало этого срока"


def _difference(incident: Incident, due_at: datetime, office: Office) -> str:
    """Say why the stored deadline is not the one that was just computed."""
    said = f"По нынешним правилам вышло бы {_moment(due_at, office)}."
    if incident.calendar != office.rules.calendar.version:
        return f"{said} Срок записан по прежнему календарю {incident.calendar}."
    if incident.due_at < due_at:
        return f"{said} Записан более ранний срок: повышенная важность не отодвигает его."
    return f"{said} Норматив с тех пор изменился."


def _moment(at: datetime, office: Office) -> str:
    return " ".join(moment(at, office.region.time_zone))
