"""Named cues that a text asks something of the authorities, or that it is something else.

Each cue is a word that anybody can see; training finds what each is worth beside the linear
score (a small logistic regression), so a cue is never a verdict by itself.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from classifiers.vocabulary import Floats, Ints


class Cue(NamedTuple):
    """A cue and the words that carry it (matched from the start of a word)."""

    name: str
    words: re.Pattern[str]


CUES: tuple[Cue, ...] = (
    Cue(
        "asks-for-action",
        re.compile(
            r"прош[ую]$|просим|просьб|помогите|примите|почистите|уберите|сделайте|отремонтируйте|"
            r"разберитесь|обратите|решите|наведите|требуем|верните|включите|проверьте|повлия|"
            r"предлагаю|предложени|хотелось|нужен$|нужна$|необходимо|подскажите|объясните|скажите|"
            r"куда$|почему|доколе|когда$"
        ),
    ),
    Cue(
        "names-a-defect",
        re.compile(
            r"сломан|разбит|разруш|грязн|яма$|ямы$|ям$|невозможн|безобрази|беспредел|ужас|кошмар|"
            r"опасн|течет|воня|протека|завал|отсутству|задолба|надоел|достал|бездейств|игнор|"
            r"отказ|нарушен|жалоб|плохо|отвратительн|никто$|никак"
        ),
    ),
    Cue(
        "offers-for-sale",
        re.compile(
            r"прода[мюе]|куплю|скидк|акци[яиюй]$|распродаж|заказ|ассортимент|магазин|цен[аы]$|"
            r"недорого|бесплатн|доставк|записывайтесь|оформ|подписывайтесь|розыгрыш|репост|сдам|"
            r"сдаю|сниму|опт|гаранти|консультаци|услуг|рассрочк|кредит|маникюр|массаж"
        ),
    ),
    Cue(
        "hires",
        re.compile(
            r"требу[ею]тся|ваканси|зарплат|резюме|трудоустр|приглашаем|график$|соцпакет|оклад"
        ),
    ),
    Cue("thanks", re.compile(r"спасибо|благодар|молодц|умниц|признательн|респект|отличн|красот")),
    Cue(
        "greets",
        re.compile(
            r"поздравля|праздник|юбиле|желаем|желаю|здоровья$|счастья|любви$|днем$|христос|"
            r"наступающ"
        ),
    ),
    Cue(
        "announces",
        re.compile(
            r"состоится|состоялс|состоялась|прош[её]?л[аи]?$|пройд[её]т|открыт[иа]|приглаша|"
            r"концерт|"
            r"фестивал|конкурс|мероприяти|выставк|афиш|билет|турнир|соревновани|победител|"
            r"награ[дж]|участник"
        ),
    ),
    Cue(
        "reports-news",
        re.compile(
            r"сообщ(?:ает|или|ил|ила|ается)|рассказал|отметил|подчеркнул|губернатор|министерств|"
            r"пресс|задержа|полицейск|следств|возбужден|прокуратур|депутат|заседани|нацпроект|"
            r"рамках|реализ|млн|миллион"
        ),
    ),
    Cue(
        "gives-notice",
        re.compile(
            r"планов|уведомля|информиру|извинени|неудобств|потребител|абонент|отключени|связи$|"
            r"графику|ограничен|перекрыт|перенос|режим"
        ),
    ),
    Cue(
        "seeks-lost",
        re.compile(
            r"потерял|найден|нашли|наш[её]?л|пропал|вознаграж|откликн|хозя|отда[мю]|добрые|руки$|"
            r"ключи"
        ),
    ),
    Cue(
        "argues-politics",
        re.compile(
            r"путин|президент|войн|нато|запад|сша$|санкци|голосу|выбор|партия|либерал|оппозици|"
            r"патриот|росси"
        ),
    ),
    Cue("laughs", re.compile(r"ха+ха|ахах|хаха|хах|лол$|ржу|ржака|анекдот|шутк|прикол|мем")),
    Cue(
        "insults",
        re.compile(r"дурак|дебил|идиот|урод|мраз|тупы|козл|тварь|твар[ией]|клоун|бот$|ботяр"),
    ),
)
# Marks that are not words; each is looked for in the raw text.
MARKS: tuple[tuple[str, str], ...] = (
    ("mark-question", "?"),
    ("mark-address", "://"),
    ("mark-hashtag", "#"),
    ("mark-price", "₽"),
    ("mark-exclamation", "!"),
    ("mark-ellipsis", "…"),
    ("mark-bracket", ")"),
    ("mark-new-line", "\n"),
)
# In a thread people chat, and the fewer words the likelier it is; a short post is no such sign.
AT_MOST_WORDS = (2, 4, 7, 12)
_SHORT = tuple(f"words-up-to-{count}" for count in AT_MOST_WORDS)
NAMES: tuple[str, ...] = (
    *(cue.name for cue in CUES),
    *(name for name, _ in MARKS),
    "in-thread",
    *_SHORT,
    *(f"in-thread-{name}" for name in _SHORT),
)

# «У нас так же», «и на Полевой то же самое»: the writer has the same trouble now. A bare «+1»
# or «согласен» says no such thing.
_SAME_HERE = re.compile(
    r"\bи (?:у нас|у меня|у мамы|в наш\w+|на наш\w+|в соседн\w+)\b|"
    r"\b(?:у нас|у меня|мы|нас|наш\w*)\b.*\b(?:тоже|так же|также|такая же|такой же|такое же|"
    r"то же)\b|"
    r"\b(?:тоже|так же|также|та же|то же самое)\b.*\b(?:у нас|у меня|мы|нас|наш\w*|пахнет|"
    r"чувству\w+)\b|"
    r"^\W*(?:та же беда|то же самое|такая же беда|тоже (?:пахнет|чувству\w+|нет))"
)
# «И у нас тоже»: says nothing by itself and all that the text above says.
_JOINS_IN = re.compile(
    r"тоже$|также$|аналогичн|поддержива|присоедин|плюс(?:ую)?$|такая$|такое$|подтвержда|и$|"
    r"солидарн"
)
JOINS_IN = 1 << len(CUES)


# Most words carry no cue at all; one look spares them a dozen.
_SOME = re.compile("|".join(f"(?:{cue.words.pattern})" for cue in CUES) + f"|{_JOINS_IN.pattern}")


def word_cues(word: str) -> int:
    """Return the bits of the cues that a word carries: bit i is CUES[i], then JOINS_IN."""
    if not _SOME.match(word):
        return 0
    bits = sum(1 << place for place, cue in enumerate(CUES) if cue.words.match(word))
    return bits | (JOINS_IN if _JOINS_IN.match(word) else 0)


def same_here(clean: str) -> bool:
    """Tell whether a text that normalise() has cleaned says that its writer has the same."""
    return "?" not in clean and _SAME_HERE.search(clean) is not None


def present(texts: Sequence[str], bits: Ints, content: Ints, threaded: Sequence[bool]) -> Floats:
    """Return texts × NAMES, 1 where a text has the cue and 0 elsewhere.

    Of each text: the ``bits`` that its words carry (see word_cues), the count of its meaningful
    words, and whether it stands in a thread.
    """
    worded = (bits[:, None] >> np.arange(len(CUES))) & 1
    marked = [[mark in text for _, mark in MARKS] for text in texts]
    short = content[:, None] <= np.array(AT_MOST_WORDS)
    inside = np.array(threaded, bool).reshape(-1, 1)
    columns = [
        worded,
        np.array(marked, bool).reshape(len(texts), len(MARKS)),
        inside,
        short,
        short & inside,
    ]
    return np.hstack(columns).astype(np.float32)
