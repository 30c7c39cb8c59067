"""Messages about one problem come into one incident, whatever page they stand on."""

from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa
from builders import TUESDAY_NOON, post, shipped_judge, take
from sqlmodel import col, select

from models.incident import Incident
from models.journal import JournalEntry
from models.post import Post
from models.story import Story
from models.values import FetchedPost
from models.vocabulary import Act, ClosingReason, Network, Stage, Urgency
from pipeline.database import reading, unit_of_work
from pipeline.decisions.lifecycle import Wish
from pipeline.decisions.permissions import OTKLIK
from pipeline.desk.cases import act
from pipeline.desk.merging import keep_apart
from pipeline.judge import Judge
from pipeline.region.schema import OnClosed
from pipeline.similar import similar

BINS = "В Печерске на Минской 5 мусор не вывозят третий день, баки полные, пакеты стоят рядом"
BINS_AGAIN = f"Пишут соседи: {BINS}"
NEXT_DOOR = BINS.replace("5", "7")
LAMP = "На Лесной вторую неделю не горит фонарь у магазина, просим вкрутить новую лампу"
LAMP_AGAIN = f"Репост из соседней группы. {LAMP}!!"
LAMP_TOO = "Почините фонарь на Лесной, у магазина темно уже две недели"
JUDGE = shipped_judge(join=True)


def later(number: int, text: str, **apart: float) -> FetchedPost:
    """Return a post written so long after Tuesday noon."""
    return replace(post(number, text), published_at=TUESDAY_NOON + timedelta(**apart))


def homes(engine: sa.Engine) -> dict[str, int | None]:
    """Return the incident of each post, by the number in its external id."""
    with reading(engine) as session:
        return {
            one.external_id.rpartition("_")[2]: one.incident_id
            for one in session.exec(select(Post).order_by(col(Post.id)))
        }


def the(engine: sa.Engine, number: int) -> Incident:
    with reading(engine) as session:
        return session.get_one(Incident, number)


def close(engine: sa.Engine, number: int, why: ClosingReason, reason: str) -> None:
    with unit_of_work(engine) as session:
        wish = Wish(Act.CLOSED, reason, closing=why)
        done = act(session, number, wish, actor=OTKLIK, rules=JUDGE.rules, now=TUESDAY_NOON)
        assert isinstance(done, Incident), done


def test_messages_of_one_page_come_together(engine: sa.Engine) -> None:
    # Given a page with two problems told by four people, and a third one next door
    texts = [LAMP, BINS, LAMP_AGAIN, BINS_AGAIN, NEXT_DOOR]
    # When it is taken in
    take(engine, *[post(n, text) for n, text in enumerate(texts, 1)], judge=JUDGE)
    # Then there are three incidents, and the first two count who else has written
    assert homes(engine) == {"1": 1, "2": 2, "3": 1, "4": 2, "5": 3}
    assert [(the(engine, n).repeats, the(engine, n).reach) for n in (1, 2, 3)] == [
        (1, 2),
        (1, 2),
        (0, 1),
    ]


def test_a_later_message_joins_and_says_why(engine: sa.Engine) -> None:
    take(engine, post(1, LAMP), judge=JUDGE)
    before = the(engine, 1)
    take(engine, post(2, LAMP_AGAIN), judge=JUDGE)
    assert homes(engine) == {"1": 1, "2": 1}
    assert the(engine, 1).version == before.version + 1
    assert the(engine, 1).due_at == before.due_at
    with reading(engine) as session:
        entry = session.exec(select(JournalEntry).where(JournalEntry.act == Act.POST_JOINED)).one()
    assert "почти тот же текст" in entry.reason
    assert entry.after["like_post"] == 1
    assert entry.after["score"] >= 0.8


def test_the_same_page_again_changes_nothing(engine: sa.Engine) -> None:
    page = [post(1, LAMP), post(2, LAMP_AGAIN)]
    take(engine, *page, judge=JUDGE)
    before = the(engine, 1)
    take(engine, *reversed(page), judge=JUDGE)
    assert the(engine, 1) == before
    with reading(engine) as session:
        assert len(session.exec(select(Story)).all()) == 2


def test_other_words_of_somebody_else_are_for_a_person(engine: sa.Engine) -> None:
    # Given two people who write of one lamp in words of their own
    take(engine, post(1, LAMP), post(2, LAMP_TOO), judge=JUDGE)
    # Then nothing is joined unseen, but whoever looks at one is shown the other, and why
    assert homes(engine) == {"1": 1, "2": 2}
    with reading(engine) as session:
        (found,) = similar(session, 1, actor=OTKLIK, process=JUDGE.region.process)
    assert found.incident_id == 2
    assert "та же улица" in found.why
    # And who said that these are two problems is not shown them again
    with unit_of_work(engine) as session:
        keep_apart(session, 1, 2, actor=OTKLIK, rules=JUDGE.rules, now=TUESDAY_NOON)
    with reading(engine) as session:
        assert similar(session, 1, actor=OTKLIK, process=JUDGE.region.process) == []


def test_an_urgent_message_makes_its_incident_urgent(engine: sa.Engine) -> None:
    take(engine, post(1, LAMP), judge=JUDGE)
    due_at = the(engine, 1).due_at
    take(engine, post(2, f"{LAMP}. Провод искрит!"), judge=JUDGE)
    assert homes(engine) == {"1": 1, "2": 1}
    assert the(engine, 1).urgency is Urgency.URGENT
    assert the(engine, 1).due_at < due_at


def test_who_wrote_first_counts_even_if_the_news_comes_late(engine: sa.Engine) -> None:
    take(engine, post(1, LAMP), judge=JUDGE)
    earlier = replace(post(2, LAMP_AGAIN), published_at=TUESDAY_NOON - timedelta(hours=4))
    take(engine, earlier, judge=JUDGE)
    assert homes(engine) == {"1": 1, "2": 1}
    assert the(engine, 1).clock_from == earlier.published_at
    assert the(engine, 1).due_at == TUESDAY_NOON + timedelta(hours=5, minutes=30)


def test_a_new_message_opens_a_closed_incident_again(engine: sa.Engine) -> None:
    take(engine, post(1, LAMP), judge=JUDGE)
    close(engine, 1, ClosingReason.NO_ANSWER_DUE, "комментарии закрыты")
    with unit_of_work(engine) as session:
        session.get_one(Incident, 1).closing_reason = ClosingReason.NO_REPLY
    take(engine, later(2, LAMP_AGAIN, days=1), judge=JUDGE, now=TUESDAY_NOON + timedelta(days=1))
    assert homes(engine) == {"1": 1, "2": 1}
    assert the(engine, 1).stage is Stage.REVIEW


def test_or_opens_a_repeat_where_the_region_wants_that(engine: sa.Engine) -> None:
    repeating = _with(on_closed=OnClosed.REPEAT)
    take(engine, post(1, LAMP), judge=repeating)
    close(engine, 1, ClosingReason.NO_ANSWER_DUE, "комментарии закрыты")
    with unit_of_work(engine) as session:
        session.get_one(Incident, 1).closing_reason = ClosingReason.NO_REPLY
    tomorrow = TUESDAY_NOON + timedelta(days=1)
    take(engine, later(2, LAMP_AGAIN, days=1), judge=repeating, now=tomorrow)
    assert homes(engine) == {"1": 1, "2": 2}
    assert the(engine, 2).repeat_of == 1
    assert the(engine, 1).stage is Stage.CLOSED


def test_what_was_no_appeal_draws_nothing_to_itself(engine: sa.Engine) -> None:
    take(engine, post(1, LAMP), judge=JUDGE)
    close(engine, 1, ClosingReason.NOT_RELEVANT, "реклама")
    take(engine, post(2, LAMP_AGAIN), judge=JUDGE)
    assert homes(engine) == {"1": 1, "2": 2}
    assert the(engine, 2).repeat_of is None


def test_an_official_register_keeps_its_rows_apart(engine: sa.Engine) -> None:
    rows = [replace(post(n, LAMP), network=Network.REGISTRY) for n in (1, 2)]
    take(engine, *rows, judge=JUDGE)
    assert homes(engine) == {"1": 1, "2": 2}


def test_an_edited_message_is_matched_by_its_newest_words(engine: sa.Engine) -> None:
    # Given a message that first spoke of one thing and then of another
    take(engine, post(1, LAMP), judge=JUDGE)
    edited = replace(post(1, BINS), edited_at=TUESDAY_NOON + timedelta(minutes=5))
    take(engine, edited, judge=JUDGE, now=TUESDAY_NOON + timedelta(minutes=6))
    # When somebody else writes of the second
    take(engine, post(2, BINS_AGAIN), judge=JUDGE)
    # Then what was remembered of the first is gone: only one row a post
    with reading(engine) as session:
        assert len(session.exec(select(Story)).all()) == 2


def test_nothing_is_joined_where_the_region_does_not_want_it(engine: sa.Engine) -> None:
    take(engine, post(1, LAMP), post(2, LAMP), judge=shipped_judge())
    assert homes(engine) == {"1": 1, "2": 2}


def _with(**process: object) -> Judge:
    rules = JUDGE.rules
    region = replace(
        rules.region,
        process=replace(rules.region.process, **process),  # type: ignore[arg-type]
    )
    return replace(JUDGE, rules=replace(rules, region=region))
