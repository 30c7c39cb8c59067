"""What an answer must not name, and what it may: numbers, addresses, pages of people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.decisions.personal import (
    Official,
    PersonalKind,
    find_personal,
    official,
)
from pipeline.region.load import load_region
from pipeline.region.schema import Contacts

KNOWN = official(
    [
        Contacts(
            email="roads@zarechny.example.org",
            phone="+7 (4812) 12-34-56, моб. 8-910-000-00-01",
        )
    ]
)


def found(text: str, **more: str) -> list[tuple[PersonalKind, str]]:
    """Return what is found as the form shows it: the kind and the words."""
    return [
        (one.kind, text[one.start : one.end]) for one in find_personal(text, known=KNOWN, **more)
    ]


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("Звоните +7 (910) 123-45-67, спросите мастера", "+7 (910) 123-45-67"),
        ("тел.89101234567", "89101234567"),
        ("8 910 123 45 67 до 18:00", "8 910 123 45 67"),
        ("8-910-123-45-67 15 мая", "8-910-123-45-67"),
        ("8.910.123.45.67.", "8.910.123.45.67"),
        ("номер 9101234567", "9101234567"),
        ("7\u00a0910\u00a01234567", "7\u00a0910\u00a01234567"),
        ("8(910)1234567", "8(910)1234567"),
        ("8‑910‑123‑45‑67", "8‑910‑123‑45‑67"),
        ("позвоните +375 29 123-45-67", "+375 29 123-45-67"),
    ],
)
def test_a_mobile_phone_is_found_however_it_is_written(text: str, phone: str) -> None:
    assert found(text) == [(PersonalKind.PHONE, phone)]


@pytest.mark.parametrize(
    "text",
    [
        "Единая служба: 112 или 8-800-100-00-00",
        "Приёмная: 8 (4812) 65-43-21, (48144) 4-12-34",
        "+7 4812 65 43 21",
        "Отдел дорог: +7 (4812) 12-34-56, 8 (910) 000-00-01, roads@zarechny.example.org",
        "Работы идут с 9:00 до 18:00, срок — 31.12.2026",
        "Выделено 9 123 456 789 рублей и ещё 912 345 678 901 рубль",
        "Кадастровый номер 67:18:0010102:1234",
        "ОГРН 1026701234567, счёт 40702810900000012345",
        "Опора 912-345, заявка № 2026/910",
        "Обращение от 17.11.2026 № 123456789",
        "",
    ],
)
def test_figures_of_every_day_and_official_contacts_are_no_personal_data(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("пишите ivanov.i-i@mail.ru сегодня", PersonalKind.EMAIL, "ivanov.i-i@mail.ru"),
        ("почта: дом@почта.рф.", PersonalKind.EMAIL, "дом@почта.рф"),
        ("карта 4276 5500 0000 0003", PersonalKind.CARD, "4276 5500 0000 0003"),
        ("4276-5500-0000-0003!", PersonalKind.CARD, "4276-5500-0000-0003"),
        ("2200000000000004", PersonalKind.CARD, "2200000000000004"),
        ("Паспорт 66 12 123456 выдан", PersonalKind.PASSPORT, "66 12 123456"),
        ("паспорт: серия 6612 № 123456", PersonalKind.PASSPORT, "6612 № 123456"),
        ("серия 6612, номер 123456", PersonalKind.PASSPORT, "6612, номер 123456"),
        ("СНИЛС 112-233-445 95", PersonalKind.SNILS, "112-233-445 95"),
        ("снилс 11223344595", PersonalKind.SNILS, "11223344595"),
        ("11223344595 в базе есть", PersonalKind.SNILS, "11223344595"),
        ("[id123|Анна], уже убрали", PersonalKind.PAGE, "[id123|Анна]"),
        ("[id123:bp-1_2|Анна], уже", PersonalKind.PAGE, "[id123:bp-1_2|Анна]"),
        ("спросите у @sosed_67", PersonalKind.PAGE, "@sosed_67"),
        ("@id55 (Анна) писала", PersonalKind.PAGE, "@id55 (Анна)"),
        ("*id55 (Анна) писала", PersonalKind.PAGE, "*id55 (Анна)"),
        ("https://vk.com/id77 — автор", PersonalKind.PAGE, "vk.com/id77"),
        ("m.vk.ru/id77", PersonalKind.PAGE, "vk.ru/id77"),
        ("https://ok.ru/profile/5001", PersonalKind.PAGE, "ok.ru/profile/5001"),
    ],
)
def test_what_tells_of_a_person_is_found_with_its_place(
    text: str, kind: PersonalKind, words: str
) -> None:
    assert found(text) == [(kind, words)]


@pytest.mark.parametrize(
    "text",
    [
        "Карта 4276 5500 0000 0005",  # the check digit is wrong
        "Смета 2026 1234 5678 9012 рублей 00 копеек",
        "Договор 6612 123456 на вывоз мусора",  # nothing speaks of a passport
        "СНИЛС 112-233-445 96",
        "заявка 001-001-998 00",  # numbers up to this one have no check
        "[club1|Администрация района] сообщает, см. @club1 и @public22",
        "Отчёт: https://vk.com/wall-1_2?reply=3 и https://vk.com/zarechny",
    ],
)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_the_citizen_may_be_addressed_but_nobody_else() -> None:
    text = "[id1001|Анна], здравствуйте! Вам ответит [id1002|Пётр]"
    assert found(text, author_id="1001") == [(PersonalKind.PAGE, "[id1002|Пётр]")]


def test_a_citizens_own_landline_and_flat_are_not_repeated() -> None:
    asked = "Живу на Лесной, 5, кв. 12, телефон 8 (48144) 4-12-34, или по-соседски тел. 2-33-44"
    text = (
        "На Лесной, 5, в квартире № 12 мастер будет завтра; в квартире 13 — позже. Позвоним вам "
        "по номеру 84814441234 или 2-33-44."
    )
    assert found(text, asked=asked) == [
        (PersonalKind.FLAT, "квартире № 12"),
        (PersonalKind.PHONE, "84814441234"),
        (PersonalKind.PHONE, "2-33-44"),
    ]
    assert found(text) == []


def test_a_place_is_no_personal_data() -> None:
    asked = "На Лесной, 5 третий день не горит фонарь"
    assert found("Фонарь на ул. Лесной, д. 5 заменён", asked=asked) == []


def test_contacts_that_a_citizen_quotes_stay_allowed() -> None:
    asked = "Звонил по +7 (4812) 12-34-56, никто не берёт"
    assert found("Звоните +7 4812 123456 с 9 до 18", asked=asked) == []


def test_several_are_told_in_the_order_of_the_text_and_none_twice() -> None:
    text = "Тел. 89101234567, карта 4276 5500 0000 0003, почта a@b.ru, @sosed"
    kinds = [kind for kind, _ in found(text)]
    # A bracketed name that is a mail address as well is told once
    assert len(found("[id5|a@b.ru]")) == 1
    assert kinds == [
        PersonalKind.PHONE,
        PersonalKind.CARD,
        PersonalKind.EMAIL,
        PersonalKind.PAGE,
    ]


@pytest.mark.parametrize("region", ["smolensky", "amursky"])
def test_every_contact_of_a_shipped_region_may_be_named(region: str) -> None:
    contacts = [body.contacts for body in load_region(region).bodies]
    known = official(contacts)
    for one in contacts:
        text = f"Обращайтесь: тел. {one.phone}, {one.email}, {one.address}"
        assert find_personal(text, known=known) == ()


DIGITS = st.text("0123456789", min_size=9, max_size=9)
GAPS = st.sampled_from(["", " ", "-", " - ", "\u00a0", ".", "("])
WORDS = st.text("абв гд,.!\n", max_size=30)


@given(
    before=WORDS,
    prefix=st.sampled_from(["", "8", "+7", "7"]),
    digits=DIGITS,
    gaps=st.tuples(GAPS, GAPS, GAPS, GAPS),
    behind=WORDS,
)
def test_no_separator_hides_a_mobile_phone(
    before: str, prefix: str, digits: str, gaps: tuple[str, str, str, str], behind: str
) -> None:
    parts = (f"9{digits[:2]}", digits[2:5], digits[5:7], digits[7:])
    number = prefix + (gaps[0] if prefix else "")
    number += parts[0] + "".join(gap + part for gap, part in zip(gaps[1:], parts[1:], strict=True))
    text = f"{before} {number} {behind}"
    (one,) = find_personal(text)
    # Ten digits that pass for a СНИЛС or a card are found as that.
    shown = text[one.start : one.end]
    assert [char for char in shown if char.isdigit()] == [char for char in number if char.isdigit()]


@given(st.text(max_size=500), st.text(max_size=200))
def test_any_text_is_read_and_what_is_found_lies_apart_within_it(text: str, asked: str) -> None:
    end = 0
    for one in find_personal(text, known=Official(), author_id="1", asked=asked):
        assert end <= one.start < one.end <= len(text)
        end = one.end


@pytest.mark.parametrize(
    "piece", ["9", "8 9", "1-", "@", "a@a.", "[id1", "кв ", "паспорт 6612 ", "+1 ", "7("]
)
def test_a_long_hostile_text_is_read_soon(piece: str) -> None:
    # Were a pattern to backtrack, this test would not end.
    find_personal(piece * 20_000, asked=piece * 20_000)
