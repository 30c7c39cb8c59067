"""Acts of the life cycle that move an incident: assigned, accepted, returned, closed."""

import argparse

from models.vocabulary import Act, ClosingReason
from pipeline.commands.clock import parse_moment
from pipeline.commands.incident_office import Office, refuse, say
from pipeline.console.wording import body_name, moment
from pipeline.database import unit_of_work
from pipeline.decisions.lifecycle import Refused, Wish
from pipeline.desk import cases
from pipeline.desk.snooze import snooze
from pipeline.desk.surveys import record_rating

ACTS = {
    "assign": Act.ASSIGNED,
    "accept": Act.ACCEPTED,
    "return": Act.RETURNED,
    "pass-up": Act.PASSED_UP,
    "pause": Act.PAUSED,
    "resume": Act.RESUMED,
    "close": Act.CLOSED,
    "reopen": Act.REOPENED,
}


def run(args: argparse.Namespace, office: Office) -> int:
    """Do one act, or say why not."""
    actor, rules, at = office.actor, office.rules, office.now
    with unit_of_work(office.engine) as session:
        if args.act == "helpers":
            said = cases.set_helpers(
                session,
                args.number,
                args.bodies,
                actor=actor,
                version=args.seen,
                rules=rules,
                now=at,
            )
        elif args.act == "rate":
            said = record_rating(
                session,
                args.number,
                args.rating,
                args.word,
                actor=actor,
                version=args.seen,
                rules=rules,
                now=at,
            )
        elif args.act == "snooze":
            until = parse_moment(args.until, rules.region.time_zone) if args.until else None
            said = snooze(
                session,
                args.number,
                until,
                actor=actor,
                version=args.seen,
                reason=args.reason.strip(),
                rules=rules,
                now=at,
            )
        else:
            wish = _wish(args, office)
            said = cases.act(session, args.number, wish, actor=actor, rules=rules, now=at)
        if isinstance(said, Refused):
            raise refuse(said)
        stands = [
            said.stage.russian,
            f"ответственный — {body_name(said.body, office.region)}",
            f"срок {' '.join(moment(said.due_at, office.region.time_zone))}",
        ]
        if said.snoozed_until is not None and said.snoozed_until > at:
            put_off = " ".join(moment(said.snoozed_until, office.region.time_zone))
            stands.append(f"отложен до {put_off}")
    say(f"Инцидент № {args.number}: {', '.join(stands)}.")
    return 0


def _wish(args: argparse.Namespace, office: Office) -> Wish:
    until, why = getattr(args, "until", None), getattr(args, "why", None)
    return Wish(
        ACTS[args.act],
        args.reason.strip(),
        args.seen,
        body=getattr(args, "body", None),
        until=parse_moment(until, office.region.time_zone) if until else None,
        closing=ClosingReason(why) if why else None,
    )
