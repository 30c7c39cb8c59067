"""Two incidents side by side: compared, put together, kept apart."""

import pytest
import sqlalchemy as sa
from answering import source_of
from console.builders import NOW, add_incident
from console.client import Browser, Page
from console.test_acts import ActAs, as_, opened, stands
from console.test_hostile import SOME
from httpx import Response

from models.columns import stored_id
from models.incident import CoExecutor
from models.source import Source
from models.values import FetchedPost, Verdict
from models.vocabulary import ClosingReason, Network, Stage, Topic, Urgency
from pipeline.database import unit_of_work
from pipeline.decisions.stories_text import facts_of
from pipeline.desk import stories
from pipeline.desk.merging import are_apart
from pipeline.store.posts import posts_of

__all__ = ["as_"]


@pytest.fixture
def pair(console_engine: sa.Engine) -> tuple[int, int]:
    """Two incidents about one manhole, in words of their own."""
    one = opened(console_engine, text="Открыт люк во дворе на Садовой 7", house="7")
    other = opened(console_engine, text="На Садовой 7 открыт люк, дети рядом", house="7")
    return one, other


def decide(browser: Browser, one: int, other: int, button: str, **fields: str) -> Response:
    """Press a button of the page that compares two."""
    page = browser.page(f"/incident/{one}/similar?other={other}")
    version = str(page.all("input", name="at_version")[0]["value"])
    form = {"form_token": page.form_token, "at_version": version, "other": str(other)}
    return browser.post(f"/incident/{one}/similar", form | {"button": button} | fields)


def test_two_are_shown_side_by_side_with_their_differences(
    browser: Browser, console_engine: sa.Engine
) -> None:
    one = opened(console_engine, text="Открыт люк на Садовой 7", topic=Topic.WATER, house="7")
    other = opened(
        console_engine, text="Открыт люк на Полевой", stage=Stage.WORK, village="Луга", body="luga"
    )

    page = browser.page(f"/incident/{one}/similar?other={other}")

    for words in (
        "Открыт люк на Садовой 7",
        "Открыт люк на Полевой",
        "Тема, различаетсяВода и канализацияДороги и тротуары",
        "Важностьобычнаяобычная",
        "Адрес, различается7Луга",
        "Написано18.11.2026 10:0018.11.2026 10:00",
        "Стадия, различаетсяна разбореv работе".replace("v ", "в "),
        "Ответственный, различаетсяОтдел дорогАдминистрация Лугского поселения",
    ):
        assert words.replace(" ", "") in page.text.replace(" ", ""), words
    assert len(page.all("mark", **{"class": "own"})) >= 3, "both streets, and the legend"
    originals = [link for link in page.links if link.startswith("https://vk.com/")]
    assert len(originals) == 2, "where the photos are"


def test_similar_incidents_are_listed_the_likest_beside_at_once(
    browser: Browser, console_engine: sa.Engine, pair: tuple[int, int]
) -> None:
    one, other = pair
    remember(console_engine, *pair)

    page = browser.page(f"/incident/{one}/similar")

    assert f"/incident/{one}/similar?other={other}" in page.links
    assert "дети рядом" in page.text
    assert "Похожи тем, что" in page.text


def remember(engine: sa.Engine, *numbers: int) -> None:
    """Let posts be found by what they tell of."""
    with unit_of_work(engine) as session:
        for number in numbers:
            (post,) = posts_of(session, number)
            source = session.get_one(Source, post.source_id)
            fetched = FetchedPost(
                network=source.network,
                external_id=post.external_id,
                kind=post.kind,
                text=post.text,
                published_at=post.published_at,
            )
            verdict = Verdict(
                True, Topic.ROADS, Urgency.NORMAL, "luga", None, "Садовая", "7", rules=()
            )
            facts = facts_of(
                fetched, verdict, source_id=stored_id(source.id), at=NOW, lemma=str.casefold
            )
            stories.remember(session, [(stored_id(post.id), facts)])


def test_one_goes_into_the_other_and_that_can_be_taken_back(
    browser: Browser, console_engine: sa.Engine, pair: tuple[int, int]
) -> None:
    one, other = pair
    done = decide(browser, one, other, "merge", reason="Тот же люк")

    assert done.status_code == 303
    assert done.headers["location"].startswith(f"/incident/{other}?undo=")
    assert stands(console_engine, one).closing_reason is ClosingReason.MERGED
    page = browser.page(done.headers["location"])
    assert "Открыт люк во дворе на Садовой 7" in page.text
    assert f"из № {one}" in page.text
    assert "Тот же люк" in page.text


def test_two_that_are_different_are_never_put_together_until_that_is_lifted(
    browser: Browser, console_engine: sa.Engine, pair: tuple[int, int]
) -> None:
    one, other = pair
    assert decide(browser, one, other, "apart").status_code == 303

    page = browser.page(f"/incident/{one}/similar?other={other}")
    assert "Человек решил, что это разные проблемы" in page.text
    assert page.all("button", value="merge") == []
    refused = decide(browser, one, other, "merge", reason="Всё же один")
    assert refused.status_code == 422
    assert "запрещено объединять" in Page(refused.text).text
    with unit_of_work(console_engine) as session:
        assert are_apart(session, one, other)

    decide(browser, one, other, "lift")
    assert decide(browser, one, other, "merge").status_code == 303


def test_what_cannot_be_merged_is_told_and_the_reason_is_kept(
    browser: Browser, console_engine: sa.Engine, pair: tuple[int, int]
) -> None:
    one, other = pair
    closed = opened(console_engine, stage=Stage.CLOSED)
    page = browser.page(f"/incident/{one}/similar?other={closed}")
    assert "Объединяют только открытые инциденты" in page.text
    assert page.all("button", value="merge") == []

    stale = decide(browser, one, other, "merge", at_version="7", reason="Тот же люк")
    assert stale.status_code == 409
    shown = Page(stale.text)
    assert "Пока вы смотрели" in shown.text
    assert shown.all("input", name="reason")[0]["value"] == "Тот же люк"
    itself = browser.post(
        f"/incident/{one}/similar",
        {
            "form_token": page.form_token,
            "at_version": "1",
            "other": str(one),
            "button": "merge",
        },
    )
    assert itself.status_code == 422
    assert "один и тот же инцидент" in Page(itself.text).text


@pytest.mark.parametrize("number", ["99999", "0", "x", "99999999999999"])
def test_a_number_of_nothing_is_told(browser: Browser, pair: tuple[int, int], number: str) -> None:
    answer = browser.get(f"/incident/{pair[0]}/similar?other={number}")
    assert answer.status_code == 404
    assert "Инцидента с таким номером нет" in Page(answer.text).text
    assert Page(answer.text).all("input", name="other")[0]["value"] == number[:20]


@pytest.mark.parametrize("who", ["executor", "approver", "observer", "luga"])
def test_who_may_not_merge_finds_no_such_page(
    console_engine: sa.Engine, as_: ActAs, pair: tuple[int, int], who: str
) -> None:
    with unit_of_work(console_engine) as session:
        session.add(CoExecutor(incident_id=pair[0], body="luga"))
    assert as_(who).get(f"/incident/{pair[0]}/similar").status_code == 404


def test_an_incident_without_posts_has_nothing_to_compare(
    browser: Browser, console_engine: sa.Engine, pair: tuple[int, int]
) -> None:
    with unit_of_work(console_engine) as session:
        for post in posts_of(session, pair[1]):
            post.incident_id = None
    page = browser.page(f"/incident/{pair[0]}/similar?other={pair[1]}")
    assert "(без текста)" in page.text


def test_hostile_words_make_no_element(browser: Browser, console_engine: sa.Engine) -> None:
    skeletons = set()
    for words in ("слово", *SOME):
        clean = words.replace("\x00", "") or "а"
        with unit_of_work(console_engine) as session:
            source = source_of(session, "vk:luga", Network.VK)
            source.title = clean[:90]
            first = add_incident(session, source, text=clean, street=clean[:90])
            second = add_incident(session, source, text=clean, street=clean[:90])
            first.body = second.body = clean[:90] or "а"
            numbers = (first.id, second.id)
        page = browser.page(f"/incident/{numbers[0]}/similar?other={numbers[1]}")
        skeletons.add(str(page.skeleton))
    assert len(skeletons) == 1
