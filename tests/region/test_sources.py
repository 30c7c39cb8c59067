"""Where posts come from: every kind of source as it loads, and the examples of its page."""

import re
import shutil
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from sources_yaml import (
    BOT,
    CHANNEL,
    FEED,
    FOLDER,
    MAILBOX,
    MAX,
    OK,
    OWN,
    SEARCH,
    WALL,
    entry,
    write,
)

from models.vocabulary import Network
from pipeline.region.load import SAMPLES, check_region, load_region
from pipeline.region.schema import Live, Source, SourceKind

PAGE = Path(__file__).parents[2] / "docs" / "sources.md"

Load = Callable[[str], tuple[Source, ...]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of a shipped region, to put other sources into."""
    return Path(shutil.copytree(SAMPLES / "smolensky", tmp_path / "region"))


@pytest.fixture
def load(folder: Path) -> Load:
    def loaded(entries: str) -> tuple[Source, ...]:
        write(folder, entries)
        return load_region(folder).sources

    return loaded


def test_each_community_is_a_source_of_its_own(load: Load) -> None:
    # Given a source with two communities, one of them a settlement's
    # When it is loaded
    district, village = load(entry(WALL, settlement="katynskoe"))[::-1]
    # Then there are two sources, named after their communities
    assert village == Source(
        key="vk:-123456",
        kind=SourceKind.VK_WALL,
        network=Network.VK,
        title="Сообщества: -123456",
        settlement="pecherskoe",
        communities={"-123456": "pecherskoe"},
        live=Live(token="vk-service"),
    )
    # And a community without a settlement of its own has the source's
    assert (district.key, district.settlement) == ("vk:-234567", "katynskoe")
    assert district.only_community() == "-234567"
    assert village.community_settlement("-123456_77_r9") == "pecherskoe"
    assert district.community_settlement("-234567_77") == "katynskoe"


@pytest.mark.parametrize(
    ("fields", "keys", "network"),
    [
        (WALL, ["vk:-123456", "vk:-234567"], Network.VK),
        (WALL | {"kind": "vk-board"}, ["vk:-123456", "vk:-234567"], Network.VK),
        (SEARCH, ["vk"], Network.VK),
        (OK, ["ok:70000000000001"], Network.OK),
        (CHANNEL, ["tg:my_channel"], Network.TELEGRAM),
        (BOT, ["bot"], Network.TELEGRAM),
        (MAX, ["max"], Network.MAX),
        (FEED, ["site"], Network.FEED),
        (FOLDER, ["tables"], Network.TABLE),
        (MAILBOX, ["mail"], Network.MAIL),
    ],
)
def test_every_kind_loads_with_what_it_needs(
    load: Load, fields: dict[str, str], keys: list[str], network: Network
) -> None:
    sources = load(entry(fields))

    assert [source.key for source in sources] == keys
    assert {source.kind.value for source in sources} == {fields["kind"]}
    assert {source.network for source in sources} == {network}


def test_a_recording_loads_with_its_file_and_network(load: Load, folder: Path) -> None:
    (folder / "feed.jsonl").write_text("", encoding="utf-8")

    (source,) = load(
        "- {key: old, kind: recording, title: Запись, network: ok, file: feed.jsonl,"
        " communities: {'570': katynskoe}}"
    )

    assert (source.key, source.network) == ("old", Network.OK)
    assert source.file == folder / "feed.jsonl"
    assert source.community_settlement("570_1") == "katynskoe"


def test_everything_that_a_source_may_have_is_kept(load: Load) -> None:
    own, group, bot, feed, box = load(
        "\n".join(
            (
                entry(
                    OWN,
                    events="callback",
                    events_token=None,
                    secret="vk-callback",
                    confirmation="a1b2c3d4",
                    answer_token="vk-group",
                    answer_as="345678",
                    every="30",
                    api="https://api.vk.ru/",
                    proxy="http://proxy.local:3128",
                ),
                entry(
                    OK,
                    refresh_token="ok-refresh",
                    app_id='"512000000000"',
                    answer_token="ok-token",
                ),
                entry(
                    MAX,
                    events="webhook",
                    secret="max-hook",
                    ca_file="/etc/otklik/root.pem",
                    communities='{"-72000000000001": null}',
                ),
                entry(
                    FEED,
                    url="http://10.0.0.5/appeals.rss",
                    allow_private="true",
                    zone="Asia/Vladivostok",
                ),
                entry(MAILBOX, server="mail.local", folder="Обращения", plain="true"),
            )
        )
    )

    assert own.live == Live(
        token="vk-service",
        events="callback",
        secret="vk-callback",
        confirmation="a1b2c3d4",
        answer_token="vk-group",
        answer_as=345678,
        every=30,
        api="https://api.vk.ru",
        proxy="http://proxy.local:3128",
    )
    assert (group.live.refresh_token, group.live.app_id) == ("ok-refresh", "512000000000")
    assert (bot.live.events, bot.live.ca_file) == ("webhook", "/etc/otklik/root.pem")
    assert list(bot.communities) == ["-72000000000001"]
    assert (feed.live.allow_private, feed.live.zone) == (True, "Asia/Vladivostok")
    assert (box.live.server, box.live.folder, box.live.plain) == ("mail.local", "Обращения", True)


def test_ones_own_sources_end_the_sample_feed(folder: Path, load: Load) -> None:
    own = load(entry(FEED))

    assert load_region(folder).active_sources() == own


# The page that explains it all


def examples() -> list[str]:
    """Return the YAML that the page shows, each block below ``sources:``."""
    blocks = re.findall(r"(?:^(?: {4,}.*)?\n)+", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    plain = (textwrap.dedent(block).strip("\n") for block in blocks)
    found = (block.removeprefix("sources:\n") for block in plain)
    return [textwrap.dedent(block) for block in found if block.lstrip().startswith("- key:")]


def test_the_page_shows_every_kind_of_source() -> None:
    shown = re.findall(r"kind: ([a-z-]+)", PAGE.read_text(encoding="utf-8"))

    assert {*shown, "vk-board", "recording"} >= {kind.value for kind in SourceKind}
    assert len(examples()) >= 8


@pytest.mark.parametrize("example", examples())
def test_every_example_of_the_page_is_sound(folder: Path, example: str) -> None:
    write(folder, example)

    assert check_region(folder) == []


def test_all_examples_of_the_page_together_are_sound(folder: Path) -> None:
    write(folder, "\n".join(examples()))

    assert check_region(folder) == []
