"""Answers to the citizen as the card shows them, and the form for the next one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from models.answer import Answer
from models.columns import stored_id
from models.console import AnswerTemplate
from models.incident import Incident
from models.vocabulary import Act, AnswerKind, AnswerState, Outcome, Role, Stage
from pipeline.console.frame import Console
from pipeline.console.wording import count, excerpt, safe_url
from pipeline.decisions import textdiff
from pipeline.decisions.answering import (
    LIMITS,
    LONGEST_LINK,
    LONGEST_TEXT,
    WITH_PAGES,
    Draft,
    Reason,
    Refused,
    Target,
    choose,
)
from pipeline.decisions.lifecycle import Standing, open_acts
from pipeline.decisions.permissions import Actor, answers_for, may
from pipeline.decisions.personal import Personal
from pipeline.decisions.publishing import Step, open_to
from pipeline.decisions.satisfaction import link, with_link
from pipeline.desk.answers import earlier
from pipeline.desk.surveys import offers

TONES = {
    AnswerState.APPROVAL: "doubt",
    AnswerState.PUBLISHED: "good",
    AnswerState.BY_HAND: "good",
    AnswerState.REFUSED: "urgent",
}


@dataclass(frozen=True, slots=True)
class Written:
    """What a form held that was not accepted, and why.

    ``number`` is the answer whose own form it was, None for that of a new one. Without
    ``trouble`` the form is only shown again, with a ``remark`` on it.
    """

    trouble: Refused | None
    draft: Draft | None = None
    link: str = ""
    number: int | None = None
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of characters; ``kind`` names the personal data that it is, or is ""."""

    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Given:
    """One earlier answer. ``post_url`` leads to what it answers, where a person may look.

    ``approved_by`` is who let it out, ``remark`` why the head gave it back before.
    """

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
    approved_by: str
    remark: str
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

    ``sends``, ``hands`` and ``drafts`` tell what this person may do with a new answer: let it
    out, take one down that they published, or prepare it for the head. ``draft_seen`` is the
    version of the draft in the form, ``remark`` why the head gave it back. ``stands`` is how the
    words in the form differ from the draft that somebody has stored meanwhile.

    ``templates`` are numbers with titles. ``link_room`` is how many characters the link of the
    survey takes below a final answer.
    """

    given: list[Given]
    closed: str
    sends: bool
    hands: bool
    drafts: bool
    draft_seen: int
    remark: str
    outcomes: list[tuple[str, str]]
    outcome: str
    network: str
    publishes: bool
    needs_link: bool
    limit: int
    limit_words: str
    link_room: int
    templates: list[tuple[int, str]]
    told: str
    stands: list[textdiff.Piece]
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
    templates: Sequence[AnswerTemplate] = (),
    standing: Standing,
    actor: Actor,
    console: Console,
    written: Written | None,
) -> Answering | None:
    """Return the section for one person; None for an incident without posts.

    ``urls`` are the addresses of the posts by id, ``templates`` those that fit the incident;
    ``written`` is what was not accepted.
    """
    acts = open_acts(standing, actor)
    # Where a head has to agree, operators prepare answers like everybody else.
    sends = Act.ANSWER_QUEUED in acts and not (standing.approval and actor.role is Role.OPERATOR)
    drafts = Act.DRAFTED in acts and not sends
    prepared = _prepared(answers) if drafts else None
    draft = (written.draft if written else None) or _draft_of(prepared)
    target = choose(targets, draft.post_id)
    if isinstance(target, Refused):
        target = choose(targets, None)
    if isinstance(target, Refused):
        return None
    counted = [one for one in map(earlier, answers) if one.counts and one.post_id == target.id]
    given = [one for one in counted if one.state is not AnswerState.APPROVAL]
    limit = LIMITS.get(target.network)
    closed = ""
    if incident.stage is Stage.CLOSED:
        closed = "Инцидент закрыт, новых ответов на него не отправляют."
    return Answering(
        given=[
            _given(answer, urls, console, standing, actor)
            for answer in answers
            if answer is not prepared
        ],
        closed=closed,
        sends=sends,
        hands=Act.ANSWER_BY_HAND in acts,
        drafts=drafts,
        draft_seen=prepared.version if prepared is not None else 1,
        remark=prepared.remark if prepared is not None else "",
        outcomes=[(outcome.value, outcome.russian) for outcome in Outcome],
        outcome=draft.outcome.value if draft.outcome else "",
        network=target.network.russian,
        publishes=limit is not None and not target.deleted,
        needs_link=target.network in WITH_PAGES,
        limit=limit or LONGEST_TEXT,
        limit_words=count(limit or LONGEST_TEXT, "знака", "знаков", "знаков"),
        link_room=_link_room(console) if limit is not None else 0,
        templates=[(stored_id(one.id), one.title) for one in templates],
        told=written.remark if written else "",
        stands=_stands(prepared, written),
        targets=[(one.id, excerpt(one.text, 80) or "(без текста)") for one in targets],
        target=target.id,
        text=draft.text,
        kind=draft.kind.value if draft.kind else "",
        further=draft.further,
        asks_further=any(one.kind is AnswerKind.FINAL for one in counted),
        interim_only=bool(given) and all(one.kind is AnswerKind.INTERIM for one in given),
        link=written.link if written and written.number is None else "",
        longest_link=LONGEST_LINK,
        trouble=written.trouble.message if written and written.trouble else "",
        trouble_at=written.number if written else None,
        pieces=_pieces(draft.text, written.trouble.found) if written and written.trouble else [],
    )


def _prepared(answers: Sequence[Answer]) -> Answer | None:
    """Return the draft that stands in the form, if there is one."""
    return next((one for one in answers if one.state is AnswerState.DRAFT), None)


def _draft_of(prepared: Answer | None) -> Draft:
    if prepared is None:
        return Draft("", None)
    return Draft(prepared.text, prepared.kind, prepared.post_id, outcome=prepared.outcome)


def _stands(prepared: Answer | None, written: Written | None) -> list[textdiff.Piece]:
    """Return how the stored draft differs from what was typed meanwhile; nothing if it does not."""
    late = written is not None and written.trouble is not None
    if prepared is None or written is None or written.draft is None or not late:
        return []
    if written.trouble and written.trouble.reason is not Reason.STALE:
        return []
    if prepared.text == written.draft.text:
        return []
    return textdiff.difference(written.draft.text, prepared.text)


def _link_room(console: Console) -> int:
    """Return how many characters the survey's link takes below a final answer."""
    if not offers(AnswerKind.FINAL, console.rules):
        return 0
    return len(with_link("", link(console.public_url, "")))


def _given(
    answer: Answer, urls: dict[int, str], console: Console, standing: Standing, actor: Actor
) -> Given:
    def offered(step: Step, act: Act) -> bool:
        allowed = may(actor, act) and answers_for(actor, standing.body)
        return allowed and open_to(answer.state, step)

    waits = answer.state in {AnswerState.QUEUED, AnswerState.SENDING}
    return Given(
        number=stored_id(answer.id),
        version=answer.version,
        kind=answer.kind.russian,
        state=answer.state.russian,
        tone=TONES.get(answer.state, ""),
        author=answer.author,
        written=console.local(answer.created_at),
        text=answer.text,
        url=safe_url(answer.url),
        post_url=safe_url(urls.get(answer.post_id, "")),
        error=answer.error,
        approved_by=answer.approved_by,
        remark=answer.remark,
        next_at=_soon(answer.due_at, console) if waits else "",
        repeats=offered(Step.REPEAT, Act.ANSWER_QUEUED),
        by_hand=offered(Step.BY_HAND, Act.ANSWER_BY_HAND),
        withdraws=offered(Step.WITHDRAW, Act.ANSWER_WITHDRAWN),
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
