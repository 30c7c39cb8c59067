"""What a complaint is about, beside its topic: the thing, the landmark, the number of an entrance.

Two complaints on one topic from one street are not one problem when one speaks of a pothole and
the other of a traffic light. The classifier's topics are too coarse to tell them apart, so the
usual things of a municipality are listed here, by the lemmas that people name them with. A text
without any listed thing is never taken apart by them, and never joined by them either.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from models.vocabulary import Topic

AT, NUMBER, PLAIN, DATE, NONE = "@", "№", "#", "~", "нет:"
"""What the names of landmarks, numbered things, other numbers, dates and outages begin with."""

END = "."
"""Stands for any mark between words: nothing reaches across it."""

REPEAT = "повтор"
"""The author says that he has written before."""


def _table(lines: str) -> dict[str, str]:
    """Return lemma → thing of lines «thing: lemma lemma …»."""
    rows = (line.partition(":") for line in lines.strip().splitlines())
    return {lemma: name.strip() for name, _, lemmas in rows for lemma in lemmas.split()}


THINGS: Mapping[str, str] = _table("""
    яма: яма ямка ямочный выбоина колдобина ухаб колея провал промоина асфальт асфальтировать
    яма: заасфальтировать щебень грейдировать прогрейдировать отсыпать отсыпка щебенка рытвина
    светофор: светофор
    знак: знак
    переход: разметка зебра пешеходный переход
    лужа: лужа
    тротуар: тротуар тротуарный бордюр
    мост: мост мостик мосток
    лежачий полицейский: полицейский
    люк: люк
    автобус: автобус автобусный маршрутка рейс перевозчик пазик
    остановка: остановка павильон
    фонарь: фонарь освещение светильник лампа лампочка фонарный освещать прожектор
    столб: столб опора
    провод: провод кабель
    контейнер: контейнер контейнерный бак мусорка урна
    вывоз: вывозить вывезти вывоз мусоровоз переполнить переполненный битком
    свалка: свалка хлам помойка
    покрышка: покрышка шина
    дерево: дерево тополь береза клен ива сухостой липа сосна
    трава: трава косить покос скосить окос бурьян
    борщевик: борщевик
    качели: качели горка песочница карусель качеля турник
    скамейка: скамейка лавка лавочка скамья
    ограждение: забор ограждение отбойник перила
    крыша: крыша кровля
    подвал: подвал
    лифт: лифт
    домофон: домофон
    козырёк: козырек
    плата: квитанция перерасчет начисление платежка тариф
    канализация: канализация канализационный фекалия сток нечистота нечистоты септик
    порыв: прорыв прорвать порыв утечка хлестать фонтан
    колонка: колонка водоколонка
    напор: напор давление
    колодец: колодец
    отопление: батарея отопление радиатор котельная
    газификация: газификация газифицировать догазификация газопровод
    напряжение: напряжение
    трансформатор: трансформатор подстанция
    собака: собака пес стая щенок овчарка
    кошка: кошка кот котенок
    крыса: крыса мышь грызун
    снег: снег сугроб расчистить снежный снегоуборочный почистить чистить расчистка
    лёд: лед гололед наледь гололедица посыпать скользкий
    сосулька: сосулька
    интернет: интернет
    сотовая связь: сотовый вышка мтс мегафон билайн
    почта: почта почтальон почтовый посылка
    врач: врач терапевт педиатр стоматолог хирург
    фельдшер: фельдшер фап амбулатория
    аптека: аптека лекарство
    дым: дым гарь сжигать жечь дымить
    водоём: река озеро пруд водоем
    памятник: памятник обелиск
    клуб: клуб дк
    каток: каток хоккейный
    парковка: парковка парковать припарковать
    гидрант: гидрант
    кладбище: кладбище
    магазин: магазин автолавка
    дача взятки: взятка
""")
"""Lemma → thing. A word may stand for one thing only; the rest follows from its neighbours."""

UNIQUE = frozenset(
    """мост почта фельдшер аптека памятник клуб каток кладбище котельная магазин""".split()  # noqa: SIM905 - shorter
)
"""Of these a village has one, so that the village is place enough."""

VAGUE = frozenset(
    """контейнер дерево автобус остановка фельдшер врач почта магазин клуб памятник собака кошка
    колодец столб провод мост скамейка парковка каток кладбище водоём аптека плата подвал тротуар
    трава интернет подстанция переход покрышка колонка ограждение качели вода свет газ школа лифт
    газификация дым""".split()  # noqa: SIM905 - shorter
)
"""Things that have many troubles: to name one says little of what is wrong with it."""

OF_TOPIC: Mapping[Topic, Mapping[str, str]] = {
    Topic.LIGHTING: _table("фонарь: свет темно темнота темень темный"),
    Topic.GARBAGE: _table("контейнер: площадка"),
    Topic.SNOW: _table("снег: трактор грейдер занести замести"),
    Topic.ROADS: _table("яма: грейдер"),
    Topic.ELECTRICITY: _table("напряжение: мигать моргать"),
    Topic.WATER: _table("порыв: течь"),
    Topic.HEATING: _table("отопление: холодно холод холодный тепло топить"),
}
"""Words that name a thing within one topic alone."""

CARRIERS: Mapping[str, str] = _table("""
    вода: вода водоснабжение водопровод
    свет: свет электричество электроэнергия электроснабжение
    газ: газ газоснабжение
    отопление: отопление батарея радиатор
    интернет: интернет
    сотовая связь: связь
    автобус: автобус маршрутка
""")
"""What can be cut off."""

CUT_OFF = frozenset(
    """нет ни без отключить отключать отключение выключить пропасть отсутствовать отсутствие перебой
    обесточить исчезнуть остаться вырубить подача прекратить""".split()  # noqa: SIM905 - shorter
)
FOUL = frozenset(
    "ржавый грязный мутный рыжий желтый осадок вонючий коричневый ржавчина муть".split()  # noqa: SIM905 - shorter
)
SMELL = frozenset("запах пахнуть вонять утечка вонь".split())  # noqa: SIM905 - shorter

LANDMARKS: Mapping[str, str] = _table("""
    школа: школа
    детский сад: детсад садик сад
    магазин: магазин магнит пятерочка дикси супермаркет
    церковь: церковь храм
    почта: почта
    кладбище: кладбище
    остановка: остановка
    мост: мост
    переезд: переезд
    больница: фап амбулатория больница поликлиника медпункт
    клуб: клуб дк
    администрация: администрация
    библиотека: библиотека
    рынок: рынок
    аптека: аптека
    водоём: пруд озеро река
    котельная: котельная
    башня: водокачка башня
    баня: баня
    памятник: памятник обелиск
    стадион: стадион
    станция: вокзал станция
    ферма: ферма
    гаражи: гараж
    заправка: заправка азс
    парк: парк сквер
    перекрёсток: перекресток
    поворот: поворот
    въезд: въезд
    выезд: выезд
    площадка: площадка
    колонка: колонка
    переход: переход
    лес: лес
    карьер: карьер
    дом культуры: культура
""")
NEAR = frozenset(
    "у около возле напротив рядом за перед до от к недалеко вблизи близ мимо при подле".split()  # noqa: SIM905 - shorter
)
"""Words that make what follows a landmark; «на» does so before the second list alone."""

STANDING = frozenset(
    "перекрёсток поворот въезд выезд остановка кладбище переезд мост стадион".split()  # noqa: SIM905 - shorter
)
BEHIND = frozenset({"за", "перед"})
INSTRUMENTAL = ("ой", "ей", "ом", "ем", "ами", "ями", "ью")
REACH = 3
"""Words between the preposition and the landmark, itself included."""

NUMBERED: Mapping[str, str] = _table("""
    подъезд: подъезд
    маршрут: маршрут автобус маршрутка рейс
    школа: школа
    детский сад: детсад садик сад
    опора: опора столб
    километр: километр км
    участок: участок
    квартира: квартира кв
""")
ORDINALS: Mapping[str, str] = {
    word: str(number)
    for number, word in enumerate(
        """первый второй третий четвертый пятый шестой седьмой восьмой девятый
        десятый""".split(),  # noqa: SIM905 - shorter
        start=1,
    )
}
LONGEST_NUMBER = 5
"""What is longer is a telephone or a sum."""

MONTHS = frozenset(
    """январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь
    декабрь""".split()  # noqa: SIM905 - shorter
)
UNITS = MONTHS | frozenset(
    """день неделя месяц год час минута раз рубль руб процент метр сутки утро вечер число лето
    человек семья ребенок ночь градус тысяча тыс""".split()  # noqa: SIM905 - shorter
)
"""What a number counts: it says nothing of where or which."""


def things_of(words: Sequence[str], lemmas: Sequence[str], topic: Topic) -> frozenset[str]:
    """Return what a text speaks of: things, landmarks with AT, numbers with NUMBER, PLAIN or DATE.

    ``words`` are its words, numbers and ENDs in order, ``lemmas`` the same as lemmas.
    """
    near = _landmarks(words, lemmas)
    own = OF_TOPIC.get(topic, {})
    rest = [lemma for index, lemma in enumerate(lemmas) if index not in near]
    found = {THINGS.get(lemma) or own.get(lemma) for lemma in rest} - {None}
    names = {name for name in found if name}
    there = set(rest)
    for carrier in {CARRIERS[lemma] for lemma in there & CARRIERS.keys()}:
        if there & CUT_OFF and (carrier, topic) != ("свет", Topic.LIGHTING):
            # Cold radiators and no heating are one trouble in other words.
            kept = {carrier} if carrier == "отопление" else set()
            names = names - {carrier} | kept | {NONE + carrier}
    if there & FOUL and "вода" in there:
        names = names - {NONE + "вода"} | {"грязная вода"}
    if there & SMELL and there & {"газ", "газовый"}:
        names = names - {NONE + "газ"} | {"запах газа"}
    if _repeated(lemmas):
        names.add(REPEAT)
    return (
        frozenset(names)
        | {AT + name for name in near.values()}
        | _numbered(lemmas)
        | _plain(lemmas)
        | _dates(lemmas)
    )


def _landmarks(words: Sequence[str], lemmas: Sequence[str]) -> dict[int, str]:
    """Return landmarks by where they stand in the text."""
    found: dict[int, str] = {}
    for index, word in enumerate(lemmas):
        if word not in NEAR and word != "на":
            continue
        for place in range(index + 1, min(index + 1 + REACH, len(lemmas))):
            name = LANDMARKS.get(lemmas[place])
            if name and (word != "на" or (place == index + 1 and name in STANDING)):
                # «за мостом» is a place, «отвечает за мост» is not.
                if word not in BEHIND or words[place].endswith(INSTRUMENTAL):
                    found[place] = name
                break
            if lemmas[place] == END:
                break
    return found


def _numbered(lemmas: Sequence[str]) -> frozenset[str]:
    """Return «№подъезд:3» for «3 подъезд», «третий подъезд», «подъезд № 3»."""
    found = set()
    for index, word in enumerate(lemmas):
        name = NUMBERED.get(word)
        if not name:
            continue
        before = lemmas[index - 1] if index else ""
        after = lemmas[index + 1] if index + 1 < len(lemmas) else ""
        beyond = lemmas[index + 2] if index + 2 < len(lemmas) else ""
        if _is_number(after) and beyond not in UNITS:
            found.add(f"{NUMBER}{name}:{int(after)}")
        elif _is_number(before) or before in ORDINALS:
            found.add(f"{NUMBER}{name}:{ORDINALS.get(before) or int(before)}")
    return frozenset(found)


def _is_number(word: str) -> bool:
    """Tell a number that can name something; ² and its like are digits to Python too."""
    return word.isascii() and word.isdigit() and len(word) < LONGEST_NUMBER


def _plain(lemmas: Sequence[str]) -> frozenset[str]:
    """Return the numbers that count nothing: of houses, routes, poles."""
    return frozenset(
        PLAIN + str(int(one))
        for one, after in pairwise([*lemmas, END])
        if _is_number(one) and after not in UNITS
    )


def _dates(lemmas: Sequence[str]) -> frozenset[str]:
    """Return «~12 май» for the days that a text names."""
    return frozenset(
        f"{DATE}{int(one)} {after}"
        for one, after in pairwise([*lemmas, END])
        if _is_number(one) and after in MONTHS
    )


def _repeated(lemmas: Sequence[str]) -> bool:
    text = " ".join(lemmas)
    signs = (
        "до сей пора",
        "так и не",
        "все еще",
        "повторно",
        "снова писать",
        "опять писать",
        "уже писать",
        "я писать",
        "писать уже",
        "напоминать",
        "воз и ныне",
    )
    return any(sign in text for sign in signs)
