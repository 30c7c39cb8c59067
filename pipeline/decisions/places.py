"""Finds the place that a text names, in the gazetteer of one region.

Most texts are passed over after one look at their words. Nothing is answered rather than a guess.
"""

from collections.abc import Sequence

from models.values import Place
from pipeline.decisions.places_glance import part_to_search
from pipeline.decisions.places_houses import FoundHouse, any_house, counts, house_at
from pipeline.decisions.places_names import Gazetteer, Role
from pipeline.decisions.places_streets import Known, Street, find_streets
from pipeline.decisions.places_text import MAX_CHARS, Words
from pipeline.decisions.places_villages import (
    Mention,
    Search,
    Weight,
    elsewhere,
    marked_villages,
    settlements,
    villages,
)

__all__ = ["Gazetteer", "find", "place_for"]

MAX_ACTIVE = 100
"""Words that may belong to a place and are looked at; no honest text has as many."""


def find(text: str, gazetteer: Gazetteer, *, hint: str | None = None) -> Place | None:
    """Return the place that a text names, or None.

    ``hint`` is a settlement's code, the source community's for one: it chooses between villages
    of one name. A village that stays ambiguous is answered without its settlement. A house may
    be answered alone: people write «дом 5» under a post that names the street. The span is
    that of the village, else of the settlement, the street or the house, in characters of
    ``text``. Only the first ``MAX_CHARS`` characters are read.
    """
    text = text[:MAX_CHARS]
    part = part_to_search(text, gazetteer)
    return _search(Search(Words.of(text, *part), gazetteer, hint)) if part else None


def place_for(
    text: str,
    context: Sequence[str],
    *,
    gazetteer: Gazetteer,
    community_settlement: str | None,
) -> tuple[Place | None, str | None, str]:
    """Return the place in the text, the settlement to work with, and where that came from.

    ``context`` is the thread above, the post first. The origin is ``text``, ``thread`` (the
    nearest text above that names a settlement), ``community`` or ``none``.
    """
    found = find(text, gazetteer, hint=community_settlement)
    if found and found.settlement:
        return found, found.settlement, "text"
    for above in reversed(context):
        place = find(above, gazetteer, hint=community_settlement)
        if place and place.settlement:
            again = find(text, gazetteer, hint=place.settlement)
            if again and again.settlement:
                return again, again.settlement, "text"
            if again and again.village:
                return again, None, "none"
            return again, place.settlement, "thread"
    if community_settlement and not (found and found.village):
        return found, community_settlement, "community"
    return found, None, "none"


def _search(search: Search) -> Place | None:
    words, gazetteer = search.words, search.gazetteer
    roles = [*map(gazetteer.roles.get, words.words)]
    if None in roles:
        roles = [*map(gazetteer.role, words.words)]
    active = [(index, role) for index, role in enumerate(roles) if role][:MAX_ACTIVE]
    for index, role in active:
        if role & Role.SLIP:
            words.words[index] = gazetteer.meant_street(words.words[index]) or words.words[index]
    named = [index for index, role in active if role & Role.NAMED]
    marked = marked_villages(search, named) if named else ()
    taken = {i for mention in marked for i in range(mention.first, mention.last + 1)}
    lanes = [index for index, role in active if role & Role.STREET and index not in taken]
    certain = taken.union(index for index in named if words.words[index] in gazetteer.certain)
    known = Known(gazetteer.streets, gazetteer.street_words, certain)
    streets = find_streets(words, known, lanes) if lanes else []
    lane = {i for street in streets for i in range(street.first, street.last + 1)} if named else ()
    mentions = [*villages(search, named, lane)] if named else []
    heads = [*settlements(search, named, lane)] if named else []
    chosen = max(mentions, key=lambda mention: mention.weight, default=None)
    if (
        chosen
        and chosen.weight == Weight.PASSING
        and not heads
        and elsewhere(Words.of(words.text), gazetteer)
    ):
        chosen = None
    chosen = chosen or next(iter(heads), None)
    house = _house(words, chosen, streets, active)
    return _place(search, chosen, [*heads, *mentions], streets[0] if streets else None, house)


def _place(
    search: Search,
    chosen: Mention | None,
    mentions: Sequence[Mention],
    street: Street | None,
    house: FoundHouse | None,
) -> Place | None:
    """Return the place that was found; ``mentions`` are all that are named, settlements first."""
    targets = chosen.targets if chosen else ()
    sure = [m.targets[0][0] for m in mentions if len({code for code, _ in m.targets}) == 1]
    for code in (*sure, search.hint):
        fitting = tuple(target for target in targets if target[0] == code)
        if len(targets) > 1 and fitting:
            targets = fitting
    codes = {code for code, _ in targets}
    names = {village for _, village in targets}
    span = chosen or street or house
    if span is None or (chosen and not street and not house and min(len(codes), len(names)) > 1):
        return None  # nothing found, or namesakes that share neither settlement nor village
    return Place(
        settlement=codes.pop() if len(codes) == 1 else None,
        municipality=search.gazetteer.municipality,
        village=names.pop() if len(names) == 1 else None,
        street=street.name if street else None,
        house=house.name if house else None,
        span=(search.words.span(span.first)[0], search.words.span(span.last)[1]),
    )


def _house(
    words: Words,
    village: Mention | None,
    streets: Sequence[Street],
    active: Sequence[tuple[int, int]],
) -> FoundHouse | None:
    """Return the house beside the street, else beside the village, else anywhere."""
    if streets and streets[0].house:
        return FoundHouse(streets[0].first, streets[0].last, streets[0].house)
    if village and not streets and (house := _house_after(words, village)):
        return house
    return any_house(words, [index for index, role in active if role & Role.HOUSE])


def _house_after(words: Words, village: Mention) -> FoundHouse | None:
    """Return the house that follows a village: «Вязгино, 12», «Печерск, д. 5»."""
    first = village.last + 1
    house = house_at(words, first, bare=True)
    bare = words.at(first).isdigit()
    if not house or (bare and (counts(words, first) or not words.gap(first).startswith(","))):
        return None
    return FoundHouse(first, house[1], house[0])
