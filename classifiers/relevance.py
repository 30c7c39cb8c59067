"""Named cues that a text asks something of the authorities, or that it is something else.

Each cue is a word that anybody can see; training finds what each is worth beside the linear
score (a small logistic regression), so a cue is never a verdict by itself.
"""

import re
from typing import NamedTuple


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
            r"поздравля|праздник|юбиле|желаем|желаю|здоровья$|счастья|любви$|днем$|христос|наступающ"
        ),
    ),
    Cue(
        "announces",
        re.compile(
            r"состоится|состоялс|состоялась|прош[её]?л[аи]?$|пройд[её]т|открыт[иа]|приглаша|концерт|"
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
            r"потерял|найден|нашли|наш[её]?л|пропал|вознаграж|откликн|хозя|отда[мю]|добрые|руки$|ключи"
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
)
NAMES: tuple[str, ...] = tuple(cue.name for cue in CUES) + tuple(name for name, _ in MARKS)

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


def present(text: str, bits: int) -> list[bool]:
    """Return for each of NAMES whether ``text``, whose words carry ``bits``, has it."""
    return [bool(bits >> place & 1) for place in range(len(CUES))] + [
        mark in text for _, mark in MARKS
    ]
