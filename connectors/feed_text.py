"""Bytes of a stranger into text: what servers and mail programs say of a charset is often wrong.

Russian sites still send windows-1251 and KOI8-R, and name one while sending the other. Valid
UTF-8 with letters beyond ASCII cannot come about by accident; between the one-byte charsets the
text itself decides, by how often each Russian letter occurs.
"""

import codecs
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

SAMPLE = 200_000
"""Bytes from which a charset is guessed."""

ALLOWED = frozenset(
    codecs.lookup(name).name
    for name in (
        *("utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "us-ascii"),
        *("cp1251", "koi8-r", "koi8-u", "cp866", "iso-8859-5", "mac-cyrillic"),
        *("iso-8859-1", "iso-8859-2", "iso-8859-15", "cp1250", "cp1252"),
    )
)
"""Charsets that may be named; Python knows further "encodings" that take quadratic time."""

SPELLINGS = {
    "win-1251": "cp1251",
    "win1251": "cp1251",
    "windows1251": "cp1251",
    "cp-1251": "cp1251",
    "x-cp1251": "cp1251",
    "koi8": "koi8-r",
    "koi8r": "koi8-r",
    "unicode": "utf-16",
    "unicode-1-1-utf-8": "utf-8",
}
"""Names that Python does not know, as found in headers and declarations."""

GUESSES = ("utf-8", "cp1251", "koi8-r")
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
COMMON = {
    letter: weight
    for letters, weight in (
        ("о", 110),
        ("еа", 82),
        ("и", 74),
        ("нт", 65),
        ("с", 55),
        ("рвл", 45),
        ("кмдп", 31),
        ("у", 26),
        ("яыьгзб", 17),
        ("чйх", 12),
        ("жшюцщэф", 6),
        ("ъё", 1),
    )
    for letter in letters
}
"""How often a letter occurs in Russian, per mille, rounded."""

NEUTRAL = frozenset("«»„“”‘’–—…№·•\u00a0\u00ad©®°±§")
CAPITAL = 0.85
"""KOI8-R read as windows-1251 turns small letters into capitals, and the other way round."""

STRANGE = -50
ENOUGH_LETTERS = 20
ENOUGH_SHARE = 0.1
CLEAR = 1.2
"""A charset that somebody named is overruled when so many letters, making up so large a share
of all letters, fit another one so much better."""

MARKED_SPACE = re.compile(r"[^\S\n]+")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\ufeff\ud800-\udfff]")


def decode(body: bytes, declared: Sequence[str] = ()) -> str:
    """Return the text of ``body``; what fits no charset becomes U+FFFD, nothing is raised.

    ``declared`` are the charsets that somebody named, the most trusted first; unknown names are
    passed over. A byte order mark decides alone.
    """
    for mark, name in MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace")
    wide = _wide(body)
    if wide:
        return body.decode(wide, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode(_best(body[:SAMPLE], declared), "replace")


def charset(name: str) -> str | None:
    """Return Python's name of a charset as headers spell it, None for one not to be used."""
    spelled = name.strip().strip("\"'").lower()[:40]
    try:
        known = codecs.lookup(SPELLINGS.get(spelled, spelled)).name
    except (LookupError, ValueError):
        return None
    return known if known in ALLOWED else None


def clean(text: str) -> str:
    """Return ``text`` without control characters, with single spaces and without empty lines."""
    plain = CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    lines = (MARKED_SPACE.sub(" ", line).strip() for line in plain.split("\n"))
    return "\n".join(line for line in lines if line)


def _wide(body: bytes) -> str | None:
    """Tell UTF-16 without a mark by the zero that is half of its first, ASCII, character."""
    if len(body) >= 2 and 0 < body[0] < 128 and body[1] == 0:
        return "utf-16-le"
    if len(body) >= 2 and body[0] == 0 and 0 < body[1] < 128:
        return "utf-16-be"
    return None


def _best(sample: bytes, declared: Sequence[str]) -> str:
    known = dict.fromkeys(charset(name) for name in declared)
    # ASCII and the wide charsets cannot be meant: the bytes look otherwise.
    named = [name for name in known if name and not name.startswith(("ascii", "utf-16", "utf-32"))]
    # The whole is no UTF-8, so another charset that is named is more to be trusted.
    named.sort(key=lambda name: name == "utf-8")
    candidates = list(dict.fromkeys((*named, *GUESSES)))
    fits = {name: _fit(sample.decode(name, "replace")) for name in candidates}
    best = max(candidates, key=lambda name: fits[name].score)
    if not named:
        return best
    trusted, found = fits[named[0]], fits[best]
    clear = (
        found.letters >= ENOUGH_LETTERS
        and found.share >= ENOUGH_SHARE
        and found.score > max(0.0, trusted.score) * CLEAR
    )
    return best if clear else named[0]


@dataclass(frozen=True, slots=True)
class _Fit:
    """How well a text fits Russian: mean weight of what is beyond ASCII, and its letters."""

    score: float
    letters: int
    share: float


def _fit(text: str) -> _Fit:
    weighed = strangers = letters = latin = 0
    for character, times in Counter(text).items():
        if character.isascii():
            latin += times * character.isalpha()
        elif (weight := COMMON.get(character.lower())) is not None:
            letters += times
            weighed += times * int(weight * (1 if character.islower() else CAPITAL))
        elif character not in NEUTRAL:
            strangers += times
    counted = letters + strangers
    return _Fit(
        score=(weighed + STRANGE * strangers) / counted if counted else 0.0,
        letters=letters,
        share=letters / (letters + latin) if letters else 0.0,
    )
