"""Answers below topics, photos and comments of a group, in the group's own name.

The documentation of the method is gone from the site; its parameters are those that it had. So
nothing is published until an administrator has tried it in a group and said so in the settings.
"""

import unicodedata
from typing import NamedTuple

from connectors.base import Action, ApiError, SourceError, UnreachableError
from connectors.ok.api import OkApi
from connectors.ok.parse import Comment, read_comments, url_of
from connectors.ok.tracking import is_photo
from connectors.publishing import Published, Reply
from models.vocabulary import Network

METHOD = "discussions.addDiscussionComment"

LIMIT = 2000
"""Characters of an answer. Believed; the documentation names no limit."""

PAGES = 30
"""Pages of comments, 100 each, among which an answer is looked for."""


class _Place(NamedTuple):
    """Where an answer goes: the discussion, and the comment answered ("" for the topic)."""

    key: str
    kind: str
    entity: str
    comment: str


class OkPublisher:
    """Publishes from the group ``group_id``.

    ``confirmed`` False refuses to publish and tells to do it by hand; ``find`` works all the same.
    """

    limit = LIMIT

    def __init__(self, api: OkApi, *, group_id: str, confirmed: bool = False) -> None:
        """Remember what to answer with."""
        self._api = api
        self._group = group_id
        self._confirmed = confirmed

    async def publish(self, reply: Reply) -> Published:
        """Publish, in one attempt; see Publisher."""
        place = self._place(reply)
        url = url_of(self._group, place.key)
        if not self._confirmed:
            raise ApiError(
                "Одноклассники: отправка ответов не включена, потому что сеть её больше не "
                f"описывает. Опубликуйте ответ вручную от имени группы: {url} — и отметьте, что "
                "он опубликован. Проверив отправку, администратор может включить её в настройках.",
                network=Network.OK,
                method=METHOD,
                code="off",
                action=Action.REFUSED,
            )
        params = {
            "entityId": place.entity,
            "entityType": place.kind,
            "comment": reply.text,
            "reply_to_comment_id": place.comment or None,
            "as_admin": True,
        }
        try:
            comment = _comment_id(await self._api.call(METHOD, params, repeat=False))
        except ApiError as error:
            if error.action is not Action.RETRY:
                raise
            # A fault on their side says nothing of what was done before it.
            comment = ""
        if not comment:
            raise UnreachableError(
                f"Одноклассники, метод {METHOD}: ответ сети не назвал номера комментария. "
                "Опубликован ли ответ, неизвестно; программа поищет его в обсуждении."
            )
        return Published(f"{self._group}_{place.key}_{comment}", url)

    async def find(self, reply: Reply) -> Published | None:
        """Look for our answer in the whole discussion; see Publisher.

        It is known by the group as its author, its words, and whom it answers: the same words
        often go to many people of one discussion.
        """
        place = self._place(reply)
        words = plain(reply.text)
        anchor, found = "", None
        for _ in range(PAGES):
            payload = await self._api.call(
                "discussions.getComments",
                {
                    "discussionId": place.entity,
                    "discussionType": place.kind,
                    "count": 100,
                    "direction": "BACKWARD",
                    "fields": "comment.*",
                    "anchor": anchor or None,
                },
            )
            page = read_comments(payload, group_id=self._group, key=place.key)
            for comment in page.items:
                if plain(comment.post.text) == words and _answers(comment, place, reply):
                    found = Published(comment.post.external_id, url_of(self._group, place.key))
            if payload is None:
                # An empty body says nothing of what stands there.
                raise self._unclear(place)
            if found or not page.has_more:
                return found
            if page.anchor in {"", anchor}:
                break
            anchor = page.anchor
        raise self._unclear(place)

    def _unclear(self, place: _Place) -> SourceError:
        return SourceError(
            "Одноклассники: не удалось узнать, опубликован ли ответ. Проверьте обсуждение: "
            f"{url_of(self._group, place.key)}"
        )

    def _place(self, reply: Reply) -> _Place:
        root = reply.root_id or reply.external_id
        key = root.removeprefix(f"{self._group}_")
        number = key.removeprefix("p")
        if not root.startswith(f"{self._group}_") or not number.isdigit():
            raise ApiError(
                f"Одноклассники: запись {root[:100]} не из группы {self._group}, ответить ей "
                "отсюда нельзя. Опубликуйте ответ вручную.",
                network=Network.OK,
                method=METHOD,
                code="place",
                action=Action.REFUSED,
            )
        comment = reply.external_id.removeprefix(f"{root}_") if reply.root_id else ""
        return _Place(key, "GROUP_PHOTO" if is_photo(key) else "GROUP_TOPIC", number, comment)


def plain(text: str) -> str:
    """Return a text as it is compared: the network may change spaces and composed letters."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _answers(comment: Comment, place: _Place, reply: Reply) -> bool:
    if not comment.by_group or comment.post.deleted:
        return False
    parent = comment.post.parent_id
    if parent or not place.comment:
        return parent == (reply.external_id if place.comment else "")
    # Some answers name only the person they go to.
    return bool(comment.answers) and comment.answers == reply.author_id


def _comment_id(payload: object) -> str:
    """Return the new comment's id; whether it comes bare or in an object is not documented."""
    if isinstance(payload, dict):
        payload = payload.get("id") or payload.get("comment_id") or payload.get("commentId")
    if isinstance(payload, int) and not isinstance(payload, bool):
        return str(payload)
    return payload if isinstance(payload, str) and 0 < len(payload) <= 100 else ""
