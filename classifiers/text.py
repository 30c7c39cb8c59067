"""Raw text of a social network → words with their places in the original, and their lemmas.

Everything here takes hostile text: exports' leading apostrophes, HTML, VK mentions, invisible
characters, lone surrogates, any length. Nothing raises on any ``str``.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, NamedTuple

# Longer texts are judged by their ends: what is asked stands first or last.
HEAD = 15_000
TAIL = 5_000
# No Russian word is longer; what is longer is noise and would only fill the memo.
LONGEST_WORD = 40
# Words remembered beside the model's own; at about 200 bytes each it is some 20 MB.
MEMO_LIMIT = 100_000

_INVISIBLE = "\u00ad\u0300-\u036f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe0f\ufeff"
_HAS_INVISIBLE = re.compile(f"[{_INVISIBLE}]")
_STRIP_INVISIBLE = re.compile(f"[{_INVISIBLE}]+")
# No letter bears so many accents; sorting thousands, as composing does, takes seconds.
_TOO_MANY_INVISIBLE = re.compile(f"([{_INVISIBLE}]{{4}})[{_INVISIBLE}]+")
_WORD = re.compile(r"[^\W\d_]+")
_WORD_WITH_INVISIBLE = re.compile(rf"[^\W\d_](?:[^\W\d_]|[{_INVISIBLE}])*")
# What ends a clause: no rule and no pattern of the lexicon reaches across it.
_ENDS = ".!?;…\n"
_END = re.compile(f"[{_ENDS}]+")
_MARK = re.compile(f"{_WORD.pattern}|{_END.pattern}")
_MARK_WITH_INVISIBLE = re.compile(f"{_WORD_WITH_INVISIBLE.pattern}|{_END.pattern}")
# What an export writes where a citizen sent nothing but a picture.
_PLACEHOLDER = re.compile(r"\W*сообщение без текста\W*")
_MENTION = re.compile(r"\[(?:id|club|public|event)\d{1,20}(?::[^\]|]{0,80})?\|[^\]]{0,200}\]")
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,200}>")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|[a-zA-Z]{2,10});")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S{1,2000}|\S{1,100}@\S{1,100}")
_RUN = re.compile(r"(.)\1{2,}")
# Latin letters that people type, or hide, among Cyrillic ones.
_LOOKALIKES = str.maketrans("aceopxyktmhb", "асеорхукттнв")
# The dictionary reads «ямы» as coaching inns (ям) before it thinks of holes.
_MEANT = {"ям": "яма"}
_MIXED = re.compile("[а-я][a-z]|[a-z][а-я]")
_MIXED_WORD = re.compile("[а-яa-z]*(?:[а-я][a-z]|[a-z][а-я])[а-яa-z]*")
_CYRILLIC = re.compile("[а-я]")
_LATIN = re.compile("[a-z]")


class Token(NamedTuple):
    """A word in lower case without ё, and its [start, end) in characters of the original."""

    word: str
    start: int
    end: int


def _blank(match: re.Match[str]) -> str:
    return " " * (match.end() - match.start())


def _lower(text: str) -> str:
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    # A few letters (İ) grow when lowered; they stay as they are, so that places stay right.
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


def normalise(text: str) -> str:
    """Return ``text`` in lower case with markup blanked out, at the same length.

    A ``<br>`` becomes a new line; other tags, entities, mentions and addresses become spaces, ё
    becomes е; position i of the answer is position i of ``text``. Of a text longer than
    HEAD + TAIL the middle is blanked.
    """
    if len(text) > HEAD + TAIL:
        blank = " " * (len(text) - HEAD - TAIL)
        return normalise(text[:HEAD]) + blank + normalise(text[-TAIL:])
    if "[" in text:
        text = _MENTION.sub(_blank, text)
    if "<" in text:
        text = text.replace("<br>", "\n   ")
        text = _TAG.sub(_blank, text)
    if "&" in text:
        text = _ENTITY.sub(_blank, text)
    if "@" in text or "://" in text or "www." in text:
        text = _ADDRESS.sub(_blank, text)
    lowered = _lower(text).replace("ё", "е")
    if len(lowered) < 40 and _PLACEHOLDER.fullmatch(lowered):
        return " " * len(lowered)
    if _LATIN.search(lowered) and _MIXED.search(lowered):
        # «вoда» with a Latin o is read as it looks.
        return _MIXED_WORD.sub(lambda word: word.group().translate(_LOOKALIKES), lowered)
    return lowered


def _clean(word: str) -> str:
    """Compose accents (и + ̆ is й) and drop what cannot be seen."""
    few = _TOO_MANY_INVISIBLE.sub(r"\1", word)
    composed = unicodedata.normalize("NFC", few).replace("ё", "е")
    return _STRIP_INVISIBLE.sub("", composed)


def words(text: str) -> list[str]:
    """Return the words of ``text`` in order, lower case, without ё and markup."""
    return split(normalise(text))


def split(clean: str) -> list[str]:
    """Return the words of a text that normalise() has cleaned."""
    return [mark for mark in marks(clean) if is_word(mark)]


def marks(clean: str) -> list[str]:
    """Return the words of a cleaned text and, between them, the marks that end its clauses."""
    if _HAS_INVISIBLE.search(clean):
        return [_clean(mark) for mark in _MARK_WITH_INVISIBLE.findall(clean)]
    return _MARK.findall(clean)


def is_word(mark: str) -> bool:
    """Tell a word of marks() from an end of a clause."""
    return mark[:1] not in _ENDS


def cut(clean: str) -> list[str]:
    """Return the clauses of a cleaned text as they are written, the empty ones too."""
    return _END.split(clean)


def clauses(clean: str) -> list[str]:
    """Return the clauses of a cleaned text as words with a space between, the empty ones too.

    Its words are those of marks(): a break that cannot be seen divides none («га-зом»).
    """
    found: list[list[str]] = [[]]
    for mark in marks(clean):
        if is_word(mark):
            found[-1].append(mark)
        else:
            found.append([])
    return [" ".join(clause) for clause in found]


def tokens(text: str) -> list[Token]:
    """Return the words of ``text`` with their places in the original; same words as words()."""
    clean = normalise(text)
    if _HAS_INVISIBLE.search(clean):
        found = _WORD_WITH_INVISIBLE.finditer(clean)
        return [Token(_clean(match.group()), *match.span()) for match in found]
    return [Token(match.group(), *match.span()) for match in _WORD.finditer(clean)]


def _untwist(word: str) -> str:
    """Undo what people do to letters: «вoда» with a Latin o, «воооды»."""
    if _CYRILLIC.search(word) and _LATIN.search(word):
        word = word.translate(_LOOKALIKES)
    return _RUN.sub(r"\1", word)


class Lemmatiser:
    """Word → lemma. Remembers what it has seen, up to MEMO_LIMIT words.

    ``known`` holds lemmas worked out beforehand, so that most texts never wait for the
    dictionary: it is loaded at the first word that is not known.
    """

    def __init__(self, known: Mapping[str, str] | None = None) -> None:
        """Start with the lemmas of ``known``, which count for nothing in the limit."""
        self._known = dict(known or {})
        self._memo: dict[str, str] = {}
        self._morph: Any = None

    def parse(self, word: str) -> Any:
        """Return pymorphy3's likeliest parse of a word."""
        if self._morph is None:
            # Loading takes a quarter of a second and many processes never need it.
            from pymorphy3 import MorphAnalyzer  # noqa: PLC0415 - as the line above says

            self._morph = MorphAnalyzer()
        return self._morph.parse(word)[0]

    def knows(self, word: str) -> bool:
        """Tell whether the dictionary has a word; it guesses the lemma of any other."""
        self.parse(word)
        return bool(self._morph.word_is_known(word))

    def lemma(self, word: str) -> str:
        """Return the lemma of a word as words() gives it; a word of no language is its own."""
        found = self._known.get(word) or self._memo.get(word)
        if found is not None:
            return found
        plain = _untwist(word[:LONGEST_WORD])
        lemma = plain
        if _CYRILLIC.search(plain):
            lemma = str(self.parse(plain).normal_form).replace("ё", "е")
            lemma = _MEANT.get(lemma, lemma)
        if len(self._memo) >= MEMO_LIMIT:
            self._memo.clear()
        self._memo[word] = lemma
        return lemma
