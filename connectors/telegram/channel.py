"""A public channel of Telegram, read through its web preview: no account, no key.

One page of the network is one page of the connector: at one request a second a sweep of a busy
channel takes minutes, and what was read is stored as it comes.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from connectors.base import (
    Action,
    ApiError,
    BadPayloadError,
    Page,
    Rejected,
    SourceError,
    UnreachableError,
)
from connectors.calling import Caller
from connectors.http import Answer, Http, Request
from connectors.telegram.api import PREVIEW
from connectors.telegram.preview import (
    CHANNEL,
    MAX_HTML,
    Discussion,
    Preview,
    parse_discussion,
    parse_preview,
    tombstone,
)
from connectors.telegram.progress import Progress, Stage, numbers_of
from models.values import FetchedPost
from models.vocabulary import Network

OVERLAP = timedelta(hours=48)
"""How far back posts and their comments are read again."""

COMMENTS = 50
"""Comments that a page is asked for; earlier ones cannot be reached without an account."""


def _nothing(_root: str) -> tuple[str, ...]:
    return ()


class _StrangePageError(UnreachableError):
    """A page of another kind: an outage, a proxy, or new markup; asked for again."""


class Channel:
    """Reads one public channel and the comments below its posts.

    ``channel`` is its public name. ``open_posts`` are external ids of its posts whose incidents
    (their own or those of their comments) are open: they are followed however old they are.
    ``known_comments`` gives, by the external id of a post, those of its stored comments; without
    it no deleted comment is noticed. ``caller`` should hold ``NO_TOKEN``. Raises SourceError for
    a name that no channel can have.
    """

    def __init__(
        self,
        http: Http,
        caller: Caller,
        *,
        channel: str,
        base: str = PREVIEW,
        open_posts: frozenset[str] = frozenset(),
        known_comments: Callable[[str], Iterable[str]] = _nothing,
        overlap: timedelta = OVERLAP,
    ) -> None:
        """Remember what to read."""
        if not CHANNEL.fullmatch(channel):
            raise SourceError(
                f"Telegram: «{channel[:100]}» не может быть именем канала. Укажите имя из адреса "
                "https://t.me/имя: от 4 до 32 латинских букв, цифр и знаков «_»."
            )
        self._http = http
        self._caller = caller
        self._channel = channel
        self._base = base
        self._opened = numbers_of(channel, open_posts)
        self._known = known_comments
        self._overlap = overlap

    async def fetch(self, cursor: dict[str, object], *, now: datetime) -> Page:
        """Return the next page of posts or of one post's comments; see Connector."""
        progress = Progress.load(cursor)
        if progress.stage == Stage.COMMENTS and progress.threads:
            return await self._comments(progress, now)
        if progress.stage != Stage.POSTS:
            progress.begin()
        return await self._posts(progress, now)

    async def _posts(self, progress: Progress, now: datetime) -> Page:
        page = await self._caller.call("preview", lambda: self._preview(progress.before, now))
        since = now - self._overlap
        gone = progress.take_posts(page, since=since, opened=self._opened)
        roots = [f"{self._channel}/{number}" for number in gone]
        # With a post its comments are out of everybody's reach.
        below = [f"{root}/{number}" for root in roots for number in self._stored(root)]
        dead = (tombstone(one, seen_at=now) for one in (*roots, *below))
        return self._page(progress, (*page.posts, *dead), page.rejected)

    async def _preview(self, before: int, now: datetime) -> Preview:
        params = {"before": str(before)} if before else {}
        answer = await self._ask(f"s/{self._channel}", params)
        where = f"Telegram, канал {self._channel}"
        if answer.status != 200 or not urlsplit(answer.url).path.startswith("/s/"):
            raise ApiError(
                f"{where}: у него нет страницы предпросмотра. Проверьте имя; если это закрытый "
                "канал или группа, читайте его ботом, которого добавит администратор канала.",
                network=Network.TELEGRAM,
                method="preview",
                code=answer.status,
                action=Action.CLOSED,
            )
        try:
            page = parse_preview(_html(answer), channel=self._channel, seen_at=now)
        except BadPayloadError as error:
            raise _StrangePageError(str(error)) from None
        if not before and not page.numbers and not page.rejected:
            # A channel has at least the message that it was created.
            raise _StrangePageError(
                f"{where}: страница пришла пустой. Так Telegram отвечает на слишком частые "
                "запросы; опрос повторится сам."
            )
        return page

    async def _comments(self, progress: Progress, now: datetime) -> Page:
        post = progress.threads[0]
        root = f"{self._channel}/{post}"
        page: Discussion | None = None
        rejected: tuple[Rejected, ...] = ()
        try:
            page = await self._caller.call("discussion", lambda: self._discussion(post, now))
        except (_StrangePageError, BadPayloadError) as error:
            # One post's page must not keep the others waiting for ever.
            rejected = (Rejected(str(error), f"{PREVIEW}/{root}"),)
        known = {int(number) for number in self._stored(root)}
        if page is not None:
            rejected = (*page.rejected, *self._overflow(page, root, known))
        gone = progress.take_comments(page, known=known, opened=self._opened)
        dead = (tombstone(f"{root}/{number}", seen_at=now) for number in gone)
        return self._page(progress, (*(page.comments if page else ()), *dead), rejected)

    async def _discussion(self, post: int, now: datetime) -> Discussion:
        params = {"embed": "1", "discussion": "1", "comments_limit": str(COMMENTS)}
        answer = await self._ask(f"{self._channel}/{post}", params)
        if answer.status != 200 or urlsplit(answer.url).path != f"/{self._channel}/{post}":
            return Discussion((), frozenset(), (), available=False, truncated=False)
        try:
            return parse_discussion(_html(answer), channel=self._channel, post=post, seen_at=now)
        except BadPayloadError as error:
            raise _StrangePageError(str(error)) from None

    async def _ask(self, path: str, params: Mapping[str, str]) -> Answer:
        answer = await self._http.send(
            Request("GET", f"{self._base}/{path}", params=params, follow=True, max_body=MAX_HTML)
        )
        if answer.status == 429:
            raise ApiError(
                "Telegram: слишком много запросов с этого адреса; опрос продолжится позже.",
                network=Network.TELEGRAM,
                method="preview",
                code=429,
                action=Action.PACE,
                retry_after=answer.retry_after(),
            )
        if answer.status >= 500:
            raise UnreachableError(
                f"Telegram, канал {self._channel}: сервер ответил кодом {answer.status}. "
                "Это сбой на стороне сети; опрос повторится сам.",
                retry_after=answer.retry_after(),
            )
        return answer

    def _stored(self, root: str) -> list[str]:
        """Return the numbers of the stored comments below a post."""
        ends = (one.removeprefix(f"{root}/") for one in self._known(root))
        return [end for end in ends if end.isascii() and end.isdigit()]

    def _overflow(self, page: Discussion, root: str, known: set[int]) -> tuple[Rejected, ...]:
        """Tell a person where more comments came than a page shows, so that some were not read."""
        if not page.truncated or not page.numbers or known & page.numbers:
            return ()
        return (
            Rejected(
                f"Telegram, комментарии к записи {root}: видны только последние {COMMENTS}, "
                "более ранние программе не прочитать. Просмотрите их на странице записи.",
                f"{PREVIEW}/{root}",
            ),
        )

    def _page(
        self,
        progress: Progress,
        posts: tuple[FetchedPost, ...],
        rejected: tuple[Rejected, ...],
    ) -> Page:
        more = progress.stage != Stage.IDLE
        return Page(posts, progress.dump(), more=more, rejected=rejected)


def _html(answer: Answer) -> str:
    return answer.body.decode("utf-8", "replace")
