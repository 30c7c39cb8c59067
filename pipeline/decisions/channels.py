"""Whether a channel's words make sense, before anything is stored or sent."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from models.channel_words import ChannelKind, Frequency
from models.vocabulary import Occasion
from pipeline.decisions.notice_times import Habits, TimesError

FORMS: Mapping[ChannelKind, tuple[re.Pattern[str], str]] = {
    ChannelKind.EMAIL: (
        re.compile(
            r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z0-9-]{2,63}"
        ),
        "Это не адрес почты. Образец: dezhurny@example.ru (латиницей).",
    ),
    ChannelKind.TELEGRAM: (
        re.compile(r"-?[0-9]{1,19}|@[A-Za-z][A-Za-z0-9_]{3,60}"),
        "Адрес в Telegram — номер чата (например -1001234567890) или имя канала @kanal.",
    ),
    ChannelKind.VK: (
        re.compile(r"-?[0-9]{1,19}"),
        "Адрес во ВКонтакте — номер человека или беседы, например 123456.",
    ),
    ChannelKind.MAX: (
        re.compile(r"-?[0-9]{1,19}|user:[0-9]{1,19}"),
        "Адрес в MAX — номер чата, например 123456, или человека: user:123456.",
    ),
}
"""How an address is written, and what to say if it is not."""

SECRET = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")
LONGEST = 500

NEEDS_SECRET: Mapping[ChannelKind, str] = {
    ChannelKind.MAX: "ключ бота MAX",
    ChannelKind.TELEGRAM: "ключ бота Telegram",
    ChannelKind.VK: "ключ сообщества ВКонтакте с правом на сообщения",
    ChannelKind.WEBHOOK: "общий с получателем ключ, которым подписываются уведомления",
    ChannelKind.APPRISE: "адрес apprise целиком: в нём и получатель, и ключ",
}
"""What a kind's secret is; mail needs none but the server's."""

OPTIONS = frozenset({"api", "proxy", "ca_file", "allow_private"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """A channel as a person asked for it; see ``models.delivery.Channel``."""

    kind: ChannelKind
    address: str = ""
    secret: str = ""
    occasions: Sequence[str] = ()
    frequency: Frequency = Frequency.AT_ONCE
    digest_at: str = ""
    quiet_from: str = ""
    quiet_to: str = ""
    urgent_at_once: bool = False
    api: str = ""
    proxy: str = ""
    ca_file: str = ""
    allow_private: bool = False

    def options(self) -> dict[str, object]:
        """Return what was given of the way to the network."""
        given: dict[str, object] = {name: getattr(self, name) for name in sorted(OPTIONS)}
        return {name: value for name, value in given.items() if value}


def wrong(wanted: Wanted) -> str:
    """Return what is wrong with a channel and what to do, in Russian; "" if nothing is."""
    return (
        _wrong_address(wanted)
        or _wrong_secret(wanted)
        or _wrong_occasions(wanted)
        or _wrong_way(wanted)
        or _wrong_times(wanted)
    )


def _wrong_address(wanted: Wanted) -> str:
    address, kind = wanted.address, wanted.kind
    if not address or len(address) > LONGEST or not address.isprintable():
        return f"Адрес канала «{kind.russian}» не годится: нужна одна строка до {LONGEST} знаков."
    if kind in FORMS and not FORMS[kind][0].fullmatch(address):
        return FORMS[kind][1]
    if kind is ChannelKind.WEBHOOK:
        return _wrong_url(address, "Адрес webhook")
    return ""


def _wrong_secret(wanted: Wanted) -> str:
    needed = NEEDS_SECRET.get(wanted.kind)
    if needed is None:
        return "" if not wanted.secret else "Почте секрет не нужен: пароль — в секрете smtp."
    if not wanted.secret:
        return f"Назовите секрет (--secret ИМЯ): {needed}."
    if not SECRET.fullmatch(wanted.secret):
        return (
            "Это не имя секрета: нужны строчные латинские буквы, цифры и дефис. Сам ключ кладут в "
            "файл с этим именем или в переменную окружения, здесь его не пишут."
        )
    return ""


def _wrong_occasions(wanted: Wanted) -> str:
    for word in wanted.occasions:
        if word not in {one.value for one in Occasion}:
            return f"Повода «{word[:40]}» нет. Есть: {', '.join(one.value for one in Occasion)}."
    return ""


def _wrong_way(wanted: Wanted) -> str:
    if wanted.kind in {ChannelKind.EMAIL, ChannelKind.APPRISE} and wanted.options():
        return "У почты и apprise таких настроек нет: сервер указывают в их собственном адресе."
    for url, name in ((wanted.api, "Адрес сервера"), (wanted.proxy, "Адрес прокси")):
        if url and (said := _wrong_url(url, name)):
            return said
    return ""


def _wrong_url(url: str, name: str) -> str:
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        parts, host = None, None
    if parts is None or parts.scheme not in {"http", "https"} or not host:
        return f"{name} не годится. Образец: https://example.ru/otklik"
    if "@" in parts.netloc:
        # It would be kept and shown as it is.
        return f"{name} содержит имя или пароль. Уберите их: адреса хранятся открыто."
    return ""


def _wrong_times(wanted: Wanted) -> str:
    try:
        Habits.of(
            wanted.frequency,
            digest_at=wanted.digest_at,
            quiet_from=wanted.quiet_from,
            quiet_to=wanted.quiet_to,
        )
    except TimesError as error:
        return str(error)
    if wanted.digest_at and wanted.frequency is not Frequency.DAILY:
        return "Время сводки бывает только у сводки раз в день (--every daily)."
    return ""
