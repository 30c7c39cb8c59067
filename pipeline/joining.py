"""Finding the incident that each new message of a page belongs to, if there is one."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from pipeline.database import reading
from pipeline.decisions.folding import Change
from pipeline.decisions.joining import SOCIAL
from pipeline.decisions.stories import USUAL, Candidate, Limits, Match, match
from pipeline.decisions.stories_keys import keys_of
from pipeline.decisions.stories_text import Facts, facts_of
from pipeline.judge import Judge, Judged
from pipeline.region.schema import Process
from pipeline.store.stories import candidates


@dataclass(frozen=True, slots=True)
class Told:
    """What matching knows of a message, and the incident that it belongs to.

    ``number`` is negative and the message's own on this page. The incident of ``match`` is a
    stored one's number, or the ``number`` of the message above that opens it.
    """

    number: int
    facts: Facts
    match: Match | None


def find_stories(
    engine: sa.Engine,
    judge: Judge,
    source_id: int,
    changes: Sequence[Change],
    judged: Mapping[str, Judged],
) -> dict[str, Told]:
    """Return, by external id, what matching makes of the messages that need an incident.

    Empty where the region joins nothing. A message that has an incident already keeps it, and is
    only told anew.
    """
    process = judge.region.process
    if not process.join:
        return {}
    lemma = judge.reader.classifier.encoder.book.lemma
    told: list[tuple[Change, Facts]] = []
    for change in changes:
        found = judged.get(change.post.external_id)
        if found is None or found.duty is None or change.post.network not in SOCIAL:
            continue
        facts = facts_of(
            change.post, found.verdict, source_id=source_id, at=found.duty.since, lemma=lemma
        )
        told.append((change, facts))
    if not told:
        return {}
    limits = limits_of(process)
    longest = timedelta(days=max(limits.days, limits.same_days))
    with reading(engine) as session:
        near = candidates(session, [facts for _, facts in told], reach=longest)
    return _match(told, near, limits)


def limits_of(process: Process) -> Limits:
    """Return how tight matching is in a region."""
    days = process.join_days
    return Limits(
        days=days, same_days=max(days, USUAL.same_days), brief_days=min(days, USUAL.brief_days)
    )


def _match(
    told: Sequence[tuple[Change, Facts]],
    near: Sequence[Sequence[Candidate]],
    limits: Limits,
) -> dict[str, Told]:
    """Match each message with stored ones and with those above it on the page."""
    page: dict[int, list[Candidate]] = defaultdict(list)
    result: dict[str, Told] = {}
    for place, ((change, facts), stored) in enumerate(zip(told, near, strict=True)):
        known, number = change.known, -(place + 1)
        keys = keys_of(facts)
        above = {one.post_id: one for key in keys for one in page[key]}
        if known is not None and known.incident_id is not None:
            result[change.post.external_id] = Told(number, facts, None)
            _add(page, keys, Candidate(known.id, known.incident_id, facts))
            continue
        found = match(facts, [*stored, *above.values()], limits)
        if found is not None and not found.sure:
            found = None  # shown to a person as similar, see pipeline.similar
        result[change.post.external_id] = Told(number, facts, found)
        _add(page, keys, Candidate(number, found.incident_id if found else number, facts))
    return result


def _add(page: dict[int, list[Candidate]], keys: Sequence[int], one: Candidate) -> None:
    """Let messages below find this one by its keys, as they find stored ones."""
    for key in keys:
        page[key].append(one)
