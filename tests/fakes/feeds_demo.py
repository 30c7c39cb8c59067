"""A town's open reception as an RSS feed that grows by itself: six items at once, four later."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from fakes.feeds import Channel, Item, World

ADDRESS = "/priemnaya/rss.xml"


@dataclass(frozen=True, slots=True)
class Message:
    """When an item appears, in minutes after the start, its title and its text."""

    minute: int
    title: str
    text: str


MESSAGES = (
    Message(
        -610,
        "Нет горячей воды",
        "Вторые сутки нет горячей воды в доме на улице Садовой, 12. Диспетчер говорит, что заявка "
        "принята, но никто не приходил. В доме маленькие дети.",
    ),
    Message(
        -480,
        "Не вывозят мусор",
        "На площадке у дома 4 по улице Полевой контейнеры переполнены с выходных. Пакеты лежат на "
        "земле, их растаскивают собаки.",
    ),
    Message(
        -300,
        "Приглашаем на праздник урожая",
        "В субботу в парке пройдёт праздник урожая: ярмарка, выступления коллективов, "
        "мастер-классы для детей. Начало в 11 часов, вход свободный.",
    ),
    Message(
        -170,
        "Яма у школы",
        "На Школьной напротив входа во двор школы провалился асфальт, яма глубиной по колено. "
        "Машины объезжают её по тротуару, где идут дети.",
    ),
    Message(
        -95,
        "Тёмная остановка",
        "На остановке «Больница» не горит ни один фонарь. После пяти вечера водители не видят "
        "людей и проезжают мимо.",
    ),
    Message(
        -20,
        "Холодно в квартирах",
        "По улице Лесной, 8 батареи еле тёплые, в комнатах 15 градусов. Просим проверить подачу "
        "тепла в наш дом, на перерасчёт тоже никто не отвечает.",
    ),
    Message(
        15,
        "Запах газа в подъезде",
        "Во втором подъезде дома 3 по улице Заводской сильно пахнет газом с самого утра. "
        "Аварийную вызвали, просим взять на контроль.",
    ),
    Message(
        45,
        "Автобус не приходит",
        "Утренний рейс номер 7 на 7:20 третий день не приходит. Люди из Берёзовки не могут "
        "попасть на работу и в поликлинику.",
    ),
    Message(
        90,
        "Спасибо дорожникам",
        "Хотим сказать спасибо бригаде, которая за ночь расчистила дорогу к нашей деревне после "
        "снегопада. Приятно видеть такую работу.",
    ),
    Message(
        140,
        "Упало дерево",
        "Старый тополь упал на провода возле дома 17 по улице Речной, провод висит над дорожкой и "
        "искрит. Света нет в четырёх домах.",
    ),
)


def demo_world(clock: Callable[[], float] = time.time) -> World:
    """Return a world with the reception's feed at ``ADDRESS``, started now by ``clock``."""
    start = clock()
    channel = Channel(
        title="Открытая приёмная",
        items=[
            Item(
                guid=f"priemnaya-{number}",
                title=message.title,
                html=f"<p>{message.text}</p>",
                published=start + 60 * message.minute,
                link=f"https://gorod.example/priemnaya/{number}",
            )
            for number, message in enumerate(MESSAGES, start=1)
        ],
    )
    return World(clock=clock, channels={ADDRESS: channel})
