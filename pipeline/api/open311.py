"""Open311 GeoReport v2 for citizens' programs, mounted by the console at /open311/v2.

A request is an incident, a service is a topic. Nothing is read without a key of the scope
``open311:read``. What a program sends is taken like a call to the hot line: somebody passes on
what a citizen said, and gives the answer back, which the program asks for as an update.
"""

from datetime import timedelta
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends, Form, Header, Path, Query, Request, Response
from fastapi.security import APIKeyQuery, HTTPAuthorizationCredentials
from pydantic import BaseModel, Field, StringConstraints

from models.vocabulary import Network, Topic
from pipeline.api import open311_shapes as shapes
from pipeline.api.entering import enter_as
from pipeline.api.keys import Caller, bearer, identify, require
from pipeline.api.open311_words import Format, Open311Error, Row, write, write_one
from pipeline.api.shapes import LARGEST_ID, Moment, Text
from pipeline.console.frame import Console, console_of
from pipeline.database import reading
from pipeline.decisions.permissions import Right, limited_to
from pipeline.desk.answers import official_contacts
from pipeline.desk.api_keys import Scope
from pipeline.store import open311 as store
from pipeline.store.queue_filter import QueueFilter, State

WINDOW = timedelta(days=90)
"""What is shown where nothing else is asked for; the standard's own."""

LATELY = timedelta(hours=24)
"""The same of updates."""

MOST_IDS = 50
LAST_PAGE = 500
CHANGESET = "2026-11-22T00:00:00+00:00"
"""When this description of the service was last changed."""

LIST = r"^[0-9A-Za-z_, -]{1,1000}$"

in_query = APIKeyQuery(
    name="api_key",
    scheme_name="api_key",
    description="As the standard has it. Rather send a header: addresses are written into logs.",
    auto_error=False,
)
router = APIRouter()

Given = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
InQuery = Annotated[str | None, Depends(in_query)]
Jurisdiction = Annotated[
    Text,
    Query(max_length=100, description="The region's code, or nothing: there is but one."),
]
Form_ = Annotated[Format, Path(description="The format of the answer.")]
Codes = Annotated[str, StringConstraints(pattern=LIST)]


def _refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    why = {
        400: "A field is wrong or missing.",
        403: "No key, one that opens nothing, or one without the scope.",
        404: "No such service, request or jurisdiction.",
        429: "Too many requests; see `Retry-After`.",
        503: "The database is away.",
    }
    return {
        status: {
            "model": list[shapes.Refusal],
            "description": why[status],
            "content": {"text/xml": {}},
        }
        for status in sorted({400, 403, 404, 429, 503, *statuses})
    }


def _answers(model: object, status: int = 200) -> dict[int | str, dict[str, Any]]:
    content = {"model": model, "description": "As asked.", "content": {"text/xml": {}}}
    return {status: content, **_refusals()}


def reader(request: Request, given: Given, in_query: InQuery) -> Caller:
    """Return who reads; their key has the scope, their role the right."""
    who = _identify(request, given, in_query, Scope.OPEN311_READ)
    require(who, Right.READ_QUEUE)
    return who


def anybody(request: Request, given: Given, in_query: InQuery) -> Caller:
    """Return who asks for what any key may know: the list of topics."""
    return _identify(request, given, in_query)


def _identify(
    request: Request,
    given: HTTPAuthorizationCredentials | None,
    beside: str | None,
    *scopes: Scope,
) -> Caller:
    token = given.credentials if given is not None else beside or ""
    pace = request.app.state.pace
    return identify(console_of(request), pace, token, frozenset(scopes))


Reader = Annotated[Caller, Depends(reader)]
Anybody = Annotated[Caller, Depends(anybody)]


@router.get(
    "/discovery.{form}",
    operation_id="discovery",
    summary="What there is, and where; no key is needed",
    responses=_answers(shapes.Discovery),
)
def discover(request: Request, form: Form_) -> Response:
    """Return where the service is."""
    console = console_of(request)
    base = console.public_url or str(request.base_url).removesuffix("/open311/v2/")
    endpoint: Row = {
        "specification": "http://wiki.open311.org/GeoReport_v2",
        "url": f"{base.rstrip('/')}/open311/v2",
        "changeset": CHANGESET,
        "type": "production",
        "formats": [{"type": "application/json"}, {"type": "text/xml"}],
    }
    found: Row = {
        "changeset": CHANGESET,
        "contact": console.region.name,
        "key_service": "Ключ делает администратор консоли: /admin/api",
        "endpoints": [endpoint],
    }
    return write_one(form, found, "discovery")


@router.get(
    "/services.{form}",
    operation_id="listServices",
    summary="Topics as services",
    responses=_answers(list[shapes.Service]),
)
def list_services(who: Anybody, form: Form_, jurisdiction_id: Jurisdiction = "") -> Response:
    """Return the 24 topics."""
    _jurisdiction(jurisdiction_id, who.console)
    return write(form, [shapes.service(topic) for topic in Topic], "services", "service")


@router.get(
    "/services/{code}.{form}",
    operation_id="getService",
    summary="One service; none asks for more than the usual",
    responses=_answers(shapes.Definition),
)
def show_service(
    who: Anybody,
    code: Annotated[Topic, Path(description="The topic's code.")],
    form: Form_,
    jurisdiction_id: Jurisdiction = "",
) -> Response:
    """Return a service's own questions: there are none."""
    _jurisdiction(jurisdiction_id, who.console)
    found: Row = {"service_code": code.value, "attributes": []}
    return write_one(form, found, "service_definition")


class Asked(BaseModel):
    """What a list of requests is narrowed to."""

    jurisdiction_id: Annotated[Text, Field(max_length=100)] = ""
    service_request_id: Codes | None = Field(
        default=None, description="Up to 50 numbers with commas between; then nothing else counts."
    )
    service_code: Codes | None = Field(default=None, description="Codes with commas between.")
    start_date: Moment | None = Field(
        default=None, description="Of `requested_datetime`; by default 90 days before the end."
    )
    end_date: Moment | None = Field(default=None, description="By default now.")
    status: Codes | None = Field(default=None, description="`open`, `closed`, or both.")
    page: int = Field(default=1, ge=1, le=LAST_PAGE)
    page_size: int = Field(default=50, ge=1, le=200)


@router.get(
    "/requests.{form}",
    operation_id="listRequests",
    summary="Incidents as service requests",
    responses=_answers(list[shapes.ServiceRequest]),
)
def list_requests(who: Reader, form: Form_, asked: Annotated[Asked, Query()]) -> Response:
    """Return what the key's owner sees: by their deadlines the open ones, else the newest first."""
    console, only = who.console, limited_to(who.actor)
    _jurisdiction(asked.jurisdiction_id, console)
    with reading(console.engine) as session:
        if asked.service_request_id is not None:
            ids = _numbers(asked.service_request_id)
            everything = QueueFilter(state=State.ALL, limited_to=only)
            found = store.requests(session, everything, ids=ids, limit=MOST_IDS)
        else:
            until = asked.end_date or console.clock()
            wanted = QueueFilter(
                state=_state(asked.status),
                limited_to=only,
                since=asked.start_date or until - WINDOW,
                until=until,
            )
            found = store.requests(
                session,
                wanted,
                topics=_topics(asked.service_code) if asked.service_code else (),
                offset=(asked.page - 1) * asked.page_size,
                limit=asked.page_size,
            )
    known = official_contacts(console.region)
    rows = [shapes.service_request(one, console.region, known) for one in found]
    return write(form, rows, "service_requests", "request")


@router.get(
    "/requests/{number}.{form}",
    operation_id="getRequest",
    summary="One incident as a service request",
    responses=_answers(list[shapes.ServiceRequest]),
)
def show_request(
    who: Reader,
    number: Annotated[int, Path(ge=1, le=LARGEST_ID)],
    form: Form_,
    jurisdiction_id: Jurisdiction = "",
) -> Response:
    """Return a list of one, as the standard has it."""
    console = who.console
    _jurisdiction(jurisdiction_id, console)
    wanted = QueueFilter(state=State.ALL, limited_to=limited_to(who.actor))
    with reading(console.engine) as session:
        found = store.requests(session, wanted, ids=[number], limit=1)
    if not found:
        raise Open311Error(404, f"Обращения № {number} нет.")
    known = official_contacts(console.region)
    rows = [shapes.service_request(one, console.region, known) for one in found]
    return write(form, rows, "service_requests", "request")


class NewRequest(BaseModel):
    """A request to enter. The citizen's name is not kept: an answer needs none."""

    service_code: Codes
    description: Annotated[Text, Field(max_length=90_000)] = ""
    lat: Annotated[float, Field(ge=-90, le=90)] | None = None
    long: Annotated[float, Field(ge=-180, le=180)] | None = None
    address_string: Annotated[Text, Field(max_length=900)] = ""
    address_id: Annotated[Text, Field(max_length=100)] = ""
    email: Annotated[Text, Field(max_length=200)] = ""
    phone: Annotated[Text, Field(max_length=200)] = ""
    first_name: Annotated[Text, Field(max_length=200, description="Not kept.")] = ""
    last_name: Annotated[Text, Field(max_length=200, description="Not kept.")] = ""
    device_id: Annotated[Text, Field(max_length=200, description="Not kept.")] = ""
    account_id: Annotated[Text, Field(max_length=200, description="Not kept.")] = ""
    media_url: Annotated[Text, Field(max_length=1000)] = ""
    jurisdiction_id: Annotated[Text, Field(max_length=100)] = ""
    api_key: Annotated[Text, Field(max_length=300)] = Field(
        default="", description="The key, for who sends no header."
    )


@router.post(
    "/requests.{form}",
    operation_id="createRequest",
    summary="Enter a citizen's request",
    status_code=201,
    responses=_answers(list[shapes.Created], 201),
)
def create_request(
    request: Request,
    given: Given,
    form: Form_,
    wanted: Annotated[NewRequest, Form()],
    idempotency_key: Annotated[
        str,
        Header(
            pattern=r"^[A-Za-z0-9_.:-]{0,64}$",
            description="Of ours: the same key with the same request gives the same number again.",
        ),
    ] = "",
) -> Response:
    """Take a request as an incident; an open one about the same problem may be its home."""
    who = _identify(request, given, wanted.api_key, Scope.OPEN311_WRITE)
    require(who, Right.ENTER_CASES)
    _jurisdiction(wanted.jurisdiction_id, who.console)
    topic = _topics(wanted.service_code)[0]
    if not any(map(str.isalnum, wanted.description)):
        raise Open311Error(400, "description: напишите, о чём обращение.")
    number = enter_as(
        who,
        {
            "channel": Network.HOTLINE.value,
            "topic": topic.value,
            "text": _text(wanted),
            "place": _place(wanted, who.console),
            "contact": (wanted.phone or wanted.email).strip(),
            "key": f"311:{who.staff_id}:{idempotency_key}" if idempotency_key else uuid4().hex,
        },
    )
    if number is None:
        raise Open311Error(400, "Обращение сохранено, но ответа не требует.")
    rows = [{"service_request_id": str(number), "service_notice": None, "account_id": None}]
    return write(form, rows, "service_requests", "request", status=201)


class Since(BaseModel):
    """Which updates to return."""

    jurisdiction_id: Annotated[Text, Field(max_length=100)] = ""
    start_date: Moment | None = Field(default=None, description="By default 24 hours before now.")
    end_date: Moment | None = Field(default=None, description="By default now.")
    after: int = Field(
        default=0, ge=0, le=LARGEST_ID, description="Only those beyond this `update_id`."
    )
    page_size: int = Field(default=200, ge=1, le=1000)


@router.get(
    "/servicerequestupdates.{form}",
    operation_id="listUpdates",
    summary="What has happened since a moment (an extension)",
    responses=_answers(list[shapes.Update]),
)
def list_updates(who: Reader, form: Form_, since: Annotated[Since, Query()]) -> Response:
    """Return openings, closings and published answers, the oldest first.

    Ask again with `after` set to the last `update_id` until nothing comes.
    """
    console = who.console
    _jurisdiction(since.jurisdiction_id, console)
    now = console.clock()
    with reading(console.engine) as session:
        found = store.happened(
            session,
            since.start_date or now - LATELY,
            since.end_date or now + timedelta(seconds=1),
            after=since.after,
            body=limited_to(who.actor),
            limit=since.page_size,
        )
    known = official_contacts(console.region)
    rows = [shapes.update(one, known) for one in found if "unmerged" not in one.entry.after]
    return write(form, rows, "service_request_updates", "request_update")


def _jurisdiction(given: str, console: Console) -> None:
    if given.strip() not in {"", console.region.code}:
        raise Open311Error(
            404, f"jurisdiction_id: здесь только «{console.region.code}»; поле можно не заполнять."
        )


def _topics(codes: str) -> list[Topic]:
    wanted = [code.strip() for code in codes.split(",")]
    if not all(code in frozenset(Topic) for code in wanted):
        raise Open311Error(404, "service_code: такой услуги нет; список — в services.json.")
    return [Topic(code) for code in wanted]


def _numbers(ids: str) -> list[int]:
    wanted = [one.strip() for one in ids.split(",")]
    fit = all(one.isascii() and one.isdigit() and len(one) <= 10 for one in wanted)
    if not fit or len(wanted) > MOST_IDS:
        raise Open311Error(
            400, f"service_request_id: нужны номера через запятую, не больше {MOST_IDS}."
        )
    return [int(one) for one in wanted if int(one) <= LARGEST_ID]


def _state(status: str | None) -> State:
    wanted = {one.strip() for one in status.split(",")} if status else {"open", "closed"}
    if not wanted <= {"open", "closed"}:
        raise Open311Error(400, "status: возможны open и closed.")
    return State(wanted.pop()) if len(wanted) == 1 else State.ALL


def _text(wanted: NewRequest) -> str:
    photo = wanted.media_url.strip()
    shown = photo.startswith(("https://", "http://")) and photo.isprintable() and " " not in photo
    return f"{wanted.description}\n\nФото: {photo}" if shown else wanted.description


def _place(wanted: NewRequest, console: Console) -> str:
    """Return where it is, in words; coordinates are kept behind them for people."""
    address = wanted.address_string.strip()
    if wanted.lat is None or wanted.long is None:
        if not address:
            raise Open311Error(400, "Укажите место: lat и long или address_string.")
        return address
    name = address or shapes.nearest(wanted.lat, wanted.long, console.region)
    point = f"{wanted.lat:.5f}, {wanted.long:.5f}"
    return f"{name} (координаты {point})" if name else f"Координаты {point}"
