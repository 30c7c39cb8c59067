"""Odnoklassniki: answers of its REST API, turned into posts.

Everything here is pure; texts stay as sent. External ids are ``{group}_{topic}`` and
``{group}_{topic}_{comment}``: what stands before the first underscore tells the group.
The network documents no mark of an edit: a changed text under the same id is one.
"""

from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field

from connectors.base import SourceError
from connectors.payload import Milliseconds, Shape, Text, moment, read
from models.values import FetchedPost
from models.vocabulary import Network, PostKind

MOSCOW = ZoneInfo("Europe/Moscow")  # ``date`` is Moscow local time, whatever the group

# https://apiok.ru/dev/errors, in words that say what to do.
ERRORS: dict[int, str] = {
    1: "неизвестная ошибка на стороне Одноклассников; повторите позже",
    2: "служба временно недоступна; повторите позже",
    7: "у приложения нет такого права или исчерпан предел запросов; проверьте права приложения",
    8: "слишком много запросов; опрос продолжится позже",
    9: "слишком много запросов; опрос продолжится позже",
    10: "у приложения нет прав на это действие; запросите их у Одноклассников",
    11: "исчерпан предел запросов; опрос продолжится позже",
    24: "у приложения нет нужного уровня доступа; запросите его у Одноклассников",
    50: "доступ закрыт; проверьте, открыта ли группа",
    100: "неверный параметр запроса; проверьте адрес источника в настройках",
    101: "неверный ключ приложения; проверьте настройки",
    102: "сеанс истёк; получите новый ключ доступа",
    103: "сеанс недействителен; получите новый ключ доступа",
    104: "подпись запроса не сошлась; проверьте секретный ключ приложения",
    160: "неверный номер группы или записи; проверьте адрес источника",
    200: "владелец ключа не дал приложению нужного разрешения",
    300: "запись не найдена: её могли удалить",
    453: "сеанс не действует; получите новый ключ доступа",
    455: "доступ закрыт; проверьте, открыта ли группа",
    458: "доступ закрыт; проверьте, открыта ли группа",
    9999: "ошибка на стороне Одноклассников; повторите позже",
}


def _as_text(value: object) -> object:
    """Ids come as text and, from older methods, as numbers."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


# Ids become part of addresses, so nothing else than these characters is let through.
_Id = Annotated[str, BeforeValidator(_as_text), Field(pattern=r"^[0-9A-Za-z:.=-]{1,100}$")]


def _moscow(value: object) -> object:
    """Read ``2014-04-11 12:53:02``; anything else is left for the check to refuse."""
    if not isinstance(value, str):
        return value
    try:
        local = datetime.strptime(value, "%Y-%m-%d %H:%M:%S").replace(tzinfo=MOSCOW)
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return value


class _Media(Shape):
    type: str
    text: Text = ""


class _Topic(Shape):
    id: _Id
    created_ms: Milliseconds | None = None
    author_ref: str | None = None
    media: list[_Media] = Field(default_factory=list)


class _Entities(Shape):
    media_topics: list[_Topic] = Field(default_factory=list)


class _TopicsAnswer(Shape):
    media_topics: list[_Topic] = Field(default_factory=list)
    entities: _Entities = _Entities()


class _Comment(Shape):
    id: _Id
    author_id: _Id | None = None
    text: Text | None = None
    date: Annotated[datetime, BeforeValidator(_moscow)] | None = None
    date_ms: Milliseconds | None = None
    reply_to_comment_id: _Id | None = None
    type: str = "ACTIVE_MESSAGE"


class _CommentsAnswer(Shape):
    comments: list[_Comment] = Field(default_factory=list)


class _Refusal(Shape):
    error_code: int


def parse_topics(payload: object, *, group_id: str) -> list[FetchedPost]:
    """Read an answer of stream.get or mediatopic.getByIds about the group ``group_id``.

    The text of a topic is its text blocks, a blank line between them. ``null`` and ``{}`` are
    answers without topics: the network leaves out what is empty. Raises SourceError when
    Odnoklassniki refused, BadPayloadError when the answer is not as documented.
    """
    where = _refuse("stream.get", payload)
    answer = read(_TopicsAnswer, {} if payload is None else payload, where=where)
    return [
        _topic(topic, group_id=group_id)
        for topic in (*answer.media_topics, *answer.entities.media_topics)
    ]


def parse_comments(payload: object, *, group_id: str, topic_id: str) -> list[FetchedPost]:
    """Read an answer of discussions.getComments about a topic of the group.

    ``parent_id`` is the comment answered, empty at the top level; ``root_id`` is the topic.
    ``null`` and ``{}`` are answers without comments. A comment that is no longer active and
    has no text gives a tombstone. Raises SourceError and BadPayloadError as parse_topics.
    """
    where = _refuse("discussions.getComments", payload)
    answer = read(_CommentsAnswer, {} if payload is None else payload, where=where)
    return [_comment(comment, group_id=group_id, topic_id=topic_id) for comment in answer.comments]


def _refuse(method: str, payload: object) -> str:
    """Raise SourceError if the answer is an error, else return how to name the method.

    The network's own words are left out: they can repeat the request with its key.
    """
    where = f"Одноклассники, метод {method}"
    if isinstance(payload, dict) and "error_code" in payload:
        code = read(_Refusal, payload, where=where).error_code
        sense = ERRORS.get(code, "сеть отказала в ответе; смысл кода — в справочнике apiok.ru")
        raise SourceError(f"{where}: ошибка {code}: {sense}.")
    return where


def _topic(topic: _Topic, *, group_id: str) -> FetchedPost:
    texts = [media.text for media in topic.media if media.type == "text" and media.text]
    return FetchedPost(
        network=Network.OK,
        external_id=f"{group_id}_{topic.id}",
        kind=PostKind.POST,
        text="\n\n".join(texts),
        published_at=_from_ms(topic.created_ms),
        url=_url(group_id, topic.id),
        author_id=(topic.author_ref or "").rpartition(":")[2],
    )


def _comment(comment: _Comment, *, group_id: str, topic_id: str) -> FetchedPost:
    root_id = f"{group_id}_{topic_id}"
    answered = comment.reply_to_comment_id
    at = comment.date if comment.date_ms is None else _from_ms(comment.date_ms)
    return FetchedPost(
        network=Network.OK,
        external_id=f"{root_id}_{comment.id}",
        kind=PostKind.COMMENT,
        text=comment.text or "",
        published_at=at,
        # No address of a single comment is documented, so the topic is opened.
        url=_url(group_id, topic_id),
        author_id=comment.author_id or "",
        parent_id=f"{root_id}_{answered}" if answered else "",
        root_id=root_id,
        deleted=comment.type != "ACTIVE_MESSAGE" and not comment.text,
    )


def _url(group_id: str, topic_id: str) -> str:
    return f"https://ok.ru/group/{group_id}/topic/{topic_id}"


def _from_ms(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else moment(milliseconds // 1000)
