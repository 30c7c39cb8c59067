"""From the outbox to the networks' own pages: who publishes for a source, and what arrives."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
import sqlalchemy as sa
from answering import stored
from console.builders import OPERATOR
from fakes.demo import LOST
from fakes.max_demo import GROUP as MAX_GROUP
from fakes.server import Fault
from following import BOT, CHANNEL, DISTRICT, KATYN, MAX, OK, PECHERSK, SITE, Town, town
from sqlmodel import col, select

from connectors.max.publisher import MaxPublisher
from connectors.ok.publisher import OkPublisher
from connectors.vk.publisher import VkPublisher
from models.answer import Answer
from models.columns import stored_id
from models.incident import Incident
from models.post import Post
from models.source import Source
from models.vocabulary import AnswerKind, AnswerState
from pipeline.database import reading, unit_of_work
from pipeline.decisions.answering import Draft
from pipeline.decisions.publishing import PERSON_PAUSE
from pipeline.desk.answers import queue_answer
from pipeline.publish import PublishTally, publish_due
from pipeline.publishers import open_publishers
from pipeline.region.load import load_region
from pipeline.rules import Rules
from pipeline.secrets import FOLDER
from pipeline.settings import Settings

TEXT = "Здравствуйте! Бригада выехала, работы закончат сегодня до 18 часов."
SOON = timedelta(minutes=2)

only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what does not depend on the database."""


@pytest.fixture
async def place(engine: sa.Engine, tmp_path: Path) -> AsyncIterator[Town]:
    async with town(engine, tmp_path) as made:
        for faults in made.demo.faults.values():
            faults.hang_seconds = 0.1
        yield made


def queue(place: Town, settings: Settings, key: str, text: str = TEXT, begins: str = "") -> int:
    """Answer the first incident of a source (its post's id begins so); return the answer's id."""
    with reading(place.engine) as session:
        query = (
            select(Incident)
            .join(Post, col(Post.incident_id) == Incident.id)
            .join(Source, col(Source.id) == Post.source_id)
            .where(Source.key == key, col(Post.external_id).startswith(begins))
            .order_by(col(Incident.id))
        )
        incident_id = stored_id(session.exec(query).first().id)  # type: ignore[union-attr]
    with unit_of_work(place.engine) as session:
        answer = queue_answer(
            session,
            incident_id,
            Draft(text, AnswerKind.FINAL),
            actor=OPERATOR,
            version=None,
            rules=Rules.of(load_region(settings.region)),
            now=place.time.now(),
        )
    assert isinstance(answer, Answer), answer
    return stored_id(answer.id)


async def send(place: Town, settings: Settings) -> PublishTally:
    """Send what is due, as one run of the flow does."""
    rules = Rules.of(load_region(settings.region))
    async with open_publishers(settings, place.engine) as publishers:
        return await publish_due(place.engine, publishers, rules=rules, clock=place.time.now)


async def page(url: str) -> str:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert answer.status == 200
        return await answer.text()


@only_sqlite
async def test_each_source_has_the_publisher_of_its_network(place: Town) -> None:
    # Given sources of which one wall is only read, on the networks' own sites
    place.sources = place.sources.replace("    answer_token: demo-vk-203\n", "")
    place.sources = re.sub(r"    pages: .+\n", "", place.sources)
    # When publishers are opened
    async with open_publishers(place.settings(), place.engine) as publisher:
        # Then answers go out where a token for them is named, and nowhere else
        kinds = {key: type(publisher(key)) for key in (DISTRICT, PECHERSK, *OK, MAX)}
        assert kinds == {
            DISTRICT: VkPublisher,
            PECHERSK: VkPublisher,
            **dict.fromkeys(OK, OkPublisher),
            MAX: MaxPublisher,
        }
        assert [publisher(key) for key in (KATYN, CHANNEL, BOT, SITE, "vk:unknown")] == [None] * 5


async def test_an_answer_that_was_lost_on_the_way_back_stands_on_each_wall_once(
    place: Town,
) -> None:
    # Given incidents of three networks; two of them lose the confirmation of the first answer
    await place.follow().read(DISTRICT)
    await place.follow().read(OK[0])
    await place.follow().read(MAX)
    settings = place.settings()
    place.demo.faults["vk"].once["POST /method/wall.createComment"] = LOST
    place.demo.faults["max"].once["POST /messages"] = LOST
    answers = {
        DISTRICT: queue(place, settings, DISTRICT),
        OK[0]: queue(place, settings, OK[0]),
        MAX: queue(place, settings, MAX, begins=f"{MAX_GROUP}_"),
    }
    place.time.forward(seconds=5)
    # When they are sent
    tally = await send(place, settings)
    # Then one is published, and nobody knows of the others
    assert (tally.published, tally.unknown, tally.refused) == (1, 2, 0)
    # And a look later they are found where they stand, and not sent again
    place.time.forward(minutes=2)
    tally = await send(place, settings)
    assert (tally.published, tally.found, tally.unknown) == (0, 2, 0)
    owner, _, number = _post_of(place, answers[DISTRICT]).partition("_")
    pages = {
        DISTRICT: f"{place.demo.url['vk']}/wall{owner}_{number.partition('_')[0]}",
        OK[0]: f"{place.demo.url['ok']}/group/{OK[0].partition(':')[2]}",
        MAX: place.demo.url["max"],
    }
    for key, url in pages.items():
        assert (await page(url)).count(TEXT) == 1, key
        answer = stored(place.engine, answers[key])
        assert (answer.state, answer.error) == (AnswerState.PUBLISHED, "")
        assert answer.external_id
    # And the operator can open its page
    for key in (DISTRICT, OK[0]):
        assert TEXT in await page(stored(place.engine, answers[key]).url)
    assert place.demo.vk.log.count("wall.createComment") == 1


def _post_of(place: Town, answer_id: int) -> str:
    with reading(place.engine) as session:
        return session.get_one(Post, stored(place.engine, answer_id).post_id).external_id


@only_sqlite
async def test_answers_wait_for_a_secret_and_say_for_which(place: Town) -> None:
    # Given a source whose key for answers is not there, and another one that has its own
    await place.follow().read(DISTRICT)
    await place.follow().read(OK[0])
    settings = place.settings()
    secret = settings.home / FOLDER / "demo-vk-201"
    value = secret.read_text()
    secret.unlink()
    waiting, other = queue(place, settings, DISTRICT), queue(place, settings, OK[0])
    # When answers are sent
    tally = await send(place, settings)
    # Then the other one goes out, and this one waits and says for what
    assert (tally.published, tally.waiting, tally.broken) == (1, 1, set())
    assert stored(place.engine, other).state is AnswerState.PUBLISHED
    answer = stored(place.engine, waiting)
    assert answer.state is AnswerState.QUEUED
    assert "Нет секрета «demo-vk-201»" in answer.error
    assert "OTKLIK_SECRET_DEMO_VK_201" in answer.error
    assert place.demo.vk.log.count("wall.createComment") == 0
    # And once the key is there, it goes out
    secret.touch(mode=0o600)
    secret.write_text(value)
    place.time.forward(seconds=PERSON_PAUSE.total_seconds() + 1)
    assert (await send(place, settings)).published == 1
    assert stored(place.engine, waiting).state is AnswerState.PUBLISHED


@only_sqlite
async def test_a_file_of_certificates_that_is_missing_stops_its_own_source_alone(
    place: Town,
) -> None:
    # Given a source whose settings name a file that is not there
    await place.follow().read(MAX)
    await place.follow().read(OK[0])
    place.sources = place.sources.replace(
        f"    api: {place.demo.url['max']}\n",
        f"    api: {place.demo.url['max']}\n    ca_file: /nowhere/root.pem\n",
    )
    settings = place.settings()
    waiting, other = queue(place, settings, MAX), queue(place, settings, OK[0])
    # When answers are sent
    tally = await send(place, settings)
    # Then only its own answers wait
    assert (tally.published, tally.waiting) == (1, 1)
    assert stored(place.engine, other).state is AnswerState.PUBLISHED
    assert "/nowhere/root.pem" in stored(place.engine, waiting).error


@only_sqlite
async def test_a_network_that_is_down_keeps_no_other_from_publishing(place: Town) -> None:
    # Given a network that breaks every connection before it does anything
    await place.follow().read(DISTRICT)
    await place.follow().read(OK[0])
    settings = place.settings()
    lost, sent = queue(place, settings, OK[0]), queue(place, settings, DISTRICT)
    place.demo.faults["ok"].planned = [(Fault.RESET, False)] * 20
    # When answers are sent
    tally = await send(place, settings)
    # Then the other network has its answer, and of this one nobody knows
    assert (tally.published, tally.unknown) == (1, 1)
    assert stored(place.engine, sent).state is AnswerState.PUBLISHED
    assert stored(place.engine, lost).state is AnswerState.SENDING
    # And it is sent once the network is back and it does not stand there
    place.demo.faults["ok"].planned.clear()
    place.time.forward(seconds=SOON.total_seconds())
    assert (await send(place, settings)).published == 1
    group = f"{place.demo.url['ok']}/group/{OK[0].partition(':')[2]}"
    assert (await page(group)).count(TEXT) == 1


@only_sqlite
async def test_what_the_network_refuses_comes_back_with_its_reason(place: Town) -> None:
    # Given a post below which comments were closed after it was read
    await place.follow().read(DISTRICT)
    settings = place.settings()
    answer_id = queue(place, settings, DISTRICT)
    owner, post, *_ = _post_of(place, answer_id).split("_")
    place.demo.vk.close_comments(int(owner), int(post))
    # When the answer is sent
    tally = await send(place, settings)
    # Then it is the operator's again, with words that say why
    assert tally.refused == 1
    answer = stored(place.engine, answer_id)
    assert answer.state is AnswerState.REFUSED
    assert "213" in answer.error
