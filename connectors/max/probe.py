"""MAX: what a bot's token may do, asked once with the cheapest calls; nothing is published."""

from connectors.base import Action, ApiError, SourceError
from connectors.max.api import MaxApi

OK = "ok"

METHODS = ("/me", "/subscriptions")

LISTING = "/chats"
"""Withdrawn in June 2026; where a server still answers it, that is told."""

WITHDRAWN = frozenset({Action.TOMBSTONE, Action.QUARANTINE, Action.CLOSED})


async def probe(api: MaxApi) -> dict[str, str]:
    """Return, by method, "ok" or why the token of ``api`` may not call it, in Russian.

    Raises nothing.
    """
    found: dict[str, str] = {}
    for method in (*METHODS, LISTING):
        name = f"GET {method}"
        try:
            await api.get(method)
        except ApiError as error:
            if method == LISTING and error.action in WITHDRAWN:
                continue
            found[name] = str(error)
        except SourceError as error:
            found[name] = f"не удалось проверить: {error}"
        else:
            found[name] = OK
    return found
