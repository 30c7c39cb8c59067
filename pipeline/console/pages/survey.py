"""The one page for citizens: rating an answer by the link that came with it.

Nobody signs in, so the page knows nothing but the topic and the date. Opening it changes nothing:
messengers open every link to show a preview.
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse

from pipeline.console.access import StrangerForm, StrangerToken
from pipeline.console.frame import Console, console_of
from pipeline.database import reading, unit_of_work
from pipeline.decisions.satisfaction import LONGEST_WORD, RATINGS, TOKEN, Vote
from pipeline.desk import surveys as desk

RETRY_AFTER = "60"
NOT_CHOSEN = "Выберите оценку от 1 до 5."


@dataclass(frozen=True, slots=True)
class Told:
    """A page that only tells something."""

    status: int
    title: str
    words: str


TOLD = {
    Vote.COUNTED: Told(
        200, "Спасибо за оценку", "Она записана, её увидят те, кто занимается обращением."
    ),
    Vote.RATED: Told(
        200,
        "Оценка уже есть",
        "По одной ссылке учитывается одна, первая оценка. Если вы нажали кнопку дважды, ваша "
        "оценка записана. Если оценили не вы, напишите об этом в комментарии под ответом.",
    ),
    Vote.EARLY: Told(
        409,
        "Ответ ещё публикуется",
        "Оценить его можно будет через несколько минут по этой же ссылке.",
    ),
    Vote.EXPIRED: Told(
        410,
        "Срок оценки прошёл",
        "Ответ можно оценить в течение 30 дней. Если вопрос не решён, напишите о нём снова.",
    ),
    Vote.UNKNOWN: Told(
        404,
        "Такой ссылки нет",
        "Скопируйте ссылку из ответа целиком: в ней 24 латинские буквы после «/o/».",
    ),
}
TOO_OFTEN = Told(
    429, "Слишком много запросов", "С вашего адреса страницу открывают слишком часто. Подождите."
)

router = APIRouter()


# HEAD as well: that is how some networks look whether a link is alive.
@router.api_route("/o/{token}", methods=["GET", "HEAD"])
def show_survey(request: Request, token: str) -> Response:
    """Show the form, or why there is none; nothing changes."""
    console = console_of(request)
    if not _lets(request, console):
        return _told(console, TOO_OFTEN)
    known = _tidy(token)
    if known is None:
        return _told(console, TOLD[Vote.UNKNOWN])
    with reading(console.engine) as session:
        asked = desk.look(session, known, console.clock())
    return _form(request, asked)


@router.post("/o/{token}")
def give_rating(
    request: Request,
    _form_token: StrangerForm,
    token: str,
    rating: Annotated[str, Form()] = "",
    word: Annotated[str, Form()] = "",
) -> Response:
    """Take a rating; one without a number is asked for again, its words kept."""
    console = console_of(request)
    if not _lets(request, console):
        return _told(console, TOO_OFTEN)
    known = _tidy(token)
    if known is None:
        return _told(console, TOLD[Vote.UNKNOWN])
    chosen = {str(number): number for number in RATINGS}.get(rating)
    if chosen is None:
        with reading(console.engine) as session:
            asked = desk.look(session, known, console.clock())
        return _form(request, asked, word=word, trouble=NOT_CHOSEN)
    with unit_of_work(console.engine) as session:
        asked = desk.rate(session, known, chosen, word, rules=console.rules, now=console.clock())
    status = 409 if asked.vote is Vote.RATED else TOLD[asked.vote].status
    return _told(console, TOLD[asked.vote], status=status)


def _tidy(token: str) -> str | None:
    """Return a token as it was made, however it was typed; None for what cannot be one."""
    lower = token[:100].strip().lower()
    return lower if TOKEN.fullmatch(lower) else None


def _lets(request: Request, console: Console) -> bool:
    """Tell whether the caller may ask: the address behind a proxy that uvicorn trusts."""
    address = request.client.host if request.client is not None else ""
    return console.strangers.lets(address, console.clock())


def _form(request: Request, asked: desk.Asked, *, word: str = "", trouble: str = "") -> Response:
    console = console_of(request)
    if asked.vote is not Vote.OPEN or asked.topic is None:
        return _told(console, TOLD[asked.vote])
    stranger = StrangerToken.of(request)
    at = asked.answered_at
    response = console.page(
        "survey.html",
        status=422 if trouble else 200,
        topic=asked.topic.russian,
        answered=console.local(at)[: len("21.11.2026")] if at is not None else "",
        ratings=RATINGS,
        longest=LONGEST_WORD,
        word=word[:LONGEST_WORD],
        trouble=trouble,
        form_token=stranger.form_token,
    )
    stranger.give(response, console)
    return _hidden(response)


def _told(console: Console, told: Told, *, status: int | None = None) -> Response:
    response = console.page("survey_told.html", status=status or told.status, told=told)
    if told is TOO_OFTEN:
        response.headers["Retry-After"] = RETRY_AFTER
    return _hidden(response)


def _hidden(response: HTMLResponse) -> Response:
    """Keep a page out of search machines: its address is all that opens it."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
