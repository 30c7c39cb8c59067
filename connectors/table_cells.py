"""What one cell of a table says: text, a moment, a duration, an account, a link. All pure."""

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import orjson
from openpyxl.utils.datetime import from_excel, to_excel

from connectors.table_rows import NoValue, shown
from models.vocabulary import Network

MAX_TEXT = 100_000  # characters; the longest real message of 17 419 has 5 746
MAX_NAME = 200  # characters of an id or an account
MAX_URL = 2000
EARLIEST = datetime(2005, 1, 1, tzinfo=UTC)  # before the social networks; 1970 is a broken clock

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_UNDECODED = re.compile("[\udc80-\udcff]")  # what errors="surrogateescape" makes of a wrong byte
_RUSSIAN = re.compile(
    r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})(?:,? +([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?)?",
)
_CLOCK = re.compile(r"(-?)(\d{1,5}):([0-5]\d)(?::([0-5]\d))?(?:[.,]\d+)?")
_FRACTION = re.compile(r"-?\d{1,5}[.,]\d+")
_LINK = re.compile(r"https?://[^\s<>\"']+", re.IGNORECASE)
_BARE_LINK = re.compile(r"[a-z0-9][a-z0-9.-]*\.[a-z]{2,10}/[^\s<>\"']*", re.IGNORECASE)
_HOST = re.compile(
    r"https?://(?:[\w-]+\.)*?(vk\.com|vk\.ru|vkontakte\.ru|ok\.ru)(?=[/?#]|$)", re.IGNORECASE
)
_VK_PERSON = re.compile(r"/id(\d{1,15})/?$")
_VK_COMMUNITY = re.compile(r"/(?:club|public|event)(\d{1,15})/?$")
_OK_PERSON = re.compile(r"/profile/(\d{1,20})/?$")


class CellError(ValueError):
    """A cell makes its row unusable; the message is the reason in Russian."""


def body(value: object) -> str:
    """Return a message as sent, without control characters and the export's leading apostrophe.

    ИМ puts an apostrophe before every text, and a lone one for an empty text. Raises CellError
    for text over 100 000 characters, undecodable bytes, a formula without a value, nested JSON.
    """
    if not isinstance(value, str):
        return _other(value)
    if len(value) > MAX_TEXT:
        raise CellError(
            f"текст длиннее {MAX_TEXT} знаков ({len(value)}): вероятно, не закрыта кавычка",
        )
    if _CONTROLS.search(value):
        if _UNDECODED.search(value):
            raise CellError("байты не в кодировке файла: строка повреждена")
        value = _CONTROLS.sub("", value)
    return value.removeprefix("'")


def text(value: object, limit: int = MAX_TEXT) -> str:
    """Return a cell as text without spaces around it. Raises CellError as body(), or over limit."""
    if value is None:
        return ""
    cleaned = body(value).strip()
    if len(cleaned) > limit:
        raise CellError(f"значение длиннее {limit} знаков")
    return cleaned


def _other(value: object) -> str:
    match value:
        case None:
            return ""
        case NoValue():
            raise CellError(value.value)
        case bool():
            return "true" if value else "false"
        case float() if not math.isfinite(value) or abs(value) >= 2**53:
            raise CellError("число больше, чем хранится точно: запишите его в ячейку как текст")
        case float() if value.is_integer():
            return str(int(value))
        case datetime():
            return value.isoformat(" ", "seconds")
        case time() | timedelta():
            return _clock(value)
        case dict() | list():
            raise CellError("вложенное значение JSON: нужен текст или число")
        case _:
            return str(value)


def moment(
    value: object,
    *,
    formats: Sequence[str],
    zone: ZoneInfo,
    now: datetime,
) -> datetime | None:
    """Return a date cell as a moment in UTC, None when it is empty.

    Naive dates take ``zone``. Numbers are Excel serials (days since 1900) or Unix time in seconds
    or milliseconds, told apart by size. Raises CellError for what is no date, and for a date
    before 2005 or later than ``now`` + 1 day.
    """
    read = _read_moment(value, formats)
    if read is None:
        return None
    # The year is tested first: at the ends of the calendar a change of zone overflows.
    if EARLIEST.year <= read.year <= now.year + 1:
        exact = (read if read.tzinfo else read.replace(tzinfo=zone)).astimezone(UTC)
        if EARLIEST <= exact <= now + timedelta(days=1):
            return exact
    edge = "раньше 2005 года" if read.year < EARLIEST.year else "в будущем"
    raise CellError(f"дата {edge}: {read.isoformat(' ', 'seconds')}")


def _read_moment(value: object, formats: Sequence[str]) -> datetime | None:
    if isinstance(value, datetime):
        return value
    if isinstance(value, (time, timedelta)):
        raise CellError("вместо даты стоит длительность или время без даты")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _from_number(value)
    written = text(value)
    if not written:
        return None
    for form in formats:
        try:
            if form == "iso":
                return datetime.fromisoformat(written)
            if form == "russian":
                return _russian(written)
            return datetime.strptime(written, form)  # noqa: DTZ007 - the zone is set by moment()
        except ValueError:
            continue
    raise CellError(f"дата не разобрана: {shown(written, 60)}")


def _russian(written: str) -> datetime:
    # Four times as fast as strptime, which needs a format for each way to write the time.
    match = _RUSSIAN.fullmatch(written)
    if match is None:
        raise ValueError(written)
    day, month, year, hour, minute, second = (int(part or 0) for part in match.groups())
    return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - as above


def _from_number(value: float) -> datetime:
    try:
        if value >= 1e8:
            return datetime.fromtimestamp(value / 1000 if value >= 1e11 else value, UTC)
        serial = from_excel(value) if value >= 1 else None
    except (OverflowError, ValueError, OSError):
        serial = None
    if isinstance(serial, datetime):
        return serial
    raise CellError(f"число вместо даты: {shown(value, 60)}")


def period(value: object, *, formats: Sequence[str], zone: ZoneInfo) -> str:
    """Return a cell that holds a moment or a duration as text that sorts and reads back.

    A moment becomes ISO 8601 in UTC; a duration, also one that Excel shows as a date of 1900 or
    that is written as a fraction of a day, becomes hours:minutes:seconds. Other text stays as
    it is: these columns never reject a row, except as text() does.
    """
    if isinstance(value, datetime) and value.year < 1905:
        value = timedelta(days=float(to_excel(value)))  # type: ignore[no-untyped-call]
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 20_000:
        value = timedelta(days=value)
    if isinstance(value, (time, timedelta)):
        return _clock(value)
    if isinstance(value, str):
        written = text(value)
        if match := _CLOCK.fullmatch(written):
            sign, hours, minutes, seconds = match.groups("00")
            return f"{'-' * (sign == '-')}{int(hours):02}:{minutes}:{seconds}"
        if _FRACTION.fullmatch(written) and abs(float(written.replace(",", "."))) < 20_000:
            return _clock(timedelta(days=float(written.replace(",", "."))))
    try:
        read = _read_moment(value, formats)
        if read is not None and EARLIEST.year <= read.year < 9999:
            exact = read if read.tzinfo else read.replace(tzinfo=zone)
            return exact.astimezone(UTC).isoformat()
    except CellError:
        pass
    return text(value)


def _clock(value: time | timedelta) -> str:
    if isinstance(value, time):
        value = timedelta(
            hours=value.hour,
            minutes=value.minute,
            seconds=value.second,
            microseconds=value.microsecond,
        )
    total = round(value.total_seconds())  # a day fraction is seldom a whole second
    minutes, seconds = divmod(abs(total), 60)
    return f"{'-' * (total < 0)}{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"


def beside(value: object) -> str:
    """Return a cell that is only kept beside the post: nested JSON stays JSON."""
    if isinstance(value, (dict, list)):
        return text(orjson.dumps(value).decode())
    return text(value)


def link(written: str) -> str:
    """Return an http(s) link, or "" for anything else: ``javascript:`` must never become a link."""
    if len(written) > MAX_URL:
        return ""
    if _LINK.fullmatch(written):
        return written
    whole = f"https://{written}"
    return whole if _BARE_LINK.fullmatch(written) and len(whole) <= MAX_URL else ""


def network(url: str) -> Network:
    """Return the network that a link belongs to; TABLE for none and for those we do not read."""
    found = _HOST.match(url)
    if found is None:
        return Network.TABLE
    return Network.OK if found[1].lower() == "ok.ru" else Network.VK


def account(written: str) -> str:
    """Return an author's account as the connectors write it: digits, negative for a VK community.

    A link without a number stays a link. Words with spaces are a person's name, and names are
    not kept: the answer is "". It is at most MAX_NAME characters long, as ``written`` is.
    """
    if len(written.split()) != 1:
        return ""
    url = link(written)
    if network(url) is Network.VK:
        if person := _VK_PERSON.search(url):
            return person[1]
        if community := _VK_COMMUNITY.search(url):
            return f"-{community[1]}"
    if network(url) is Network.OK and (person := _OK_PERSON.search(url)):
        return person[1]
    return url if 0 < len(url) <= MAX_NAME else written
