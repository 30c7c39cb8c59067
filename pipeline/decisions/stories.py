"""Whether two posts speak of one problem: a score with named reasons, and the best match.

Tight by default: a false merge hides a citizen's problem behind somebody else's, a miss only
costs an operator one key. So whatever tells two posts apart for certain (another house, another
thing, too many days) outweighs anything that they share.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from models.vocabulary import Topic
from pipeline.decisions.stories_signs import Evidence, Sign
from pipeline.decisions.stories_text import Facts
from pipeline.decisions.stories_things import (
    AT,
    DATE,
    NONE,
    NUMBER,
    PLAIN,
    REPEAT,
    UNIQUE,
    VAGUE,
)

DAY = timedelta(days=1)


ELSEWHERE = frozenset(
    {
        Sign.OTHER_SETTLEMENT,
        Sign.OTHER_VILLAGE,
        Sign.OTHER_STREET,
        Sign.OTHER_HOUSE,
        Sign.OTHER_LANDMARK,
        Sign.OTHER_NUMBER,
    }
)
"""What no other post of an incident can make good: its place is another one."""


GROUNDS = frozenset(
    {
        Sign.SAME_TEXT,
        Sign.NEAR_TEXT,
        Sign.SAME_HOUSE,
        Sign.SAME_STREET,
        Sign.SAME_VILLAGE,
        Sign.SAME_LANDMARK,
        Sign.SAME_AUTHOR,
        Sign.REPLY,
    }
)
"""Without any of these two posts are only alike, as all posts on one topic are."""

UNSEEN = frozenset({Sign.SAME_TEXT, Sign.NEAR_TEXT, Sign.SAME_AUTHOR})
"""What lets the machine put two posts together without a person: copied words, or the author again.

Two people who write of one house in their own words may mean two troubles of it, which their words
do not tell; that is shown to a person."""

FORM_WORDS, FORM_SHARE = 8, 0.4
"""From so many words, of which such a part is the same, two texts are copies or a form."""

CLEAR, SAID, AGAIN = 0.25, 0.16, 0.09
"""Points of a thing that says what is wrong, and the least of words that say enough without one:
two thirds of the shorter text; less from the same author."""

FEW = 4
"""Fewer words than these say little even when all are shared."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How tight matching is.

    ``threshold`` is the least score that joins, 0..1. Posts further apart than ``days`` are two
    problems; ``same_days`` counts instead for the same author or nearly the same text, and
    ``brief_days`` for outages and topics whose troubles pass and come back, whoever writes.
    ``outage_hours``: within these
    an outage in one village is one, whoever writes.
    """

    threshold: float = 0.8
    days: float = 14
    same_days: float = 30
    brief_days: float = 5
    brief_topics: frozenset[Topic] = frozenset({Topic.SNOW, Topic.ELECTRICITY})
    outage_hours: float = 12


class Comparison(NamedTuple):
    """A score 0..1 and what made it; one that is 0 names what tells the two apart."""

    score: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A stored post of an incident."""

    post_id: int
    incident_id: int
    facts: Facts


@dataclass(frozen=True, slots=True)
class Match:
    """The incident that a post belongs to, by which of its posts, how surely and why."""

    incident_id: int
    post_id: int
    score: float
    evidence: tuple[Evidence, ...]

    @property
    def sure(self) -> bool:
        """Tell whether the machine may join unseen."""
        return bool(UNSEEN & {one.sign for one in self.evidence})

    @property
    def russian(self) -> str:
        """All reasons in Russian, for the journal and the card."""
        return ", ".join(one.russian for one in self.evidence)


USUAL = Limits()


def match(facts: Facts, candidates: Iterable[Candidate], limits: Limits = USUAL) -> Match | None:
    """Return the best match of a post among stored ones, or None; their order does not matter.

    An incident of which any post tells of another place is passed over. Where two incidents
    match that speak of different places themselves, none is chosen: that is for a person.
    """
    compared: dict[int, list[tuple[Comparison, Candidate]]] = defaultdict(list)
    for candidate in candidates:
        if candidate.facts.own != facts.own:
            comparison = compare(facts, candidate.facts, limits)
            compared[candidate.incident_id].append((comparison, candidate))
    best = [
        max(rows, key=lambda row: (row[0].score, -row[1].post_id))
        for rows in compared.values()
        if not any(_elsewhere(comparison) for comparison, _ in rows)
    ]
    good = [row for row in best if row[0].score >= limits.threshold]
    if not good or _torn(good):
        return None
    # Of equals the older incident, which has waited longer.
    comparison, chosen = max(good, key=lambda row: (row[0].score, -row[1].incident_id))
    return Match(chosen.incident_id, chosen.post_id, comparison.score, comparison.evidence)


def _elsewhere(comparison: Comparison) -> bool:
    return any(one.sign in ELSEWHERE for one in comparison.evidence)


def _torn(rows: Sequence[tuple[Comparison, Candidate]]) -> bool:
    """Tell whether a post matches two incidents at different places about equally well."""
    top = max(comparison.score for comparison, _ in rows)
    close = [candidate.facts for comparison, candidate in rows if comparison.score > top - 0.1]
    return any(place_apart(close[0], other) for other in close[1:])


def compare(one: Facts, other: Facts, limits: Limits = USUAL) -> Comparison:
    """Tell how surely two posts speak of one problem; which comes first does not matter."""
    text = _text(one, other)
    against = place_apart(one, other) or _apart(one, other, text, limits)
    if against and not (against.sign is Sign.OTHER_SETTLEMENT and _crossposted(one, other, text)):
        return Comparison(0.0, (against,))
    evidence = [text, *_places(one, other), *_matter(one, other), *_people(one, other)]
    evidence += _moments(one, other, limits)
    kept = tuple(found for found in evidence if found and found.points)
    score = min(1.0, sum(found.points for found in kept))
    if not GROUNDS & {found.sign for found in kept} or not _of_one_matter(kept):
        score = min(score, 0.5)
    return Comparison(round(score, 3), kept)


def _of_one_matter(evidence: Iterable[Evidence]) -> bool:
    """Tell whether anything says what is wrong there, beside who wrote where and when."""
    points = {found.sign: found.points for found in evidence}
    if {Sign.SAME_TEXT, Sign.NEAR_TEXT, Sign.ONLY_ONE} & points.keys():
        return True
    said = points.get(Sign.SHARED_WORDS, 0.0)
    if points.get(Sign.SAME_THING, 0.0) >= CLEAR:
        return said > 0  # a thing told in altogether other words may have another trouble
    return said >= (AGAIN if Sign.SAME_AUTHOR in points else SAID)


def place_apart(one: Facts, other: Facts) -> Evidence | None:
    """Return what makes two places different for certain, if anything does."""
    for sign, mine, theirs in (
        (Sign.OTHER_SETTLEMENT, one.settlement, other.settlement),
        (Sign.OTHER_VILLAGE, one.village, other.village),
        (Sign.OTHER_STREET, one.street, other.street),
        (Sign.OTHER_HOUSE, one.house, other.house),
    ):
        if mine is not None and theirs is not None and mine != theirs:
            return Evidence(sign, 0.0)
    if not _same_house(one, other):
        mine_at, theirs_at = _starting(one, AT), _starting(other, AT)
        if mine_at and theirs_at and not mine_at & theirs_at:
            return Evidence(Sign.OTHER_LANDMARK, 0.0)
    mine_numbers, theirs_numbers = _starting(one, NUMBER), _starting(other, NUMBER)
    for name in sorted(_kinds(mine_numbers) & _kinds(theirs_numbers)):
        shared = mine_numbers & theirs_numbers
        if name not in _kinds(shared):
            return Evidence(Sign.OTHER_NUMBER, 0.0, name)
    return None


def _apart(one: Facts, other: Facts, text: Evidence | None, limits: Limits) -> Evidence | None:
    """Return what makes two problems of one place different for certain, if anything does."""
    copied = text is not None and text.sign in {Sign.SAME_TEXT, Sign.NEAR_TEXT}
    days = limits.days
    outages = {thing for thing in _objects(one) & _objects(other) if thing.startswith(NONE)}
    if outages or limits.brief_topics & {one.topic, other.topic}:
        days = limits.brief_days
    elif (copied and text and text.points >= 0.6) or _same_author(one, other):
        days = limits.same_days
    if abs(one.at - other.at) > days * DAY:
        return Evidence(Sign.TOO_LONG_AGO, 0.0)
    if _template(one, other) and not _same_author(one, other):
        return Evidence(Sign.FILLED_FORM, 0.0)
    mine, theirs = _objects(one), _objects(other)
    if mine and theirs and not mine & theirs:
        return Evidence(Sign.OTHER_THING, 0.0)
    if one.topic is not other.topic and not (copied or mine == theirs != frozenset()):
        return Evidence(Sign.OTHER_TOPIC, 0.0)
    return None


def _text(one: Facts, other: Facts) -> Evidence | None:
    """Compare words. Of texts without one certain place each may name its own in a word.

    So one must hold the other almost whole there: a copy adds words, a template replaces some.
    """
    fewer = min(len(one.words), len(other.words))
    if one.text == other.text:
        return Evidence(Sign.SAME_TEXT, 0.9 if fewer >= 8 else 0.7 if fewer >= 5 else 0.4)
    shared = len(one.words & other.words)
    if not shared:
        return None
    share = shared / len(one.words | other.words)
    if share >= 0.55 and fewer >= 6 and (_same_house(one, other) or _holds(one, other)):
        return Evidence(Sign.NEAR_TEXT, round(min(0.8, 0.4 + (share - 0.55) * 1.2), 3))
    return Evidence(Sign.SHARED_WORDS, round(0.25 * shared / max(fewer, FEW), 3))


def _holds(one: Facts, other: Facts) -> bool:
    """Tell whether one text holds the other, with its names and numbers, at the same place."""
    less, more = sorted((one, other), key=lambda facts: len(facts.words))
    return (
        (one.village, one.street, one.house) == (other.village, other.street, other.house)
        and len(less.words - more.words) <= len(less.words) // 20
        and not (one.names - other.names and other.names - one.names)
        and not _numbers_differ(one, other)
    )


def _numbers_differ(one: Facts, other: Facts) -> bool:
    """Tell whether each text has a number that the other has not."""
    for mark in (PLAIN, DATE):
        mine, theirs = _starting(one, mark), _starting(other, mark)
        if mine - theirs and theirs - mine:
            return True
    return False


def _template(one: Facts, other: Facts) -> bool:
    """Tell whether two texts are one form filled in twice, with other words in its gaps.

    People who write of one thing in their own words share few; a copy keeps all.
    """
    shared, fewer = len(one.words & other.words), min(len(one.words), len(other.words))
    gaps = min(len(one.words - other.words), len(other.words - one.words))
    share = shared / max(1, len(one.words | other.words))
    return fewer >= FORM_WORDS and share >= FORM_SHARE and gaps > 1 + fewer // 20


def _crossposted(one: Facts, other: Facts, text: Evidence | None) -> bool:
    """Tell whether one author put one text into the communities of two settlements."""
    unnamed = one.village is None or other.village is None
    return unnamed and bool(text and text.points >= 0.6) and _same_author(one, other)


def _places(one: Facts, other: Facts) -> list[Evidence | None]:
    # A settlement has many villages, and many of them a Лесная of their own.
    unsure = 0.0 if one.village == other.village else 0.1
    if _same_house(one, other):
        return [
            Evidence(Sign.SAME_HOUSE, 0.5 - unsure, f"{one.street or one.village}, {one.house}")
        ]
    if one.settlement is None or one.settlement != other.settlement:
        return []
    landmarks = _starting(one, AT) & _starting(other, AT)
    landmark = Evidence(Sign.SAME_LANDMARK, 0.3, _listed(landmarks)) if landmarks else None
    if one.street is not None and one.street == other.street:
        points = max(0.0, _street_points(one, other) - unsure)
        return [Evidence(Sign.SAME_STREET, round(points, 1), one.street), landmark]
    if one.village is not None and one.village == other.village:
        return [Evidence(Sign.SAME_VILLAGE, 0.1, one.village), landmark]
    return [landmark]


def _matter(one: Facts, other: Facts) -> list[Evidence | None]:
    mine, theirs = _objects(one), _objects(other)
    things = mine & theirs
    numbers = _starting(one, NUMBER) & _starting(other, NUMBER)
    only = things & UNIQUE if one.village and one.village == other.village else None
    # A thing that says what is wrong, and nothing beside it that only one of the two speaks of.
    clear = things - VAGUE and mine == theirs
    only = only if mine == theirs and one.house == other.house else None
    return [
        Evidence(Sign.SAME_THING, CLEAR if clear else 0.02, _listed(things)) if things else None,
        Evidence(Sign.ONLY_ONE, 0.2, _listed(only)) if only else None,
        Evidence(Sign.SAME_NUMBER, 0.15, _listed(numbers)) if numbers else None,
        Evidence(Sign.SAME_TOPIC, 0.1, one.topic.russian) if one.topic is other.topic else None,
    ]


def _people(one: Facts, other: Facts) -> list[Evidence | None]:
    author = _same_author(one, other)
    reminder = author and REPEAT in one.things | other.things
    signs = [
        Evidence(Sign.SAME_AUTHOR, 0.3) if author else None,
        Evidence(Sign.REMINDER, 0.1) if reminder else None,
    ]
    if one.street != other.street:
        return signs
    if one.own in other.above or other.own in one.above:
        signs.append(Evidence(Sign.REPLY, 0.3))
    elif one.above & other.above:
        signs.append(Evidence(Sign.SAME_THREAD, 0.1))
    return signs


def _moments(one: Facts, other: Facts, limits: Limits) -> list[Evidence | None]:
    apart = abs(one.at - other.at)
    close = 0.1 if apart <= DAY else 0.05 if apart <= 3 * DAY else 0.0
    outages = {thing for thing in _objects(one) & _objects(other) if thing.startswith(NONE)}
    wide = (
        outages
        and one.street is None
        and other.street is None
        and one.village is not None
        and one.village == other.village
        and apart <= timedelta(hours=limits.outage_hours)
    )
    return [
        Evidence(Sign.CLOSE_IN_TIME, close),
        Evidence(Sign.WIDE_OUTAGE, 0.3) if wide else None,
    ]


def _same_house(one: Facts, other: Facts) -> bool:
    return (
        one.settlement is not None
        and one.house is not None
        and (one.settlement, one.street, one.house) == (other.settlement, other.street, other.house)
        and (one.street is not None or one.village == other.village is not None)
    )


def _street_points(one: Facts, other: Facts) -> float:
    """Return what a shared street is worth: less where only one post names a house.

    The other may mean it all the same, by a number («у 12 дома») that the reader did not take for
    a house; or another one, by a number that is not this house's.
    """
    if one.house == other.house:
        return 0.0 if _numbers_differ(one, other) else 0.3
    house, silent = (one.house, other) if one.house else (other.house, one)
    numbers = _starting(silent, PLAIN)
    if not numbers:
        return 0.2
    return 0.4 if PLAIN + str(house) in numbers else 0.0


def _same_author(one: Facts, other: Facts) -> bool:
    return bool(one.author) and one.author == other.author


def _starting(facts: Facts, mark: str) -> frozenset[str]:
    return frozenset(thing for thing in facts.things if thing.startswith(mark))


def _kinds(numbered: Iterable[str]) -> set[str]:
    return {thing.removeprefix(NUMBER).partition(":")[0] for thing in numbered}


def _objects(facts: Facts) -> frozenset[str]:
    return frozenset(
        thing
        for thing in facts.things
        if thing[0] not in AT + NUMBER + PLAIN + DATE and thing != REPEAT
    )


def _listed(things: Iterable[str]) -> str:
    return ", ".join(sorted(thing.lstrip(AT + NUMBER) for thing in things))
