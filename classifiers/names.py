"""Which lemmas are names of people and places: these must never become features."""

import re
from collections import Counter
from collections.abc import Mapping

from classifiers.text import Lemmatiser, tokens

# pymorphy's grammemes for a first name, a surname, a patronymic; and for a place.
PEOPLE = ("Name", "Surn", "Patr")
PLACES = ("Geox",)
# A lemma written with a capital inside a sentence at least this often is a proper name.
CAPITAL_SHARE = 0.6
FEWEST_SIGHTS = 4
# Written with a capital everywhere, but known in every region and telling of the subject.
COUNTRYWIDE = frozenset(
    """
    анон билайн бог газпром госуслуги госуслуга госуслугах единороссы инстаграм ковид мегафон мтс
    молодежный новый пенсионный пол почта президент ржд россети россия российский ростелеком
    роспотребнадзор росреестр рф сбербанк сбер социальный спутник теле телеграм фонд фап
    фельдшерско центр эко школа
    больница поликлиника министерство минздрав минобр минсоцразвития правительство прокуратура
    губернатор администрация глава дума управление федеральный сво украина
    """.split()  # noqa: SIM905 - a list of 60 lines reads worse
)
_ENDS_SENTENCE = re.compile(r"[.!?…\n>:;)\"«»*•\-–—]\s*$|^[\s'\"«(*•\-–—]*$")


class Capitals:
    """Counts how often each lemma stands inside a sentence, and how often with a capital."""

    def __init__(self) -> None:
        """Start with nothing counted."""
        self._inside: Counter[str] = Counter()
        self._capital: Counter[str] = Counter()

    def count(self, text: str, lemmas: Mapping[str, str]) -> None:
        """Count the words of one text; a word at a sentence's start or all in capitals is not."""
        for token in tokens(text):
            written = text[token.start : token.end]
            if len(written) > 1 and written.isupper():
                continue
            if _ENDS_SENTENCE.search(text[max(0, token.start - 6) : token.start]):
                continue
            lemma = lemmas.get(token.word)
            if lemma is not None:
                self._inside[lemma] += 1
                self._capital[lemma] += written[0].isupper()

    def proper(self, lemmatiser: Lemmatiser, lemmas: set[str]) -> frozenset[str]:
        """Return those of ``lemmas`` that are names by the dictionary or by their capitals."""
        return frozenset(
            lemma
            for lemma in lemmas
            if is_name(lemmatiser, lemma, PEOPLE)
            or (
                lemma not in COUNTRYWIDE
                and (is_name(lemmatiser, lemma, PLACES) or self._mostly_capital(lemma))
            )
        )

    def _mostly_capital(self, lemma: str) -> bool:
        sights = self._inside[lemma]
        return sights >= FEWEST_SIGHTS and self._capital[lemma] >= CAPITAL_SHARE * sights


def is_name(lemmatiser: Lemmatiser, lemma: str, grammemes: tuple[str, ...]) -> bool:
    """Tell whether the dictionary's likeliest reading of a lemma has one of ``grammemes``."""
    tag = lemmatiser.parse(lemma).tag
    return any(name in tag for name in grammemes)
