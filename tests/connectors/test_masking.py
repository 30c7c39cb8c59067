"""What is taken out of an answer before it is written down, and what stays."""

import pytest

from connectors.masking import Mask

MASK = Mask(places=frozenset({"79000000000301"}), salt=b"of one recording")


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("[id400500|Мария], где?", f"[id{MASK.number(400500)}|автор], где?"),
        ("[id400500:bp-55_7|Мария], где?", f"[id{MASK.number(400500)}|автор], где?"),
        ("[club55|Район] обещал", "[club55|Район] обещал"),
        ("Звоните 8 (910) 700-11-22", "Звоните телефон скрыт"),
        ("+79107001122 и a.b@mail.example", "телефон скрыт и адрес@скрыт"),
        ("Дом 12, кв. 5, с 7 до 19", "Дом 12, кв. 5, с 7 до 19"),
    ],
)
def test_a_text_stays_without_what_leads_to_people(said: str, kept: str) -> None:
    assert MASK.text(said) == kept


@pytest.mark.parametrize(
    ("page", "kept"),
    [
        (
            '<a class="tgme_widget_message_author_name" href="https://t.me/maria"><b>Мария</b></a>',
            '<a class="tgme_widget_message_author_name">автор</a>',
        ),
        (
            '<span class="tgme_widget_message_forwarded_from_name" dir="auto">Мария</span> яма',
            '<span class="tgme_widget_message_forwarded_from_name">автор</span> яма',
        ),
        (
            '<div class="tgme_widget_message_user"><a href="t.me/m"><img src="x">М</a>',
            '<div class="tgme_widget_message_user"><a>М</a>',
        ),
        (
            '<i class="tgme_widget_message_user_photo bg" data-content="М"><img src="x"></i>',
            "</i>",
        ),
        (
            '<a class="tgme_widget_message_owner_name" href="https://t.me/rayon">Район</a>',
            '<a class="tgme_widget_message_owner_name" href="https://t.me/rayon">Район</a>',
        ),
        ("<item><author>m@x.example (Мария)</author></item>", "<item><author></author></item>"),
        ("<dc:creator><![CDATA[Мария]]></dc:creator>яма", "<dc:creator></dc:creator>яма"),
        ('<author type="x">\n<name>Мария</name>\n</author>', "<author></author>"),
        ("<author/><title>Яма</title>", "<author/><title>Яма</title>"),
    ],
)
def test_a_page_stays_without_its_authors(page: str, kept: str) -> None:
    assert MASK.page(page) == kept


@pytest.mark.parametrize("charset", ["utf-8", "cp1251", "koi8-r", "utf-16"])
def test_a_feed_stays_readable_in_any_charset(charset: str) -> None:
    body = "<item><author>Мария</author><title>Яма на Лесной</title></item>".encode(charset)

    masked = MASK.body(body).decode(charset)

    assert masked == "<item><author></author><title>Яма на Лесной</title></item>"


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        # People, however they are spelled
        ({"owner_id": 400500}, {"owner_id": MASK.number(400500)}),
        ({"author_ref": "user:400500"}, {"author_ref": f"user:{MASK.number(400500)}"}),
        ({"ref": "user:400500"}, {"ref": f"user:{MASK.number(400500)}"}),
        ({"users": [400500]}, {"users": [MASK.number(400500)]}),
        ({"author": "Мария"}, {"author": "автор"}),
        (
            {"authors": [{"name": "Мария", "url": "x"}]},
            {"authors": [{"name": "автор", "url": None}]},
        ),
        (
            {"any": {"id": 5, "first_name": "Мария", "is_bot": False, "age": 40}},
            {"any": {"id": MASK.number(5), "first_name": "автор", "is_bot": False, "age": None}},
        ),
        (
            {"chat": {"id": 5, "type": "private", "username": "maria"}},
            {"chat": {"id": MASK.number(5), "type": "private", "username": "автор"}},
        ),
        ({"forward_sender_name": "Мария"}, {"forward_sender_name": "автор"}),
        # Places
        ({"owner_id": -55}, {"owner_id": -55}),
        ({"author_id": "79000000000301"}, {"author_id": "79000000000301"}),
        ({"uid": 79000000000301}, {"uid": 79000000000301}),
        (
            {"chat": {"id": -100, "type": "supergroup", "username": "smol"}},
            {"chat": {"id": -100, "type": "supergroup", "username": "smol"}},
        ),
        ({"message_id": 7, "date": 1_794_906_000}, {"message_id": 7, "date": 1_794_906_000}),
    ],
)
def test_in_an_answer_people_become_stand_ins_and_places_stay(
    answer: dict[str, object], kept: dict[str, object]
) -> None:
    assert MASK.value(answer) == kept


def test_stand_ins_are_the_same_for_the_same_person_and_differ_between_recordings() -> None:
    assert MASK.number(400500) == MASK.number(400500) != MASK.number(400501)
    assert MASK.address("M@x.example") == MASK.address("m@x.example")
    assert Mask().number(400500) != MASK.number(400500)
    assert Mask().address("m@x.example") != MASK.address("m@x.example")
