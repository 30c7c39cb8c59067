"""VKontakte: answers of API 5.199 and events of its Callback API, turned into posts.

Everything here is pure. Texts stay as sent: markup such as ``[id1|Имя]`` is the classifier's
to read, and advertisements (``marked_as_ads``) are posts like others.

External ids are ``{owner}_{post}`` and ``{owner}_{post}_r{comment}``, the owner being the
negative id of the community: what stands before the first underscore tells the community.
"""

from collections.abc import Iterator
from datetime import datetime

from pydantic import AliasChoices, Field

from connectors.base import SourceError
from connectors.payload import Seconds, Shape, Text, moment, read
from models.values import FetchedPost
from models.vocabulary import Network, PostKind

# https://dev.vk.com/ru/reference/errors, in words that say what to do.
ERRORS: dict[int, str] = {
    1: "неизвестная ошибка на стороне ВКонтакте; повторите позже",
    5: "ключ доступа не действует; получите новый",
    6: "слишком много запросов в секунду; опрос продолжится позже",
    7: "у ключа нет прав на это действие; дайте ключу нужные права",
    9: "слишком много одинаковых действий; опрос продолжится позже",
    10: "внутренняя ошибка ВКонтакте; повторите позже",
    13: "ответ получился слишком большим; уменьшите число записей за один запрос",
    14: "ВКонтакте просит ввести код с картинки; войдите в учётную запись владельца ключа",
    15: "доступ закрыт; проверьте, открыто ли сообщество и состоит ли в нём владелец ключа",
    17: "ВКонтакте просит подтвердить вход; войдите в учётную запись владельца ключа",
    18: "страница удалена или заблокирована; уберите источник или исправьте адрес",
    19: "содержимое недоступно; проверьте адрес источника",
    20: "ключ этого вида не годится; нужен ключ пользователя или сервисный ключ",
    24: "ВКонтакте просит подтвердить действие; войдите в учётную запись владельца ключа",
    27: "ключ сообщества не годится; нужен ключ пользователя или сервисный ключ",
    28: "ключ приложения не годится; нужен ключ пользователя",
    29: "суточный предел запросов исчерпан; опрос продолжится завтра",
    30: "страница закрыта настройками приватности; источник прочитать нельзя",
    100: "неверный параметр запроса; проверьте адрес источника в настройках",
    104: "запись не найдена: её могли удалить",
    113: "неверный номер пользователя или сообщества; проверьте адрес источника",
    125: "неверный номер сообщества; проверьте адрес источника",
    203: "доступ к сообществу запрещён; проверьте, открыто ли оно",
    212: "комментарии к записи закрыты",
    1051: "ключ нового образца не годится для этого метода; нужен сервисный ключ",
    1114: "ключ доступа не действует; получите новый",
    1116: "ключ доступа не действует; получите новый",
    1117: "срок ключа доступа истёк; получите новый",
}


class _Copy(Shape):
    text: Text = ""


class _Post(Shape):
    id: int
    owner_id: int | None = None
    from_id: int | None = None
    signer_id: int | None = None
    date: Seconds | None = None
    edited: Seconds | None = None
    text: Text = ""
    post_type: str = "post"
    copy_history: list[_Copy] = Field(default_factory=list)
    is_deleted: bool = False


class _Comment(Shape):
    id: int
    from_id: int | None = None
    date: Seconds | None = None
    text: Text | None = None
    parents_stack: list[int] = Field(default_factory=list)
    reply_to_comment: int | None = None
    thread: "_Thread | None" = None
    deleted: bool = False


class _Thread(Shape):
    items: list[_Comment] = Field(default_factory=list)


class _Error(Shape):
    error_code: int


class _Refusal(Shape):
    error: _Error


class _Wall(Shape):
    items: list[_Post]


class _WallAnswer(Shape):
    response: _Wall


class _Comments(Shape):
    items: list[_Comment]


class _CommentsAnswer(Shape):
    response: _Comments


class _Event(Shape):
    type: str


class _PostObject(_Post):
    owner_id: int


class _PostEvent(Shape):
    object: _PostObject


# Recorded events and the schema disagree about the key, so both are read.
_OWNER = AliasChoices("post_owner_id", "owner_id")


class _CommentObject(_Comment):
    owner_id: int = Field(validation_alias=_OWNER)
    post_id: int


class _CommentEvent(Shape):
    object: _CommentObject


def parse_wall(payload: object, *, owner_id: int) -> list[FetchedPost]:
    """Read an answer of wall.get or wall.getById, newest first as sent.

    ``owner_id`` is the wall that was asked for (negative for a community). A repost without
    words of its own takes those of the post that it repeats. Raises SourceError when VKontakte
    refused, BadPayloadError when the answer is not as documented.
    """
    where = _refuse("wall.get", payload)
    answer = read(_WallAnswer, payload, where=where)
    return [_post(post, owner=post.owner_id or owner_id) for post in answer.response.items]


def parse_comments(payload: object, *, owner_id: int, post_id: int) -> list[FetchedPost]:
    """Read an answer of wall.getComments to the post ``post_id``, replies in threads included.

    A deleted comment gives a tombstone; one that has neither text nor author says nothing and
    is left out, though its thread is read. ``parent_id`` is the comment answered, empty at the
    top level; ``root_id`` is the post. Raises SourceError and BadPayloadError as parse_wall.
    """
    where = _refuse("wall.getComments", payload)
    answer = read(_CommentsAnswer, payload, where=where)
    return list(_comments(answer.response.items, post_id=f"{owner_id}_{post_id}", thread=None))


def parse_callback_event(
    payload: object, *, received_at: datetime | None = None
) -> FetchedPost | None:
    """Read one event of the Callback API: wall_post_new, wall_reply_new, _edit or _delete.

    Events of other kinds, and posts that are only suggested or postponed, give None. An event
    does not tell when a comment was edited, so that ``received_at`` stands for it.
    Raises BadPayloadError.
    """
    where = "ВКонтакте, событие Callback API"
    kind = read(_Event, payload, where=where).type
    where = f"{where} {kind}"
    if kind == "wall_post_new":
        post = read(_PostEvent, payload, where=where).object
        if post.post_type in {"suggest", "postpone"}:
            return None
        return _post(post, owner=post.owner_id)
    if kind in {"wall_reply_new", "wall_reply_edit", "wall_reply_delete"}:
        comment = read(_CommentEvent, payload, where=where).object
        return _comment(
            comment,
            post_id=f"{comment.owner_id}_{comment.post_id}",
            thread=None,
            edited_at=received_at if kind == "wall_reply_edit" else None,
            deleted=comment.deleted or kind == "wall_reply_delete",
        )
    return None


def _refuse(method: str, payload: object) -> str:
    """Raise SourceError if the answer is an error, else return how to name the method.

    VKontakte's own words are left out: beside them it repeats the request with its token.
    """
    where = f"ВКонтакте, метод {method}"
    if isinstance(payload, dict) and "error" in payload:
        code = read(_Refusal, payload, where=where).error.error_code
        sense = ERRORS.get(code, "сеть отказала в ответе; смысл кода — в справочнике ВКонтакте")
        raise SourceError(f"{where}: ошибка {code}: {sense}.")
    return where


def _post(post: _Post, *, owner: int) -> FetchedPost:
    copied = next((copy.text for copy in post.copy_history if copy.text), "")
    author = post.signer_id or post.from_id
    return FetchedPost(
        network=Network.VK,
        external_id=f"{owner}_{post.id}",
        kind=PostKind.POST,
        text="" if post.is_deleted else post.text or copied,
        published_at=moment(post.date),
        url=f"https://vk.com/wall{owner}_{post.id}",
        author_id=str(author) if author else "",
        edited_at=moment(post.edited),
        deleted=post.is_deleted,
    )


def _comments(
    comments: list[_Comment], *, post_id: str, thread: int | None
) -> Iterator[FetchedPost]:
    for comment in comments:
        if comment.deleted or comment.text is not None:
            yield _comment(comment, post_id=post_id, thread=thread, deleted=comment.deleted)
        if comment.thread is not None:
            root = comment.id if thread is None else thread
            yield from _comments(comment.thread.items, post_id=post_id, thread=root)


def _comment(
    comment: _Comment,
    *,
    post_id: str,
    thread: int | None,
    deleted: bool,
    edited_at: datetime | None = None,
) -> FetchedPost:
    root = comment.parents_stack[0] if comment.parents_stack else thread
    answered = comment.reply_to_comment or (
        comment.parents_stack[-1] if comment.parents_stack else thread
    )
    return FetchedPost(
        network=Network.VK,
        external_id=f"{post_id}_r{comment.id}",
        kind=PostKind.COMMENT,
        text="" if deleted else comment.text or "",
        published_at=moment(comment.date),
        url=f"https://vk.com/wall{post_id}?reply={comment.id}"
        + (f"&thread={root}" if root else ""),
        author_id=str(comment.from_id) if comment.from_id else "",
        parent_id=f"{post_id}_r{answered}" if answered else "",
        root_id=post_id,
        edited_at=edited_at,
        deleted=deleted,
    )
