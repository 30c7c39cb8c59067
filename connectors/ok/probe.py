"""What a token may do in a group: cheap questions at the start; nothing is published."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from connectors.base import SourceError
from connectors.ok.api import OkApi
from connectors.ok.parse import (
    Threads,
    read_comments,
    read_discussions,
    read_groups,
    read_topics,
)
from connectors.ok.publisher import METHOD as PUBLISHING

OK = "ok"
CALLS_LEFT = "осталось вызовов"
"""The one key of a probe's answer that is no method."""

METHODS = (
    "group.getInfo",
    "stream.get",
    "mediatopic.getByIds",
    "discussions.getComments",
    "discussions.getList",
    PUBLISHING,
)

Read = TypeVar("Read")


async def probe(api: OkApi, group_id: str) -> dict[str, str]:
    """Return, by method, "ok" or the reason in Russian why it cannot be used.

    Six calls at most. Whether answers may be published is what users.getCallsLeft says of it.
    Under CALLS_LEFT stands how many calls are left of each method, in words.
    """
    verdicts: dict[str, str] = {}

    async def ask(
        method: str, params: Mapping[str, object], understand: Callable[[object], Read]
    ) -> Read | None:
        try:
            answer = understand(await api.call(method, params))
        except SourceError as error:
            verdicts[method] = str(error)
            return None
        verdicts[method] = OK
        return answer

    def topics(payload: object) -> Threads:
        return read_topics(payload, group_id=group_id)

    groups = await ask("group.getInfo", {"uids": group_id, "fields": "group.*"}, read_groups)
    if groups is not None and group_id not in groups:
        verdicts["group.getInfo"] = f"группы {group_id} сеть не знает; проверьте её номер"
    page = await ask(
        "stream.get",
        {"gid": group_id, "patterns": "POST", "count": 1, "fields": "feed.*,media_topic.*"},
        topics,
    )
    if page and page.items:
        topic = page.items[0].key
        await ask("mediatopic.getByIds", {"topic_ids": topic, "fields": "media_topic.*"}, topics)
        await ask(
            "discussions.getComments",
            {
                "discussionId": topic,
                "discussionType": "GROUP_TOPIC",
                "count": 1,
                "fields": "comment.*",
            },
            lambda payload: read_comments(payload, group_id=group_id, key=topic),
        )
    else:
        unseen = "не проверен: в группе не видно ни одной темы"
        verdicts |= dict.fromkeys(("mediatopic.getByIds", "discussions.getComments"), unseen)
    await ask(
        "discussions.getList",
        {"types": ["GROUP_TOPIC", "GROUP_PHOTO"], "count": 1},
        lambda payload: read_discussions(payload, group_id=group_id),
    )
    return verdicts | await _left(api)


async def _left(api: OkApi) -> dict[str, str]:
    method = "users.getCallsLeft"
    try:
        left = await api.calls_left(METHODS)
    except SourceError as error:
        unknown = "не проверен: сеть не сказала, можно ли отвечать"
        return {method: str(error), PUBLISHING: unknown}
    words = (f"{name} — {'без предела' if n is None else n}" for name, n in left.items())
    verdict = (
        OK
        if left.get(PUBLISHING, 0) != 0
        else (
            "сеть не разрешает этому ключу отвечать или предел исчерпан; публикуйте ответы вручную"
        )
    )
    return {method: OK, PUBLISHING: verdict, CALLS_LEFT: ", ".join(words)}
