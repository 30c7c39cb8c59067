"""Finds villages and settlements in a text, and tells how surely each is where the trouble is.

A form that is also a person's name or an ordinary word counts only with a marker («дер.»,
«село»), a preposition of place in agreement, or a street beside it.
"""

from collections.abc import Collection, Iterator, Sequence
from enum import IntEnum
from typing import NamedTuple

from pipeline.decisions import places_words as lists
from pipeline.decisions.places_forms import Risk
from pipeline.decisions.places_grammar import (
    agrees,
    is_place,
    is_somewhere,
    known,
    reads_as,
)
from pipeline.decisions.places_names import (
    MIN_FREE_FUZZY,
    MIN_FUZZY,
    Form,
    Gazetteer,
    Target,
    one_edit,
)
from pipeline.decisions.places_text import Words


class Weight(IntEnum):
    """How surely a place is the one that a text is about; the first of the heaviest wins."""

    NO = 0
    PASSING = 1
    """Where people come from, go to, or compare with."""
    NAMED = 2
    OWN = 3
    """With a marker, or called the writer's own."""


class Mention(NamedTuple):
    """A village or a settlement found at words [first, last]."""

    first: int
    last: int
    targets: tuple[Target, ...]
    weight: Weight


class Search(NamedTuple):
    """One search: the text, the region's names, and the settlement that its community is of."""

    words: Words
    gazetteer: Gazetteer
    hint: str | None


def marked_villages(search: Search, candidates: Sequence[int]) -> list[Mention]:
    """Return the villages with a marker: «дер. Рай», «посёлок Лесной»."""
    found = []
    for index in candidates:
        if _marker_before(search.words, index):
            mention = _village_at(search, index, streets=())
            if mention and mention.weight is Weight.OWN:
                found.append(mention)
    return found


def villages(
    search: Search, candidates: Sequence[int], streets: Collection[int]
) -> Iterator[Mention]:
    """Yield the villages outside ``streets``, which are the words that streets cover."""
    end = -1
    for index in candidates:
        if index > end and index not in streets:
            mention = _village_at(search, index, streets)
            if mention:
                yield mention
                end = mention.last


def settlements(
    search: Search, candidates: Sequence[int], taken: Collection[int]
) -> Iterator[Mention]:
    """Yield «Печерское сельское поселение», «с/п Печерское», «печерской школе»."""
    words = search.words
    for index in candidates:
        word = words.at(index)
        if word not in search.gazetteer.settlements or index in taken:
            continue
        code, cases = search.gazetteer.settlements[word]
        targets: tuple[Target, ...] = ((code, None),)
        after = index + 1 + (words.at(index + 1) in lists.SETTLEMENT_KINDS)
        short = words.at(after) == "с" and words.at(after + 1) == "п"
        before = words.at(index - 1)
        abbreviated = before == "п" and words.at(index - 2) == "с"
        if words.at(after) in lists.SETTLEMENT_HEADS or short:
            yield Mention(index, after + short, targets, Weight.OWN)
        elif before in lists.SETTLEMENT_HEADS or abbreviated or _institution(words, index):
            yield Mention(index, index, targets, Weight.OWN)
        elif (
            not known(word)
            and lists.PREPOSITION_CASES.get(before, frozenset()) & cases
            and words.at(index + 1) not in lists.NOUNS_AFTER_ADJECTIVE
        ):
            yield Mention(index, index, targets, Weight.NAMED)


def elsewhere(words: Words, gazetteer: Gazetteer) -> bool:
    """Tell whether a text says that it happened in a place outside the region."""
    return any(
        words.at(index - 1) in {"в", "во"}
        and words.capital(index)
        and word not in gazetteer.villages
        and is_somewhere(word)
        for index, word in enumerate(words.words)
    )


def _institution(words: Words, index: int) -> bool:
    """Tell whether a settlement's adjective speaks of its people or its school."""
    after = words.at(index + 1)
    if words.gap(index + 1) != " ":
        return False
    return after in lists.INSTITUTIONS or (after in lists.PEOPLE and agrees(words.at(index), after))


def _village_at(search: Search, index: int, streets: Collection[int]) -> Mention | None:
    words, gazetteer = search.words, search.gazetteer
    word = words.at(index)
    for form in gazetteer.tails.get(word, ()):
        if len(form.words) == 2 and _shortened(words, index, form.words[0]):
            return Mention(index - 1, index, form.targets, Weight.OWN)
    for form in _choices(search, index):
        last = index + len(form.rest)
        if not _joined(words, index, last):
            continue
        if _marked(words, index, form):
            return Mention(index, last, form.targets, Weight.OWN)
        if not _foreign(words, last, gazetteer) and _trusted(search, index, last, form, streets):
            weight = _weight(words, index, last, form)
            return Mention(index, last, form.targets, weight) if weight else None
    return None


def _choices(search: Search, index: int) -> Iterator[Form]:
    """Yield the forms that the words here spell, misspelt ones last."""
    words, gazetteer = search.words, search.gazetteer
    word = words.at(index)
    exact = gazetteer.villages.get(word, ())
    for form in exact:
        if tuple(words.words[index + 1 : index + len(form.words)]) == form.rest:
            yield form
    for form in exact:
        rest = range(index + 1, index + len(form.words))
        if rest and all(
            _is_slip(words, i, meant) for i, meant in zip(rest, form.rest, strict=True)
        ):
            yield form  # «Новые Батики»
    if exact or len(word) < MIN_FUZZY:
        return
    marked = _marker_before(words, index)
    # After «деревня» a known word may be a slip («Гринева»), but not another town.
    slip = not known(word) or (marked and not is_place(word))
    for near in gazetteer.nearest(word) if slip else ():
        for form in gazetteer.villages.get(near, ()):
            spelt = tuple(words.words[index + 1 : index + len(form.words)]) == form.rest
            if spelt and (form.rest or marked or _free_slip(words, index, form)):
                yield form


def _free_slip(words: Words, index: int, form: Form) -> bool:
    """Tell whether a misspelt name without a marker may be taken for one."""
    word = words.at(index)
    agreeing = lists.PREPOSITION_CASES.get(words.at(index - 1), frozenset()) & form.cases
    if form.risk is Risk.NONE and (
        not word.endswith(lists.ADJECTIVE_ENDINGS) or (form.is_adjective and words.capital(index))
    ):
        return len(word) >= MIN_FREE_FUZZY or bool(agreeing)
    return bool(agreeing) and (form.risk <= Risk.NAME or form.is_adjective)


def _is_slip(words: Words, index: int, meant: str) -> bool:
    word = words.at(index)
    alike = word[:1] == meant[:1] and len(word) >= MIN_FUZZY and one_edit(word, meant)
    sure = words.capital(index) or words.gap(index) == "-" or not known(word)
    return word == meant or (alike and sure)


def _shortened(words: Words, index: int, first: str) -> bool:
    """Tell whether the word before is the short of a name's first: «Н. Гедеоновка»."""
    short = words.at(index - 1)
    dotted = words.gap(index) in {".", ". "}
    return dotted and 0 < len(short) < len(first) and first.startswith(short)


def _joined(words: Words, first: int, last: int) -> bool:
    return all(
        words.gap(i) in {" ", "-", "_", " - "} or (words.gap(i) == "" and words.at(i).isdigit())
        for i in range(first + 1, last + 1)
    )


def _marker_before(words: Words, index: int) -> bool:
    gap = words.gap(index)
    fits = words.at(index - 1) in lists.VILLAGE_MARKERS
    return fits and not gap.strip(' .«"') and len(gap) <= 4 and "\n" not in gap


def _marked(words: Words, index: int, form: Form) -> bool:
    """Tell whether «дер.», «село» and the like stand before a name."""
    if not _marker_before(words, index):
        return False
    # «с» and «п» without a full stop may be a preposition or a slip.
    short = len(words.at(index - 1)) == 1
    return not short or "." in words.gap(index) or ("nomn" in form.cases and words.capital(index))


def _foreign(words: Words, last: int, gazetteer: Gazetteer) -> bool:
    """Tell whether another region follows: «Митино Московской области»."""
    adjective = words.at(last + 1)
    own = adjective in gazetteer.settlements or adjective.startswith(gazetteer.stems)
    return words.at(last + 2) in lists.REGION_HEADS and not own


def _trusted(search: Search, index: int, last: int, form: Form, streets: Collection[int]) -> bool:
    """Tell whether a name without a marker is the place."""
    words = search.words
    water = words.at(index - 1) in lists.WATERS
    if water or (form.is_adjective and _has_noun(words, index, form)):
        return False
    if form.risk is Risk.NONE or (form.rest and "-" in words.gap(last)):
        return True
    if form.rest and form.rest[-1].isdigit():
        return False  # «Дачная 1» is a street with a house
    if form.rest and all(words.capital(i) for i in range(index, last + 1)):
        return True
    proper = words.capital(index) and _proper(search, index, last, form, streets)
    return proper or _agrees(search, index, form)


def _agrees(search: Search, index: int, form: Form) -> bool:
    """Tell whether a preposition before a name that is also a word makes it a place."""
    words, before = search.words, search.words.at(index - 1)
    ruled = lists.PREPOSITION_CASES.get(before, frozenset())
    if form.is_adjective and before in {"по", "к", "ко"}:
        ruled = frozenset({"datv"})
    wanted = ruled & form.cases
    if words.gap(index) != " " or not wanted:
        return False
    if form.risk is Risk.NAME and not form.is_adjective:
        # «до Жукова», «из-за Жукова»: of a person as often as of a village.
        person = before in lists.OF_PEOPLE and known(words.at(index))
        return not person and words.at(index - 2) != "из"
    if words.capital(index) or not words.cased or form.risk is Risk.NAME:
        return True
    if form.rest:
        return form.rest[-1] not in lists.VILLAGE_MARKERS
    inside = before in {"в", "во"} and "loct" in wanted
    ordinary = form.risk is not Risk.PERSON and not form.is_adjective
    own = words.at(index - 2) in lists.OWN or _is_hinted(search, form)
    return (inside and not ordinary) or own or not reads_as(words.at(index), ruled)


def _proper(search: Search, index: int, last: int, form: Form, streets: Collection[int]) -> bool:
    """Tell whether a capital, or what stands around, shows that an ordinary word is a name."""
    words = search.words
    if "nomn" in form.cases and _addressed(words, index, last, streets):
        return True
    if form.risk in {Risk.NAME, Risk.BOTH}:
        return False
    if words.opens(index):
        ends = words.gap(last + 1).strip(" ") != "" and _is_hinted(search, form)
        return "nomn" in form.cases and (form.is_adjective or ends)
    return words.gap(index) == " " and not words.capital(index - 1)


def _is_hinted(search: Search, form: Form) -> bool:
    return any(code == search.hint for code, _ in form.targets)


def _addressed(words: Words, index: int, last: int, streets: Collection[int]) -> bool:
    """Tell whether a name stands in an address: «Слобода, ул. Мира», «Мира 5, Слобода»."""
    after = last + 1 in streets and words.gap(last + 1) in {", ", ",", ". ", " "}
    return after or (index - 1 in streets and "," in words.gap(index))


def _has_noun(words: Words, index: int, form: Form) -> bool:
    """Tell whether the noun after an adjective takes it: «Никольское кладбище»."""
    word, after = words.at(index), words.at(index + 1)
    if words.gap(index + 1) != " " or not after:
        return False
    if after in lists.SETTLEMENT_HEADS | lists.SETTLEMENT_KINDS:
        return True
    listed = form.risk is not Risk.NONE or after in lists.NOUNS_AFTER_ADJECTIVE
    return listed and agrees(word, after)


def _weight(words: Words, index: int, last: int, form: Form) -> Weight:
    before, second = words.at(index - 1), words.at(index - 2)
    if _on_route(words, index, last):
        return Weight.NO
    if before in lists.OWN or second in lists.OWN:
        return Weight.OWN
    towards = before in {"в", "во", "за", "под"} and not {"loct", "ablt"} & form.cases
    if before in lists.DIRECTIONS:
        return Weight.PASSING
    if towards or before in lists.COMPARISONS or second in lists.COMPARISONS:
        return Weight.PASSING
    return Weight.NAMED


def _on_route(words: Words, index: int, last: int) -> bool:
    """Tell whether a name is an end of a road or a train: «трасса Вязьма — Печерск»."""
    dashed = [gap.strip() in {"-", "–", "—"} for gap in (words.gap(index), words.gap(last + 1))]
    return any(dashed) and any(words.at(index - back) in lists.ROUTES for back in (1, 2, 3, 4))
