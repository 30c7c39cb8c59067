"""Feeds of sites: RSS, Atom and JSON Feed, asked only for what is new.

The cursor is ``{"etag": …, "modified": …}``, both exactly as the server sent them and only from
an answer that was read whole; a feed repeats its last items, so nothing else has to be known.
"""

import asyncio
from datetime import datetime
from zoneinfo import ZoneInfo

from connectors.base import Action, ApiError, BadPayloadError, Page, UnreachableError
from connectors.calling import Caller
from connectors.feed_parse import Place, parse_feed
from connectors.http import Answer, Http, Request, host
from models.vocabulary import Network

METHOD = "feed"
"""The name by which calls are counted."""

MAX_BODY = 5_000_000
MAX_VALIDATOR = 1_000
"""Characters of an ETag or a date that are kept; a longer one is not used."""

ACCEPT = (
    "application/rss+xml, application/atom+xml, application/feed+json, "
    "application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"
)
VALIDATORS = (
    ("etag", "etag", "If-None-Match"),
    ("modified", "last-modified", "If-Modified-Since"),
)
"""In the cursor, in an answer, in a request."""

REFUSALS = {
    401: (Action.CLOSED, "просит пароль"),
    402: (Action.CLOSED, "просит плату"),
    403: (Action.CLOSED, "не пускает"),
    404: (Action.GONE, "говорит, что такой ленты нет. Проверьте её адрес в настройках"),
    407: (Action.CLOSED, "не пускает через прокси"),
    410: (Action.GONE, "говорит, что ленты больше нет. Проверьте её адрес в настройках"),
    429: (Action.PACE, "просит спрашивать реже"),
    451: (Action.CLOSED, "закрыл ленту по требованию закона"),
}
READ = frozenset({200, 203, 226})
TRY_AGAIN = frozenset({408, 425})


class Feed:
    """A connector over the feed at ``url``; dates without a zone are in ``zone``.

    A reading is the whole feed, at most its 500 newest items, or nothing where the server says
    that nothing has changed. Items that a feed no longer holds are not deleted by that.
    """

    def __init__(
        self,
        http: Http,
        caller: Caller,
        *,
        url: str,
        zone: ZoneInfo,
        network: Network = Network.FEED,
    ) -> None:
        """Remember whom to ask; nothing is sent yet."""
        self._http = http
        self._caller = caller
        self._url = url
        self._place = Place(f"Лента {host(url)}", url, zone, network)

    async def fetch(self, cursor: dict[str, object], *, now: datetime) -> Page:
        """Return the feed's posts.

        Raises ApiError for a refusal (GONE, CLOSED, PACE, QUARANTINE), UnreachableError for a
        server that is away or broken, BadPayloadError for what is no feed, and SourceError for
        a page in its place or an address that may not be asked.
        """
        validators = {
            header: value
            for name, _, header in VALIDATORS
            if isinstance(value := cursor.get(name), str)
        }
        answer = await self._caller.call(METHOD, lambda: self._ask(validators))
        if answer.status == 304:
            return Page((), cursor)
        # Seconds of work on a large feed, which would hold up every other source.
        parsed = await asyncio.to_thread(
            parse_feed,
            answer.body,
            answer.headers.get("content-type", ""),
            place=self._place,
            now=now,
        )
        fresh = _validators(answer) if parsed.whole else {}
        return Page(parsed.posts, fresh, rejected=parsed.rejected)

    async def _ask(self, validators: dict[str, str]) -> Answer:
        answer = await self._http.send(
            Request(
                "GET",
                self._url,
                headers={"Accept": ACCEPT, **validators},
                follow=True,
                max_body=MAX_BODY,
            )
        )
        if answer.status in READ or (answer.status == 304 and validators):
            return answer
        raise _refusal(answer, self._place)


def _validators(answer: Answer) -> dict[str, object]:
    return {
        name: value
        for name, header, _ in VALIDATORS
        if 0 < len(value := answer.headers.get(header, "")) <= MAX_VALIDATOR
    }


def _refusal(answer: Answer, place: Place) -> ApiError | UnreachableError | BadPayloadError:
    status = answer.status
    if status >= 500 or status in TRY_AGAIN:
        return UnreachableError(
            f"{place.where}: сервер сайта неисправен (код {status}). Опрос повторится сам.",
            retry_after=answer.retry_after(),
        )
    if status < 400:
        return BadPayloadError(
            f"{place.where}: вместо ленты пришёл ответ с кодом {status}. Проверьте её адрес."
        )
    action, said = REFUSALS.get(
        status, (Action.QUARANTINE, "отклонил запрос. Проверьте адрес ленты в настройках")
    )
    return ApiError(
        f"{place.where}: сайт {said} (код {status}).",
        network=place.network,
        method=METHOD,
        code=status,
        action=action,
        retry_after=answer.retry_after(),
    )
