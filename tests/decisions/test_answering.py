"""What is checked before an answer is put on its way."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.max.publisher import MaxPublisher
from connectors.ok.publisher import OkPublisher
from connectors.vk.publisher import VkPublisher
from models.vocabulary import AnswerKind, AnswerState, Network, Stage
from pipeline.decisions.answering import (
    DOUBLE_CLICK,
    LIMITS,
    Draft,
    Earlier,
    Reason,
    Refused,
    Target,
    choose,
    newer_final,
    refusal,
    refusal_by_hand,
    said_already,
    tidy,
    unfit_link,
)
from pipeline.decisions.personal import Official

NOON = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)
DONE = "Здравствуйте! Фонарь на Лесной заменён."
DRAFT = Draft(DONE, AnswerKind.FINAL)
POST = Target(
    id=7,
    network=Network.VK,
    text="На Лесной не горит фонарь",
    author_id="1001",
    relevant=True,
    deleted=False,
    at=NOON,
)
GIVEN = Earlier(
    id=1,
    post_id=7,
    kind=AnswerKind.FINAL,
    state=AnswerState.PUBLISHED,
    doubtful=True,
    text="Уже сделано.",
    author="ivanova",
    created_at=NOON,
)


def refused(
    draft: Draft = DRAFT,
    target: Target = POST,
    earlier: Sequence[Earlier] = (),
    stage: Stage = Stage.REVIEW,
) -> Reason | None:
    said = refusal(draft, target, earlier, stage=stage, known=Official())
    if said is None:
        return None
    assert not said.message[0].islower()
    assert said.message.endswith(".")
    return said.reason


@pytest.mark.parametrize(
    ("draft", "reason"),
    [
        (DRAFT, None),
        (Draft(DONE, AnswerKind.INTERIM), None),
        (Draft(DONE, None), Reason.KIND),
        (Draft("", AnswerKind.FINAL), Reason.EMPTY),
        (Draft("…!", AnswerKind.FINAL), Reason.EMPTY),
        (Draft("я" * 4000, AnswerKind.FINAL), None),
        (Draft("я" * 4001, AnswerKind.FINAL), Reason.TOO_LONG),
        (Draft("Позвоните 8 910 123-45-67", AnswerKind.FINAL), Reason.PERSONAL),
    ],
)
def test_an_answer_has_words_a_kind_a_length_and_nothing_personal(
    draft: Draft, reason: Reason | None
) -> None:
    assert refused(draft) is reason


def test_a_refusal_says_how_much_is_too_much_and_what_is_personal() -> None:
    long = refusal(replace(DRAFT, text="я" * 4100), POST, (), stage=Stage.REVIEW, known=Official())
    assert long is not None
    assert "4100 знаков из 4000. Сократите его на 100" in long.message
    text = "Тел. 89101234567 и a@b.ru"
    personal = refusal(replace(DRAFT, text=text), POST, (), stage=Stage.REVIEW, known=Official())
    assert personal is not None
    assert "личные данные: телефон, электронная почта" in personal.message
    assert [text[one.start : one.end] for one in personal.found] == ["89101234567", "a@b.ru"]


def test_neither_a_deleted_post_nor_a_closed_incident_is_answered() -> None:
    assert refused(target=replace(POST, deleted=True)) is Reason.DELETED
    assert refused(stage=Stage.CLOSED) is Reason.CLOSED


@pytest.mark.parametrize("network", Network)
def test_only_where_answers_can_be_published_are_they_queued(network: Network) -> None:
    expected = None if network in LIMITS else Reason.BY_HAND_ONLY
    assert refused(target=replace(POST, network=network)) is expected


def test_nothing_is_queued_that_a_publisher_would_find_too_long() -> None:
    assert LIMITS[Network.VK] <= VkPublisher.limit
    assert LIMITS[Network.OK] <= OkPublisher.limit
    assert LIMITS[Network.MAX] <= MaxPublisher.limit


@pytest.mark.parametrize(
    ("given", "draft", "reason"),
    [
        (GIVEN, DRAFT, Reason.SECOND),
        (GIVEN, replace(DRAFT, kind=AnswerKind.INTERIM), Reason.SECOND),
        (GIVEN, replace(DRAFT, further=True), None),
        (GIVEN, Draft("Уже сделано.", AnswerKind.FINAL, further=True), Reason.SAME),
        (GIVEN, Draft("Уже — сделано!", AnswerKind.FINAL, further=True), Reason.SAME),
        (replace(GIVEN, state=AnswerState.QUEUED), DRAFT, Reason.SECOND),
        (replace(GIVEN, state=AnswerState.SENDING), DRAFT, Reason.SECOND),
        (replace(GIVEN, state=AnswerState.BY_HAND), DRAFT, Reason.SECOND),
        (replace(GIVEN, state=AnswerState.WITHDRAWN), DRAFT, None),
        # The network refused it: surely, or nobody knows
        (replace(GIVEN, state=AnswerState.REFUSED, doubtful=False), DRAFT, None),
        (replace(GIVEN, state=AnswerState.REFUSED, doubtful=True), DRAFT, Reason.SECOND),
        (replace(GIVEN, kind=AnswerKind.INTERIM), DRAFT, None),
        (replace(GIVEN, kind=AnswerKind.INTERIM, text=DONE), DRAFT, Reason.SAME),
        (replace(GIVEN, post_id=8), DRAFT, None),
    ],
)
def test_a_final_answer_ends_the_talk_unless_more_is_meant(
    given: Earlier, draft: Draft, reason: Reason | None
) -> None:
    assert refused(draft, earlier=[given]) is reason


def test_a_button_pressed_twice_is_one_answer() -> None:
    again = replace(GIVEN, text=DONE, state=AnswerState.QUEUED)

    def said(
        draft: Draft = DRAFT, by: str = "ivanova", after: timedelta = DOUBLE_CLICK
    ) -> int | None:
        return said_already(draft, 7, [again], by=by, now=NOON + after)

    assert said() == again.id
    assert said(by="petrova") is None
    assert said(draft=replace(DRAFT, kind=AnswerKind.INTERIM)) is None
    assert said(after=DOUBLE_CLICK + timedelta(seconds=1)) is None
    withdrawn = replace(again, state=AnswerState.WITHDRAWN)
    assert said_already(DRAFT, 7, [withdrawn], by="ivanova", now=NOON) is None


def test_an_answer_that_was_replaced_is_not_repeated() -> None:
    replaced = newer_final(1, 7, [replace(GIVEN, id=2)])
    assert replaced is not None
    assert replaced.reason is Reason.SECOND
    assert newer_final(2, 7, [replace(GIVEN, id=1)]) is None
    assert newer_final(1, 8, [replace(GIVEN, id=2)]) is None
    assert newer_final(1, 7, [replace(GIVEN, id=2, kind=AnswerKind.INTERIM)]) is None


def test_by_hand_nothing_about_the_incident_hinders_but_the_words_are_looked_through() -> None:
    def by_hand(
        draft: Draft = DRAFT,
        target: Target = POST,
        link: str = "https://vk.com/wall-1_2?reply=3",
        earlier: Sequence[Earlier] = (),
    ) -> Reason | None:
        said = refusal_by_hand(draft, target, link, earlier, known=Official())
        return said.reason if said else None

    assert by_hand(target=replace(POST, deleted=True)) is None
    assert by_hand(draft=replace(DRAFT, text="я" * 5000)) is None
    assert by_hand(earlier=[GIVEN]) is None
    assert by_hand(earlier=[replace(GIVEN, text=DONE)]) is Reason.SAME
    assert by_hand(draft=replace(DRAFT, text="")) is Reason.EMPTY
    assert by_hand(draft=replace(DRAFT, text="т. 89101234567")) is Reason.PERSONAL
    assert by_hand(link="") is Reason.LINK


@pytest.mark.parametrize(
    ("link", "network", "fits"),
    [
        ("https://vk.com/wall-1_2?reply=3", Network.VK, True),
        ("http://ok.ru/group/1/topic/2", Network.OK, True),
        ("https://пример.рф/ответ", Network.POS, True),
        ("", Network.HOTLINE, True),
        ("", Network.VK, False),
        ("vk.com/wall-1_2", Network.VK, False),
        ("javascript:alert(1)", Network.VK, False),
        ("https://", Network.VK, False),
        ("http://[", Network.VK, False),
        ("https://vk.com/wall 1", Network.VK, False),
        ('https://vk.com/"onclick=', Network.VK, False),
        ("https://vk.com/" + "a" * 2000, Network.VK, False),
        ("ответ по телефону", Network.HOTLINE, False),
    ],
)
def test_a_link_is_a_whole_web_address(link: str, network: Network, fits: bool) -> None:
    assert (unfit_link(link, network) is None) == fits


def test_the_newest_relevant_post_that_still_stands_is_answered() -> None:
    first = replace(POST, id=1, at=NOON - timedelta(hours=2))
    second = replace(POST, id=2, at=NOON - timedelta(hours=1))
    gone = replace(POST, id=3, at=NOON, deleted=True)
    chatter = replace(POST, id=4, at=NOON, relevant=False)
    assert choose([first, second, gone, chatter], None) == second
    assert choose([gone, chatter], None) == chatter
    assert choose([gone], None) == gone
    assert choose([first, second, gone], 1) == first


@pytest.mark.parametrize(("targets", "wanted"), [((), None), ((POST,), 8), ((), 7)])
def test_a_post_of_another_incident_is_not_answered(
    targets: tuple[Target, ...], wanted: int | None
) -> None:
    said = choose(targets, wanted)
    assert isinstance(said, Refused)
    assert said.reason is Reason.POST


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Готово.\r\nСпасибо!\r ", "Готово.\nСпасибо!"),
        ("а\x00б\x1b[31m\ud800в", "аб[31mв"),
        ("сде\u00adлано\u200b, \u202eнаоборот", "сделано, наоборот"),
        (
            "Спасибо \U0001f468\u200d\U0001f469\u200d\U0001f467",
            "Спасибо \U0001f468\u200d\U0001f469\u200d\U0001f467",
        ),
        (" \n\t ", ""),
    ],
)
def test_only_what_can_be_seen_is_kept(typed: str, kept: str) -> None:
    assert tidy(typed) == kept
