"""VKontakte: answers from the community's name, as comments on walls and in topics of boards.

A mention makes VKontakte notify somebody, and an answer of a state body must summon nobody. So
mentions are taken apart before an answer goes out: ``[id1|Имя]``, ``@id1 (Имя)`` and
``*id1 (Имя)`` become the name alone, which is what readers would have been shown, and the sign of
a bare ``@name`` or ``*name`` becomes one that looks alike and means nothing. Addresses of mail
and of pages, and everything else, stay as written.
"""

import html
import re
import unicodedata
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from pydantic import Field

from connectors.base import Action, ApiError, BadPayloadError, SourceError, UnreachableError
from connectors.payload import Shape, read
from connectors.publishing import Published, Reply
from connectors.vk.api import VkApi
from connectors.vk.shapes import Comment, Listed, Number, Thread
from models.vocabulary import Network

COMMENT_LIMIT = 4096
"""Characters of a comment: believed, not documented. A longer one is refused before it is sent."""

PAGE = 100
"""Comments a call, the most that is allowed."""

LOOKED_THROUGH = 300
"""Comments of a level among which our own answer is looked for: it is one of the newest."""

SHOWN_ANSWERS = 10
"""Answers shown with a comment, the most that is allowed."""

THREADS = 20
"""Long threads looked through when it is not known in which one our answer stands."""

PLACE = re.compile(r"(-?\d{1,19})_(t?)(\d{1,19})(?:_r(\d{1,19}))?")

# The page's name is Latin, so that «[важно|срочно]» and «*важно*» are no mentions.
LINKED = re.compile(r"\[(?!https?:)[A-Za-z][\w.]*(?::[^\[\]|]*)?\|([^\[\]]*)\]", re.ASCII)
NAMED = re.compile(r"[@*](?:id|club|public|event)\d+[ ]?\(([^()\n]*)\)", re.ASCII)
BARE = re.compile(
    r"(?P<kept>https?://\S+|[\w.%+-]+@[\w-]+(?:\.[\w-]+)+)|(?P<sign>[@*])(?=[A-Za-z])"
)
HARMLESS = {"@": "\N{FULLWIDTH COMMERCIAL AT}", "*": "\N{ASTERISK OPERATOR}"}

REFUSING = frozenset({Action.CLOSED, Action.GONE, Action.TOMBSTONE})
"""What is about this place or this text, so that only a person can decide what next."""

NO_RIGHTS = 7


class _Created(Shape):
    comment_id: Number
    parents_stack: list[Number] = Field(default_factory=list)


class _CreatedOnBoard(Shape):
    # Documented as the bare number.
    comment_id: Number


@dataclass(frozen=True, slots=True)
class _Place:
    """Where to answer: a post or a topic of ``owner``, and the comment answered, if any."""

    owner: int
    board: bool
    number: int
    comment: int | None

    def published(self, comment_id: int, thread: int | None) -> Published:
        name = f"{self.owner}_{self.number}"
        if self.board:
            return Published(
                f"{self.owner}_t{self.number}_r{comment_id}",
                f"https://vk.com/topic{name}?post={comment_id}",
            )
        below = f"&thread={thread}" if thread else ""
        return Published(
            f"{name}_r{comment_id}", f"https://vk.com/wall{name}?reply={comment_id}{below}"
        )


class VkPublisher:
    """Answers in the name of the community ``group_id`` (positive).

    ``api`` publishes; it must not repeat, so it is a VkLibrary. ``reader`` reads back and is
    needed where ``api`` holds the community's key: that one may write comments, but not read
    them. VKontakte documents that a comment with the same ``guid`` is not made twice; whether it
    always holds is not known, so that ``find`` does not rely on it.
    """

    limit = COMMENT_LIMIT

    def __init__(self, api: VkApi, *, group_id: int, reader: VkApi | None = None) -> None:
        """Remember what to publish with."""
        self._api = api
        self._reader = reader or api
        self._group_id = group_id

    async def publish(self, reply: Reply) -> Published:
        """Publish an answer below the comment or post that it answers, in one attempt.

        Raises ApiError: with REFUSED when it will not be taken there, with other actions when
        it may be later or from another key; nothing was published then. Raises
        UnreachableError when nobody knows.
        """
        place = _place(reply)
        text = harmless(reply.text).strip()
        method = "board.createComment" if place.board else "wall.createComment"
        if not text or len(text) > COMMENT_LIMIT:
            sense = "он пуст" if not text else f"он длиннее {COMMENT_LIMIT} знаков"
            raise _refused(
                method, "length", f"ВКонтакте: ответ не отправлен: {sense}. Исправьте текст."
            )
        try:
            answer = await self._api.call(method, self._params(place, text, reply.key))
            return _created(place, method, answer)
        except BadPayloadError as error:
            # It may well stand there.
            raise UnreachableError(str(error)) from None
        except ApiError as error:
            if error.action is Action.RETRY:
                # A fault on their side, in the middle of the work: it may have been done.
                raise UnreachableError(str(error), retry_after=error.retry_after) from None
            if error.action is Action.QUARANTINE:
                sense = "ответ не принят; возможно, сообщение уже удалено. Откройте его страницу."
                raise _refused(
                    method, error.code, f"ВКонтакте, ошибка {error.code}: {sense}"
                ) from None
            if error.action in REFUSING or error.code == NO_RIGHTS:
                raise _refused(method, error.code, str(error)) from None
            raise

    def _params(self, place: _Place, text: str, key: str) -> Mapping[str, object]:
        if place.board:
            return {
                "group_id": -place.owner,
                "topic_id": place.number,
                "message": text,
                "from_group": True,
                "guid": key,
            }
        return {
            "owner_id": place.owner,
            "post_id": place.number,
            "from_group": self._group_id,
            "message": text,
            "reply_to_comment": place.comment,
            "guid": key,
        }

    async def find(self, reply: Reply) -> Published | None:
        """Return where our answer stands, looking among the newest comments; None if nowhere.

        Ours is a comment by the community with the same letters and digits (VKontakte changes
        spaces, quotation marks and dashes) below the comment answered. On a board, where no
        comment says what it answers, it has to be newer than that. Raises as VkApi.call.
        """
        place = _place(reply)
        wanted = letters(harmless(reply.text))
        found = self._topic(place) if place.board else self._wall(place, reply)
        async for comment, thread in found:
            if (
                comment.from_id == -self._group_id
                and not comment.deleted
                and letters(comment.text or "") == wanted
                and (place.comment is None or comment.id > place.comment)
                and (place.board or _answers(comment, place))
            ):
                return place.published(comment.id, thread)
        return None

    async def _topic(self, place: _Place) -> AsyncIterator[tuple[Comment, int | None]]:
        params = {"group_id": -place.owner, "topic_id": place.number, "sort": "desc"}
        async for comment in self._pages("board.getComments", params):
            yield comment, None

    async def _wall(self, place: _Place, reply: Reply) -> AsyncIterator[tuple[Comment, int | None]]:
        """Yield the newest comments of the level on which our answer would stand."""
        if place.comment is None:
            async for comment in self._level(place, None):
                yield comment, None
            return
        async for root in self._roots(place, reply):
            async for comment in self._level(place, root):
                yield comment, root

    async def _roots(self, place: _Place, reply: Reply) -> AsyncIterator[int]:
        """Yield the comments in whose thread our answer may stand, the likeliest first.

        A reply to a reply stays in the thread of the first comment, which our record of the
        comment answered does not always name; then the post's threads tell. Raises SourceError
        when there are too many of them to look through.
        """
        match = PLACE.fullmatch(reply.parent_id)
        parent = int(match[4]) if match and match[4] else None
        if parent is None:
            yield place.comment or 0
            return
        yield parent
        long = []
        async for comment in self._level(place, None, answers=SHOWN_ANSWERS):
            thread = read(Thread, comment.thread or {}, where="ВКонтакте, ветка комментариев")
            inside = {raw.get("id") for raw in thread.items if isinstance(raw, dict)}
            if {parent, place.comment} & inside:
                yield comment.id
                return
            if thread.count > len(inside) and comment.id != parent:
                long.append(comment.id)
        for root in long[:THREADS]:
            yield root
        if len(long) > THREADS:
            raise SourceError(
                "ВКонтакте: под записью слишком много длинных веток, и не видно, опубликован ли "
                "уже ответ. Откройте запись и проверьте сами."
            )

    def _level(
        self, place: _Place, root: int | None, *, answers: int = 0
    ) -> AsyncIterator[Comment]:
        params = {
            "owner_id": place.owner,
            "post_id": place.number,
            "comment_id": root,
            "sort": "desc",
            # Else texts are cut.
            "preview_length": 0,
            "thread_items_count": answers,
        }
        return self._pages("wall.getComments", params)

    async def _pages(self, method: str, params: Mapping[str, object]) -> AsyncIterator[Comment]:
        where = f"ВКонтакте, метод {method}"
        offset = 0
        while offset < LOOKED_THROUGH:
            asked = {**params, "count": PAGE, "offset": offset}
            page = read(Listed, await self._reader.call(method, asked), where=where)
            for raw in page.items:
                try:
                    yield read(Comment, raw, where=where)
                except BadPayloadError:
                    # Not ours to report here: whoever reads the wall does.
                    continue
            offset += len(page.items)
            if not page.items or (page.total is not None and offset >= page.total):
                return


def harmless(text: str) -> str:
    """Return a text in which VKontakte sees no mention; see the top of this file."""
    while (shown := LINKED.sub(r"\1", text)) != text:
        # What was within may be another one.
        text = shown
    text = NAMED.sub(r"\1", text)
    return BARE.sub(lambda found: found["kept"] or HARMLESS[found["sign"]], text)


def letters(text: str) -> str:
    """Return what is left of a text whatever VKontakte changes in it.

    Letters and digits in lower case; of a text without any (emoji), its signs without spaces.
    """
    plain = unicodedata.normalize("NFKC", html.unescape(re.sub(r"<br\s*/?>", "\n", text)))
    kept = "".join(character for character in plain if character.isalnum())
    return kept.casefold() or "".join(plain.split())


def _answers(comment: Comment, place: _Place) -> bool:
    if comment.reply_to_comment is not None:
        return comment.reply_to_comment == place.comment
    # One that does not say which of the thread it answers counts: better none than two.
    return not comment.parents_stack if place.comment is None else True


def _place(reply: Reply) -> _Place:
    match = PLACE.fullmatch(reply.external_id)
    if match is None:
        raise _refused(
            "wall.createComment",
            "place",
            "ВКонтакте: сюда программа отвечать не умеет. Ответьте на странице сами и отметьте, "
            "что ответили вручную.",
        )
    owner, board, number, comment = match.groups()
    return _Place(int(owner), bool(board), int(number), int(comment) if comment else None)


def _created(place: _Place, method: str, answer: object) -> Published:
    where = f"ВКонтакте, метод {method}"
    if place.board:
        bare = {"comment_id": answer} if isinstance(answer, int) else answer
        return place.published(read(_CreatedOnBoard, bare, where=where).comment_id, None)
    created = read(_Created, answer, where=where)
    thread = created.parents_stack[0] if created.parents_stack else None
    return place.published(created.comment_id, thread)


def _refused(method: str, code: int | str, sense: str) -> ApiError:
    return ApiError(sense, network=Network.VK, method=method, code=code, action=Action.REFUSED)
