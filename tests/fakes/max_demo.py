"""A MAX for the demo: one invented channel with comments, one group chat, and dialogs with the bot.

::

    world = MaxWorld()
    fill(world)                     # the latest day, and one story more every 30 seconds

What there is depends on the clock alone: nothing runs in the background. All texts are invented.
The bot's token is ``fakes.max_world.TOKEN``.
"""

from functools import partial

from fakes.max_world import FakeMessage, MaxWorld

CHANNEL = -72_000_000_000_001
GROUP = -72_000_000_000_002
CITIZENS = range(990_000_901, 990_000_960)

EVERY = 30.0
"""Seconds between two stories."""

OLD = 4
"""Stories that are over when the demo begins."""

POSTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "С понедельника в Печерске начинается опрессовка сетей. Отключения — с 9 до 17.",
        (
            "Опять без горячей воды? Её и так с прошлой недели нет на Пионерской",
            "А график по домам где посмотреть?",
        ),
    ),
    (
        "Поздравляем команду Пригорского с победой в районном турнире по волейболу!",
        ("Молодцы! Так держать!", "Спортзал бы ещё отремонтировали, крыша течёт прямо на поле"),
    ),
    (
        "Напоминаем о сроках подачи показаний счётчиков: до 25 числа.",
        ("Приложение второй день не принимает показания, что делать?",),
    ),
    (
        "Завтра в Богородицком вакцинация домашних животных, с 10 до 14 у администрации.",
        ("А бездомных кто вакцинирует? У школы стая из семи собак, дети боятся ходить",),
    ),
    (
        "Дорожная служба приступила к ямочному ремонту на въезде в Катынь.",
        (
            "Положили прямо в лужу, через неделю опять будет яма",
            "Спасибо, что начали, давно просили",
        ),
    ),
    (
        "Такси по району, недорого, звоните круглосуточно. На правах рекламы.",
        (),
    ),
    (
        "В библиотеке Талашкино — встреча с краеведами, суббота, 12:00.",
        ("Придём всей семьёй", "Там крыльцо без поручней, бабушка в прошлый раз упала"),
    ),
    (
        "Итоги сельского схода в Стабне: решено просить о новом автобусном павильоне.",
        ("И освещение у остановки, пожалуйста, темень такая, что автобус мимо проезжает",),
    ),
    (
        "Внимание: на выходных ожидается гололёд, будьте осторожны на дорогах.",
        (
            "Тротуар у поликлиники в Печерске не посыпан, женщина сломала руку",
            "Песок бы хоть у лестницы насыпали",
        ),
    ),
    (
        "Объявлен набор в кружок робототехники при школе Кощино.",
        ("С какого возраста берут?",),
    ),
    (
        "Отключение света в Хохлово завтра с 10 до 15: замена опор.",
        ("Уже пятое за месяц! Холодильник сгорел, кто возместит?",),
    ),
    (
        "Спасибо волонтёрам за уборку берега в Соколье!",
        ("Было здорово. Мешки с мусором только до сих пор лежат у дороги, заберите",),
    ),
)

TALK: tuple[str, ...] = (
    "Соседи, у кого ещё в подъезде на Лесной, 4 пахнет газом?",
    "> У нас тоже чувствуется, на первом этаже сильно",
    "> Вызвали аварийную, едут",
    "Продам коляску, почти новая",
)
"""In the group chat; one that begins with "> " answers the one before."""

APPEALS: tuple[str, ...] = (
    "Здравствуйте, в Жуково на Мира, 7 вторую неделю не вывозят мусор",
    "Когда восстановят автобус до Вязгино? Бабушке не доехать до больницы",
)
"""To the bot itself."""


def fill(world: MaxWorld) -> None:
    """Make the chats; what has happened by now is there, the rest is planned."""
    now = world.clock()
    world.later(now - 86_401, partial(world.add_chat, CHANNEL, "channel", "Смоленский район"))
    world.later(now - 86_400, partial(world.add_chat, GROUP, "chat", "Соседи, Печерск"))
    for number, (text, comments) in enumerate(POSTS):
        ago = (OLD - number) * 18_000
        at = now - ago if ago > 0 else now + (number - OLD + 1) * EVERY
        world.later(at, partial(_tell, world, text, comments))
    said: list[FakeMessage] = []
    for number, text in enumerate(TALK):
        world.later(now + (number + 0.5) * EVERY, partial(_talk, world, text, said))
    for number, text in enumerate(APPEALS):
        world.later(now + (2 * number + 1.2) * EVERY, partial(_appeal, world, number, text))
    world.later(now + len(POSTS) * EVERY, partial(_change, world))
    world.tick()


def _tell(world: MaxWorld, text: str, comments: tuple[str, ...]) -> None:
    """Publish a post; its comments follow."""
    at = world.now() / 1000
    post = world.say(CHANNEL, text, author=None)
    for number, comment in enumerate(comments, start=1):
        author = CITIZENS[(len(text) + 7 * number) % len(CITIZENS)]
        world.later(at + number * EVERY / 3, partial(world.comment, post, comment, author=author))


def _talk(world: MaxWorld, text: str, said: list[FakeMessage]) -> None:
    answered = said[-1] if text.startswith("> ") else None
    author = CITIZENS[len(said)]
    said.append(world.say(GROUP, text.removeprefix("> "), author=author, answers=answered))


def _appeal(world: MaxWorld, number: int, text: str) -> None:
    chat, author = 73_000_000_000_001 + number, CITIZENS[-1 - number]
    world.add_chat(chat, "dialog", f"Диалог {number + 1}")
    world.say(chat, text, author=author)


def _change(world: MaxWorld) -> None:
    """Edit the newest post, and delete the first comment of the one before it."""
    *_, before, newest = world.chats[CHANNEL].messages.values()
    world.edit(newest, f"{newest.text} Отдельное спасибо школе.")
    world.remove(next(iter(before.comments.values())))
