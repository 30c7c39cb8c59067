"""A living Odnoklassniki for the demo: two invented groups of the Smolensk district.

::

    world = World()
    fill(world)                              # groups, a token, what was said before
    task = asyncio.create_task(live(world))  # every 20 seconds a topic, a comment, an edit

or, on a clock of one's own, ``Timeline(world).due(now)``. Everything is invented; the people
have numbers for names.
"""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from fakes.ok_world import Comment, Thing, World

DISTRICT = "79000000000301"
VILLAGE = "79000000000302"
GROUPS = (
    (DISTRICT, "Смоленский район. Говорят жители"),
    (VILLAGE, "Талашкино, Хохлово и соседи"),
)
TOKEN = "demo-ok-token"  # noqa: S105 - opens nothing but the demo; speaks for both groups
EXPIRED = "demo-ok-expired"
REFRESH = "demo-ok-refresh"
"""EXPIRED with REFRESH shows how a session is renewed."""

PEOPLE = range(990_000_700, 990_000_820)
EVERY = 20.0
OLD_STORIES = 4
"""How many stories are over when the demo begins."""

AT_ONCE = 3
"""How many stories are told at the same time."""

AFTERTHOUGHTS = (
    "Дополняю: сегодня то же самое.",
    "Поправляю себя: это было ещё в понедельник.",
    "Приписка для тех, кто спрашивал: фото приложить не умею.",
)


@dataclass(frozen=True, slots=True)
class Story:
    """A topic (``photo``: a photo) and what is said below it.

    ``own``: the group itself wrote it. A comment that begins with "> " answers the one before.
    """

    group: str
    text: str
    comments: tuple[str, ...] = ()
    own: bool = False
    photo: bool = False


STORIES = (
    Story(
        DISTRICT,
        "На въезде в Кощино после дождя асфальт ушёл вместе с обочиной. Утром две машины встали "
        "с пробитыми колёсами. Поставьте хотя бы знак!",
        (
            "Одна из двух была моя. Диск под замену",
            "> Сочувствую. Сфотографируйте и сохраните чек, пригодится",
            "В Горянах такая же история, только ещё и мост скрипит",
        ),
    ),
    Story(
        DISTRICT,
        "Магалинщина, улица Озёрная: от счётчика у калитки пахнет газом, второй день. Аварийную "
        "вызвали, сказали ждать. Дома двое детей, страшно включать свет.",
        (
            "Окна откройте и выйдите! Звоните 104 ещё раз, не стесняйтесь",
            "У соседей через дом тоже подванивает, думали, показалось",
        ),
    ),
    Story(
        DISTRICT,
        "Уважаемые жители! Выездной приём пройдёт в четверг в Доме культуры Вязгина, с 14 до 17 "
        "часов. Запись не нужна.",
        (
            "Опять в рабочее время, кто ж на него попадёт",
            "Спасибо, что доехали до нас. В прошлый раз вопрос с лавочкой решили за неделю",
        ),
        own=True,
    ),
    Story(
        DISTRICT,
        "Контейнерная площадка у поворота на Бабни: баки увезли, а мусор остался. Вороны довольны, "
        "жители не очень.",
        (
            "Баки увезли мыть. Наверное, в Сочи",
            "Вчера приехали, забрали половину, вторую оставили для следующего раза",
            "> Значит, график есть, просто он на двоих с воронами",
        ),
    ),
    Story(
        DISTRICT,
        "Продам дрова берёзовые колотые, доставка по району от двух кубов. Пишите в личные "
        "сообщения.",
        ("Почём куб?",),
    ),
    Story(
        DISTRICT,
        "Синьково. Третьи сутки из крана идёт вода цвета чая. Стирать нельзя, пить тем более, в "
        "магазине бутыли уже кончились.",
        (
            "Это не чай, это компот, к вечеру будет с осадком",
            "В Астрогани с утра вообще сухо",
            "Обещали промыть трубу в среду. Среда прошла",
        ),
    ),
    Story(
        DISTRICT,
        "Огромное спасибо бригаде, которая вчера до ночи чинила свет в Лоине! Мороз, ветер, а они "
        "на столбе. Горячего чаю вам, ребята.",
        ("Присоединяюсь, в восемь вечера уже горело", "Золотые руки!"),
    ),
    Story(
        VILLAGE,
        "В Талашкине на Парковой за школой не горит ни один фонарь. Дети со второй смены идут с "
        "фонариками от телефонов.",
        (
            "Мы свою провожаем с собакой, так надёжнее",
            "Писали в сентябре, ответили: включено в план. План, видно, тоже не освещён",
        ),
    ),
    Story(
        VILLAGE,
        "Хохлово, дом 12 по Школьной: батареи ледяные, в комнате плюс 13, бабушка в пальто сидит. "
        "Котельная отвечает, что у них всё по графику.",
        (
            "У нас в соседнем подъезде тоже еле тёплые",
            "> Составьте акт с замером, без него не пересчитают",
        ),
    ),
    Story(
        VILLAGE,
        "Праздник урожая прошёл на славу! Победила тыква из Гринёва — сорок один килограмм.",
        ("Тыкву видел, не поднял", "А пироги где рецепт взяли? Поделитесь"),
        own=True,
        photo=True,
    ),
    Story(
        VILLAGE,
        "Дорогу на Фленово грейдировали! Ровно до дома с зелёной крышей. Дальше, видимо, живут "
        "люди второго сорта.",
        (
            "За зелёной крышей начинается другое поселение, вот и вся загадка",
            "Автолавка из-за этого куска третью неделю не едет",
        ),
    ),
    Story(
        VILLAGE,
        "Лубня, колодец у бывшей фермы: крышку сломали, сруб провалился. Вчера едва не упал "
        "мальчик пяти лет. Огородите, пока не поздно!",
        (
            "Дед закрыл листом железа, но это на день",
            "Туда же коза падала летом, доставали трактором",
        ),
    ),
    Story(
        VILLAGE,
        "Мастерская «Уют»: перетяжка мебели, скидка пенсионерам. Звоните, договоримся!",
    ),
)


def fill(world: World, *, seed: int = 1) -> None:
    """Make the groups, the token and what was said during the last day."""
    now = world.clock()
    for group_id, name in GROUPS:
        world.add_group(group_id, name)
    world.sessions = {TOKEN: None, EXPIRED: now - 1}
    world.refresh = {REFRESH}
    past = Timeline(world, seed=seed)
    for number, story in enumerate(past.stories[:OLD_STORIES]):
        at = now - 80_000 + 15_000 * number
        thing = past.publish(story, at)
        for place, text in enumerate(story.comments, start=1):
            past.comment(thing, text, at + 1_200 * place)


class Timeline:
    """What happens next: a pure function of the seed and of how often it was asked.

    Some stories are told at a time, a word of each in turn; every twelfth word is followed by
    an edit, every thirtieth by a deletion. When all are told they begin anew.
    """

    def __init__(self, world: World, *, every: float = EVERY, seed: int = 1) -> None:
        """Begin ``every`` seconds from now."""
        self.world = world
        self.every = every
        self.next_at = world.clock() + every
        self.stories = list(STORIES)
        self._dice = random.Random(seed)  # noqa: S311 - a repeatable demo
        self._dice.shuffle(self.stories)
        self._telling: deque[Iterator[bool]] = deque()
        self._next = OLD_STORIES
        self._words = 0
        self._last: Comment | None = None
        self._at = 0.0

    def due(self, now: float) -> int:
        """Let happen what is due at ``now``; return how many things did.

        After a long sleep of the machine only the latest hundred steps are made up for.
        """
        self.next_at = max(self.next_at, now - 100 * self.every)
        happened = 0
        while self.next_at <= now:
            self._step(self.next_at)
            self.next_at += self.every
            happened += 1
        return happened

    def publish(self, story: Story, at: float) -> Thing:
        """Publish a story's topic or photo."""
        author = "" if story.own else str(self._dice.choice(PEOPLE))
        return self.world.add_topic(
            story.group, story.text, at=at, author_id=author, photo=story.photo
        )

    def comment(self, thing: Thing, text: str, at: float) -> Comment:
        """Say a comment; "> " answers the citizen who spoke last."""
        spoken = [one.id for one in thing.alive() if not one.by_group]
        answers = spoken[-1] if text.startswith("> ") and spoken else ""
        return self.world.add_comment(
            thing,
            text.removeprefix("> "),
            at=at,
            author_id=str(self._dice.choice(PEOPLE)),
            reply_to=answers,
            old_style=self._dice.random() < 0.3,
        )

    def _step(self, at: float) -> None:
        self._at = at
        self._words += 1
        if self._last is not None and self._words % 30 == 0:
            self._last.deleted, self._last = True, None
            return
        if self._last is not None and self._words % 12 == 0:
            self._last.text += " " + self._dice.choice(AFTERTHOUGHTS)
            self._last = None
            return
        while len(self._telling) < AT_ONCE:
            self._telling.append(self._tell(self.stories[self._next % len(self.stories)]))
            self._next += 1
        telling = self._telling.popleft()
        if next(telling):
            self._telling.append(telling)

    def _tell(self, story: Story) -> Iterator[bool]:
        """Say one word of a story at each turn, and whether there is more to say."""
        thing = self.publish(story, self._at)
        yield bool(story.comments)
        for left, text in zip(range(len(story.comments) - 1, -1, -1), story.comments, strict=True):
            self._last = self.comment(thing, text, self._at)
            yield left > 0


async def live(
    world: World,
    *,
    every: float = EVERY,
    seed: int = 1,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Keep the world alive until cancelled."""
    timeline = Timeline(world, every=every, seed=seed)
    while True:
        await sleep(min(1.0, every))
        timeline.due(world.clock())
