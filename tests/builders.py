"""What many tests start from: a judge of the shipped region, posts, pages."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import sqlalchemy as sa

from classifiers.classifier import Classifier
from classifiers.registry import default_model
from models.values import FetchedPost
from models.vocabulary import Network, PostKind
from pipeline.ingest import Origin, prepare, take_in
from pipeline.judge import Judge
from pipeline.region.load import load_region
from pipeline.tally import Tally

TUESDAY_NOON = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)
"""12:00 in Moscow on a working day."""

KATYN_GROUP = "-7"


@cache
def shipped_judge(region: str = "smolensky", *, join: bool = False) -> Judge:
    """Return the judge of a shipped region with the shipped model; loading takes a second.

    Each message has an incident of its own unless ``join`` is asked for: tests say the same words
    many times.
    """
    loaded = load_region(region)
    loaded = replace(loaded, process=replace(loaded.process, join=join))
    return Judge.of(loaded, Classifier.load(default_model()))


def post(number: int = 1, text: str = "На Лесной вторую неделю не горит фонарь") -> FetchedPost:
    """Return a post of a VK community, written an hour before Tuesday noon."""
    return FetchedPost(
        network=Network.VK,
        external_id=f"{KATYN_GROUP}_{number}",
        kind=PostKind.POST,
        text=text,
        published_at=TUESDAY_NOON - timedelta(hours=1),
        url=f"https://vk.com/wall{KATYN_GROUP}_{number}",
        author_id=str(1000 + number),
    )


def comment(number: int, text: str, *, below: FetchedPost) -> FetchedPost:
    """Return a comment below a post."""
    return replace(
        below,
        external_id=f"{below.external_id}_r{number}",
        kind=PostKind.COMMENT,
        text=text,
        root_id=below.external_id,
    )


def katyn(external_id: str) -> str | None:
    """Place every post of the test community in Катынь's settlement."""
    return "katynskoe" if external_id.startswith(KATYN_GROUP) else None


ORIGIN = Origin("vk:test", Network.VK, "Подслушано в Катыни", katyn)


def take(
    engine: sa.Engine,
    *posts: FetchedPost,
    now: datetime = TUESDAY_NOON,
    origin: Origin = ORIGIN,
    judge: Judge | None = None,
) -> Tally:
    """Take one page in, as a flow does."""
    source = prepare(engine, origin, now)
    cursor = {"taken": source.revision + 1}
    judge = judge or shipped_judge()
    return take_in(engine, judge, origin, source, posts=posts, cursor=cursor, now=now)
