"""Templates of answers: written, changed, retired and taken into use again."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from models.console import AnswerTemplate
from models.vocabulary import Topic
from pipeline.decisions.answering import LONGEST_TEXT, tidy
from pipeline.decisions.permissions import Actor, Right, has
from pipeline.decisions.templating import VARIABLES, unknown
from pipeline.store import templates

LONGEST_TITLE = 100
MOST = 500
"""Templates that are kept: among more nobody finds one."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a template was not stored, in Russian; ``late`` where somebody was faster."""

    message: str
    late: bool = False


NOT_YOURS = Refused("Шаблоны ведут операторы и администраторы.")
GONE = Refused("Такого шаблона нет.", late=True)
LATE = Refused(
    "Пока вы правили шаблон, его изменили. Ваш текст остался в форме, под ней — то, что стоит "
    "сейчас. Решите, что верно, и сохраните снова.",
    late=True,
)


def save(
    session: Session,
    title: str,
    text: str,
    topic: Topic | None,
    *,
    template_id: int | None = None,
    seen: datetime | None = None,
    actor: Actor,
    now: datetime,
) -> AnswerTemplate | Refused:
    """Store a template, a new one without ``template_id``.

    ``seen`` is when it was changed last, as the actor saw it. A template is no incident's, so it
    has no line in the journal: the row keeps who changed it last.
    """
    if not has(actor, Right.JUDGE):
        return NOT_YOURS
    title, text = " ".join(tidy(title).split()), tidy(text)
    wrong = _unfit(title, text)
    if wrong is not None:
        return wrong
    if template_id is None:
        if templates.count(session) >= MOST:
            return Refused(f"Шаблонов уже {MOST}: измените один из тех, что не используются.")
        known = AnswerTemplate(
            title=title, text=text, topic=topic, changed_at=now, changed_by=actor.login
        )
        session.add(known)
        session.flush()
        return known
    found = _found(session, template_id, seen)
    if isinstance(found, Refused):
        return found
    found.title, found.text, found.topic = title, text, topic
    found.changed_at, found.changed_by = now, actor.login
    return found


def set_active(
    session: Session,
    template_id: int,
    *,
    active: bool,
    seen: datetime | None,
    actor: Actor,
    now: datetime,
) -> AnswerTemplate | Refused:
    """Retire a template, or take it into use again; answers that began with it stay."""
    if not has(actor, Right.JUDGE):
        return NOT_YOURS
    found = _found(session, template_id, seen)
    if isinstance(found, Refused):
        return found
    if found.active is not active:
        found.active, found.changed_at, found.changed_by = active, now, actor.login
    return found


def _found(session: Session, template_id: int, seen: datetime | None) -> AnswerTemplate | Refused:
    found = templates.find(session, template_id, lock=True)
    if found is None:
        return GONE
    return LATE if seen is not None and found.changed_at != seen else found


def _unfit(title: str, text: str) -> Refused | None:
    if not title or len(title) > LONGEST_TITLE:
        return Refused(f"Назовите шаблон: от 1 до {LONGEST_TITLE} знаков.")
    if not any(map(str.isalnum, text)):
        return Refused("Текст шаблона пуст. Напишите его.")
    if len(text) > LONGEST_TEXT:
        return Refused(
            f"Текст длиннее, чем можно: {len(text)} знаков из {LONGEST_TEXT}. Сократите его."
        )
    strange = unknown(text)
    if strange:
        names = ", ".join(f"{{{name[:40]}}}" for name in strange[:5])
        known = ", ".join(f"{{{name}}}" for name in VARIABLES)
        return Refused(f"Неизвестные переменные: {names}. Есть такие: {known}.")
    return None
