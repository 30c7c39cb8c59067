"""The names of one region, ready to be looked up word by word.

Every form of every name is made beforehand, so that the time of a search does not grow with the
number of names. What a single word can begin is remembered, so that most texts are passed over
after one look at their words.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from pipeline.decisions import places_words as lists
from pipeline.decisions.places_forms import Risk, adjective_forms, forms, risk
from pipeline.decisions.places_grammar import known
from pipeline.decisions.places_street_names import MARKERS, could_be_street, is_usual, street_forms
from pipeline.decisions.places_text import MAX_WORD, WORD, fold, untwist
from pipeline.region.schema import Region, Settlement

MIN_FUZZY = 5
"""Shorter words are never taken for a misspelt name."""
MIN_FREE_FUZZY = 6
"""Shorter misspelt names need a marker or a preposition."""
MAX_MEMO = 100_000

Target = tuple[str, str | None]
"""A settlement's code, and the village's name unless the settlement as a whole is meant."""

Forms = dict[tuple[str, ...], dict[Target, tuple[str, frozenset[str]]]]


class Role:
    """What a word can begin or be part of: flags in plain ints, which are the fastest."""

    PLACE = 1
    """A village or a settlement by itself, misspelt or not."""
    FIRST = 2
    """The first word of a village's name of several: «Новые»."""
    TAIL = 4
    """Another word of such a name: «Батеки»."""
    NEAR = 8
    """A known word one edit away from a name: worth a look after «деревня»."""
    MARKER = 16
    """«улица», «перекрёсток»."""
    HOUSE = 32
    """«дом»: worth a look beside a number."""
    USUAL = 64
    """A usual street's name or one of the region's: worth a look after a preposition."""
    LIKE = 128
    """A word that some street may be called: worth a look beside a number, «на» and «по»."""
    DATE = 256
    """«лет», «марта»: worth a look between a number and «Октября»."""
    SLIP = 512
    """A misspelt street of the region."""
    LOOSE = 1024
    """An unknown word one edit away from a name: worth a look after a preposition as well."""
    STREET = MARKER | USUAL | LIKE | DATE
    NAMED = PLACE | FIRST | TAIL | NEAR | LOOSE
    ALL = NAMED | STREET | HOUSE | SLIP


class Form(NamedTuple):
    """One form of a village's name, and what it may mean."""

    words: tuple[str, ...]
    rest: tuple[str, ...]
    """The words after the first."""
    cases: frozenset[str]
    risk: Risk
    is_adjective: bool
    targets: tuple[Target, ...]
    """Several for namesakes."""


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """The names of one region. Build it once and keep it; one for each thread."""

    municipality: str
    stems: tuple[str, ...]
    """How the adjectives in the region's own name begin: «смоленск», «хабаровск»."""
    villages: dict[str, list[Form]]
    """By their first word, the longest first."""
    certain: frozenset[str]
    """Words that are a village and nothing else."""
    tails: dict[str, list[Form]]
    """Names of several words by each word after the first: «Н. Батеки»."""
    shorts: frozenset[str]
    """What the first words of such names may be shortened to."""
    settlements: dict[str, tuple[str, frozenset[str]]]
    streets: dict[str, str]
    street_words: frozenset[str]
    deletions: dict[str, frozenset[str]]
    street_deletions: dict[str, frozenset[str]]
    edits: frozenset[str]
    """The keys of both, to tell at once that a word is close to nothing."""
    roles: dict[str, int] = field(default_factory=dict, compare=False)
    """Words seen with what they can begin."""
    glances: dict[str, int] = field(default_factory=dict, compare=False)
    """Pieces of texts seen with what they can begin: see places_glance."""

    @classmethod
    def build(cls, region: Region) -> "Gazetteer":
        """Return the gazetteer of a region; takes a fraction of a second."""
        streets: dict[str, str] = {}
        for settlement in region.settlements:
            for village in settlement.villages:
                for street in village.streets:
                    streets |= street_forms(street)
        settlements = _settlement_words(region)
        listed = [*_village_forms(region), *_inhabitants(settlements)]
        villages: dict[str, list[Form]] = {}
        tails: dict[str, list[Form]] = {}
        for form in sorted(listed, key=lambda form: -len(form.words)):
            villages.setdefault(form.words[0], []).append(form)
            for word in form.rest:
                if not word.isdigit():
                    tails.setdefault(word, []).append(form)
        firsts = {form.words[0] for choices in tails.values() for form in choices}
        deletions = _deletions([*villages, *tails])
        street_deletions = _deletions({word for name in streets for word in name.split()})
        return cls(
            municipality=region.municipality.code,
            stems=_own_stems(region),
            villages=villages,
            certain=frozenset(form.words[0] for form in listed if _is_certain(form)),
            tails=tails,
            shorts=frozenset(word[:length] for word in firsts for length in range(1, len(word))),
            settlements=settlements,
            streets=streets,
            street_words=frozenset(word for name in streets for word in name.split()),
            deletions=deletions,
            street_deletions=street_deletions,
            edits=frozenset([*deletions, *street_deletions]),
        )

    def role(self, word: str) -> int:
        """Return what a word, as ``plain_words`` gives it, can begin; remembered."""
        found = self.roles.get(word)
        if found is None:
            if len(self.roles) >= MAX_MEMO:
                self.roles.clear()
            found = self._role(untwist(word)) if len(word) <= MAX_WORD else 0
            self.roles[word] = found
        return found

    def _role(self, word: str) -> int:
        found = self._place_role(word)
        close = not self.edits.isdisjoint(_shortened(word))
        for near in self.nearest(word) if close and not found else ():
            if known(word):
                found |= Role.NEAR
            else:
                found |= Role.LOOSE | (self._place_role(near) & ~Role.PLACE)
                found |= Role.PLACE if near in self.certain else 0
        if word in MARKERS or word in lists.CROSSINGS:
            found |= Role.MARKER
        if word in lists.HOUSE_MARKERS:
            found |= Role.HOUSE
        if word in self.street_words or is_usual(word):
            found |= Role.USUAL
        elif close and self.meant_street(word):
            found |= Role.USUAL | Role.SLIP
        elif could_be_street(word):
            found |= Role.LIKE
        if word in lists.COUNTED or word in lists.HOLIDAY_MONTHS:
            found |= Role.DATE
        return found

    def _place_role(self, word: str) -> int:
        found = Role.PLACE if word in self.settlements else 0
        for form in self.villages.get(word, ()):
            found |= Role.FIRST if form.rest else Role.PLACE
        return found | (Role.TAIL if word in self.tails else 0)

    def meant_street(self, word: str) -> str | None:
        """Return the word of the region's streets that an unknown word is one edit away from."""
        near = _near(word, self.street_deletions) if len(word) >= MIN_FREE_FUZZY else set()
        return near.pop() if len(near) == 1 and not known(word) else None

    def nearest(self, word: str) -> list[str]:
        """Return the words of names that are one edit away; none if they mean several places."""
        if len(word) < MIN_FUZZY:
            return []
        near = _near(word, self.deletions)
        near = {form for form in near if form in self.certain} or near
        meanings = {form.targets for name in near for form in self.villages.get(name, ())}
        return sorted(near) if len(near) == 1 or len(meanings) == 1 else []


def _shortened(word: str) -> list[str]:
    """Return a word, and the word less each of its letters."""
    return [word, *(word[:i] + word[i + 1 :] for i in range(len(word)))]


def _near(word: str, deletions: dict[str, frozenset[str]]) -> set[str]:
    """Return the names that a word is one edit away from; the first letter must be right."""
    near = {name for key in _shortened(word) for name in deletions.get(key, ())}
    return {name for name in near if name[0] == word[0] and one_edit(word, name)}


def one_edit(one: str, other: str) -> bool:
    """Tell whether two words differ by one letter, or by two neighbours that changed places."""
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    a, b = one[start:], other[start:]
    swapped = a[1:2] + a[:1] + a[2:] == b
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or swapped


def _names(settlement: Settlement, exact: set[str]) -> Iterator[tuple[str, Target]]:
    """Yield every name in a settlement with what it stands for.

    People leave out numbers and «Новое»: «Ракитня» is «Ракитня-2», «Куприно» is «Новое Куприно»,
    unless a village has that very name.
    """
    for alias in settlement.aliases:
        yield alias, (settlement.code, None)
    for village in settlement.villages:
        target = (settlement.code, village.name)
        yield from ((name, target) for name in (village.name, *village.aliases))
        stem, _, number = village.name.rpartition("-")
        if number.isdigit() and fold(stem) not in exact:
            yield stem, target
        first, _, short = village.name.partition(" ")
        if fold(first) in lists.RELATIVE and fold(short) not in exact | lists.VILLAGE_MARKERS:
            yield short, target


def _settlement_words(region: Region) -> dict[str, tuple[str, frozenset[str]]]:
    """Return the adjectives of settlements, «печерское» and «печерская», with code and cases.

    A village's own adjective, «жуковская школа», stands for its settlement as well, but carries
    no case: it needs a noun.
    """
    found: dict[str, tuple[str, frozenset[str]]] = {}
    doubtful: set[str] = set()
    for settlement in region.settlements:
        for village in settlement.villages:
            adjective = _adjective_of(fold(village.name))
            for form in adjective_forms(adjective) if adjective else ():
                if found.setdefault(form, (settlement.code, frozenset()))[0] != settlement.code:
                    doubtful.add(form)
    found = {form: value for form, value in found.items() if form not in doubtful}
    for settlement in region.settlements:
        first = fold(settlement.name).split()[0]
        if first.endswith(("ское", "цкое")) and first not in lists.SETTLEMENT_KINDS:
            for form, cases in adjective_forms(first).items():
                found[form] = (settlement.code, cases)
    return found


def _own_stems(region: Region) -> tuple[str, ...]:
    words = WORD.findall(fold(f"{region.municipality.name} {region.name}"))
    return tuple(word[:-3] for word in words if len(word) > 6)


def _is_certain(form: Form) -> bool:
    return form.risk is Risk.NONE and not form.rest


def _village_forms(region: Region) -> Iterator[Form]:
    """Yield every form of every village's name, namesakes in one."""
    meanings: Forms = {}
    exact = {fold(v.name) for s in region.settlements for v in s.villages}
    for settlement in region.settlements:
        for name, target in _names(settlement, exact):
            for words, cases in forms(name).items():
                meanings.setdefault(words, {})[target] = (name, cases)
    for words, targets in meanings.items():
        name, cases = next(iter(targets.values()))
        single = len(words) == 1
        adjective = single and name.endswith(("ое", "ая", "ий", "ый", "ой"))
        yield Form(words, words[1:], cases, risk(words, name), adjective, tuple(targets))
        run_on = "".join(words)
        if not single and not known(run_on):  # «сырлипки», «#КраснаяГорка»
            yield Form((run_on,), (), cases, Risk.NONE, is_adjective=False, targets=tuple(targets))


def _inhabitants(settlements: dict[str, tuple[str, frozenset[str]]]) -> Iterator[Form]:
    """Yield what people of a settlement are called: «эльбанцы» from «эльбанское».

    Only words that the dictionary does not know: «литовцы» are another people.
    """
    for adjective, (code, _) in settlements.items():
        if adjective.endswith(("нское", "вское")):
            for ending in ("цы", "цев", "цам", "цами"):
                word = adjective.removesuffix("ское") + ending
                if not known(word):
                    yield Form(
                        (word,),
                        (),
                        frozenset(),
                        Risk.NONE,
                        is_adjective=False,
                        targets=((code, None),),
                    )


def _adjective_of(name: str) -> str | None:
    """Return the neuter adjective of a village's name where there is but one way to make it."""
    if not name.isalpha():
        return None
    if name.endswith(("ово", "ево", "ино")):
        return name[:-1] + "ское"
    return name + "ское" if name[-1] in "нрмл" else None


def _deletions(words: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return the long words of names, each by itself and by itself less one letter."""
    found: dict[str, set[str]] = {}
    for word in words:
        if len(word) >= MIN_FUZZY:
            for key in _shortened(word):
                found.setdefault(key, set()).add(word)
    return {key: frozenset(words) for key, words in found.items()}
