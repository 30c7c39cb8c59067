"""The hand-made lexicon: which words speak for which topic, in any region.

One file a topic code in ``data/lexicon``, one entry a line, ``#`` starts a remark::

    яма                       ordinary evidence, weight 1
    + ремонт дорога           strong, 2
    ++ ямочн* ремонт          decisive, 4
    - снег*                   against this topic, -2

A pattern is one to four terms that must stand in this order inside one sentence, at most
``WIDEST_GAP`` other words between neighbours. A term is a dictionary form (``яма`` is any form of
the word), the beginning of a word (``выбоин*``), or several of these divided by ``|``. Letters
are lower case and ё is written е, as classifiers.text gives words.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from classifiers.examples import TrainingError
from models.vocabulary import Topic

LEXICON = Path(__file__).parent / "data" / "lexicon"
WIDEST_GAP = 3
MOST_TERMS = 4
WEIGHTS = {"": 1, "+": 2, "++": 4, "-": -2}

_LINE = re.compile(r"(?:(?P<mark>\+\+|\+|-)\s+)?(?P<pattern>[^\s+-].*)")
_TERM = re.compile(r"[а-яa-z]+\*?(?:\|[а-яa-z]+\*?)*")


@dataclass(frozen=True, slots=True)
class Term:
    """One place of a pattern: the dictionary forms and the beginnings of words that fill it."""

    lemmas: frozenset[str]
    beginnings: tuple[str, ...]

    def matches(self, word: str, lemma: str) -> bool:
        """Tell whether a word, given with its lemma, fills the place."""
        return lemma in self.lemmas or word.startswith(self.beginnings)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the lexicon; ``terms`` are places in Lexicon.terms."""

    pattern: str
    code: Topic
    weight: int
    terms: tuple[int, ...]


class Hit(NamedTuple):
    """An entry found in a text, from the word number ``first`` to ``last``, both included."""

    entry: Entry
    code: Topic
    weight: int
    first: int
    last: int


class Lexicon:
    """Entries, found by their first term, so that most words of a text cost nothing."""

    def __init__(self, terms: Sequence[Term], entries: Sequence[Entry]) -> None:
        """Index ``entries``, whose terms are numbers of places in ``terms``."""
        self.terms = tuple(terms)
        self.entries = tuple(entries)
        self._starting: dict[int, list[Entry]] = {}
        for entry in self.entries:
            self._starting.setdefault(entry.terms[0], []).append(entry)
        self._by_lemma: dict[str, list[int]] = {}
        self._by_beginning: dict[str, list[int]] = {}
        for number, term in enumerate(self.terms):
            for lemma in term.lemmas:
                self._by_lemma.setdefault(lemma, []).append(number)
            for beginning in term.beginnings:
                self._by_beginning.setdefault(beginning, []).append(number)
        self._longest = max(map(len, self._by_beginning), default=0)

    def term_ids(self, word: str, lemma: str) -> tuple[int, ...]:
        """Return the numbers of the terms that a word fills, ascending.

        It depends on the word alone: a caller may remember the answer for every word.
        """
        found = set(self._by_lemma.get(lemma, ()))
        for length in range(1, min(len(word), self._longest) + 1):
            found.update(self._by_beginning.get(word[:length], ()))
        return tuple(sorted(found))

    def match(
        self, term_ids_per_word: Sequence[tuple[int, ...]], sentence_ids: Sequence[int]
    ) -> list[Hit]:
        """Return the hits in a text, in order of their first word.

        ``term_ids_per_word[i]`` is what term_ids() gave for word i, ``sentence_ids[i]`` the number
        of its sentence. An entry is found once from each first word, at the nearest last word.
        """
        hits = []
        for first, ids in enumerate(term_ids_per_word):
            for number in ids:
                for entry in self._starting.get(number, ()):
                    last = _last(entry.terms, first, term_ids_per_word, sentence_ids)
                    if last is not None:
                        hits.append(Hit(entry, entry.code, entry.weight, first, last))
        return hits

    def score(
        self,
        words: Sequence[str],
        lemmas: Sequence[str],
        sentence_ids: Sequence[int] | None = None,
    ) -> list[Hit]:
        """Return the hits in a text of ``words`` with their ``lemmas``, one to one.

        Without ``sentence_ids`` the whole text is one sentence.
        """
        ids = [self.term_ids(word, lemma) for word, lemma in zip(words, lemmas, strict=True)]
        return self.match(ids, [0] * len(ids) if sentence_ids is None else sentence_ids)


def _last(
    terms: tuple[int, ...],
    first: int,
    term_ids_per_word: Sequence[tuple[int, ...]],
    sentence_ids: Sequence[int],
) -> int | None:
    """Return the word where a pattern that begins at ``first`` first ends, or None."""
    # All places that the terms so far can end at: the nearest one may lead nowhere.
    ends = [first]
    for term in terms[1:]:
        reach = {
            place
            for end in ends
            for place in range(end + 1, min(end + WIDEST_GAP + 2, len(term_ids_per_word)))
            if sentence_ids[place] == sentence_ids[first] and term in term_ids_per_word[place]
        }
        if not reach:
            return None
        ends = sorted(reach)
    return ends[0]


def _term(text: str) -> Term:
    parts = text.split("|")
    return Term(
        lemmas=frozenset(part for part in parts if not part.endswith("*")),
        beginnings=tuple(sorted({part[:-1] for part in parts if part.endswith("*")})),
    )


def _parse(line: str, where: str) -> tuple[str, list[str]]:
    """Split a line into its mark and its terms as written."""
    match = _LINE.fullmatch(line)
    if match is None:
        raise TrainingError(
            f"{where}: запись «{line[:80]}» не разобрана. "
            "Пишите: пометка (+, ++, - или ничего), пробел, от одного до четырёх слов."
        )
    terms = match["pattern"].split()
    if len(terms) > MOST_TERMS:
        raise TrainingError(
            f"{where}: в записи «{line[:80]}» слов {len(terms)}, а можно не больше {MOST_TERMS}."
        )
    for term in terms:
        if "ё" in term or not _TERM.fullmatch(term):
            raise TrainingError(
                f"{where}: слово «{term[:40]}» написано неверно. Нужны строчные буквы без ё, "
                "в конце может стоять *, варианты делятся чертой |."
            )
    return match["mark"] or "", terms


def build(entries: Iterable[tuple[str, int, str]]) -> Lexicon:
    """Return the lexicon of entries given as (code, weight, pattern)."""
    terms: dict[Term, int] = {}
    built = [
        Entry(
            pattern,
            Topic(code),
            weight,
            tuple(terms.setdefault(_term(text), len(terms)) for text in pattern.split()),
        )
        for code, weight, pattern in entries
    ]
    return Lexicon(tuple(terms), built)


def read_lexicon(folder: Path = LEXICON) -> Lexicon:
    """Read ``<code>.txt`` of every topic code that the folder has a file for.

    Raises TrainingError naming file and line: a file that is not UTF-8 or not named after a code,
    an entry that is badly written or stands twice in its file; or if there is no entry at all.
    """
    entries: list[tuple[str, int, str]] = []
    for path in sorted(folder.glob("*.txt")):
        if path.stem not in set(Topic):
            raise TrainingError(
                f"Файл {path} назван не по коду темы. Допустимы коды: {', '.join(Topic)}."
            )
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise TrainingError(
                f"Файл {path} не читается. Проверьте права на файл; кодировка нужна UTF-8."
            ) from error
        seen: dict[str, int] = {}
        for number, raw in enumerate(lines, start=1):
            line = raw.partition("#")[0].strip()
            if not line:
                continue
            where = f"Файл {path}, строка {number}"
            mark, written = _parse(line, where)
            pattern = " ".join(written)
            if pattern in seen:
                raise TrainingError(
                    f"{where}: запись «{pattern}» уже есть в строке {seen[pattern]}. Оставьте одну."
                )
            seen[pattern] = number
            entries.append((path.stem, WEIGHTS[mark], pattern))
    if not entries:
        raise TrainingError(f"В папке {folder} нет словаря (*.txt). Переустановите программу.")
    return build(entries)
