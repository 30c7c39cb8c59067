"""Whether two posts are one problem, by examples and by properties."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.text import Lemmatiser
from models.values import FetchedPost, Verdict
from models.vocabulary import Network, PostKind, Topic, Urgency
from pipeline.decisions.stories import USUAL, Candidate, Limits, compare, match
from pipeline.decisions.stories_keys import keys_of
from pipeline.decisions.stories_signs import SIGN_TITLES, Sign
from pipeline.decisions.stories_text import Facts, facts_of

NOON = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)
PIT = "В Катыни на Лесной у дома 5 яма на всю дорогу, вчера пробил колесо, сделайте"


@cache
def lemmatiser() -> Lemmatiser:
    return Lemmatiser()


def facts(
    text: str = PIT,
    *,
    topic: Topic = Topic.ROADS,
    at: datetime = NOON,
    settlement: str | None = "katynskoe",
    village: str | None = "Катынь",
    street: str | None = "ул. Лесная",
    house: str | None = "5",
    author: str = "1",
    number: int = 1,
    root: str = "",
) -> Facts:
    verdict = Verdict(
        relevant=True,
        topic=topic,
        urgency=Urgency.NORMAL,
        settlement=settlement,
        village=village,
        street=street,
        house=house,
        rules=(),
    )
    kind = PostKind.COMMENT if root else PostKind.POST
    post = FetchedPost(Network.VK, f"-7_{number}", kind, text, at, author_id=author, root_id=root)
    return facts_of(post, verdict, source_id=1, at=at, lemma=lemmatiser().lemma)


def nowhere(text: str) -> Facts:
    return facts(text, topic=Topic.LIGHTING, settlement=None, village=None, street=None, house=None)


def signs(one: Facts, other: Facts) -> list[Sign]:
    return [evidence.sign for evidence in compare(one, other).evidence]


def joins(one: Facts, other: Facts) -> bool:
    return match(other, [Candidate(1, 1, one)]) is not None


def test_two_neighbours_write_of_one_pothole() -> None:
    # Given a pothole at a house, when a neighbour names it in other words two days later
    other = facts(
        "Лесная, 5. Когда засыплют выбоину? Колесо оставил",
        at=NOON + timedelta(days=2),
        author="2",
        number=2,
    )
    # Then it is the same problem, and the reasons can be read
    found = match(other, [Candidate(10, 20, facts())])
    assert found is not None
    assert (found.incident_id, found.post_id) == (20, 10)
    assert found.score >= USUAL.threshold
    assert "тот же дом: ул. Лесная, 5" in found.russian
    assert "тот же предмет: яма" in found.russian


@pytest.mark.parametrize(
    ("other", "sign"),
    [
        (facts(house="7", number=2), Sign.OTHER_HOUSE),
        (facts(street="ул. Садовая", number=2), Sign.OTHER_STREET),
        (facts(village="Чекулино", number=2), Sign.OTHER_VILLAGE),
        (facts(settlement="pecherskoe", village=None, author="2", number=2), Sign.OTHER_SETTLEMENT),
        (facts(at=NOON + timedelta(days=31), number=2), Sign.TOO_LONG_AGO),
        (facts("Катынь, Лесная 5, светофор мигает жёлтым", number=2), Sign.OTHER_THING),
        (facts("Катынь, Лесная 5, тёмный двор", topic=Topic.SAFETY, number=2), Sign.OTHER_TOPIC),
    ],
)
def test_what_tells_apart_outweighs_all_else(other: Facts, sign: Sign) -> None:
    assert compare(facts(), other).score == 0.0
    assert signs(facts(), other) == [sign]
    assert not joins(facts(), other)


def test_landmarks_and_entrances_are_places_too() -> None:
    # Given one street, when one post speaks of the school and the other of the cemetery
    school = facts("На Лесной у школы яма", house=None)
    graves = facts("На Лесной у кладбища яма", house=None, number=2)
    assert signs(school, graves) == [Sign.OTHER_LANDMARK]
    # And the third entrance is not the first
    third = facts("Третий подъезд, сломан домофон", topic=Topic.HOUSING)
    first = facts("Подъезд № 1, сломан домофон", topic=Topic.HOUSING, number=2)
    again = facts("домофон не работает, 3 подъезд", topic=Topic.HOUSING, number=3)
    assert signs(third, first) == [Sign.OTHER_NUMBER]
    assert joins(third, again)


def test_the_author_again_has_more_time_than_a_stranger() -> None:
    reminder = "На Лесной яму так и не засыпали, пишу повторно"
    later = NOON + timedelta(days=20)
    own = facts(reminder, at=later, house=None, number=2)
    stranger = replace(own, author="vk:2")
    assert joins(facts(house=None), own)
    assert {Sign.SAME_AUTHOR, Sign.REMINDER} <= set(signs(facts(house=None), own))
    assert signs(facts(house=None), stranger) == [Sign.TOO_LONG_AGO]


def test_a_repost_in_another_community_is_the_same_problem() -> None:
    # Given a text whose place nobody could read, when another group copies it with a word before
    text = (
        "Соседи, третью неделю не горят фонари от магазина до моста, дети из школы идут в темноте,"
        " администрация не отвечает"
    )
    one = nowhere(text)
    other = replace(nowhere(f"Репост! {text}"), author="ok:9", own="2:other")
    assert joins(one, other)
    # But a template with another word in it is not a copy
    changed = nowhere(text.replace("фонари", "прожекторы"))
    assert not joins(one, replace(changed, author="ok:9", own="2:other"))


def test_a_short_text_alone_is_no_copy() -> None:
    one = facts("Когда починят дорогу?", village=None, street=None, house=None)
    other = replace(one, own="1:other", author="vk:2")
    assert not joins(one, other)


def test_an_outage_in_one_village_is_one_on_the_same_day() -> None:
    dark = facts("В Катыни нет света", topic=Topic.ELECTRICITY, street=None, house=None)
    soon = facts(
        "электричество отключили, Катынь сидит без света",
        topic=Topic.ELECTRICITY,
        street=None,
        house=None,
        at=NOON + timedelta(hours=3),
        author="2",
        number=2,
    )
    assert joins(dark, soon)
    assert not joins(dark, replace(soon, at=NOON + timedelta(days=2)))


def test_an_incident_of_another_house_is_not_joined_through_a_vague_post() -> None:
    # Given an incident with a post about house 5 and one that names no house
    vague = facts("На Лесной яма, колесо пробил", house=None, number=2)
    members = [Candidate(1, 1, facts()), Candidate(2, 1, vague)]
    other = facts("Лесная 7, яма, колесо пробил", house="7", number=3, author="3")
    # Then a post about house 7 stays apart, though it is close to the vague one
    assert match(other, members) is None


def test_a_vague_post_between_two_houses_is_for_a_person() -> None:
    fifth = facts("На Лесной яма у калитки, колесо пробил", house="5")
    seventh = facts("На Лесной яма у калитки, колесо пробил", house="7", number=2)
    vague = facts("На Лесной яма у калитки, колесо пробил", house=None, number=3)
    assert match(vague, [Candidate(1, 1, fifth)]) is not None
    assert match(vague, [Candidate(1, 1, fifth), Candidate(2, 2, seventh)]) is None


def test_a_reply_below_a_complaint_belongs_to_it() -> None:
    root = facts(number=1)
    reply = facts("И мы эту яму на Лесной объезжаем", house=None, author="2", number=2, root="-7_1")
    assert Sign.REPLY in signs(root, reply)
    assert joins(root, reply)


def test_limits_come_from_the_region() -> None:
    other = facts(
        "Лесная, 5. Когда засыплют яму?", at=NOON + timedelta(days=10), number=2, author="2"
    )
    assert match(other, [Candidate(1, 1, facts())]) is not None
    assert match(other, [Candidate(1, 1, facts())], Limits(days=7)) is None
    assert match(other, [Candidate(1, 1, facts())], Limits(threshold=0.99)) is None


def test_every_sign_has_a_russian_name() -> None:
    assert set(SIGN_TITLES) == set(Sign)
    assert all(sign.russian for sign in Sign)


TEXTS = st.sampled_from(
    [
        PIT,
        "Лесная 5, засыпьте яму у калитки",
        "Не горит фонарь у магазина, темно",
        "В третьем подъезде нет света",
        "Нет воды второй день, до сих пор никто не приехал",
        "Стая собак у школы кидается на детей",
        "",
        "№ 5 !!!",
        "20 м² подъезд ² 3",
    ]
)
ANY = st.builds(
    facts,
    TEXTS,
    topic=st.sampled_from([Topic.ROADS, Topic.LIGHTING, Topic.WATER]),
    at=st.datetimes(datetime(2026, 11, 1), datetime(2026, 12, 20)).map(  # noqa: DTZ001 - next line
        lambda moment: moment.replace(tzinfo=UTC)
    ),
    settlement=st.sampled_from([None, "katynskoe", "pecherskoe"]),
    village=st.sampled_from([None, "Катынь", "Печерск"]),
    street=st.sampled_from([None, "ул. Лесная", "ул. Мира"]),
    house=st.sampled_from([None, "5", "7"]),
    author=st.sampled_from(["", "1", "2"]),
    number=st.integers(1, 30),
    root=st.sampled_from(["", "-7_1"]),
)


@given(ANY, ANY)
def test_the_score_is_symmetric_and_between_0_and_1(one: Facts, other: Facts) -> None:
    comparison = compare(one, other)
    assert comparison == compare(other, one)
    assert 0.0 <= comparison.score <= 1.0


@given(ANY)
def test_the_same_text_place_and_time_always_match(one: Facts) -> None:
    long = replace(one, words=one.words | frozenset(range(8)))
    copy = replace(long, own="9:copy", author="ok:copy")
    assert joins(long, copy)
    assert set(keys_of(long)) & set(keys_of(copy))


@given(ANY, st.lists(st.tuples(ANY, st.integers(1, 4)), max_size=8), st.randoms())
def test_the_order_of_candidates_does_not_matter(
    one: Facts, stored: list[tuple[Facts, int]], chance: Random
) -> None:
    rows = [Candidate(number, incident, facts) for number, (facts, incident) in enumerate(stored)]
    shuffled = list(rows)
    chance.shuffle(shuffled)
    assert match(one, rows) == match(one, shuffled)


@given(ANY, ANY)
def test_what_joins_shares_a_key(one: Facts, other: Facts) -> None:
    if one.own != other.own and compare(one, other).score >= USUAL.threshold:
        copied = {Sign.SAME_TEXT, Sign.NEAR_TEXT} & set(signs(one, other))
        assert copied or set(keys_of(one)) & set(keys_of(other))
