"""Acts on incidents for programs: the same functions of the desk that the console calls."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Body
from sqlmodel import Session, col

from models.columns import stored_id
from models.incident import Incident
from models.vocabulary import Act
from pipeline.api import wishes
from pipeline.api.keys import Caller, Doer
from pipeline.api.problems import refusals
from pipeline.api.refusing import Refused, afterwards, refuse, seen
from pipeline.api.schemas import Done
from pipeline.api.shapes import Number
from pipeline.database import unit_of_work
from pipeline.decisions import lifecycle
from pipeline.decisions.correcting import Correction
from pipeline.decisions.lifecycle import No, Wish
from pipeline.desk import cases, correcting, merging, snooze
from pipeline.store.posts import posts_of

router = APIRouter(tags=["acts"])

Said = Incident | Refused | None
"""What the desk says: an incident after the act (maybe a new one), a refusal, or nothing."""

SIMPLE: Mapping[type, Act] = {
    wishes.Assign: Act.ASSIGNED,
    wishes.Accept: Act.ACCEPTED,
    wishes.Return: Act.RETURNED,
    wishes.PassUp: Act.PASSED_UP,
    wishes.Pause: Act.PAUSED,
    wishes.Resume: Act.RESUMED,
    wishes.Close: Act.CLOSED,
    wishes.Reopen: Act.REOPENED,
}
"""Acts that say no more than a ``Wish`` holds."""

STALE = lifecycle.Refused(
    No.STALE,
    "Инцидент изменился с тех пор, как его прочитали, поэтому ничего не записано. Посмотрите, что "
    "есть сейчас, и решите снова.",
)
NO_POST = lifecycle.Refused(No.GUARD, "Это сообщение не относится к инциденту. Укажите другое.")


@router.post(
    "/incidents/{number}/acts",
    operation_id="act",
    summary="Do one act on an incident",
    responses=refusals(404, 409),
)
def act_on_incident(
    who: Doer,
    number: Number,
    wish: Annotated[wishes.ActWish, Body(discriminator="act", openapi_examples=wishes.EXAMPLES)],
) -> Done:
    """Do an act that the life cycle and the role allow.

    `version` is that of the incident as it was read: if somebody has changed it since, nothing is
    done, and the answer is 409 with the incident as it stands now.
    """
    with unit_of_work(who.console.engine) as session:
        incident = seen(session, who, number)
        said = _do(session, incident, wish, who)
        if said is not None and not isinstance(said, Incident):
            refuse(session, incident, said, who)
        created = said.id if isinstance(wish, wishes.Split) and said is not None else None
    return Done(incident=afterwards(who, number), created=created)


def _do(session: Session, incident: Incident, wish: Any, who: Caller) -> Said:
    number = stored_id(incident.id)
    if type(wish) in SIMPLE:
        return cases.act(session, number, _plain(wish), **_office(who))
    said: Said = DOES[type(wish)](session, incident, wish, who)
    return said


def _plain(wish: Any) -> Wish:
    """Return a wish of the API as one of the life cycle."""
    fields = ("body", "until", "closing")
    given = {name: getattr(wish, name) for name in fields if hasattr(wish, name)}
    return Wish(SIMPLE[type(wish)], getattr(wish, "reason", "").strip(), wish.version, **given)


def _office(who: Caller) -> dict[str, Any]:
    return {"actor": who.actor, "rules": who.console.rules, "now": who.console.clock()}


def _confirm(session: Session, incident: Incident, wish: wishes.Confirm, who: Caller) -> Said:
    number = stored_id(incident.id)
    return correcting.confirm(session, number, version=wish.version, **_office(who))


def _correct(session: Session, incident: Incident, wish: wishes.Correct, who: Caller) -> Said:
    number = stored_id(incident.id)
    first = next(iter(posts_of(session, number)), None)
    if first is None:
        return NO_POST
    now = correcting.present(session, incident, first)
    said = Correction(
        relevant=wish.relevant,
        topic=wish.topic or now.topic,
        urgency=wish.urgency or now.urgency,
        settlement=wish.settlement if "settlement" in wish.model_fields_set else now.settlement,
        also=tuple(wish.also) if wish.also is not None else now.also,
    )
    return correcting.correct(session, number, said, version=wish.version, **_office(who))


def _help(session: Session, incident: Incident, wish: wishes.Helpers, who: Caller) -> Said:
    return cases.set_helpers(
        session, stored_id(incident.id), wish.bodies, version=wish.version, **_office(who)
    )


def _snooze(session: Session, incident: Incident, wish: wishes.Snooze, who: Caller) -> Said:
    return snooze.snooze(
        session, stored_id(incident.id), wish.until, version=wish.version, **_office(who)
    )


def _merge(session: Session, incident: Incident, wish: wishes.Merge, who: Caller) -> Said:
    return merging.merge(
        session,
        stored_id(incident.id),
        wish.into,
        reason=wish.reason.strip(),
        version=wish.version,
        **_office(who),
    )


def _unmerge(session: Session, incident: Incident, wish: wishes.Unmerge, who: Caller) -> Said:
    if _changed(session, incident, wish.version, incident.merged_into):
        return STALE
    return merging.unmerge(session, stored_id(incident.id), **_office(who))


def _keep_apart(session: Session, incident: Incident, wish: wishes.KeepApart, who: Caller) -> Said:
    if _changed(session, incident, wish.version, wish.other):
        return STALE
    return merging.keep_apart(
        session, stored_id(incident.id), wish.other, lift=wish.lift, **_office(who)
    )


def _split(session: Session, incident: Incident, wish: wishes.Split, who: Caller) -> Said:
    if _changed(session, incident, wish.version):
        return STALE
    if wish.post not in {post.id for post in posts_of(session, stored_id(incident.id))}:
        return NO_POST
    return merging.split(session, wish.post, reason=wish.reason.strip(), **_office(who))


def _changed(session: Session, incident: Incident, version: int, other: int | None = None) -> bool:
    """Tell whether an incident is another one than was seen, for acts that do not ask.

    All that the act will lock is locked here by number, as everybody does it.
    """
    ids = [one for one in (incident.id, other) if one is not None]
    query = sa.select(col(Incident.id)).where(col(Incident.id).in_(ids)).order_by(col(Incident.id))
    session.execute(query.with_for_update())
    session.refresh(incident)
    return incident.version != version


DOES: Mapping[type, Callable[[Session, Incident, Any, Caller], Said]] = {
    wishes.Confirm: _confirm,
    wishes.Correct: _correct,
    wishes.Helpers: _help,
    wishes.Snooze: _snooze,
    wishes.Merge: _merge,
    wishes.Unmerge: _unmerge,
    wishes.KeepApart: _keep_apart,
    wishes.Split: _split,
}
