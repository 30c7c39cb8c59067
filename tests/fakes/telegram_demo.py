"""A Telegram for the demo: one invented channel with its discussion, and one bot.

::

    world = TelegramWorld()
    fill(world)                     # the latest day, and one story more every 30 seconds

What there is depends on the clock alone: nothing runs in the background. All texts are invented.
"""

from functools import partial

from fakes.telegram_world import TelegramWorld

CHANNEL = "demo_sosedi_smol"
BOT = "7000000001:demo-telegram-bot"
"""The bot's token; it opens nothing but the demo."""

EVERY = 30.0
"""Seconds between two stories."""

OLD = 4
"""Stories that are over when the demo begins."""

POSTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "Доброе утро, соседи! Автобус до Печерска сегодня идёт по обычному расписанию 🚌",
        (
            "Какое обычное, на остановке в Печерске с семи утра стоим, двух рейсов подряд не было",
            "И вчера вечером последний не пришёл, шли пешком от трассы",
        ),
    ),
    (
        "Фотографии с ярмарки в Пригорском. Спасибо всем, кто приехал!",
        ("Очень душевно, спасибо организаторам, мёд отличный", "А когда следующая?"),
    ),
    (
        "В Катыни на Витебском шоссе снова не горят фонари.\nПишут: темно от магазина до школы.",
        (
            "Третью неделю темно, дети из школы идут с фонариками",
            "На Советской тоже половина столбов не светит",
        ),
    ),
    (
        "Куплю картофель мелкий на корм, самовывоз, Стабна и окрестности. Пишите в личные.",
        (),
    ),
    (
        "Ночью в Богородицком прорвало трубу возле дома культуры ❗\nВода идёт по улице.",
        (
            "У нас на Викторова воды нет совсем, в доме грудной ребёнок",
            "Машина приехала, копают, обещали к вечеру",
        ),
    ),
    (
        "Напоминаем: приём граждан в администрации поселения — по вторникам с 9 до 13.",
        ("А записаться заранее можно?",),
    ),
    (
        "Читатели из Талашкино жалуются на свалку у кладбища.",
        (
            "Её с весны не вывозят, контейнеры переполнены, ветром разносит по всей деревне",
            "Собаки растаскивают пакеты, пройти страшно",
        ),
    ),
    (
        "Скидка на профнастил до конца недели! Доставка по району, звоните в магазин 🏠",
        ("Работали с ними, всё привезли вовремя",),
    ),
    (
        "В Кощино открыли новую детскую площадку. Ура!",
        (
            "Спасибо большое, дети счастливы 🎉",
            "Качели уже скрипят и одна доска отвалилась, проверьте, пока никто не упал",
        ),
    ),
    (
        "Дорога Стабна — Покорное: яма на яме, сегодня ещё одна машина осталась без колеса.",
        (
            "Скорая к бабушке ехала сорок минут, дорогу надо чинить, а не засыпать песком",
            "Там же обочины нет, пешком идти негде",
        ),
    ),
    (
        "Температура в квартирах Вязгино: расскажите, у кого как?",
        (
            "В первом доме батареи еле тёплые, в детской +15",
            "У нас нормально, +22",
        ),
    ),
    (
        "Пропал рыжий кот, Хохлово, откликается на Персика. Верните за вознаграждение.",
        ("Видели похожего у почты",),
    ),
)

APPEALS: tuple[str, ...] = (
    "Здравствуйте! В Гнёздово на остановке разбит павильон, стёкла лежат на земле.",
    "/start",
    "В Жуково второй день нет света, на линии сказали ждать, сколько ждать — неизвестно.",
    "Спасибо, дорогу у школы в Пригорском почистили быстро!",
    "Куда написать о бродячих собаках в Михновке? Стая у магазина, бросаются на детей.",
)


def fill(world: TelegramWorld) -> None:
    """Make the channel and the bot; what has happened by now is there, the rest is planned."""
    now = world.clock()
    world.add_bot(BOT)
    world.later(now - 86_400, lambda: world.add_channel(CHANNEL, "Соседи. Смоленский район"))
    for number, (text, comments) in enumerate(POSTS):
        ago = (OLD - number) * 18_000
        at = now - ago if ago > 0 else now + (number - OLD + 1) * EVERY
        world.later(at, partial(_tell, world, text, comments))
    for number, appeal in enumerate(APPEALS):
        world.later(now + number * 2 * EVERY, partial(world.say, BOT, appeal))
    world.later(now + len(POSTS) * EVERY, partial(_change, world))
    world.tick()


def _tell(world: TelegramWorld, text: str, comments: tuple[str, ...]) -> None:
    """Publish a post; its comments follow, the second one answering the first."""
    at = world.now()
    post = world.post(CHANNEL, text)
    said: list[int] = []
    for number, comment in enumerate(comments, start=1):
        world.later(at + number * EVERY / 3, partial(_comment, world, post, comment, said))


def _comment(world: TelegramWorld, post: int, text: str, said: list[int]) -> None:
    said.append(world.comment(CHANNEL, post, text, reply_to=said[-1] if said else None))


def _change(world: TelegramWorld) -> None:
    """Edit the newest post, and delete the one before it."""
    *_, before, newest = world.channels[CHANNEL].posts.values()
    world.edit(CHANNEL, newest.number, f"{newest.text}\n\nОбновление: кот нашёлся!")
    world.delete(CHANNEL, before.number)
