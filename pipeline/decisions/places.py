"""Finds the place that a text names, in the gazetteer of one region.

Every form of every name is made beforehand and looked up word by word, so that the time of a
search does not grow with the number of names. A form that is also a person's name or an ordinary
word counts only with a marker («дер.», «село») or a preposition of place in agreement. Nothing
is answered rather than a guess.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from models.values import Place
from pipeline.decisions import places_words as lists
from pipeline.decisions.places_forms import (
    Risk,
    adjective_forms,
    forms,
    known,
    risk,
)
from pipeline.decisions.places_streets import KINDS, Street, find_streets, house_at, street_forms
from pipeline.decisions.places_text import MAX_CHARS, WORD, Words, fold
from pipeline.region.schema import Region, Settlement

MIN_FUZZY = 6
"""Shorter words are never taken for a misspelt name."""
MAX_MEMO = 100_000

_Target = tuple[str, str | None]
"""A settlement's code, and the village's name unless the settlement as a whole is meant."""


@dataclass(frozen=True, slots=True)
class _Form:
    """One form of a village's name: the words after the first, and what it may mean."""

    rest: tuple[str, ...]
    cases: frozenset[str]
    risk: Risk
    adjective: bool
    targets: tuple[_Target, ...]
    """Several for namesakes."""


@dataclass(frozen=True, slots=True)
class _Mention:
    """A village or a settlement found at words [first, last]."""

    first: int
    last: int
    targets: tuple[_Target, ...]
    marked: bool


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """The names of one region, ready to be looked up. Build it once and keep it."""

    municipality: str
    villages: dict[str, list[_Form]]
    settlements: dict[str, tuple[str, frozenset[str]]]
    streets: dict[str, str]
    triggers: frozenset[str]
    deletions: dict[str, frozenset[str]]
    _memo: dict[str, str | None] = field(default_factory=dict, compare=False)

    @classmethod
    def build(cls, region: Region) -> "Gazetteer":
        """Return the gazetteer of a region; takes a fraction of a second."""
        settlements: dict[str, tuple[str, frozenset[str]]] = {}
        streets: dict[str, str] = {}
        meanings: dict[tuple[str, ...], dict[_Target, tuple[str, frozenset[str]]]] = {}
        exact = {fold(v.name) for s in region.settlements for v in s.villages}
        for settlement in region.settlements:
            for form, cases in _settlement_forms(settlement.name):
                settlements[form] = (settlement.code, cases)
            for village in settlement.villages:
                for street in village.streets:
                    streets |= street_forms(street)
            for name, target in _names(settlement, exact):
                for words, cases in forms(name).items():
                    meanings.setdefault(words, {})[target] = (name, cases)
        villages: dict[str, list[_Form]] = {}
        for words, targets in meanings.items():
            name, cases = next(iter(targets.values()))
            villages.setdefault(words[0], []).append(
                _Form(
                    rest=words[1:],
                    cases=cases,
                    risk=risk(words, name),
                    adjective=len(words) == 1 and name.endswith(("ое", "ая", "ий", "ый")),
                    targets=tuple(targets),
                )
            )
        for choices in villages.values():
            choices.sort(key=lambda form: -len(form.rest))
        single = street_words(streets)
        return cls(
            municipality=region.municipality.code,
            villages=villages,
            settlements=settlements,
            streets=streets,
            triggers=frozenset([*villages, *settlements, *single, *_STREET_TRIGGERS]),
            deletions=_deletions(villages),
        )

    def certain(self, word: str) -> bool:
        """Tell whether a word is a village and nothing else."""
        return any(form.risk is Risk.NONE for form in self.villages.get(word, ()))

    def misspelt(self, word: str) -> str | None:
        """Return the form that a word unknown to the dictionary is one edit away from."""
        if word not in self._memo:
            if len(self._memo) >= MAX_MEMO:
                self._memo.clear()
            self._memo[word] = self._nearest(word)
        return self._memo[word]

    def _nearest(self, word: str) -> str | None:
        near: set[str] = set()
        for key in (word, *(word[:i] + word[i + 1 :] for i in range(len(word)))):
            near |= self.deletions.get(key, frozenset())
        near = {form for form in near if form[0] == word[0] and _one_edit(word, form)}
        if (
            not near
            or word in self.triggers
            or word.endswith(lists.ADJECTIVE_ENDINGS)
            or known(word)
        ):
            return None
        meanings = {form.targets for name in near for form in self.villages[name] if not form.rest}
        return min(near) if len(meanings) == 1 else None


def street_words(streets: dict[str, str]) -> frozenset[str]:
    """Return the first words of the region's streets."""
    return frozenset(name.split()[0] for name in streets)


def find(text: str, gazetteer: Gazetteer, *, hint: str | None = None) -> Place | None:
    """Return the place that a text names, or None.

    ``hint`` is a settlement's code, the source community's for one: it chooses between villages
    of one name. A village that stays ambiguous is answered without its settlement. The span is
    that of the village, else of the settlement, else of the street, in characters of ``text``.
    Only the first ``MAX_CHARS`` characters are read.
    """
    text = text[:MAX_CHARS]
    listed = WORD.findall(fold(text))
    if gazetteer.triggers.isdisjoint(listed) and not any(
        len(word) >= MIN_FUZZY and gazetteer.misspelt(word) for word in listed
    ):
        return None
    words = Words.of(text)
    streets = find_streets(words, gazetteer.streets, lambda i: gazetteer.certain(words.at(i)))
    taken = {i for street in streets for i in range(street.first, street.last + 1)}
    mentions = [*_villages(words, gazetteer, taken)]
    settlements = [*_settlements(words, gazetteer, taken)]
    street = streets[0] if streets else None
    chosen = next((m for m in mentions if m.marked), None) or next(iter(mentions), None)
    named = next(iter(settlements), None)
    if chosen is None and named is None and street is None:
        return None
    return _place(words, gazetteer, chosen=chosen, named=named, street=street, hint=hint)


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


_STREET_TRIGGERS = frozenset(
    [
        *KINDS,
        *lists.COMMON_GENITIVES,
        *lists.COMMON_NOUNS,
        *lists.COMMON_ADJECTIVES,
        *(word[:-2] + "ой" for word in lists.COMMON_ADJECTIVES),
    ]
)


def _settlement_forms(name: str) -> Iterator[tuple[str, frozenset[str]]]:
    first = fold(name).split()[0]
    if first.endswith(("ское", "цкое")):
        yield from adjective_forms(first).items()


def _names(settlement: Settlement, exact: set[str]) -> Iterator[tuple[str, _Target]]:
    """Yield every name in a settlement with what it stands for.

    People leave numbers out: «Ракитня» is «Ракитня-2» unless a village has that very name.
    """
    for alias in settlement.aliases:
        yield alias, (settlement.code, None)
    for village in settlement.villages:
        target = (settlement.code, village.name)
        yield from ((name, target) for name in (village.name, *village.aliases))
        stem, _, number = village.name.rpartition("-")
        if number.isdigit() and fold(stem) not in exact:
            yield stem, target


def _deletions(villages: dict[str, list[_Form]]) -> dict[str, frozenset[str]]:
    """Return trusted long forms by themselves and by themselves less one letter."""
    found: dict[str, set[str]] = {}
    for word, choices in villages.items():
        if len(word) >= MIN_FUZZY and any(
            not form.rest and form.risk is Risk.NONE for form in choices
        ):
            for key in (word, *(word[:i] + word[i + 1 :] for i in range(len(word)))):
                found.setdefault(key, set()).add(word)
    return {key: frozenset(words) for key, words in found.items()}


def _one_edit(one: str, other: str) -> bool:
    """Tell whether two words differ by one letter, or by two neighbours that changed places."""
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    a, b = one[start:], other[start:]
    swapped = a[1:2] + a[:1] + a[2:] == b
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or swapped


def _villages(words: Words, gazetteer: Gazetteer, taken: set[int]) -> Iterator[_Mention]:
    index = 0
    while index < len(words.words):
        mention = None if index in taken else _village_at(words, gazetteer, index)
        if mention:
            yield mention
            index = mention.last
        index += 1


def _village_at(words: Words, gazetteer: Gazetteer, index: int) -> _Mention | None:
    word = words.at(index)
    choices = gazetteer.villages.get(word)
    if choices is None and len(word) >= MIN_FUZZY:
        choices = [
            form
            for form in gazetteer.villages.get(gazetteer.misspelt(word) or "", ())
            if not form.rest
        ]
    for form in choices or ():
        last = index + len(form.rest)
        if tuple(words.words[index + 1 : last + 1]) == form.rest and _joined(words, index, last):
            marked = _marked(words, index, form)
            if marked or _trusted(words, index, last, form):
                return _Mention(index, last, form.targets, marked)
    return None


def _joined(words: Words, first: int, last: int) -> bool:
    return all(words.gap(i) in {" ", "-"} for i in range(first + 1, last + 1))


def _marked(words: Words, index: int, form: _Form) -> bool:
    """Tell whether «дер.», «село» and the like stand before a name."""
    marker, gap = words.at(index - 1), words.gap(index)
    if marker not in lists.VILLAGE_MARKERS or gap.strip(' .«"') or len(gap) > 4:
        return False
    # «с» and «п» without a full stop may be a preposition or a slip.
    return len(marker) > 1 or "." in gap or ("nomn" in form.cases and words.capital(index))


def _trusted(words: Words, index: int, last: int, form: _Form) -> bool:
    """Tell whether a name without a marker is the place."""
    before, after = words.at(index - 1), words.at(last + 1)
    taken = form.adjective and words.gap(last + 1) == " " and _agrees_with_noun(after)
    # An ordinary word that is several villages besides is too little to go by.
    vague = form.risk is Risk.WORD and len(form.targets) > 1
    if taken or vague or before in lists.WATERS:
        return False
    if form.risk is Risk.NONE or (form.rest and "-" in words.gap(last)):
        return True
    if form.rest and form.rest[-1].isdigit():
        return False  # «Дачная 1» is a street with a house
    if form.rest and all(words.capital(i) for i in range(index, last + 1)):
        return True
    agrees = bool(lists.PREPOSITION_CASES.get(before, frozenset()) & form.cases)
    sure = words.capital(index) or form.risk is Risk.NAME
    return agrees and words.gap(index) == " " and sure


def _agrees_with_noun(after: str) -> bool:
    """Tell whether the word after an adjective takes it: «Никольское кладбище»."""
    nouns = lists.NOUNS_AFTER_ADJECTIVE | lists.SETTLEMENT_HEADS | lists.SETTLEMENT_KINDS
    return after in nouns


def _settlements(words: Words, gazetteer: Gazetteer, taken: set[int]) -> Iterator[_Mention]:
    """Yield «Печерское сельское поселение», «с/п Печерское», «печерской школе»."""
    for index, word in enumerate(words.words):
        if word not in gazetteer.settlements or index in taken:
            continue
        code, cases = gazetteer.settlements[word]
        after = index + 1 + (words.at(index + 1) in lists.SETTLEMENT_KINDS)
        short = words.at(after) == "с" and words.at(after + 1) == "п"
        before = words.at(index - 1)
        abbreviated = before == "п" and words.at(index - 2) == "с"
        institution = words.at(index + 1) in lists.INSTITUTIONS and words.gap(index + 1) == " "
        if words.at(after) in lists.SETTLEMENT_HEADS or short:
            yield _Mention(index, after + short, ((code, None),), marked=True)
        elif institution or before in lists.SETTLEMENT_HEADS or abbreviated:
            yield _Mention(index, index, ((code, None),), marked=True)
        elif (
            not known(word)
            and lists.PREPOSITION_CASES.get(before, frozenset()) & cases
            and words.at(index + 1) not in lists.NOUNS_AFTER_ADJECTIVE
        ):
            yield _Mention(index, index, ((code, None),), marked=False)


def _place(
    words: Words,
    gazetteer: Gazetteer,
    *,
    chosen: _Mention | None,
    named: _Mention | None,
    street: Street | None,
    hint: str | None,
) -> Place:
    targets = chosen.targets if chosen else named.targets if named else ()
    wanted = [named.targets[0][0] if named else None, hint]
    for code in wanted:
        fitting = tuple(target for target in targets if target[0] == code)
        if len(targets) > 1 and fitting:
            targets = fitting
    settlements = {code for code, _ in targets}
    villages = {village for _, village in targets}
    house = street.house if street else None
    if chosen and not street:
        after = house_at(words, chosen.last + 1, bare=False)
        house = after[0] if after else None
    where = chosen or named or street
    first, last = (where.first, where.last) if where else (0, 0)
    return Place(
        settlement=settlements.pop() if len(settlements) == 1 else None,
        municipality=gazetteer.municipality,
        village=villages.pop() if len(villages) == 1 else None,
        street=street.name if street else None,
        house=house,
        span=(words.spans[first][0], words.spans[last][1]),
    )
