"""Labelled pairs of posts: whether they speak of one problem, read as the program reads them.

Each line has two posts of one scene; ``day`` counts from the scene's first, ``community`` is the
settlement of the community, ``above`` the text of the post that a comment stands below.
``DEVELOPMENT`` was looked at while matching was made. ``HELD_OUT`` was written by somebody who had
not seen the program, and nothing was changed after it was first measured.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from models.values import FetchedPost
from models.vocabulary import Network, PostKind
from pipeline.decisions.stories import USUAL, Candidate, Limits, Match, match
from pipeline.decisions.stories_keys import keys_of
from pipeline.decisions.stories_text import Facts, facts_of
from pipeline.reader import Item, Reader

FOLDER = Path(__file__).parent / "data" / "stories"
DEVELOPMENT = (FOLDER / "pairs.jsonl", FOLDER / "held_out.jsonl")
HELD_OUT = (FOLDER / "held_out_2.jsonl",)
BEGIN = datetime(2026, 2, 2, 8, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Wrote:
    """One side of a pair."""

    text: str
    day: float
    author: str
    id: str
    community: str | None = None
    root: str = ""
    above: str = ""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Wrote":
        return cls(**row)

    def item(self) -> Item:
        at = BEGIN + timedelta(days=self.day)
        kind = PostKind.COMMENT if self.root else PostKind.POST
        post = FetchedPost(
            Network.VK, self.id, kind, self.text, at, author_id=self.author, root_id=self.root
        )
        return Item(post, (self.above,) if self.above else (), self.community, at)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two posts, and whether people would call them one problem."""

    scene: int
    same: bool
    kind: str
    one: Wrote
    other: Wrote


def read_pairs(paths: Sequence[Path]) -> list[Pair]:
    lines = (line for path in paths for line in path.read_text(encoding="utf-8").splitlines())
    rows = map(json.loads, lines)
    return [
        Pair(row["scene"], row["same"], row["kind"], Wrote.of(row["one"]), Wrote.of(row["other"]))
        for row in rows
    ]


def read_facts(reader: Reader, pairs: Sequence[Pair]) -> dict[Wrote, Facts | None]:
    """Return the facts of every post; None of what is no complaint."""
    posts = list(dict.fromkeys(side for pair in pairs for side in (pair.one, pair.other)))
    items = [post.item() for post in posts]
    lemma = reader.classifier.encoder.book.lemma
    return {
        post: facts_of(
            item.post,
            understood.verdict,
            source_id=1,
            at=BEGIN + timedelta(days=post.day),
            lemma=lemma,
        )
        if understood.verdict.relevant
        else None
        for post, item, understood in zip(posts, items, reader.read(items), strict=True)
    }


def matched(
    pair: Pair, facts: Mapping[Wrote, Facts | None], limits: Limits = USUAL
) -> Match | None:
    """Match the later post of a pair against the earlier one, found by its keys."""
    one, other = facts[pair.one], facts[pair.other]
    if one is None or other is None or not set(keys_of(one)) & set(keys_of(other)):
        return None
    return match(other, [Candidate(1, 1, one)], limits)


def joined(pair: Pair, facts: Mapping[Wrote, Facts | None]) -> bool:
    """Tell whether the machine joins the later post to the earlier one unseen."""
    found = matched(pair, facts)
    return found is not None and found.sure
