"""MAX's errors: what each of them asks for, in words that say what to do.

An error is ``{"code": "...", "message": "..."}`` under an HTTP status. The answer's own words are
left out of messages.
"""

from collections.abc import Mapping

from connectors.base import Action, ApiError
from models.vocabulary import Network

STATUSES: Mapping[int, tuple[Action, str]] = {
    400: (Action.QUARANTINE, "запрос не понят; сообщите разработчикам"),
    401: (Action.TOKEN_DEAD, "ключ бота не действует; получите новый в настройках бота MAX"),
    403: (Action.CLOSED, "доступ закрыт; сделайте бота администратором с правом читать всё"),
    404: (Action.TOMBSTONE, "такого сообщения или чата нет; его могли удалить"),
    405: (Action.QUARANTINE, "сеть больше не разрешает этот запрос; обновите программу"),
    413: (Action.HALVE, "ответ получился слишком большим"),
    422: (Action.REFUSED, "сеть не приняла это действие; выполните его вручную"),
    429: (Action.PACE, "слишком много запросов; опрос продолжится позже"),
}
"""By HTTP status; 401, 429 and 503 are documented as such."""

CODES: Mapping[str, tuple[Action, str]] = {
    "verify.token": STATUSES[401],
    "too.many.requests": STATUSES[429],
    "comments.timeout_exceeded": (Action.REFUSED, "менять этот комментарий уже поздно"),
    "attachment.not.ready": (Action.RETRY, "вложение ещё не готово"),
}
"""By the answer's code, where it says more than the status; ``verify.token`` is documented, the
others are believed."""

COMMENTS_OFF = "comments_disabled"
"""Stands in the error when comments below a post are switched off; believed."""

_HOOKED = (
    Action.QUARANTINE,
    "события этого бота уходят на webhook; добавьте источнику events или удалите подписку",
)
_OFF = (Action.REFUSED, "комментарии под этой записью выключены; ответьте в другом месте")
_FAULT = (Action.RETRY, "сбой на стороне MAX; повторите позже")
_UNKNOWN = (Action.QUARANTINE, "сеть отказала в ответе, запрос не повторяется")


def refusal(
    method: str, status: int, payload: object, *, retry_after: float | None = None
) -> ApiError:
    """Return the error for an answer that is not 200; ``payload`` is its body, whatever it is."""
    said = payload if isinstance(payload, dict) else {}
    code = said.get("code")
    known = isinstance(code, str) and code in CODES
    if known:
        action, advice = CODES[str(code)]
    elif status == 405 and method == "GET /updates":
        action, advice = _HOOKED
    elif COMMENTS_OFF in f"{code} {said.get('message')}":
        action, advice = _OFF
    else:
        action, advice = STATUSES.get(status, _FAULT if status >= 500 else _UNKNOWN)
    shown: int | str = str(code) if known else status
    return ApiError(
        f"MAX, метод {method}: ошибка {shown}: {advice}.",
        network=Network.MAX,
        method=method,
        code=shown,
        action=action,
        retry_after=retry_after,
    )
