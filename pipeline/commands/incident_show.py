"""``otklik incident show``: all that is known of one incident, for people or as JSON."""

import argparse
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson
from sqlmodel import Session

from models.answer import Answer
from models.columns import stored_id
from models.incident import Incident, Pause
from models.post import Post
from models.vocabulary import AnswerState, Stage
from pipeline.commands.incident_office import Office, say
from pipeline.console.explain import journal
from pipeline.console.wording import body_name, excerpt, moment, place
from pipeline.database import reading
from pipeline.decisions.clock_explain import remaining, spell
from pipeline.decisions.clocks import LEGAL
from pipeline.decisions.lifecycle import open_acts
from pipeline.decisions.permissions import Right, has
from pipeline.desk.cases import standing_of
from pipeline.store.answers import of_incident
from pipeline.store.incidents import helpers_of, journal_of, pauses_of
from pipeline.store.posts import posts_of
from pipeline.store.surveys import about

EXCERPT = 160
TITLE = 24
"""Columns of the names on the left."""


def run(args: argparse.Namespace, office: Office) -> int:
    """Print one incident."""
    with reading(office.engine) as session:
        incident = office.incident(session, args.number)
        if args.json:
            found = machine_readable(session, incident, office)
            sys.stdout.buffer.write(orjson.dumps(found, option=orjson.OPT_INDENT_2) + b"\n")
        else:
            for line in _lines(session, incident, office):
                say(line)
    return 0


def machine_readable(session: Session, incident: Incident, office: Office) -> dict[str, Any]:
    """Return an incident as JSON takes it: codes of the vocabulary, moments in UTC."""
    number = stored_id(incident.id)
    authors = has(office.actor, Right.SEE_AUTHORS)
    standing = standing_of(session, incident, office.rules)
    return incident.model_dump(mode="json") | {
        "helpers": list(helpers_of(session, number)),
        "acts": [act.value for act in open_acts(standing, office.actor)],
        "surveys": [
            survey.model_dump(mode="json", exclude={"incident_id", "token_hash"})
            for survey in about(session, number)
        ],
        "pauses": [
            pause.model_dump(mode="json", exclude={"incident_id"})
            for pause in pauses_of(session, number)
        ],
        "answers": [
            answer.model_dump(mode="json", exclude={"incident_id", "key"})
            for answer in of_incident(session, number)
        ],
        "posts": [_post(post, authors=authors) for post in posts_of(session, number)],
        "journal": [
            entry.model_dump(mode="json", exclude={"incident_id"})
            for entry in journal_of(session, number)
        ],
    }


def _post(post: Post, *, authors: bool) -> dict[str, Any]:
    """Return a post; who wrote it only to those who may know."""
    shown = {"id", "url", "text", "published_at", "edited_at", "deleted_at", "relevant"}
    return post.model_dump(mode="json", include=shown | ({"author_id"} if authors else set()))


def _lines(session: Session, incident: Incident, office: Office) -> Iterator[str]:
    number, region = stored_id(incident.id), office.region
    urgent = "" if incident.urgency.value == "normal" else ", повышенная важность"
    yield f"Инцидент № {number}: {incident.topic.russian}{urgent}"
    yield _titled("Версия", str(incident.version))
    yield from _stage(incident, office)
    yield _titled("Ответственный", f"{body_name(incident.body, region)} ({incident.body})")
    helpers = [body_name(code, region) for code in helpers_of(session, number)]
    if helpers:
        yield _titled("Соисполнители", "; ".join(helpers))
    if incident.route_rule:
        yield _titled("Правило маршрута", f"«{incident.route_rule}»")
    if incident.route_note:
        yield _titled("", incident.route_note)
    yield _titled("Место", ", ".join(filter(None, place(incident, region))) or "не указано")
    yield _titled("Разбор", incident.certainty.russian)
    for survey in about(session, number):
        if survey.rating is not None:
            word = f": {excerpt(survey.word, EXCERPT)}" if survey.word else ""
            yield _titled("Оценка автора", f"{survey.rating} из 5 (круг {survey.round}){word}")
    yield from _clocks(incident, office)
    for pause in pauses_of(session, number):
        yield _titled("Пауза", _pause(pause, office))
    yield from _others(incident)
    yield "Сообщения"
    for post in posts_of(session, number):
        author = f", автор {post.author_id}" if _shows_author(post, office) else ""
        gone = ", удалено автором" if post.deleted_at else ""
        yield f"  № {post.id}{author}{gone}: {excerpt(post.text, EXCERPT) or '(без текста)'}"
    yield from _answers(of_incident(session, number), office)
    yield "Журнал"
    for line in journal(journal_of(session, number), region):
        yield f"  {line.at}  {line.act} — {line.actor}"
        yield from (f"    {reason}" for reason in line.reasons)
        for change in line.changes:
            before = f"{change.before} → " if change.before else ""
            yield f"    {change.field}: {before}{change.after or 'нет'}"


def _stage(incident: Incident, office: Office) -> Iterator[str]:
    words = [incident.stage.russian, f"с {_moment(incident.stage_at, office)}"]
    if incident.stage_due_at is not None:
        words.append(f"до {_moment(incident.stage_due_at, office)}")
    if incident.round > 1:
        words.append(f"круг {incident.round}")
    yield _titled("Стадия", ", ".join(words))
    if incident.outcome is not None:
        yield _titled("Итог", incident.outcome.russian)
    if incident.stage is Stage.CLOSED and incident.closing_reason is not None:
        closed = f", {_moment(incident.closed_at, office)}" if incident.closed_at else ""
        yield _titled("Закрыт", incident.closing_reason.russian + closed)


def _clocks(incident: Incident, office: Office) -> Iterator[str]:
    """Tell the legal deadline, and the three clocks that nobody can start anew."""
    due = f"{_moment(incident.due_at, office)} ({incident.norm}, {incident.term.russian})"
    if incident.stage in LEGAL and incident.paused_at is None:
        due += f"; {remaining(office.rules.calendar, office.now, incident.due_at)}"
    elif incident.paused_at is not None:
        due += f"; стоит с {_moment(incident.paused_at, office)}"
    yield _titled("Срок", due)
    yield _titled("Написано", _moment(incident.created_at, office))
    since = incident.first_assigned_at
    yield _titled("Впервые назначен", _passed(incident.created_at, since, office))
    said = _passed(incident.created_at, incident.published_at, office)
    if incident.published_due_at is not None:
        said += f", срок был {_moment(incident.published_due_at, office)}"
    yield _titled("Первый ответ", said)


def _passed(start: datetime, end: datetime | None, office: Office) -> str:
    """Say when something was, and how much working time after the citizen wrote."""
    if end is None:
        return "ещё нет"
    working = office.rules.calendar.between(start, end)
    return f"{_moment(end, office)}, через {spell(working)} рабочего времени"


def _pause(pause: Pause, office: Office) -> str:
    ended = _moment(pause.ended_at, office) if pause.ended_at else "сейчас"
    until = _moment(pause.until, office)
    return f"{_moment(pause.since, office)} — {ended} (до {until}), {pause.by}: {pause.reason}"


def _others(incident: Incident) -> Iterator[str]:
    if incident.merged_into is not None:
        yield _titled("Объединён", f"с № {incident.merged_into}")
    if incident.repeat_of is not None:
        yield _titled("Повтор", f"после закрытого № {incident.repeat_of}")
    if incident.repeats:
        yield _titled("Повторов", f"{incident.repeats}, разных авторов {incident.reach}")


def _shows_author(post: Post, office: Office) -> bool:
    return bool(post.author_id) and has(office.actor, Right.SEE_AUTHORS)


def _answers(answers: list[Answer], office: Office) -> Iterator[str]:
    if answers:
        yield "Ответы"
    for answer in answers:
        words = [answer.kind.russian, answer.author, f"версия {answer.version}"]
        if answer.outcome is not None:
            words.append(answer.outcome.russian)
        if answer.approved_by:
            words.append(f"согласовал {answer.approved_by}")
        if answer.published_at is not None:
            words.append(_moment(answer.published_at, office))
        yield f"  № {answer.id}: {answer.state.russian} ({', '.join(words)})"
        yield from (f"    {part}" for part in answer.text.split("\n"))
        yield from (f"    {part}" for part in (answer.url, answer.error) if part)
        if answer.remark and answer.state is AnswerState.DRAFT:
            yield f"    замечание: {answer.remark}"


def _titled(title: str, words: str) -> str:
    return f"{title:<{TITLE}}{words}"


def _moment(at: datetime, office: Office) -> str:
    return moment(at, office.region.time_zone)[0]
