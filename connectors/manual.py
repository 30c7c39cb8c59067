"""Messages that a person types in: calls to the hot line, personal receptions, letters on paper.

Errors::

    OtklikError
    └── EntryError     a form is not filled in rightly; ``fields`` says what is wrong with each
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, ValidationError
from pydantic_core import PydanticCustomError

from connectors.table_cells import CellError, moment
from connectors.table_fields import DATE_FORMATS
from models.errors import OtklikError
from models.values import FetchedPost, Stated
from models.vocabulary import Network, PostKind, Topic

CHANNELS = (Network.HOTLINE, Network.RECEPTION, Network.PAPER)
"""Where a message that is typed in can have come from."""

OLDEST = timedelta(days=365)
"""An older date is mostly a slip in the year; who means it says so."""

MAX_TEXT = 100_000
MAX_PLACE = 1000
MAX_NUMBER = 100
MAX_CONTACT = 200
MAX_KEY = 100

TITLES = {
    "channel": "откуда сообщение",
    "text": "текст",
    "received_at": "когда получено",
    "place": "место",
    "topic": "тема",
    "number": "номер документа",
    "contact": "контакт для ответа",
    "key": "ключ формы",
}
"""The fields of a form, for people."""

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


class EntryError(OtklikError):
    """A form cannot be taken; ``fields`` maps each wrong field to its message in Russian."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        """Keep the messages apart for a form, and together for a command line."""
        super().__init__("; ".join(f"{TITLES[name]}: {said}" for name, said in fields.items()))
        self.fields = dict(fields)


def _wrong(said: str) -> PydanticCustomError:
    return PydanticCustomError("entry", "{said}", {"said": said})


def _channel(value: Network) -> Network:
    if value not in CHANNELS:
        raise _wrong(f"возможны {', '.join(CHANNELS)}")
    return value


def _text(value: str) -> str:
    # A browser sends line ends as \r\n, and the same text must stay the same text.
    text = _CONTROLS.sub("", value.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if not any(char.isalnum() for char in text):
        raise _wrong("напишите, о чём обращение")
    if len(text) > MAX_TEXT:
        raise _wrong(f"длиннее {MAX_TEXT} знаков ({len(text)}); сократите")
    return text


def _line(limit: int) -> AfterValidator:
    def check(value: str) -> str:
        line = " ".join(_CONTROLS.sub(" ", value).split())
        if len(line) > limit:
            raise _wrong(f"длиннее {limit} знаков ({len(line)}); сократите")
        return line

    return AfterValidator(check)


class Entry(BaseModel):
    """A message as typed in, checked.

    ``number`` is that of the document, unique in its channel and year; ``key`` is any text that
    tells one filled-in form from another, so that a form sent twice is one message.
    ``received_at`` is in the zone of the office, whose calendar says which year that is.
    ``contact`` is what an answer needs and no more: a telephone, an address, never a name.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    channel: Annotated[Network, AfterValidator(_channel)]
    text: Annotated[str, AfterValidator(_text)]
    received_at: AwareDatetime
    place: Annotated[str, _line(MAX_PLACE)] = ""
    topic: Topic | None = None
    number: Annotated[str, _line(MAX_NUMBER)] = ""
    contact: Annotated[str, _line(MAX_CONTACT)] = ""
    key: Annotated[str, _line(MAX_KEY)] = ""


def read_entry(
    form: Mapping[str, str], *, now: datetime, zone: ZoneInfo, old: bool = False
) -> Entry:
    """Return a form's fields, all of them text as a browser or a command line gives it, checked.

    Empty fields count as left out, unknown ones are passed over. ``received_at`` is taken in
    ``zone`` unless it names one, and is ``now`` where it is left out; more than a year ago it has
    to be meant (``old``). Raises EntryError, which names every wrong field.
    """
    given = {name: form[name] for name in Entry.model_fields if (form.get(name) or "").strip()}
    fields: dict[str, str] = {}
    values: dict[str, object] = {**given, "received_at": now.astimezone(zone)}
    try:
        if "received_at" in given:
            values["received_at"] = _received(given["received_at"], now=now, zone=zone, old=old)
    except CellError as error:
        fields["received_at"] = str(error)
    for name, words in (("channel", CHANNELS), ("topic", tuple(Topic))):
        if name in given and given[name].strip() in words:
            values[name] = (Network if name == "channel" else Topic)(given[name].strip())
        elif name in given:
            fields[name] = f"возможны {', '.join(words)}"
            del values[name]
    if "number" not in given and "key" not in given:
        fields["number"] = "нужен номер документа или ключ формы"
    try:
        entry = Entry.model_validate(values)
    except ValidationError as error:
        for wrong in error.errors(include_url=False, include_input=False):
            name = str(wrong["loc"][0])
            missing = wrong["type"] == "missing"
            fields.setdefault(name, "не заполнено" if missing else wrong["msg"])
    if fields:
        raise EntryError({name: fields[name] for name in TITLES if name in fields})
    return entry


def _received(written: str, *, now: datetime, zone: ZoneInfo, old: bool) -> datetime:
    received = moment(written, formats=DATE_FORMATS, zone=zone, now=now)
    if received is None or received > now:
        raise CellError("ещё не наступило; проверьте дату и время")
    if received < now - OLDEST and not old:
        raise CellError("больше года назад; проверьте год или отметьте, что так и есть")
    return received.astimezone(zone)


def to_post(entry: Entry) -> FetchedPost:
    """Return an entry as a post of its channel: an incident, since a person took it for one.

    It is known by its document's number and year, because registers count anew every year; else
    by the key of its form.
    """
    year = entry.received_at.year
    return FetchedPost(
        network=entry.channel,
        external_id=f"number:{year}/{entry.number}" if entry.number else f"key:{entry.key}",
        kind=PostKind.POST,
        text=entry.text,
        published_at=entry.received_at.astimezone(UTC),
        author_id=entry.contact,
        stated=Stated(
            relevant=True,
            topic=entry.topic,
            place=entry.place,
            extra={"number": entry.number} if entry.number else {},
        ),
    )
