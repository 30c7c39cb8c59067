"""Personal data in an answer that everybody will read.

An answer goes out in public, so it names nobody's phone, mail, card, passport, СНИЛС or page
(152-ФЗ). What the authorities publish of themselves is no secret: the contacts of the region's
bodies, 8-800 numbers and landlines. What the citizen wrote of themselves is not repeated either:
they may delete it, an official answer stays.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from pipeline.region.schema import Contacts

GAP = r"[\s\-\u2010-\u2015().]{0,3}"
"""What people put between the digits of a number."""

NUMBER = re.compile(
    rf"(?<![0-9])(?:(?:\+?7|8){GAP})?\(?(?:"
    rf"[3-9][0-9]{{2}}\)?(?:{GAP}[0-9]){{7}}"
    rf"|[3-8][0-9]{{3}}\)?(?:{GAP}[0-9]){{6}}"
    rf"|[3-8][0-9]{{4}}\)?(?:{GAP}[0-9]){{5}})(?![0-9])"
)
FOREIGN = re.compile(rf"\+(?!7)[1-9][0-9]{{0,2}}(?:{GAP}[0-9]){{7,12}}(?![0-9])")
SHORT = re.compile(r"(?<![0-9\-])[0-9]{1,3}-[0-9]{2}-[0-9]{2}(?![0-9\-])")
"""A number as it is dialled within a village; also how some write dates."""

EMAIL = re.compile(r"(?<![\w.+%\-@])[\w.+%\-]{1,64}@[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,8}")
CARD = re.compile(
    r"(?<![0-9])[2-6][0-9]{3}([ \-\u00a0]?)[0-9]{4}\1[0-9]{4}\1[0-9]{4}(?:\1[0-9]{1,3})?(?![0-9])"
)
PASSPORT = re.compile(
    r"(?<![0-9])[0-9]{2}[ \u00a0]?[0-9]{2}[\s,;]{0,3}(?:(?:№|N|номер)[\s:]{0,3})?[0-9]{6}(?![0-9])",
    re.IGNORECASE,
)
SNILS = re.compile(r"(?<![0-9])[0-9]{3}([\- ]?)[0-9]{3}\1[0-9]{3}[\- ]?[0-9]{2}(?![0-9])")
PAGE = re.compile(
    r"\[id(?P<a>[0-9]{1,15})[^|\]\n]{0,50}\|[^\]\n]{0,200}\]"
    r"|(?<![\w@/*])[@*]id(?P<b>[0-9]{1,15})\b(?:\s?\([^)\n]{0,200}\))?"
    r"|\bvk\.(?:com|ru)/id(?P<c>[0-9]{1,15})\b"
    r"|\bok\.ru/profile/(?P<d>[0-9]{1,20})\b"
    r"|(?<![\w.@])@(?!(?:club|public|event)[0-9])[A-Za-z][A-Za-z0-9_.]{2,31}",
    re.IGNORECASE,
)
"""Pages of people as VK and OK write them; communities are no persons."""

FLAT = re.compile(
    r"\b(?:кв(?![а-яё])\.?|квартир(?:а|е|ы|у|ой)\b)\s{0,2}(?:№\s{0,2})?([0-9]{1,4})(?![0-9])",
    re.IGNORECASE,
)
NEAR_PASSPORT = re.compile(r"паспорт|серии|серия|сер\.", re.IGNORECASE)
NEAR_SNILS = re.compile(r"снилс", re.IGNORECASE)
NEAR_PHONE = re.compile(r"тел|звон|набер|номер|моб|сот", re.IGNORECASE)
BEFORE, BEHIND = 60, 30
"""Characters before and behind a number in which a word tells what it is."""


class PersonalKind(StrEnum):
    """What kind of personal data it is."""

    PHONE = "phone"
    EMAIL = "email"
    CARD = "card"
    PASSPORT = "passport"
    SNILS = "snils"
    PAGE = "page"
    FLAT = "flat"

    @property
    def russian(self) -> str:
        """Russian name for people."""
        return {
            "phone": "телефон",
            "email": "электронная почта",
            "card": "номер банковской карты",
            "passport": "паспорт",
            "snils": "СНИЛС",
            "page": "страница человека",
            "flat": "номер квартиры из обращения",
        }[self.value]


class Personal(NamedTuple):
    """Personal data and where it stands: [start, end) in characters of the text."""

    kind: PersonalKind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Official:
    """Phones (digits without the country's) and mail addresses that are meant for everybody."""

    phones: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()


def official(contacts: Iterable[Contacts]) -> Official:
    """Return what the contacts of a region's bodies allow to be named."""
    phones, emails = set[str](), set[str]()
    for known in contacts:
        text = f"тел. {known.phone} {known.email} {known.address}"
        phones |= {digits for digits, _ in _phones(text)}
        emails |= {found.group().casefold() for found in EMAIL.finditer(text)}
    return Official(frozenset(phones), frozenset(emails))


def find_personal(
    text: str, *, known: Official | None = None, author_id: str = "", asked: str = ""
) -> tuple[Personal, ...]:
    """Return the personal data that an answer names, in the order of the text.

    ``author_id`` is the account of the citizen who is answered: they may be addressed. ``asked``
    is what they wrote: their phone, whatever kind it is, and their flat are not repeated.
    """
    answer = _Answer(text, known or Official(), author_id, asked)
    found: list[Personal] = []
    for finder in FINDERS:
        for one in finder(answer):
            if all(one.end <= other.start or other.end <= one.start for other in found):
                found.append(one)
    return tuple(sorted(found, key=lambda one: one.start))


@dataclass(frozen=True, slots=True)
class _Answer:
    text: str
    known: Official
    author_id: str
    asked: str


def _cards(answer: _Answer) -> Iterator[Personal]:
    for match in CARD.finditer(answer.text):
        if _luhn(match.group()):
            yield Personal(PersonalKind.CARD, *match.span())


def _passports(answer: _Answer) -> Iterator[Personal]:
    for match in PASSPORT.finditer(answer.text):
        if _near(answer.text, match, NEAR_PASSPORT):
            yield Personal(PersonalKind.PASSPORT, *match.span())


def _insurance(answer: _Answer) -> Iterator[Personal]:
    for match in SNILS.finditer(answer.text):
        # Eleven digits in a row may be a phone as well.
        apart = match.group(1) or match.group()[0] not in "78"
        if (apart or _near(answer.text, match, NEAR_SNILS)) and _is_snils(match.group()):
            yield Personal(PersonalKind.SNILS, *match.span())


def _pages(answer: _Answer) -> Iterator[Personal]:
    for match in PAGE.finditer(answer.text):
        account = next(filter(None, match.groupdict().values()), "")
        if not account or account != answer.author_id:
            yield Personal(PersonalKind.PAGE, *match.span())


def _emails(answer: _Answer) -> Iterator[Personal]:
    for match in EMAIL.finditer(answer.text):
        if match.group().casefold() not in answer.known.emails:
            yield Personal(PersonalKind.EMAIL, *match.span())


def _numbers(answer: _Answer) -> Iterator[Personal]:
    own = {digits for digits, _ in _phones(answer.asked)}
    for digits, (start, end) in _phones(answer.text):
        mobile = digits.startswith(("9", "+")) and len(digits) >= 10
        if digits not in answer.known.phones and (mobile or digits in own):
            yield Personal(PersonalKind.PHONE, start, end)


def _flats(answer: _Answer) -> Iterator[Personal]:
    own = {match.group(1) for match in FLAT.finditer(answer.asked)}
    for match in FLAT.finditer(answer.text):
        if match.group(1) in own:
            yield Personal(PersonalKind.FLAT, *match.span())


FINDERS = (_cards, _passports, _insurance, _pages, _emails, _numbers, _flats)
"""The surest first: what one has found is nothing else, though a card may look like a phone."""


def _phones(text: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield the digits of every phone number, and where it stands.

    Ten digits for a Russian number, with a plus before them for a foreign one, five to seven for
    one that is dialled within its village.
    """
    for match in FOREIGN.finditer(text):
        yield "+" + _digits(match.group()), match.span()
    for match in NUMBER.finditer(text):
        yield _digits(match.group())[-10:], match.span()
    for match in SHORT.finditer(text):
        if _near(text, match, NEAR_PHONE):
            yield _digits(match.group()), match.span()


def _digits(text: str) -> str:
    return re.sub(r"[^0-9]", "", text)


def _near(text: str, match: re.Match[str], word: re.Pattern[str]) -> bool:
    around = text[max(0, match.start() - BEFORE) : match.end() + BEHIND]
    return word.search(around) is not None


def _luhn(number: str) -> bool:
    total = 0
    for place, digit in enumerate(map(int, reversed(_digits(number)))):
        doubled = digit * (1 + place % 2)
        total += doubled - 9 * (doubled > 9)
    return total % 10 == 0


def _is_snils(number: str) -> bool:
    """Check the control number: the sum of digits × 9…1, modulo 101, where 100 is 00.

    Numbers up to 001-001-998 have none.
    """
    digits = _digits(number)
    if int(digits[:9]) <= 1_001_998:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(digits, range(9, 0, -1), strict=False))
    return total % 101 % 100 == int(digits[9:])
