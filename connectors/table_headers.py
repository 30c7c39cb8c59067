"""What a header says: when two of them mean the same, and when its column holds personal data."""

import re

_LOOSE = re.compile(r"[\s_\u200b\ufeff★]+")
_SIGNS = re.compile(r"[^\w№]|_")
# A Latin N beside Russian letters is how «№» is typed where the keyboard has none.
_TYPED_NUMBER = re.compile("(?<![a-z])n(?=[а-я])|(?<=[а-я])n$")
_WORD = re.compile(r"[^\W\d_]+")
_INITIALS = re.compile(r"\bф\W{0,2}и\W{0,2}о\b")

# Whoever wrote to the authorities, by any name that a form gives them.
_APPLICANT = (
    "заявител",
    "корреспондент",
    "граждан",
    "обративш",
    "отправител",
    "адресант",
    "applicant",
)
# With one of these the column tells of the message, or what is true of many: «Тип заявителя».
_OF_THE_MESSAGE = frozenset(
    {
        "тип",
        "вид",
        "категория",
        "количество",
        "число",
        "текст",
        "содержание",
        "суть",
        "вопрос",
        "обращение",
        "сообщение",
        "дата",
        "номер",
        "type",
    },
)
_CONTACTS = (
    "телефон",
    "phone",
    "контакт",
    "contact",
    "mail",
    "email",
    "почт",
    "мобильн",
    "мессенджер",
)
_NAMES = ("фамили", "отчеств", "surname", "lastname", "firstname", "fullname", "patronymic")
_PAPERS = ("паспорт", "passport", "снилс")
_PRIVATE_WORDS = frozenset({"фио", "имя", "инн", "тел", "моб", "рождения", "name"})
_HOME = ("жительств", "проживан", "прописк", "обратн", "домашн", "регистраци", "ответа")
_PLACE = ("адрес", "мест", "улиц", "квартир")


def key(text: str) -> str:
    """Return what two headers or values have in common when people would call them the same."""
    return _LOOSE.sub("", text.casefold().replace("ё", "е"))


def header_key(header: str) -> str:
    """Return what two spellings of one header have in common.

    Beyond ``key``, signs of punctuation do not count, and «№» is «номер»: «Рег. №:» and «Рег
    номер» are one. A lone «№» stays itself: it only counts rows.
    """
    bare = key(header)
    letters = _SIGNS.sub("", bare)
    if letters in {"", "№"}:
        return letters or bare
    return _TYPED_NUMBER.sub("номер", letters.replace("№", "номер"))


def personal(header: str) -> bool:
    """Tell whether a column holds what names or reaches an applicant; it is never kept.

    Names, telephones, addresses of applicants, papers: the answer to a message that came through
    an official system is sent there, so none of this is needed here.
    """
    line = _INITIALS.sub("фио", header[:1000].casefold().replace("ё", "е"))
    words = _WORD.findall(line.replace("e-mail", "email"))
    if _any(words, (*_CONTACTS, *_NAMES, *_PAPERS)) or not _PRIVATE_WORDS.isdisjoint(words):
        return True
    if _any(words, _APPLICANT) and _OF_THE_MESSAGE.isdisjoint(words):
        return True
    if words[:1] == ["автор"] and len(words) > 1:
        return True  # «Автор обращения»; «Автор» alone is an account, of which names are left out
    return _any(words, _PLACE) and _any(words, _HOME)


def _any(words: list[str], beginnings: tuple[str, ...]) -> bool:
    return any(word.startswith(beginnings) for word in words)
