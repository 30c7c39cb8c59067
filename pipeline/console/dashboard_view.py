"""What the dashboard says: counts turned into words, bars and links to their lists."""

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar
from urllib.parse import urlencode

from models.vocabulary import Network, Outcome, Topic
from pipeline.console.charts import part_of
from pipeline.console.wording import NBSP, count, excerpt, grouped, settlement_name
from pipeline.decisions.summary import Compared, Days, Trend, change, share
from pipeline.region.schema import Region
from pipeline.store.dashboard import CreatedGroup
from pipeline.store.dashboard_sums import Recent, Sums, by

SHOWN = 8
"""Lines of a list that are seen at once; the others open on demand."""

HOT, HOTTEST = 3, 8
"""A hot spot has so many messages or more; so many of them are shown."""

TITLE = 80
"""Characters of a source's title."""

K = TypeVar("K", bound=Hashable)

SUFFIXES = ("сельское поселение", "городское поселение", "муниципальное образование")
NOWHERE = "Место не определено"
MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True)
class Figure:
    """A number and the list that it is the length of; no address where there is none to show."""

    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a list with its bar; ``note`` says what share it is and what it was before."""

    name: str
    figure: Figure
    note: str
    bar: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """A list by size: what is seen at once, and the rest."""

    lines: list[Line]
    more: list[Line]


@dataclass(frozen=True, slots=True)
class Tile:
    """Today so far in one figure, and rows of what to compare it with: name, by now, whole day."""

    title: str
    figure: Figure
    rows: list[tuple[str, str, Figure]]


@dataclass(frozen=True, slots=True)
class Key:
    """A figure of the period: what it is, and what it is made of."""

    title: str
    value: str
    url: str
    notes: list[Figure]


@dataclass(frozen=True, slots=True)
class Rise:
    """A topic of which there is more than usual, in words, with the list to look into."""

    topic: str
    words: str
    why: str
    link: Figure


@dataclass(frozen=True, slots=True)
class Lists:
    """Addresses of lists for one who may read the queue; for an observer there are none."""

    readable: bool
    settlement: str | None = None

    def url(self, **words: str) -> str:
        """Return the address of a list; of the settlement that is looked at, if of one."""
        if not self.readable:
            return ""
        wanted = {"settlement": self.settlement or "", **words}
        query = urlencode({key: value for key, value in wanted.items() if value})
        return f"/?{query}" if query else "/"

    def of(self, days: Days, by: str = "created", **words: str) -> str:
        """Return the address of all that a period holds, open and closed."""
        dated = {} if by == "created" else {"by": by}
        since, until = days.first.isoformat(), days.last.isoformat()
        return self.url(state="all", since=since, until=until, **dated, **words)


def short(name: str) -> str:
    """Return a settlement's name without what all of them have in common."""
    for suffix in SUFFIXES:
        low = name.casefold()
        if low.endswith(" " + suffix):
            return name[: -len(suffix)].strip()
        if low.startswith(suffix + " "):
            return name[len(suffix) :].strip()
    return name


def figure(number: int, url: str = "") -> Figure:
    """Return a number with its list; nothing has none."""
    return Figure(grouped(number), url if number else "")


def decimal(number: float) -> str:
    """Return a number with one digit behind the comma: «3,4», «1 234,0»."""
    whole, _, part = f"{number:.1f}".partition(".")
    return f"{grouped(int(whole))},{part}"


def percent(number: float | None) -> str:
    """Return «57,0 %», or a dash where there is nothing to take a share of."""
    return "—" if number is None else f"{decimal(number)}{NBSP}%"


def difference(now: int, before: int) -> str:
    """Return what a figure was, and by how much it changed: «было 20, +5 (+25,0 %)»."""
    if now == before:
        return f"было столько{NBSP}же"
    by_ = now - before
    sign = "+" if by_ > 0 else MINUS
    said = f"было {grouped(before)}, {sign}{grouped(abs(by_))}"
    part = change(now, before)
    return said if part is None else f"{said} ({sign}{percent(abs(part))})"


def hours(took: timedelta) -> str:
    """Return working time: «2 ч 05 мин», «40 мин», «меньше минуты»."""
    whole, minutes = divmod(took // timedelta(minutes=1), 60)
    if not whole:
        return f"{minutes}{NBSP}мин" if minutes else "меньше минуты"
    return f"{grouped(whole)}{NBSP}ч {minutes:02d}{NBSP}мин".replace(" ", NBSP)


def dates(days: Days) -> str:
    """Return a period as dates: «22.11.2026», «16.11.2026 – 22.11.2026»."""
    first, last = f"{days.first:%d.%m.%Y}", f"{days.last:%d.%m.%Y}"
    return first if days.first == days.last else f"{first} – {last}"


def tiles(recent: Recent, today: date, lists: Lists) -> list[Tile]:
    """Return today beside other days."""
    yesterday = Days(today - timedelta(days=1), today - timedelta(days=1))

    def tile(title: str, one: Compared, by_: str) -> Tile:
        before = figure(one.yesterday[1], lists.of(yesterday, by_))
        return Tile(
            title,
            figure(one.today, lists.of(Days(today, today), by_)),
            [
                ("Вчера", grouped(one.yesterday[0]), before),
                ("Среднее за 7 дней", decimal(one.week[0]), Figure(decimal(one.week[1]))),
                ("Среднее за 30 дней", decimal(one.month[0]), Figure(decimal(one.month[1]))),
            ],
        )

    return [
        tile("Поступило", recent.created, "created"),
        tile("Получили первый ответ", recent.answered, "published"),
        tile("Закрыто", recent.closed, "closed"),
    ]


def keys(sums: Sums, days: Days, lists: Lists) -> list[Key]:
    """Return the figures of a period, each with what it is made of."""
    repeated, messages, returned = (
        sum(getattr(group, name) for group in sums.created)
        for name in ("repeated", "messages", "returned")
    )
    return [
        Key(
            "Поступило",
            grouped(sums.number),
            lists.of(days),
            [Figure(difference(sums.number, sums.number_before))],
        ),
        _in_time(sums, days, lists),
        _times(sums),
        Key(
            "Повторы",
            grouped(messages),
            "",
            [
                Figure("сообщений сверх первого"),
                Figure(f"о проблемах, о которых уже сообщили: {grouped(repeated)}"),
                Figure(f"снова о закрытой проблеме: {grouped(returned)}"),
            ],
        ),
    ]


def _in_time(sums: Sums, days: Days, lists: Lists) -> Key:
    good, late, unknown = (sums.in_time(known=known) for known in (True, False, None))
    notes = [
        Figure(
            f"{grouped(good)} из {grouped(good + late)} первых ответов",
            lists.of(days, "published", in_time="1"),
        )
    ]
    if late:
        notes.append(
            Figure(f"с опозданием: {grouped(late)}", lists.of(days, "published", in_time="0"))
        )
    if unknown:
        notes.append(Figure(f"срок неизвестен: {grouped(unknown)}"))
    return Key("Ответ в срок", percent(share(good, good + late)), "", notes)


def _times(sums: Sums) -> Key:
    if sums.times is None:
        return Key("Время первого ответа", "—", "", [Figure("за период никто не получил ответа")])
    return Key(
        "Время первого ответа",
        hours(sums.times.median),
        "",
        [
            Figure("медиана, рабочее время от обращения"),
            Figure(f"среднее: {hours(sums.times.mean)}"),
            Figure(f"по {count(sums.times.number, 'ответу', 'ответам', 'ответам')}"),
        ],
    )


def outcomes(sums: Sums, days: Days, lists: Lists) -> list[Line]:
    """Return what came of what was answered: «explained» stands apart from «solved»."""
    found = [
        (one.russian, sums.outcome(one), lists.of(days, "published", outcome=one.value))
        for one in Outcome
    ]
    found.append(("Итог ещё не назван", sums.outcome(None), ""))
    return _lines(found, sums.answers)


def ratings(sums: Sums, days: Days, lists: Lists) -> tuple[list[Line], str, Figure]:
    """Return how answers were rated, the mean in words, and how many have no rating."""
    numbers = {rating: sums.rated(rating) for rating in range(5, 0, -1)}
    all_ = sum(numbers.values())
    total = sum(rating * number for rating, number in numbers.items())
    said = f"В среднем {total / all_:.2f}".replace(".", ",") if all_ else "Оценок нет"
    if all_:
        said += f" по {count(all_, 'оценке', 'оценкам', 'оценкам')}"
    unrated = sums.rated(None)
    return (
        _lines([(str(rating), number, "") for rating, number in numbers.items()], all_),
        said,
        Figure(f"без оценки: {grouped(unrated)}", lists.of(days, "published", unrated="1")),
    )


def _lines(found: Sequence[tuple[str, int, str]], whole: int) -> list[Line]:
    most = max((number for _, number, _ in found), default=0)
    return [
        Line(
            name,
            figure(number, url),
            percent(share(number, whole)),
            part_of(number, most),
        )
        for name, number, url in found
    ]


def rankings(sums: Sums, days: Days, lists: Lists, region: Region) -> list[tuple[str, Ranking]]:
    """Return what came in by topic, settlement, network and source, the most first."""
    known = frozenset(settlement.code for settlement in region.settlements)

    def place(code: str | None) -> tuple[str, str]:
        # A settlement that the region no longer has cannot be asked for.
        url = lists.of(days, settlement=code) if code in known and code else ""
        return (short(settlement_name(code, region)) or NOWHERE), url

    def topic(one: Topic) -> tuple[str, str]:
        return one.russian, lists.of(days, topic=one.value)

    def network(one: Network) -> tuple[str, str]:
        return one.russian, lists.of(days, network=one.value)

    sources = {source.key: source for source, _ in sums.sources}

    def source(key: str) -> tuple[str, str]:
        return excerpt(sources[key].title or key, TITLE), lists.of(days, source=key)

    def ranked(key: Callable[[CreatedGroup], K], name: Callable[[K], tuple[str, str]]) -> Ranking:
        return _ranking(by(sums.created, key), name, sums.number, by(sums.before, key))

    numbers = Counter({source.key: number for source, number in sums.sources})
    return [
        ("По темам", ranked(lambda group: group.topic, topic)),
        ("По поселениям", ranked(lambda group: group.settlement, place)),
        ("По сетям и каналам", ranked(lambda group: group.network, network)),
        ("По источникам", _ranking(numbers, source, sums.number, None)),
    ]


def hot_spots(sums: Sums, days: Days, lists: Lists, region: Region) -> list[Line]:
    """Return where one topic is spoken of most: topic and settlement together."""
    known = frozenset(settlement.code for settlement in region.settlements)
    found = by(sums.created, lambda group: (group.topic, group.settlement))
    spots = sorted(
        (
            (topic, settlement, number)
            for (topic, settlement), number in found.items()
            if settlement in known and settlement and number >= HOT
        ),
        key=lambda spot: (-spot[2], spot[0], spot[1]),
    )
    return _lines(
        [
            (
                f"{topic.russian}: {short(settlement_name(settlement, region))}",
                number,
                lists.of(days, topic=topic.value, settlement=settlement),
            )
            for topic, settlement, number in spots[:HOTTEST]
        ],
        sums.number,
    )


def rises(recent: Recent, today: date, lists: Lists) -> list[Rise]:
    """Return what is trending. The windows end now, so that a list by days holds a little more."""
    return [_rise(topic, days, one, today, lists) for topic, days, one in recent.trends]


def _rise(topic: Topic, window: int, one: Trend, today: date, lists: Lists) -> Rise:
    days = Days(today - timedelta(days=window), today)
    many = count(one.number, "обращение", "обращения", "обращений")
    span = "24 часа" if window == 1 else "7 дней"
    usual = f"обычно {decimal(one.usual)}" if one.usual else "за 30 дней до того ни одного"
    times = "" if one.ratio is None else f", в {decimal(one.ratio)} раза больше"
    return Rise(
        topic.russian,
        f"{many} за последние {span}, {usual}{times}",
        f"отклонение {decimal(one.score)}",
        Figure(
            f"с {days.first:%d.%m.%Y}" if lists.readable else "",
            lists.of(days, topic=topic.value),
        ),
    )


def _ranking(
    numbers: Counter[K],
    name: Callable[[K], tuple[str, str]],
    whole: int,
    before: Counter[K] | None,
) -> Ranking:
    most = max(numbers.values(), default=0)
    lines = []
    for key, number in sorted(numbers.items(), key=lambda one: (-one[1], name(one[0]))):
        said, url = name(key)
        note = percent(share(number, whole))
        if before is not None:
            note += f" · было {grouped(before[key])}"
        lines.append(Line(said, Figure(grouped(number), url), note, part_of(number, most)))
    return Ranking(lines[:SHOWN], lines[SHOWN:])
