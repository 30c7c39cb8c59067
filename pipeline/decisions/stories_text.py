"""A post as matching sees it: hashes of its words, and the facts that the reader found."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from classifiers.text import normalise, split
from classifiers.wordbook import FUNCTION_WORDS
from models.values import FetchedPost, Verdict
from models.vocabulary import Network, Topic
from pipeline.decisions.stories_things import END, things_of

MAX_CHARS = 4_000
"""Characters of a text that are compared; no complaint needs more to be told from others."""

MAX_WORDS = 200
"""Different words that are kept of a text."""

MAX_NAMES = 40
MAX_THINGS = 24

SILENT = FUNCTION_WORDS | frozenset(
    """улица ул дом д деревня дер д село с поселок пос переулок пер район квартира кв номер адрес
    год г""".split()  # noqa: SIM905 - shorter
)
"""What every text may have: it makes no two alike."""

_WORD = re.compile(r"[^\W\d_]+|[0-9]+|[.,:;!?()\n]")
_SENTENCE = re.compile(r"[.!?;:…\n«\"(]\s*$")


@dataclass(frozen=True, slots=True)
class Facts:
    """All that matching looks at.

    ``at`` is when the citizen wrote. ``own`` is the post's id with its source, ``above`` those
    of the post and the comment that it answers; ``author`` the account with its network. ``text``
    is a hash of all words in order, ``words`` hashes of the different words with a meaning but
    those of the place,
    ``names`` those of the names among them; ``things`` see ``things_of``.
    """

    at: datetime
    topic: Topic
    settlement: str | None
    village: str | None
    street: str | None
    house: str | None
    author: str
    own: str
    above: frozenset[str]
    text: int
    words: frozenset[int]
    names: frozenset[int]
    things: frozenset[str]


def facts_of(
    post: FetchedPost,
    verdict: Verdict,
    *,
    source_id: int,
    at: datetime,
    lemma: Callable[[str], str],
) -> Facts:
    """Return the facts of a post that triage found relevant.

    ``at`` is when its clock began, ``lemma`` returns a word's lemma. What the administration or
    an insult says has no verdict that is relevant and must not come here.
    """
    text, words, names, things = signature(post.text, verdict.topic, lemma)
    where = split(normalise(f"{verdict.village or ''} {verdict.street or ''}"))
    words -= {small(lemma(word)) for word in where}
    return Facts(
        at=at,
        topic=verdict.topic,
        settlement=verdict.settlement,
        village=_folded(verdict.village, 200),
        street=_folded(verdict.street, 200),
        house=_folded(verdict.house, 50),
        author=account(post.network, post.author_id),
        own=reference(source_id, post.external_id),
        above=references(source_id, post.root_id, post.parent_id),
        text=text,
        words=words,
        names=names,
        things=things,
    )


def _folded(name: str | None, longest: int) -> str | None:
    """Return a name as it compares, ё as е, as long as its column is."""
    return name.replace("ё", "е").replace("Ё", "Е")[:longest] if name else None


def account(network: Network, author_id: str) -> str:
    """Return an author's account with its network; empty where a source names none."""
    return f"{network}:{author_id}" if author_id else ""


def reference(source_id: int, external_id: str) -> str:
    """Return a post's id with its source."""
    return f"{source_id}:{external_id}"


def references(source_id: int, *external_ids: str) -> frozenset[str]:
    """Return the ids of those posts that are named, with their source."""
    return frozenset(reference(source_id, one) for one in external_ids if one)


def signature(
    text: str, topic: Topic, lemma: Callable[[str], str]
) -> tuple[int, frozenset[int], frozenset[int], frozenset[str]]:
    """Return the hash of a text, the hashes of its words and names, and its things."""
    original = text[:MAX_CHARS]
    clean = normalise(original)
    found = [*_WORD.finditer(clean)]
    words = [mark if (mark := match.group()).isalnum() else END for match in found]
    lemmas = [lemma(word) if word.isalpha() else word for word in words]
    content = dict.fromkeys(one for one in lemmas if one.isalpha() and one not in SILENT)
    names = _names(original, [match.start() for match in found], lemmas)
    return (
        digest(" ".join(word for word in words if word != END)),
        frozenset(map(small, [*content][:MAX_WORDS])),
        frozenset(map(small, names[:MAX_NAMES])),
        frozenset(sorted(things_of(words, lemmas, topic))[:MAX_THINGS]),
    )


def digest(*parts: str) -> int:
    """Return a hash of 64 bits with a sign, which every database stores as a number."""
    joined = "\x1f".join(parts).encode("utf-8", "replace")
    return int.from_bytes(blake2b(joined, digest_size=8).digest(), "big", signed=True)


def small(word: str) -> int:
    """Return a hash of 32 bits without a sign: enough to compare the words of two texts."""
    hashed = blake2b(word.encode("utf-8", "replace"), digest_size=4).digest()
    return int.from_bytes(hashed, "big")


def _names(text: str, starts: Sequence[int], lemmas: Sequence[str]) -> list[str]:
    """Return the lemmas of words that are capital within a sentence: mostly names."""
    if sum(map(str.isupper, text)) * 3 > sum(map(str.islower, text)):
        return []  # all is capital
    return [
        lemma
        for start, lemma in zip(starts, lemmas, strict=True)
        if start and text[start].isupper() and not _SENTENCE.search(text[max(0, start - 6) : start])
    ]
