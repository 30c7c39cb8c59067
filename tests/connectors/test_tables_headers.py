"""Headers: which are the same, and which stand over personal data."""

import pytest

from connectors.table_headers import header_key, personal


@pytest.mark.parametrize(
    "header",
    [
        "ФИО",
        "Ф.И.О. заявителя",
        "Ф. И. О.",
        "Фамилия",
        "ИМЯ",
        "Отчество заявителя",
        "Заявитель",
        "Корреспондент",
        "Данные заявителя",
        "Автор обращения",
        "Телефон",
        "Номер телефона",
        "Моб. тел.",
        "контактные данные",
        "e-mail",
        "E-Mail заявителя",
        "Эл. почта",
        "Электронная почта",
        "Почтовый адрес",
        "Адрес заявителя",
        "Адрес проживания",
        "Адрес регистрации",
        "Место жительства",
        "Адрес для ответа",
        "Домашний адрес",
        "Дата рождения заявителя",
        "СНИЛС",
        "Паспортные данные",
        "applicant_name",
        "full name",
        "lastName",
        "phone_number",
        "user_email",
    ],
)
def test_a_personal_column_is_recognised(header: str) -> None:
    assert personal(header)
    assert personal(f"  {header.upper()}: ")


@pytest.mark.parametrize(
    "header",
    [
        "Тип заявителя",
        "Категория граждан",
        "Количество заявителей",
        "Текст обращения гражданина",
        "Дата регистрации",
        "Наименование",
        "Адрес",
        "Адрес проблемы",
        "Место проблемы",
        "Исполнитель",
        "Полный текст",
        "Автор",
        "URL автора",
        "Регистрационный номер",
        "",
        "№",
    ],
)
def test_other_columns_are_not_personal(header: str) -> None:
    assert not personal(header)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Рег. №", "рег номер"),
        ("Рег.N", "Рег. №"),
        ("№ обращения", "Номер обращения:"),
        ("N обращения", "номер_обращения"),
        ("Населённый пункт", "НАСЕЛЕННЫЙ-ПУНКТ"),
        ("Дата  ответа*", "«Дата ответа»"),
    ],
)
def test_two_spellings_of_one_header(one: str, other: str) -> None:
    assert header_key(one) == header_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("№", "Номер"), ("№ п/п", "Номер"), ("№", "#"), ("name", "номерame"), ("Срок", "Срок ответа")],
)
def test_two_different_headers(one: str, other: str) -> None:
    assert header_key(one) != header_key(other)
