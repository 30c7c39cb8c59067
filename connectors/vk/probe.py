"""VKontakte: what a token may do, asked once with the cheapest calls; nothing is published."""

from collections.abc import Mapping, Sequence

from pydantic import Field

from connectors.base import Action, ApiError, BadPayloadError, SourceError
from connectors.ledger import HeldError, ParkedError, Token
from connectors.payload import Shape, read
from connectors.vk.api import VkApi

OK = "ok"
KIND = "token"
"""The key under which the answer says what kind of token it is."""

COMMUNITY = "ключ сообщества"
PERSON = "ключ пользователя"
SERVICE = "сервисный ключ"

WALLS = 3
"""Walls tried: a closed one says nothing of the token."""

PUBLISHING = "wall.createComment"

# Names of a community's rights are believed, not documented.
WALL_RIGHT = "wall"
MANAGE_RIGHT = "manage"

NEW_STYLE = "vk2.a."
HOPELESS = frozenset({Action.TOKEN_DEAD, Action.CAPTCHA, Action.NEEDS_PERSON})
ABOUT_WALL = frozenset({Action.CLOSED, Action.GONE, Action.TOMBSTONE, Action.QUARANTINE})

UNTRIED = "не проверялось: публикация проверяется только публикацией"


class _Right(Shape):
    name: str


class _Rights(Shape):
    permissions: list[_Right]


class _Item(Shape):
    id: int


class _Items(Shape):
    items: list[_Item] = Field(default_factory=list)


async def probe(
    api: VkApi, token: Token, *, walls: Sequence[int], group_id: int | None
) -> dict[str, str]:
    """Return, by method, "ok" or why ``token`` may not call it, in Russian.

    ``api`` calls with that token. ``walls`` are owners that should be readable (communities
    negative), ``group_id`` (positive) the own community, if there is one. Under KIND stands what
    kind of token it seems to be. When the token is dead or waits for a person, the other methods
    get the same reason unasked. About a dozen calls, a few of daily quotas. Raises nothing.
    """
    asking = _Probe(api)
    rights = await asking.rights()
    myself = await asking.ask("users.get", {})
    kind = _kind(rights, myself, asking.about)
    new = " нового образца" if token.secret.get_secret_value().startswith(NEW_STYLE) else ""
    asking.found[KIND] = kind + new if kind else f"неизвестен: {asking.found['users.get']}"
    await asking.reading(walls)
    await asking.ask("newsfeed.search", {"q": "дорога", "count": 1})
    await asking.ask("utils.resolveScreenName", {"screen_name": "club1"})
    group = group_id or next((-owner for owner in walls if owner < 0), None)
    if group is not None:
        await asking.ask("groups.getById", {"group_id": group})
        await asking.ask("board.getTopics", {"group_id": group, "count": 1})
    if group_id is not None:
        await asking.ask("groups.getLongPollServer", {"group_id": group_id})
        await asking.ask("groups.getCallbackConfirmationCode", {"group_id": group_id})
        asking.found[PUBLISHING] = _may_publish(kind, rights) if kind else asking.found["users.get"]
    return asking.found


def _kind(rights: Sequence[str] | None, myself: object, about: Action | None) -> str:
    if rights is not None:
        return COMMUNITY
    # Asked for nobody, users.get answers whose token it is; a service key is nobody's. Whether
    # such a one gets an empty list or a refusal of the question is not documented.
    if about is Action.QUARANTINE or myself == []:
        return SERVICE
    return PERSON if myself else ""


def _may_publish(kind: str, rights: Sequence[str] | None) -> str:
    if rights is None:
        return f"{SERVICE} не публикует; нужен {COMMUNITY}" if kind == SERVICE else UNTRIED
    if WALL_RIGHT in rights:
        return OK
    missing = ", ".join(right for right in (WALL_RIGHT, MANAGE_RIGHT) if right not in rights)
    return f"у ключа нет права «стена»; создайте в настройках сообщества ключ с правами: {missing}"


class _Probe:
    """Asks, and remembers what came of it."""

    def __init__(self, api: VkApi) -> None:
        self._api = api
        self._hopeless = ""
        self.found: dict[str, str] = {}
        self.about: Action | None = None

    async def ask(self, method: str, params: Mapping[str, object]) -> object | None:
        """Call once and keep the verdict; return the answer, None for none."""
        self.about = None
        if self._hopeless:
            self.found[method] = self._hopeless
            return None
        try:
            answer = await self._api.call(method, params)
        except ApiError as error:
            self.about = error.action
            self.found[method] = str(error)
            if error.action in HOPELESS:
                self._hopeless = str(error)
            return None
        except ParkedError as error:
            self._hopeless = self.found[method] = str(error)
            return None
        except HeldError as error:
            self.found[method] = str(error)
            return None
        except SourceError as error:
            self.found[method] = f"не удалось проверить: {error}"
            return None
        self.found[method] = OK
        return answer

    async def rights(self) -> list[str] | None:
        """Return the rights of a community's token, None when it is of another kind."""
        method = "groups.getTokenPermissions"
        answer = await self.ask(method, {})
        if self.about in {Action.WRONG_TOKEN, Action.CLOSED}:
            self.found[method] = "это не ключ сообщества"
        if answer is None:
            return None
        try:
            listed = read(_Rights, answer, where=f"ВКонтакте, метод {method}")
        except BadPayloadError as error:
            self.found[method] = f"не удалось проверить: {error}"
            return None
        return [right.name for right in listed.permissions]

    async def reading(self, walls: Sequence[int]) -> None:
        """Try to read a wall, one of its posts, and that one's comments."""
        for owner in walls[:WALLS]:
            answer = await self.ask("wall.get", {"owner_id": owner, "count": 1})
            if self.about in ABOUT_WALL:
                continue
            post = _first(answer)
            if post is None:
                break
            await self.ask("wall.getById", {"posts": f"{owner}_{post}"})
            asked = {"owner_id": owner, "post_id": post, "count": 1, "preview_length": 0}
            await self.ask("wall.getComments", asked)
            if self.about not in ABOUT_WALL:
                break


def _first(answer: object) -> int | None:
    try:
        items = read(_Items, answer, where="ВКонтакте, метод wall.get").items
    except BadPayloadError:
        return None
    return items[0].id if items else None
