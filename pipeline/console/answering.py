"""Answers to the citizen as the card shows them, and the form for the next one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from models.answer import Answer
from models.columns import stored_id
from models.incident import Incident
from models.vocabulary import AnswerKind, AnswerState, Stage
from pipeline.console.explain import Change, Line
from pipeline.console.frame import Console
from pipeline.console.wording import count, excerpt, safe_url
from pipeline.decisions.answering import (
    LIMITS,
    LONGEST_LINK,
    LONGEST_TEXT,
    WITH_PAGES,
    Draft,
    Refused,
    Target,
    choose,
)
from pipeline.decisions.personal import Personal
from pipeline.decisions.publishing import Step, open_to
from pipeline.desk.answers import earlier

FIELDS = {
    "answer": "номер ответа",
    "answer_kind": "вид",
    "answer_state": "состояние",
    "answer_url": "ссылка",
    "answer_error": "причина",
}
"""How the journal calls what the desk notes of an answer."""

VALUES = {
    "answer_kind": {kind.value: kind.russian for kind in AnswerKind},
    "answer_state": {state.value: state.russian for state in AnswerState},
}
TONES = {
    AnswerState.QUEUED: "",
    AnswerState.SENDING: "",
    AnswerState.PUBLISHED: "good",
    AnswerState.BY_HAND: "good",
    AnswerState.REFUSED: "urgent",
    AnswerState.WITHDRAWN: "",
}


@dataclass(frozen=True, slots=True)
class Written:
    """What a form held that was not accepted, and why.

    ``number`` is the answer whose own form it was, None for that of a new one.
    """

    trouble: Refused
    draft: Draft | None = None
    link: str = ""
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of characters; ``kind`` names the personal data that it is, or is ""."""

    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Given:
    """One earlier answer. ``post_url`` leads to what it answers, where a person may look."""

    number: int
    version: int
    kind: str
    state: str
    tone: str
    author: str
    written: str
    text: str
    url: str
    post_url: str
    error: str
    next_at: str
    repeats: bool
    by_hand: bool
    withdraws: bool


@dataclass(frozen=True, slots=True)
class Answering:
    """The section as the card shows it.

    ``publishes`` says that the network is one in which answers are published; ``targets`` are
    the posts to choose from, with the chosen one's id. ``closed`` says in words why there is no
    form for a new answer, or is "".
    """

    given: list[Given]
    closed: str
    network: str
    publishes: bool
    needs_link: bool
    limit: int
    limit_words: str
    targets: list[tuple[int, str]]
    target: int
    text: str
    kind: str
    further: bool
    asks_further: bool
    interim_only: bool
    link: str
    longest_link: int
    trouble: str
    trouble_at: int | None
    pieces: list[Piece]


def answering(
    incident: Incident,
    answers: Sequence[Answer],
    targets: Sequence[Target],
    urls: dict[int, str],
    *,
    console: Console,
    written: Written | None,
) -> Answering | None:
    """Return the section; None for an incident without posts.

    ``urls`` are the addresses of the posts by id; ``written`` is what was not accepted.
    """
    draft = (written.draft if written else None) or Draft("", None)
    target = choose(targets, draft.post_id)
    if isinstance(target, Refused):
        target = choose(targets, None)
    if isinstance(target, Refused):
        return None
    counted = [one for one in map(earlier, answers) if one.counts and one.post_id == target.id]
    limit = LIMITS.get(target.network)
    closed = ""
    if incident.stage is Stage.CLOSED:
        closed = "Инцидент закрыт, новых ответов на него не отправляют."
    return Answering(
        given=[_given(answer, urls, console) for answer in answers],
        closed=closed,
        network=target.network.russian,
        publishes=limit is not None and not target.deleted,
        needs_link=target.network in WITH_PAGES,
        limit=limit or LONGEST_TEXT,
        limit_words=count(limit or LONGEST_TEXT, "знака", "знаков", "знаков"),
        targets=[(one.id, excerpt(one.text, 80) or "(без текста)") for one in targets],
        target=target.id,
        text=draft.text,
        kind=draft.kind.value if draft.kind else "",
        further=draft.further,
        asks_further=any(one.kind is AnswerKind.FINAL for one in counted),
        interim_only=bool(counted) and all(one.kind is AnswerKind.INTERIM for one in counted),
        link=written.link if written and written.number is None else "",
        longest_link=LONGEST_LINK,
        trouble=written.trouble.message if written else "",
        trouble_at=written.number if written else None,
        pieces=_pieces(draft.text, written.trouble.found) if written else [],
    )


def told(lines: Iterable[Line]) -> list[Line]:
    """Return the journal's lines with what they say of answers in Russian."""
    return [replace(line, changes=[_told(change) for change in line.changes]) for line in lines]


def _told(change: Change) -> Change:
    values = VALUES.get(change.field, {})
    return Change(
        FIELDS.get(change.field, change.field),
        values.get(change.before, change.before),
        values.get(change.after, change.after),
    )


def _given(answer: Answer, urls: dict[int, str], console: Console) -> Given:
    waits = answer.state in {AnswerState.QUEUED, AnswerState.SENDING}
    return Given(
        number=stored_id(answer.id),
        version=answer.version,
        kind=answer.kind.russian,
        state=answer.state.russian,
        tone=TONES[answer.state],
        author=answer.author,
        written=console.local(answer.created_at),
        text=answer.text,
        url=safe_url(answer.url),
        post_url=safe_url(urls.get(answer.post_id, "")),
        error=answer.error,
        next_at=_soon(answer.due_at, console) if waits else "",
        repeats=open_to(answer.state, Step.REPEAT),
        by_hand=open_to(answer.state, Step.BY_HAND),
        withdraws=open_to(answer.state, Step.WITHDRAW),
    )


def _soon(due_at: datetime, console: Console) -> str:
    return "в течение минуты" if due_at <= console.clock() else f"после {console.local(due_at)}"


def _pieces(text: str, found: Sequence[Personal]) -> list[Piece]:
    """Cut a text at what may not go out; joined the pieces are the text."""
    pieces, end = [], 0
    for one in found:
        pieces.append(Piece(text[end : one.start], ""))
        pieces.append(Piece(text[one.start : one.end], one.kind.russian))
        end = one.end
    return [piece for piece in (*pieces, Piece(text[end:], "")) if piece.text] if found else []
