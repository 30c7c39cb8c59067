"""``otklik incident confirm`` and ``correct``: a person's word on what Otklik made of a text."""

import argparse
from dataclasses import replace

from models.vocabulary import Topic, Urgency
from pipeline.commands.incident_office import Office, say
from pipeline.commands.messages import CommandError
from pipeline.database import unit_of_work
from pipeline.decisions.correcting import Correction, Refusal
from pipeline.desk import correcting as desk
from pipeline.region.reading import suggest
from pipeline.store.posts import posts_of


def run(args: argparse.Namespace, office: Office) -> int:
    """Store what was said of an incident."""
    actor, rules, at = office.actor, office.rules, office.now
    with unit_of_work(office.engine) as session:
        incident = office.incident(session, args.number)
        version = args.seen or incident.version
        if args.act == "confirm":
            refused = desk.confirm(
                session, args.number, actor=actor, version=version, rules=rules, now=at
            )
        else:
            first = next(iter(posts_of(session, args.number)), None)
            if first is None:
                raise CommandError(f"У инцидента № {args.number} нет ни одного сообщения.")
            said = _said(args, desk.present(session, incident, first), office)
            refused = desk.correct(
                session, args.number, said, actor=actor, version=version, rules=rules, now=at
            )
        if refused is not None:
            raise CommandError(_words(refused, args.number))
        say(f"Инцидент № {args.number}: {incident.topic.russian}, {incident.stage.russian}.")
    return 0


def _said(args: argparse.Namespace, stands: Correction, office: Office) -> Correction:
    """Return what stands with what the person changes."""
    settlement = stands.settlement
    if args.no_settlement:
        settlement = None
    elif args.settlement is not None:
        settlement = args.settlement
        known = [one.code for one in office.region.settlements]
        if settlement not in known:
            raise CommandError(
                f"Поселения «{settlement[:60]}» в районе нет. {suggest(settlement, known)}."
            )
    urgency = stands.urgency
    if args.urgent or args.normal:
        urgency = Urgency.URGENT if args.urgent else Urgency.NORMAL
    also = stands.also if args.also is None else tuple(Topic(code) for code in args.also)
    return replace(
        stands,
        relevant=not args.not_relevant,
        topic=Topic(args.topic) if args.topic else stands.topic,
        urgency=urgency,
        settlement=settlement,
        also=also,
    )


def _words(refused: Refusal, number: int) -> str:
    if refused is Refusal.STALE:
        return (
            "Инцидент или его текст изменился, поэтому ничего не записано. Посмотрите, что есть "
            f"сейчас: otklik incident show {number}"
        )
    return refused.russian
