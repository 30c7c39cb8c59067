"""Reads sources.yaml: where posts come from, and with which secrets.

Secrets themselves never stand there, only their names.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from connectors.addresses import require_public
from connectors.base import SourceError
from models.vocabulary import Network
from pipeline.region.hours import time_zone
from pipeline.region.problems import Problem
from pipeline.region.reading import Reader, is_null
from pipeline.region.schema import Live, Source, SourceKind

COMMON = (
    *("key", "kind", "title", "settlement", "communities", "every"),
    *("proxy", "api", "pages", "ca_file"),
)
ANSWERS = ("answer_token", "answer_as")


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a source of a kind needs and may have beside the common keys.

    ``community`` is the pattern of its communities' ids where each of them is a source of its
    own, with an example; None where the source is one.
    """

    network: Network | None
    needs: tuple[str, ...]
    may: tuple[str, ...] = ()
    community: tuple[str, str] | None = None


_GROUP = (r"-[1-9][0-9]{0,14}", '"-123456": null')
_CHANNEL = (r"[A-Za-z][A-Za-z0-9_]{3,31}", "my_channel: null")
MAX_CHAT = r"-?[0-9]{1,18}"

KINDS: dict[SourceKind, _Kind] = {
    SourceKind.RECORDING: _Kind(None, ("network", "file")),
    SourceKind.VK_WALL: _Kind(
        Network.VK,
        ("token", "communities"),
        (*ANSWERS, "events", "events_token", "secret", "confirmation"),
        _GROUP,
    ),
    SourceKind.VK_BOARD: _Kind(Network.VK, ("token", "communities"), ANSWERS, _GROUP),
    SourceKind.VK_SEARCH: _Kind(Network.VK, ("token", "queries"), ANSWERS),
    SourceKind.OK_GROUP: _Kind(
        Network.OK,
        ("token", "app_key", "app_secret", "communities"),
        ("refresh_token", "app_id", "answer_token"),
        (r"[0-9]{1,20}", '"70000000000001": null'),
    ),
    SourceKind.TELEGRAM_CHANNEL: _Kind(Network.TELEGRAM, ("communities",), (), _CHANNEL),
    SourceKind.TELEGRAM_BOT: _Kind(Network.TELEGRAM, ("token",), ("events", "secret")),
    SourceKind.MAX_BOT: _Kind(Network.MAX, ("token",), ("answer_token", "events", "secret")),
    SourceKind.FEED: _Kind(Network.FEED, ("url",), ("zone", "allow_private")),
    SourceKind.FOLDER: _Kind(Network.TABLE, ("folder",), ("mapping", "zone")),
    SourceKind.MAILBOX: _Kind(Network.MAIL, ("server", "user", "token"), ("folder", "plain")),
}

KEYS = tuple(
    dict.fromkeys((*COMMON, *(key for kind in KINDS.values() for key in (*kind.needs, *kind.may))))
)
EVENTS = {
    SourceKind.VK_WALL: ("callback", "longpoll"),
    SourceKind.TELEGRAM_BOT: ("webhook",),
    SourceKind.MAX_BOT: ("webhook",),
}
EVENTS_NEED = {
    "callback": ("secret", "confirmation"),
    "longpoll": ("events_token",),
    "webhook": ("secret",),
}
NEEDED_WITH = {
    SourceKind.VK_SEARCH: (
        (
            "answer_token",
            "answer_as",
            "Добавьте номер своего сообщества, от имени которого отвечать",
        ),
    ),
    SourceKind.OK_GROUP: (
        ("refresh_token", "app_id", "Добавьте номер приложения: без него сеанс не продлить"),
    ),
}
"""Keys that need another one beside them, and what to do."""

SECRETS = ("token", "app_secret", "refresh_token", "events_token", "secret", "answer_token")
_SECRET = re.compile(r"(?![0-9a-f]{20,}$)[a-z0-9][a-z0-9-]{0,49}")
"""A name; many networks' secrets are nothing but hexadecimal digits."""

LONGEST_KEY = 100
LAST_PORT = 65_535


@dataclass(slots=True)
class SourcesBuild:
    """One pass over sources.yaml of ``folder``; settlements were read before."""

    folder: Path
    problems: list[Problem]
    settlement_codes: list[str]
    seen: set[tuple[SourceKind, str]] = field(default_factory=set)

    def read(self) -> tuple[tuple[Source, ...], tuple[Source, ...]]:
        """Return one's own sources and the sample feed; what is wrong is noted."""
        reader = Reader("sources.yaml", self.problems)
        root = reader.mapping(reader.open(self.folder), ("sources", "sample_feed"), ("sources",))
        keys: set[str] = set()
        own, feed = (
            [
                source
                for node in reader.items(root.get(name))
                for source in self._entry(reader, node, keys)
            ]
            for name in ("sources", "sample_feed")
        )
        return tuple(own), tuple(feed)

    def _entry(self, reader: Reader, node: yaml.Node, keys: set[str]) -> list[Source]:
        kinds = [kind.value for kind in SourceKind]
        found = reader.mapping(node, KEYS, ("key", "kind", "title"))
        key = reader.code(found.get("key"))
        if key in keys:
            reader.wrong(found.get("key"), f"код «{key}» уже занят", "Возьмите другой")
        if len(key) > LONGEST_KEY:
            reader.wrong(found.get("key"), "код длиннее 100 знаков", "Возьмите короче")
        if key:
            keys.add(key)
        name = reader.choice(found.get("kind"), kinds, "вид источника")
        if name not in kinds:
            return []
        kind = SourceKind(name)
        self._check_keys(reader, node, found, kind)
        network = KINDS[kind].network
        if network is None:
            said = reader.choice(found.get("network"), [*Network], "сеть")
            network = Network(said) if said in [*Network] else Network.TABLE
        communities = self._communities(reader, found.get("communities"), kind)
        whole = Source(
            key=key,
            kind=kind,
            network=network,
            title=reader.text(found.get("title")),
            settlement=self._settlement(reader, found.get("settlement")),
            communities=communities,
            file=self._file(reader, found.get("file")),
            live=self._live(reader, found, kind, communities),
        )
        if KINDS[kind].community is None:
            return [whole]
        for one in communities:
            if (kind, one) in self.seen:
                fix = "Оставьте его в одном источнике, иначе каждое обращение придёт дважды"
                reader.wrong(found.get("communities"), f"сообщество {one} указано дважды", fix)
            self.seen.add((kind, one))
        return [whole.community(one) for one in communities]

    def _check_keys(
        self, reader: Reader, node: yaml.Node, found: dict[str, yaml.Node], kind: SourceKind
    ) -> None:
        wanted = KINDS[kind]
        for key in wanted.needs:
            if key not in found:
                fix = f"Источнику вида {kind} он нужен; пример в docs/sources.md"
                reader.wrong(node, f"нет ключа «{key}»", fix)
        for key, value in found.items():
            if key not in (*COMMON, *wanted.needs, *wanted.may):
                fix = "Уберите его; что у каких видов бывает, сказано в docs/sources.md"
                reader.wrong(value, f"у источника вида {kind} нет ключа «{key}»", fix)

    def _live(
        self,
        reader: Reader,
        found: dict[str, yaml.Node],
        kind: SourceKind,
        communities: dict[str, str | None],
    ) -> Live:
        private = reader.flag(found.get("allow_private"))
        zone = time_zone(reader, found["zone"]) if "zone" in found else ""
        queries = reader.texts(found.get("queries"))
        if "queries" in found and not queries:
            reader.wrong(
                found["queries"], "не названо ни одного запроса", 'Образец: ["Печерск дорога"]'
            )
        for key, need, fix in NEEDED_WITH.get(kind, ()):
            if key in found and need not in found:
                reader.wrong(found[key], f"нет ключа «{need}»", fix)
        named = {key: self._secret(reader, found.get(key)) for key in SECRETS}
        plain = {
            key: reader.text(found.get(key))
            for key in (
                "ca_file",
                "app_key",
                "app_id",
                "confirmation",
                "server",
                "user",
                "folder",
                "mapping",
            )
        }
        self._check_server(reader, found.get("server"), plain["server"])
        if (
            kind is SourceKind.FOLDER
            and plain["folder"]
            and not Path(plain["folder"]).is_absolute()
        ):
            fix = "Укажите весь путь, например /srv/exports: программу запускают из разных папок"
            reader.wrong(found["folder"], "путь папки неполный", fix)
        return Live(
            **named,
            **plain,
            url=self._url(reader, found.get("url"), private=private),
            api=self._url(reader, found.get("api"), private=True).rstrip("/"),
            pages=self._url(reader, found.get("pages"), private=True).rstrip("/"),
            proxy=self._url(reader, found.get("proxy"), private=True),
            queries=queries,
            every=reader.integer(found.get("every"), 1, 24 * 60),
            events=self._events(reader, found, kind, communities),
            answer_as=reader.integer(found.get("answer_as"), 1, 10**15),
            allow_private=private,
            zone=zone,
            plain=reader.flag(found.get("plain")),
        )

    def _events(
        self,
        reader: Reader,
        found: dict[str, yaml.Node],
        kind: SourceKind,
        communities: dict[str, str | None],
    ) -> str:
        if "events" not in found or kind not in EVENTS:
            return ""
        events = reader.choice(found["events"], EVENTS[kind], "способ")
        if len(communities) != 1 and KINDS[kind].community:
            fix = "Заведите своё сообщество отдельным источником"
            reader.wrong(found["events"], "события бывают у одного своего сообщества", fix)
        for need in EVENTS_NEED.get(events, ()):
            if need not in found:
                fix = "Добавьте его; пример в docs/sources.md"
                reader.wrong(found["events"], f"для событий «{events}» нужен ключ «{need}»", fix)
        return events

    def _check_server(self, reader: Reader, node: yaml.Node | None, server: str) -> None:
        fits = re.fullmatch(r"[^\s:/]+(?::([0-9]{1,5}))?", server)
        if server and not (fits and 0 < int(fits[1] or 1) <= LAST_PORT):
            fix = "Образец: imap.example.ru или imap.example.ru:993"
            reader.wrong(node, f"адрес сервера «{server[:60]}» не подходит", fix)

    def _communities(
        self, reader: Reader, node: yaml.Node | None, kind: SourceKind
    ) -> dict[str, str | None]:
        found: dict[str, str | None] = {}
        shape = KINDS[kind].community
        for community, value in reader.pairs(node):
            if shape and not re.fullmatch(shape[0], community):
                fix = f"Образец: {shape[1]}"
                reader.wrong(value, f"номер или имя сообщества «{community[:60]}» не подходит", fix)
                continue
            if kind is SourceKind.MAX_BOT and not re.fullmatch(MAX_CHAT, community):
                fix = "Это номер чата или канала: его показывает otklik sources check"
                reader.wrong(value, f"номер чата «{community[:60]}» не подходит", fix)
                continue
            if community in found:
                reader.wrong(value, f"сообщество {community} указано дважды", "Оставьте одно")
            found[community] = None if is_null(value) else self._settlement(reader, value)
        if shape and node is not None and not found:
            reader.wrong(node, "не названо ни одного сообщества", f"Образец: {shape[1]}")
        return found

    def _settlement(self, reader: Reader, node: yaml.Node | None) -> str | None:
        return reader.choice(node, self.settlement_codes, "поселение") or None

    def _secret(self, reader: Reader, node: yaml.Node | None) -> str:
        name = reader.text(node)
        if name and not _SECRET.fullmatch(name):
            # The name is not repeated: people put the secret itself here.
            fix = "Сам ключ здесь не пишут: дайте ему имя из строчных латинских букв, цифр и «-»"
            reader.wrong(node, "это не имя секрета", fix)
            return ""
        return name

    def _url(self, reader: Reader, node: yaml.Node | None, *, private: bool) -> str:
        address = reader.text(node)
        if address:
            try:
                require_public(address, private=private)
            except SourceError as error:
                reader.wrong(node, "адрес не подходит", str(error).rstrip("."))
        return address

    def _file(self, reader: Reader, node: yaml.Node | None) -> Path | None:
        name = reader.text(node)
        if not name:
            return None
        path = self.folder / name
        if not _inside(path, self.folder):
            fix = "Положите файл в папку района и укажите путь от неё"
            reader.wrong(node, f"файла «{name}» в папке района нет", fix)
        return path


def _inside(path: Path, folder: Path) -> bool:
    """Tell whether a file exists and lies inside a folder, symbolic links followed."""
    try:
        return path.is_file() and path.resolve().is_relative_to(folder)
    except (OSError, ValueError):
        return False
