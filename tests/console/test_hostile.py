"""Whatever a citizen, a source or an address says is shown as text, never as a part of a page."""

import json
from pathlib import Path

import sqlalchemy as sa
from console.builders import NOW, add_incident, add_post, add_version
from console.client import Browser, Page
from sqlmodel import Session, select

from models.columns import stored_id
from models.incident import Incident
from models.source import Source
from models.vocabulary import Act, Network, Stage
from pipeline.database import unit_of_work
from pipeline.desk import journal
from pipeline.store.posts import posts_of

CORPUS = Path(__file__).parents[1] / "data" / "hostile.txt"
HOSTILE = [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()]
SOME = HOSTILE[::4]
"""For pages that ``test_hostile_everywhere`` shows the whole corpus to, when there is time."""

HUGE = "Ж" * 100_000
HARMLESS = "Во дворе яма"


def fill(session: Session, words: str, *, key: str = "vk:luga") -> int:
    """Store an incident that has the words in every field that comes from outside."""
    if session.get_bind().dialect.name == "postgresql":
        words = words.replace("\x00", "")  # it stores no NUL at all
    short = words[:90]
    source = Source(
        key=key,
        network=Network.VK,
        title=short,
        created_at=NOW,
        last_error=f"сбой {short}",
        failures=2,
    )
    session.add(source)
    session.flush()
    add_post(session, source, "root", text=words)
    prediction = {
        "relevance": 0.5,
        "topics": [[short, 0.5]],
        "fine_topics": [[short, short, 0.5]],
        "urgent": True,
        "urgency": 0.5,
        "reasons": [[f"topic:{short}", 0.5], [f"urgent:{short}", 0.5]],
        "rules": [short],
    }
    incident = add_incident(
        session,
        source,
        text=words,
        settlement=short,
        village=short,
        street=short,
        house=short[:50],
        place_from=short[:20],
        body=short,
        route_rule=short,
        norm=short,
        calendar=short[:64],
        post={
            "root_id": "root",
            "url": f"https://vk.com/{short}",
            "author_id": short,
            "prediction": prediction,
            "model": short,
            "deleted_at": NOW,
        },
    )
    number = stored_id(incident.id)
    add_version(session, posts_of(session, number)[0], words)
    journal.write(
        session,
        Act.ANSWER_REFUSED,
        at=NOW,
        incident_id=number,
        actor=short or "кто-то",
        reason=f"{words}!",
        before={"answer_error": words, short or "x": "a"},
        after={"answer_error": f"{words}!", "text": words, short or "x": short},
    )
    return number


def put_away(session: Session) -> None:
    """Take everything off the pages; the journal stays, as it always does."""
    for incident in session.exec(select(Incident)):
        incident.stage = Stage.CLOSED
    for source in session.exec(select(Source)):
        source.key = f"vk:{source.id}"


def without_choices(page: Page) -> list[tuple[str, tuple[str, ...]]]:
    """Return the elements of a page but for what may be chosen: sources become more."""
    return [element for element in page.skeleton if element[0] != "option"]


def as_parsed(words: str) -> str:
    """Return what is left of a text when a browser reads it: no NUL, line feeds only."""
    return words.replace("\x00", "").replace("\r\n", "\n")


def test_hostile_words_make_no_element_anywhere(
    browser: Browser, console_engine: sa.Engine
) -> None:
    with unit_of_work(console_engine) as session:
        number = fill(session, HARMLESS)
    queue, card = browser.page("/"), browser.page(f"/incident/{number}").skeleton

    for more, words in enumerate((*HOSTILE, HUGE), 1):
        with unit_of_work(console_engine) as session:
            put_away(session)
            session.flush()
            number = fill(session, words)
        shown = browser.page(f"/incident/{number}")

        again = browser.page("/")
        assert without_choices(again) == without_choices(queue), words
        assert len(again.all("option")) == len(queue.all("option")) + more, "a choice a source"
        assert shown.skeleton == card, words
        assert as_parsed(words) in as_parsed("".join(shown.pieces)), "shown in full"


def test_hostile_addresses_make_no_element_either(browser: Browser, stranger: Browser) -> None:
    queue, door = browser.page("/").skeleton, stranger.page("/sign-in").skeleton

    for words in HOSTILE:
        query = dict.fromkeys(
            ("topic", "settlement", "certainty", "urgent", "overdue", "page"), words
        )
        assert Page(browser.send("GET", "/", params=query).text).skeleton == queue, words
        asked = stranger.send("GET", "/sign-in", params={"next": words})
        assert Page(asked.text).skeleton == door, words


def test_a_hostile_login_makes_no_element_when_it_is_shown_again(stranger: Browser) -> None:
    harmless = stranger.submit("/sign-in", "/sign-in", login="кто-то", password="кто")

    for words in HOSTILE[::12]:
        refused = stranger.submit("/sign-in", "/sign-in", login=words, password="кто", next=words)
        assert Page(refused.text).skeleton == Page(harmless.text).skeleton, words


def test_the_queue_shows_no_more_than_a_beginning(
    browser: Browser, console_engine: sa.Engine
) -> None:
    with unit_of_work(console_engine) as session:
        fill(session, HUGE)

    assert len(browser.get("/").text) < 20_000
