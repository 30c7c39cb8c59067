"""Named rules that say why a text is urgent: danger to people, or life without heat or water.

No official list exists; the rules follow what duty services treat as an emergency. A rule looks
at one clause at a time, so that a word of danger in one sentence and a leak in another do not
meet by chance. Missing an urgent text is far worse than a false alarm, so the rules are wide
and the guards narrow: a guard needs its own plain words (put out, mended, last year, planned).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from classifiers.text import clauses, cut, split
from classifiers.urgency_people import PEOPLE
from classifiers.urgency_rule import Pattern, Rule
from classifiers.urgency_supply import SUPPLY
from classifiers.urgency_things import THINGS

RULES: tuple[Rule, ...] = (*THINGS, *SUPPLY, *PEOPLE)
_EVERY_RULE = (1 << len(RULES)) - 1
# Nobody says more in one breath; what is longer is noise, or meant to keep the machine busy.
LONGEST_CLAUSE = 2_000


# The guards; as in a rule, each begins with the space before a word.
# A thing mended, long past, wished away or planned is no alarm.
_MENDED = Pattern(
    r"(?<! не) (?:устранили|устранен[аоы]?|починили|восстановили|восстановлен[аоы]?|потушили|"
    r"потушен[аоы]?|"
    r"отремонтировали|исправили|закрыли люк|ликвидирован[аоы]?|ликвидировали|спасибо|благодар\w+|"
    r"поклон|заварили|обезвредили|обезврежен[аоы]?|обошлось|зажило|не пугайтесь|обесточили|"
    r"накрыли|заменили|разобрались|вылечили|спасли|шутк[аи]|шучу|шутит|"
    r"(?:уже )?(?:дали|включили|вернули|появил(?:ся|ась|ось)) "
    r"(?:свет|вод[ау]|газ|тепло|отопление)|(?:свет|воду|газ|тепло|отопление) вернули)\b"
)
_MONTH = r"(?:январ|феврал|март|апрел|ма[ея]\b|июн|июл|август|сентябр|октябр|ноябр|декабр)\w*"
_LONG_AGO = Pattern(
    r" (?:(?:в |на |во )?(?:поза)?прошл\w+ (?:год|век|зим|лет|весн|осен|месяц|сезон|раз|"
    rf"{_MONTH})\w*|(?:лет|года|год) назад|когда то|в советск\w+|"
    r"в детстве|в девяностых|во время войны|раньше (?:был\w*|часто)|"
    r"дело было|давно (?:уже )?это|это было|было в (?:январ|феврал|март|апрел|мае|июн|июл|август|"
    r"сентябр|октябр|ноябр|декабр)\w*|помню|осенью|весной|тысяч\w+ (?:\w+ ){0,3}года)\b"
)
_SUPPOSED = Pattern(
    r" (?:если|вдруг|в случае|при (?:пожаре|запахе|обнаружении|аварии)|во избежание|"
    r"не дай бог|упаси|чтобы не|чтоб не|случись|правила|памятка|учени[яе]|тренировк\w+|"
    r"тренировал\w*|"
    r"профилактик\w+|\w+ ли|может ли|каков[аы] вероятность|предлагаю|предусмотр\w+|"
    r"противопожарн\w+|фильм\w*|сериал\w*|книг\w+|передач[уиа])\b"
)
_NOTICE = Pattern(
    r" (?:планов\w+|в связи с (?:проведени|ремонт|профилакти|работ|аварийн|отключени)\w+|"
    r"будет (?:отключ|прекращ|приостан|огранич|производ)\w+|уведомля\w+|информируе\w+|извеща\w+|"
    r"доводит до сведения|допуск обязателен|опрессовк\w+|гидравлическ\w+ испытан\w+|"
    r"срок окончания|временном прекращении|подадим напряжение|график по домам|пуск на следующий|"
    r"просим отнестись|приносим извинения|ориентировочн\w+|график отключений)\b"
)
# Money for heat or water is asked back when the heat or the water is there again.
_BILLED = Pattern(
    r" (?:перерасчет\w*|квитанц\w*|задолженност\w*|начислен\w*|начисля\w+|тариф\w*|справк[уаи]|"
    r"счет(?:а|ов)? за|оплат[аы] за|компенсаци\w+)\b"
)
# What was never connected was not cut off.
_UNCONNECTED = Pattern(
    r" (?:участ(?:ок|к[аиу]|ков|ках)|газификаци\w+|догазификаци\w+|подключени[ею]|проведут|"
    r"провести)\b"
)
# Somebody official tells of a danger that is in hand: to call for help is not his business.
# Nor is it a seller's.
_REPORT = Pattern(
    r" (?:пресс служб\w+|сообщ(?:ает|ают|или|ил|ила|ается) (?:мчс|пресс|гу|полици\w+|глав\w+|"
    r"отдел)|"
    r"мчс (?:россии )?(?:напомина|предупрежда|сообща)\w+|причин[аы] устанавлива\w+|по легенде|"
    r"возбу(?:жден|дил)\w* (?:уголовн\w+|дел\w+)|госавтоинспекц\w+|в ходе (?:рейда|учени\w+)|"
    r"(?<!пока )(?:пострадавших нет|люди не пострадали|никто не пострадал)|"
    r"(?:постояльцы|жители) не пострадали|госпитализирован\w*|доставлен\w* в|"
    r"(?:ведет|идет|проводит\w*|проводится) проверк\w+|ведется дознание|"
    r"экспертиза назначена|прокурор\w* (?:потребова|внес|организова)\w+|"
    r"суд (?:взыскал|вынес|обязал|оштрафовал|признал)|взрывотехник\w*|сапер\w* обезвредил\w*|"
    r"работает (?:аварийная |оперативная )?(?:бригада|комиссия)|бригада из|"
    r"дорожная служба отсыпа\w+|приедем за|в наличии|"
    r"расчетное время|(?:ликвидировано|локализован\w*) (?:возгоран|пожар|горен)\w*|"
    r"на тушении|за сутки (?:в|сократ)\w*|росприроднадзор\w*|чрезвычайной ситуации|"
    r"оперативный штаб|движение (?:открыто|восстановлено)|сервис восстановлен|карантин|"
    r"гор(?:водоканал|газ|электросет)\w*|подвел\w* итоги|прибыти\w+ пожарных|"
    r"рассрочк\w+|скидк\w+|под ключ|недорого|с установкой|установка за|консультац\w+ бесплатн\w+|"
    r"рассчитаем|диагностик\w+ (?:\w+ )?(?:бесплатн\w+|рубл\w+)|эвакуатор час\w*|"
    r"(?:медицинское|соц) такси|премьера|поможем с|"
    r"спасател\w+ (?:вызвол|эвакуирова|спасл|достави)\w+|устраня(?:ется|ются)|"
    r"работы заверш\w+|завершен\w* (?:ремонт|замен|строительств|капремонт)\w*|"
    r"присмотрите за|потерпите|просим (?:жител\w+|вас|не ))\b"
)
# Figures of speech, and words of danger that name another thing.
_FIGURE = Pattern(
    r" (?:крик\w* души|б(?:ь[юе]т|ить|ем|ейте) (?:тревогу|баклуши|рекорды|в колокол\w*|по карману|"
    r"бутылки|сваи|мячи?|ключом)|сваи бьют|взрыв\w* (?:мозг\w*|рост\w*|скидк\w*|эмоци\w+|"
    r"характер\w*|кашл\w+|работ\w*|смех\w*|спрос\w*|возмущени\w+|негодовани\w+|популярност\w+)|"
    r"(?:взорва|взрыва)\w+ (?:мозг|интернет|сеть|соцсети|зал|танцпол|рынок)\w*|"
    r"мозг\w* (?:взрыва|взорва)\w+|"
    r"(?:цен|курс|рубл|рынок|тариф|надежд|план|акци|продаж)\w* (?:\w+ ){0,2}"
    r"(?:рухну|обруш|взлет)\w+|"
    r"(?:рухнул|обрушил|рушат)\w* (?:\w+ ){0,2}(?:цен|курс|рубл|рынок|надежд|план|мечт|продаж|"
    r"критик|"
    r"гнев|жизн)\w*|все руш\w+|"
    r"голов\w+ (?:\w+ )?(?:трещ|раскалыва|взрыва|лопа)\w+|(?:трещ|раскалыва)\w+ голов\w+|"
    r"гор(?:ит|ят|ел[иао]?|им|ящ\w+) (?:\w+ ){0,2}(?:срок|план|тур|путевк|глаз|отчет|"
    r"дедлайн|желани|диван|"
    r"лампо?ч?к|фонар|светильник|свет|окна|экран|огоньк)\w*|"
    r"(?:срок|план|отчет|дедлайн|глаза|ламп|лампочк|фонар|светильник|плафон|огоньк|окна|щеки|уши|"
    r"свет|реклам)\w* (?:\w+ ){0,3}гор(?:ит|ят|ел[иао]?)|"
    r"(?:у?тон(?:ут|ет|ем|ул[аи]?|уть|ула)) (?:\w+ ){0,2}в[о]? (?:\w+ ){0,2}(?:снег|снеж|сугроб|"
    r"гряз|"
    r"мусор|отход|луж|бумаг|жиж|ям|перерасч|пыл|долг|темнот|бурьян|слез|отписк|зелен|трав)\w*|"
    r"в (?:снегу|снеге|грязи|мусоре|темноте|отходах|бурьяне|жиже|долгах) (?:\w+ ){0,2}"
    r"у?тон(?:ут|ет|ем|ул[аи]?)|"
    r"(?:умираю|умирает|умираем|умерла?|умерли) (?:\w+ )?(?:от|со) (?:смех|скук|зависти|любопытств|"
    r"счаст|стыд)\w*|интернет умер|отравля\w+ (?:\w+ )?(?:жизнь|настроение)|до смерти (?:надоел\w*|"
    r"хоч\w+|обид\w+)|смертельн\w+ (?:длинн|скучн|надоел|устал|обид|номер)\w*|"
    r"жертв\w* (?:мошен|егэ|маркет|обстоятел|реформ|оптимиз|репресс|войн|рекламы)\w*|"
    r"памят\w+ (?:жертв|погибш)\w*|"
    r"(?:после|следы?|от) (?:\w+ )?(?:пожара|паводка|наводнения|взрыва|дтп)|"
    r"справк\w* о пожаре|(?:до|после|перенес\w*|пережил\w*) (?:\w+ )?(?:инсульт|инфаркт)\w*|"
    r"(?:прививк|вакцин)\w+ (?:\w+ ){0,3}бешенств\w*|"
    r"(?:рыба|озеро|река|улица|город|район) (?:\w+ ){0,2}задыхается|"
    r"трубы стреля\w+|стреля\w+ (?:трубы|в (?:ухе|"
    r"спин\w+|глаза))|избитая тема|бомба (?:замедленн\w+|а не)|(?:спортивн|гимнастическ|"
    r"игров)\w+ снаряд\w*|волк\w* гоня\w+|залил\w* (?:\w+ ){0,2}(?:фундамент|бетон|каток|"
    r"лед|криво)\w*|как снег на голову|"
    r"(?:фундамент|каток|бетон\w*) (?:\w+ ){0,2}залил\w*|до рвоты|"
    r"(?:запаха|утечки) (?:\w+ )?(?:пока )?нет|не под током|не под напряжением|"
    r"датчик\w* утечки|сигнализатор\w* газа|эвакуационн\w+ выход\w*)\b"
)
_LETTERS = re.compile(r"\w")
_DENIED = (" не ", " нет ", " без ", " ни ", " никаких ", " никакого ")


# Most words call no rule at all; one look spares them thirty.
_CALLS_SOME = re.compile("|".join(f"(?:{rule.trigger.pattern})" for rule in RULES))


def word_rules(word: str) -> int:
    """Return the bits of the rules that a word could fire: bit i is RULES[i]."""
    if not _CALLS_SOME.match(word):
        return 0
    return sum(1 << place for place, rule in enumerate(RULES) if rule.trigger.match(word))


class Sign(NamedTuple):
    """A rule that fired in clause number ``clause``, in the words [``first``, ``end``) of it."""

    rule: Rule
    weight: float
    clause: int
    first: int
    end: int


def _hidden(match: re.Match[str]) -> str:
    """Hide a figure of speech from the rules; the count of words stays."""
    return _LETTERS.sub("_", match.group())


def _sign(rule: Rule, plain: str, clause: int, *, notice: bool) -> Sign | None:
    """Return how a rule that matches a clause fires in it; None where a guard forbids."""
    if rule.supply and (notice or _UNCONNECTED.search(plain) or _BILLED.search(plain)):
        return None
    if _MENDED.search(plain) or _LONG_AGO.search(plain):
        return None
    plain = _FIGURE.sub(_hidden, plain)
    for match in rule.pattern.finditer(plain):
        if rule.supply or not plain[: match.start() + 1].endswith(_DENIED):
            weight = rule.weight / 2 if _SUPPOSED.search(plain) else rule.weight
            # Each word follows one space: the spaces before a place count the words.
            first = plain.count(" ", 0, match.start() + 1) - 1
            return Sign(rule, weight, clause, first, plain.count(" ", 0, match.end()))
    return None


def _places(bits: int) -> Iterator[int]:
    while bits:
        yield (bits & -bits).bit_length() - 1
        bits &= bits - 1


def _plain(words: Sequence[str]) -> str:
    """Return the words of a clause, one space around each, up to LONGEST_CLAUSE characters."""
    plain = f" {' '.join(words)} "
    if len(plain) <= LONGEST_CLAUSE:
        return plain
    # Up to the last whole word: half of one may be a word of danger that nobody wrote.
    return plain[: plain.rfind(" ", 0, LONGEST_CLAUSE) + 1] or " "


def signs_of(clean: str, candidates: Mapping[int, int] | None = None) -> list[Sign]:
    """Return the rules that fire in a text that normalise() has cleaned, in the order of RULES.

    ``candidates`` holds, by clause, the bits of the rules worth trying (see word_rules); all of
    them everywhere by default. Of one rule only its weightiest sign is told, the first of equals.
    Of a clause only the first LONGEST_CLAUSE characters are read.
    """
    # Only those clauses are taken to words that call a rule.
    parts = cut(clean)
    best: dict[int, Sign] = {}
    fired = 0
    notice: bool | None = None
    for clause in range(len(parts)) if candidates is None else sorted(candidates):
        # What has fired with its full weight can only repeat itself.
        bits = (_EVERY_RULE if candidates is None else candidates[clause]) & ~fired
        if not bits:
            continue
        plain = _plain(split(parts[clause]))
        for place in _places(bits):
            if not RULES[place].pattern.search(plain):
                continue
            if notice is None:
                # A pattern never reaches across « . », for it is no word.
                whole = f" {' . '.join(clauses(clean))} "
                if _REPORT.search(whole):
                    return []
                notice = _NOTICE.search(whole) is not None
            sign = _sign(RULES[place], plain, clause, notice=notice)
            if sign and (place not in best or sign.weight > best[place].weight):
                best[place] = sign
                if sign.weight == RULES[place].weight:
                    fired |= 1 << place
    return [best[place] for place in sorted(best)]


# What a fired rule adds to the score is learned for each by itself, and once for all together.
ANY = "any"
SIGNS: tuple[str, ...] = (*(rule.name for rule in RULES), ANY)
_PLACES = {name: place for place, name in enumerate(SIGNS)}


def signs(rules: Sequence[Sign]) -> list[float]:
    """Return the weight, 0..1, of each of SIGNS: of a rule its own, of ANY the largest."""
    row = [0.0] * len(SIGNS)
    for sign in rules:
        row[_PLACES[sign.rule.name]] = sign.weight
    row[-1] = max((sign.weight for sign in rules), default=0.0)
    return row


def shares(rules: Sequence[Sign], worths: Mapping[str, float]) -> list[tuple[Sign, float]]:
    """Return each sign with what it adds to the score; ANY is split evenly among them."""
    if not rules:
        return []
    # A rule that is newer than the model has taught it nothing yet.
    common = worths.get(ANY, 0.0) * max(sign.weight for sign in rules) / len(rules)
    return [(sign, worths.get(sign.rule.name, 0.0) * sign.weight + common) for sign in rules]
