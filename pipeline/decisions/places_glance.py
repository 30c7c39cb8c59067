"""Tells at a glance whether a text can name a place, so that most texts are never searched.

A text is cut at its blanks, and of every piece is remembered what it can begin and what it is to
its neighbours. Whatever the search could find is let through; what is let through in vain costs
time only.
"""

from pipeline.decisions import places_words as lists
from pipeline.decisions.places_names import MAX_MEMO, Gazetteer, Role
from pipeline.decisions.places_text import fold, plain_words

MAX_PIECE = 60
"""Longer pieces are looked at anew each time: they are noise and would fill the memory."""

_SURE = 1 << 11
_DIGIT_BEFORE, _DIGIT_AFTER = 1 << 12, 1 << 13
_AT, _BESIDE = 1 << 14, 1 << 15
_VILLAGE_MARKER, _PREPOSITION = 1 << 16, 1 << 17
_SHORT, _FIRST = 1 << 18, 1 << 19
_ADJECTIVE, _NUMBER_WORD, _DATE_END = 1 << 20, 1 << 21, 1 << 22
_NAME, _STOP, _SHORT_MARKER = 1 << 23, 1 << 24, 1 << 25
_ANYTHING = (1 << 24) - (1 << 12)
"""What a piece without words, «№» or «—», is to its neighbours."""
_AS_AFTER = _DIGIT_AFTER | _NUMBER_WORD | _DATE_END | _NAME
_AS_BEFORE = (1 << 21) - (1 << 12) - _DIGIT_AFTER
_ROLES = _SURE | Role.ALL


_BEFORE, _AFTER = 8, 10
"""Pieces around what may be a place that the search looks at as well."""


_NAME_ENDINGS = (*lists.ADJECTIVE_ENDINGS, "ова", "ева", "ина", "ына", "ко", "ов")
_NEVER = lists.NOT_A_STREET - lists.WEAK_ADJECTIVES | lists.DESCRIPTIVE


def part_to_search(text: str, gazetteer: Gazetteer) -> tuple[int, int] | None:
    """Return [start, end) of the part of a text that can name a place; None for nothing."""
    pieces = text.split()
    try:
        masks = [*map(gazetteer.glances.__getitem__, pieces)]
    except KeyError:
        masks = [_glance(piece, gazetteer) for piece in pieces]
    roles, sure = _ROLES, _SURE | Role.PLACE
    masks.append(0)  # neighbour of the last and, as masks[-1], of the first
    found = [
        index
        for index, mask in enumerate(masks)
        if mask & roles and (mask & sure or _beside(mask, masks[index - 1], masks[index + 1]))
    ]
    if not found:
        return None
    first, last = found[0], found[-1]
    skipped = max(first - _BEFORE, 0)
    tail = text.split(None, skipped)[-1] if skipped else text
    wanted = last + _AFTER - skipped
    rest = tail.split(None, wanted)
    return len(text) - len(tail), len(text) - (len(rest[-1]) if len(rest) > wanted else 0)


def _beside(mask: int, before: int, after: int) -> bool:
    """Tell whether a word's neighbours let it be part of a place."""
    numbered = after & _DIGIT_AFTER
    return bool(
        (
            mask & Role.MARKER
            and (
                (after & _NAME and not mask & _STOP)
                or mask & _SHORT_MARKER
                or before & (_ADJECTIVE | _DIGIT_BEFORE)
            )
        )
        or (mask & Role.TAIL and before & (_SHORT | _FIRST))
        or (mask & (Role.NEAR | Role.LOOSE) and before & _VILLAGE_MARKER)
        or (mask & Role.LOOSE and before & _PREPOSITION)
        or (mask & Role.NEAR and before & _FIRST)
        or (mask & Role.FIRST and numbered)
        or (mask & Role.HOUSE and (numbered or before & _DIGIT_BEFORE or after & _NUMBER_WORD))
        or (mask & Role.DATE and before & _DIGIT_BEFORE and (numbered or after & _DATE_END))
        or (mask & Role.USUAL and (numbered or before & _BESIDE))
        or (mask & Role.LIKE and (numbered or before & _AT))
    )


def _glance(piece: str, gazetteer: Gazetteer) -> int:
    """Return what a piece can begin and what it is to its neighbours; remembered."""
    mask = gazetteer.glances.get(piece)
    if mask is None:
        mask = _look(piece, gazetteer)
        if len(piece) <= MAX_PIECE:
            if len(gazetteer.glances) >= MAX_MEMO:
                gazetteer.glances.clear()
            gazetteer.glances[piece] = mask
    return mask


def _look(piece: str, gazetteer: Gazetteer) -> int:
    words = plain_words(fold(piece))
    if not words:
        return _ANYTHING
    # A street that is not a usual one counts with a capital only, «8 Марта» too.
    proper = not piece.islower()
    skipped = 0 if proper else Role.LIKE
    if proper and not lists.HOLIDAY_MONTHS.isdisjoint(words):
        return _SURE
    masks = [
        gazetteer.role(word) & ~skipped | _neighbour(word, gazetteer, proper=proper)
        for word in words
    ]
    if len(words) == 1:
        if words[0] in lists.SHORT_MARKERS:
            return masks[0] | _SHORT_MARKER
        return masks[0] | (_STOP if piece[-1] in ".,;:!?)" else 0)
    padded = [0, *masks, 0]
    if any(
        padded[i] & (Role.PLACE | Role.MARKER)
        or (padded[i] & Role.DATE and padded[i - 1] & _DIGIT_BEFORE)
        or _beside(padded[i], padded[i - 1], padded[i + 1])
        for i in range(1, len(padded) - 1)
    ):
        return _SURE
    return masks[0] & (Role.ALL | _AS_AFTER) | masks[-1] & (Role.ALL | _AS_BEFORE)


def _neighbour(word: str, gazetteer: Gazetteer, *, proper: bool) -> int:
    """Return what a word is to the word after it and to the word before."""
    flags = (
        (_DIGIT_BEFORE, word.isdigit()),
        (_DIGIT_AFTER, word.isdigit() and len(word) <= 3),
        (_AT, word in lists.STREET_PREPOSITIONS),
        (_BESIDE, word in lists.BEFORE_A_STREET),
        (_VILLAGE_MARKER, word in lists.VILLAGE_MARKERS),
        (_PREPOSITION, word in lists.PREPOSITION_CASES),
        (_SHORT, word in gazetteer.shorts),
        (_FIRST, gazetteer.role(word) & Role.FIRST),
        (_ADJECTIVE, word.endswith(lists.ADJECTIVE_ENDINGS) or word in lists.ORDINALS),
        (_NUMBER_WORD, word in lists.HOUSE_NUMBER_WORDS),
        (_DATE_END, word in lists.DATE_ENDINGS),
        (_NAME, _nameable(word, gazetteer) or (proper and word not in lists.NOT_A_STREET)),
    )
    return sum(flag for flag, holds in flags if holds)


def _nameable(word: str, gazetteer: Gazetteer) -> bool:
    """Tell whether a word without a capital may be a street's name after «улица»."""
    street = gazetteer.role(word) & (Role.USUAL | Role.LIKE) or word.endswith(_NAME_ENDINGS)
    return word.isdigit() or bool(street and word not in _NEVER)
