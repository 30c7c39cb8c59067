"""``otklik incident draft``, ``submit``, ``approve``, ``reject``: an answer before it goes out.

Here ``--seen`` is the answer's version.
"""

import argparse

from sqlmodel import Session

from models.answer import Answer
from models.columns import stored_id
from models.vocabulary import AnswerKind, AnswerState, Outcome
from pipeline.commands.incident_office import Office, refuse, say
from pipeline.commands.messages import CommandError, piped
from pipeline.database import unit_of_work
from pipeline.decisions.answering import Draft, Refused, tidy
from pipeline.desk import drafts
from pipeline.store.answers import of_incident


def run(args: argparse.Namespace, office: Office) -> int:
    """Do one act on an incident's draft, or say why not."""
    draft = _draft(args) if args.act == "draft" else Draft("", None)
    with unit_of_work(office.engine) as session:
        # A stranger learns nothing of an answer either.
        office.incident(session, args.number)
        said = _do(session, args, draft, office)
        if isinstance(said, Refused):
            raise refuse(said, draft.text)
        stands = f"Ответ № {said.id}: {said.state.russian} ({said.kind.russian})"
        version = said.version
    say(f"{stands}, версия {version}.")
    return 0


def _do(
    session: Session, args: argparse.Namespace, draft: Draft, office: Office
) -> Answer | Refused:
    actor, rules, at, number = office.actor, office.rules, office.now, args.number
    if args.act == "draft":
        return drafts.save_draft(
            session, number, draft, actor=actor, version=args.seen, rules=rules, now=at
        )
    if args.act == "submit":
        return drafts.submit(session, number, actor=actor, version=args.seen, rules=rules, now=at)
    waits = _before_the_head(session, number)
    answer_id, version = stored_id(waits.id), args.seen or waits.version
    if args.act == "approve":
        return drafts.approve(session, answer_id, actor=actor, version=version, rules=rules, now=at)
    return drafts.reject(
        session, answer_id, args.reason, actor=actor, version=version, rules=rules, now=at
    )


def _before_the_head(session: Session, number: int) -> Answer:
    """Return the answer that waits for approval. Raises CommandError."""
    for answer in of_incident(session, number):
        if answer.state is AnswerState.APPROVAL:
            return answer
    raise CommandError(
        f"У инцидента № {number} нет ответа на согласовании. Что есть: "
        f"otklik incident show {number}"
    )


def _draft(args: argparse.Namespace) -> Draft:
    kind = AnswerKind.INTERIM if args.interim else AnswerKind.FINAL
    if args.interim and args.outcome:
        raise CommandError("Итог бывает только у окончательного ответа: уберите --outcome.")
    return Draft(
        tidy(piped() if args.text == "-" else args.text),
        kind,
        post_id=args.post,
        outcome=Outcome(args.outcome) if args.outcome else None,
    )
