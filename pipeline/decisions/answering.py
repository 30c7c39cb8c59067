"""Whether an answer may be put on its way: what is checked before anything is stored."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from models.vocabulary import AnswerKind, AnswerState, Network, Outcome, Stage
from pipeline.decisions.personal import Official, Personal, find_personal

LIMITS: Mapping[Network, int] = {Network.VK: 4000, Network.OK: 2000, Network.MAX: 4000}
"""Networks that answers are published in, with the characters they take. MAX documents its
limit; those of VK and OK are believed, so the publisher's own limit is looked at again before
sending. In every other network an answer is published by hand."""

WITH_PAGES = frozenset({*LIMITS, Network.TELEGRAM})
"""Networks in which an answer that was published by hand can be shown by a link."""

LONGEST_TEXT = 8000
"""Characters of an answer that is given by hand: a letter may be longer than a comment, but the
console's forms have an end."""

LONGEST_LINK = 2000
DOUBLE_CLICK = timedelta(minutes=1)
"""The same words of the same person within so long are one answer, sent twice by a button."""

PLAUSIBLE_LINK = re.compile(r"https?://[^\s\x00-\x1f\x7f<>\"\\]+", re.IGNORECASE)


class Reason(StrEnum):
    """Why an answer is not put on its way, or not changed."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    KIND = "kind"
    PERSONAL = "personal"
    POST = "post"
    DELETED = "deleted"
    CLOSED = "closed"
    BY_HAND_ONLY = "by_hand_only"
    SECOND = "second"
    SAME = "same"
    LINK = "link"
    STALE = "stale"
    STEP = "step"
    STAGE = "stage"
    APPROVAL = "approval"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal in Russian for the person who asked, and the personal data it is about."""

    reason: Reason
    message: str
    found: tuple[Personal, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person wants to answer; ``kind`` is None while they did not choose.

    Without ``post_id`` the incident's newest post is answered. ``further`` says that this is on
    purpose one more answer below a post that has its final one. ``outcome`` is what came of the
    problem, for a final answer.
    """

    text: str
    kind: AnswerKind | None
    post_id: int | None = None
    further: bool = False
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """A post that may be answered; ``text`` and ``author_id`` are its author's."""

    id: int
    network: Network
    text: str
    author_id: str
    relevant: bool
    deleted: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Earlier:
    """An answer that was given, or is on its way; ``doubtful`` if nobody knows whether it stands.

    ``post_id`` is the post that it answers.
    """

    id: int
    post_id: int
    kind: AnswerKind
    state: AnswerState
    doubtful: bool
    text: str
    author: str
    created_at: datetime

    @property
    def counts(self) -> bool:
        """Tell whether the citizen has it, may have it, or will have it."""
        if self.state is AnswerState.REFUSED:
            return self.doubtful
        return self.state not in {AnswerState.WITHDRAWN, AnswerState.DRAFT}


def tidy(text: str) -> str:
    """Return a text as it will be stored: line feeds only, nothing invisible, no blank edges.

    Text processors leave soft hyphens and marks of direction behind; emoji need their joiners.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = (
        char
        for char in lines
        if char in "\n\t\u200c\u200d" or unicodedata.category(char) not in {"Cc", "Cf", "Cs"}
    )
    return "".join(kept).strip()


def choose(targets: Sequence[Target], wanted: int | None) -> Target | Refused:
    """Return the post to answer: the wanted one, else the newest that asks for something."""
    if wanted is not None:
        named = next((target for target in targets if target.id == wanted), None)
        return named or Refused(
            Reason.POST, f"Сообщение № {wanted} не относится к этому инциденту. Выберите другое."
        )
    if not targets:
        return Refused(Reason.POST, "У инцидента нет ни одного сообщения: отвечать не на что.")
    return max(
        targets, key=lambda target: (not target.deleted, target.relevant, target.at, target.id)
    )


def refusal(
    draft: Draft,
    target: Target,
    earlier: Iterable[Earlier],
    *,
    stage: Stage,
    known: Official,
) -> Refused | None:
    """Return why an answer is not put on its way, or None. Its text is tidy."""
    if stage is Stage.CLOSED:
        return Refused(
            Reason.CLOSED, "Инцидент закрыт: ответ на него уже не отправляется. Ничего не записано."
        )
    if target.deleted:
        return Refused(
            Reason.DELETED,
            "Автор удалил сообщение: ответить под ним нельзя. Если автор написал снова, ответьте "
            "под новым сообщением.",
        )
    limit = LIMITS.get(target.network)
    if limit is None:
        return Refused(
            Reason.BY_HAND_ONLY,
            f"{target.network.russian}: Отклик туда не публикует. Ответьте сами, а здесь отметьте "
            "ответ опубликованным вручную.",
        )
    return unfit(draft, target, limit, known) or second(draft, target.id, earlier)


def refusal_by_hand(
    draft: Draft, target: Target, link: str, earlier: Iterable[Earlier], *, known: Official
) -> Refused | None:
    """Return why an answer that a person has published themselves is not taken down, or None.

    It stands there already, so nothing about the incident hinders that; but its text is shown
    and reported on, so it is looked through like any other.
    """
    given = [one for one in earlier if one.post_id == target.id and one.counts]
    return (
        unfit(draft, target, LONGEST_TEXT, known)
        or unfit_link(link, target.network)
        or same(draft, given)
    )


def unfit(draft: Draft, target: Target, limit: int, known: Official) -> Refused | None:
    """Return what is wrong with an answer's words or kind, or None."""
    if not any(map(str.isalnum, draft.text)):
        return Refused(Reason.EMPTY, "Ответ пуст. Напишите, что ответить.")
    if len(draft.text) > limit:
        return Refused(
            Reason.TOO_LONG,
            f"Ответ длиннее, чем можно: {len(draft.text)} знаков из {limit}. Сократите его "
            f"на {len(draft.text) - limit}.",
        )
    found = find_personal(draft.text, known=known, author_id=target.author_id, asked=target.text)
    if found:
        kinds = dict.fromkeys(one.kind.russian for one in found)
        return Refused(
            Reason.PERSONAL,
            f"В ответе личные данные: {', '.join(kinds)}. Ответ прочтут все, поэтому уберите их. "
            "Телефоны и почта ответственных, городские номера и 8-800 разрешены.",
            found,
        )
    if draft.kind is None:
        return Refused(
            Reason.KIND, "Выберите вид ответа: промежуточный (будет ещё один) или окончательный."
        )
    return None


def said_already(
    draft: Draft, post_id: int, earlier: Iterable[Earlier], *, by: str, now: datetime
) -> int | None:
    """Return the answer that a second press of the same button asked for again, or None."""
    for one in earlier:
        same = (one.post_id, one.text, one.kind, one.author)
        if (
            same == (post_id, draft.text, draft.kind, by)
            and one.counts
            and now - one.created_at <= DOUBLE_CLICK
        ):
            return one.id
    return None


def second(draft: Draft, post_id: int, earlier: Iterable[Earlier]) -> Refused | None:
    """Refuse the same words twice below one post, and more after its final answer.

    A final answer ends the talk, so what comes after it has to be meant: ``further``. One of
    which nobody knows whether it stands there counts, or the citizen might read two.
    """
    given = [one for one in earlier if one.post_id == post_id and one.counts]
    final = next((one for one in given if one.kind is AnswerKind.FINAL), None)
    if final is not None and not draft.further:
        return Refused(
            Reason.SECOND,
            f"Окончательный ответ под этим сообщением уже есть: {final.state.russian}. Если "
            "нужен ещё один, отметьте, что это дополнительный ответ.",
        )
    return same(draft, given)


def same(draft: Draft, given: Iterable[Earlier]) -> Refused | None:
    """Refuse the words of an answer that was given below the same post already.

    Networks change spaces and punctuation, so only letters tell whether an answer stands there.
    """
    for one in given:
        if _letters(one.text) == _letters(draft.text):
            return Refused(
                Reason.SAME, f"Такой ответ под этим сообщением уже есть: {one.state.russian}."
            )
    return None


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()


def newer_final(answer_id: int, post_id: int, earlier: Iterable[Earlier]) -> Refused | None:
    """Refuse to repeat an answer in whose place a newer final one was given."""
    for one in earlier:
        replaced = one.id > answer_id and one.kind is AnswerKind.FINAL and one.counts
        if replaced and one.post_id == post_id:
            return Refused(
                Reason.SECOND,
                f"Вместо этого ответа уже есть более новый: {one.state.russian}. Повторять "
                "прежний не нужно, снимите его.",
            )
    return None


def unfit_link(link: str, network: Network) -> Refused | None:
    """Refuse what is no address of a page; a network without pages needs none."""
    if not link and network not in WITH_PAGES:
        return None
    try:
        host = urlsplit(link).hostname
    except ValueError:
        host = None
    if not host or len(link) > LONGEST_LINK or not PLAUSIBLE_LINK.fullmatch(link):
        return Refused(
            Reason.LINK,
            "Укажите ссылку на опубликованный ответ целиком, например "
            "https://vk.com/wall-1_2?reply=3",
        )
    return None
