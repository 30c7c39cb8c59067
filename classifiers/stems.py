"""Text → stems to search by, the same for what is stored and for what is looked for.

They are made here and not by the database, so that SQLite and PostgreSQL find the same. All of it
takes hostile text: nothing raises on any ``str``, and what comes out is letters and digits alone.
"""

import re
import threading
from dataclasses import dataclass
from functools import lru_cache

from snowballstemmer.russian_stemmer import RussianStemmer  # type: ignore[import-untyped]  # it has none

from classifiers.text import normalise

LONGEST = 40
"""Characters of a word that count; no Russian word is longer."""

MOST = 3_000
"""Words of a text that are searched; PostgreSQL can place some 16 000."""

LONGEST_QUERY = 200
MOST_ASKED = 12
"""Characters and words of a query that count."""

MEMO = 100_000
"""Words whose stems are remembered; at some 200 bytes each it is 20 MB."""

WORD = re.compile(r"[^\W_]+")
INVISIBLE = re.compile(
    "[\u00ad\u0300-\u036f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe0f\ufeff]+"
)
QUOTED = re.compile(r'["«„“]([^"«»„“”]*)["»“”]')
NUMBER = re.compile(r"\s*(?:№|#|N|n)?\s*(\d{1,9})\s*", re.ASCII)
RUSSIAN = re.compile("[а-я]")

_SMALL = """
а без бы в во где да для до же за и из или к ко как ли на над не ни но о об от по под при про с со
так то у уже что чтобы это
"""
SMALL = frozenset(_SMALL.split())
"""Words that a query may have and a text need not: they tell nothing of what it is about."""


@dataclass(frozen=True, slots=True)
class Query:
    """What somebody looks for: every one of ``words`` and every one of ``phrases`` word by word.

    All are stems. ``begun`` is how the last word was typed, because it may not be finished; ""
    where it cannot be the beginning of anything.
    """

    words: tuple[str, ...] = ()
    phrases: tuple[tuple[str, ...], ...] = ()
    begun: str = ""

    def __bool__(self) -> bool:
        """Tell whether anything is looked for."""
        return bool(self.words or self.phrases)


def stems(text: str) -> list[str]:
    """Return the stems of a text in order, at most MOST; ё is е, numbers stay as they are."""
    return [stem(word) for word in _words(text, MOST)]


@lru_cache(maxsize=MEMO)
def stem(word: str) -> str:
    """Return the stem of one word in lower case; what has no Russian letter is its own."""
    return str(_stemmer().stemWord(word)) if RUSSIAN.search(word) else word


def read_query(text: str) -> Query:
    """Return what a person looks for; nothing where there is no word in it."""
    text = text[:LONGEST_QUERY]
    phrases = [
        tuple(map(stem, _words(said, MOST_ASKED))) for said in QUOTED.findall(text) if said.strip()
    ]
    rest = QUOTED.sub("\n", text)
    loose = _words(rest, MOST_ASKED)
    telling = [word for word in loose if word not in SMALL] or loose
    unfinished = rest.rstrip(" ")[-1:].isalnum() and telling[-1:] == loose[-1:]
    begun = telling[-1] if unfinished and telling else ""
    return Query(
        words=tuple(dict.fromkeys(map(stem, reversed(telling))))[::-1],
        phrases=tuple(phrase for phrase in phrases if phrase),
        begun=begun if len(begun) > 2 else "",
    )


def read_number(text: str) -> int | None:
    """Return the number of an incident that is asked for by it: «123», «№ 123»; else None."""
    found = NUMBER.fullmatch(text[:LONGEST_QUERY])
    return int(found[1]) or None if found else None


def spans(text: str, query: Query) -> list[tuple[int, int]]:
    """Return where words of a query stand in a text: [start, end) in characters, in order."""
    wanted = {*query.words, *(word for phrase in query.phrases for word in phrase)}
    return [
        match.span()
        for match in WORD.finditer(normalise(text))
        if (said := stem(match.group()[:LONGEST])) in wanted
        or (query.begun and said.startswith(query.begun))
    ]


_own = threading.local()


def _stemmer() -> RussianStemmer:
    """Return this thread's stemmer: it keeps the word that it works on."""
    if not hasattr(_own, "stemmer"):
        _own.stemmer = RussianStemmer()
    stemmer: RussianStemmer = _own.stemmer
    return stemmer


def _words(text: str, most: int) -> list[str]:
    clean = normalise(text).replace("и\u0306", "й")
    if not clean.isascii():
        clean = INVISIBLE.sub("", clean)
    found: list[str] = []
    for match in WORD.finditer(clean):
        found.append(match.group()[:LONGEST])
        if len(found) == most:
            break
    return found
