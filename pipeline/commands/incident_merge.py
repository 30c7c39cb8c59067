"""Incidents about one problem: found, put together, taken apart, kept apart."""

import argparse

from models.incident import Incident
from pipeline.commands.incident_office import Office, refuse, say
from pipeline.commands.messages import CommandError
from pipeline.database import reading, unit_of_work
from pipeline.decisions.lifecycle import Refused
from pipeline.desk import merging
from pipeline.similar import similar
from pipeline.store.posts import posts_of


def run(args: argparse.Namespace, office: Office) -> int:
    """Do one act, or say why not."""
    if args.act == "similar":
        return _show(args, office)
    actor, rules, at = office.actor, office.rules, office.now
    with unit_of_work(office.engine) as session:
        office.incident(session, args.number)
        said: Incident | Refused
        if args.act == "merge":
            said = merging.merge(
                session,
                args.number,
                args.into,
                actor=actor,
                reason=args.reason,
                version=args.seen,
                rules=rules,
                now=at,
            )
        elif args.act == "unmerge":
            said = merging.unmerge(session, args.number, actor=actor, rules=rules, now=at)
        elif args.act == "apart":
            said = merging.keep_apart(
                session, args.number, args.other, actor=actor, lift=args.lift, rules=rules, now=at
            )
        elif args.post not in [post.id for post in posts_of(session, args.number)]:
            raise CommandError(
                f"Сообщения № {args.post} в инциденте № {args.number} нет. Номера: "
                f"otklik incident show {args.number}"
            )
        else:
            said = merging.split(
                session, args.post, actor=actor, reason=args.reason, rules=rules, now=at
            )
    if isinstance(said, Refused):
        raise refuse(said)
    say(_words(args, said))
    return 0


def _words(args: argparse.Namespace, incident: Incident) -> str:
    if args.act == "merge":
        return (
            f"Инцидент № {args.number} теперь часть № {incident.id}: сообщений сверх первого "
            f"{incident.repeats}, разных авторов {incident.reach}. Отменить: "
            f"otklik incident unmerge {args.number}"
        )
    if args.act == "unmerge":
        return f"Инцидент № {incident.id} снова отдельный: стадия «{incident.stage.russian}»."
    if args.act == "apart":
        word = "снова можно" if args.lift else "больше нельзя"
        return f"Инциденты № {args.number} и № {args.other} {word} объединять."
    return f"Сообщение № {args.post} теперь в инциденте № {incident.id}: разберите его."


def _show(args: argparse.Namespace, office: Office) -> int:
    with reading(office.engine) as session:
        office.incident(session, args.number)
        found = similar(session, args.number, actor=office.actor, process=office.region.process)
    for one in found:
        say(f"№ {one.incident_id} ({one.stage.russian}), сходство {one.score:.2f}: {one.why}")
    if not found:
        say(f"Похожих на № {args.number} инцидентов нет.")
    return 0
