"""A town's reception box that fills by itself: four letters at once, four more within two hours."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

from fakes.imap import MOSCOW, Folder, World

USER = "priemnaya@gorod.example"
PASSWORD = "demo"  # noqa: S105 - of a box on loopback with made-up letters


@dataclass(frozen=True, slots=True)
class Message:
    """When a letter comes, in minutes after the start, what it says, and which one it answers."""

    minute: int
    subject: str
    text: str
    answers: int | None = None


MESSAGES = (
    Message(
        -400,
        "Нет отопления",
        "В доме по улице Школьной, 4 батареи холодные с понедельника. На втором этаже живут люди "
        "с грудным ребёнком, просим разобраться срочно.",
    ),
    Message(
        -260,
        "Пособие на второго ребёнка",
        "Подскажите, какие документы нужны для пособия на второго ребёнка и можно ли подать их "
        "в нашем посёлке, или обязательно ехать в район?",
    ),
    Message(
        -130,
        "Стая собак у садика",
        "У детского сада на Полевой вторую неделю живёт стая собак, утром они лают и бросаются "
        "на детей. Вызовите отлов.",
    ),
    Message(
        -35,
        "Провалился тротуар",
        "На Садовой возле аптеки провалился тротуар, яма ничем не огорожена. Вечером фонарь там "
        "не горит, кто-нибудь сломает ногу.",
    ),
    Message(
        20,
        "Re: Нет отопления",
        "Батареи так и холодные, мастер не приходил.\n\nПриёмная <priemnaya@gorod.example> "
        "17.11.2026 10:00 пишет:\n> Заявка передана мастеру.",
        answers=0,
    ),
    Message(
        50,
        "Благодарность врачу",
        "Спасибо врачам нашей амбулатории за внимание и терпение, особенно в выходные.",
    ),
    Message(
        75,
        "Не ходит автобус до Берёзовки",
        "Автобус до Берёзовки отменили без объявления, до больницы не добраться. Когда вернут "
        "рейс?",
    ),
    Message(
        110,
        "Дым со свалки",
        "Со свалки за посёлком третий день идёт едкий дым, дышать нечем, у людей болит голова. "
        "Просим потушить.",
    ),
)


def demo_world(clock: Callable[[], float] = time.time) -> World:
    """Return a world with one account and its filling box, started now by ``clock``."""
    start = clock()
    inbox = Folder()
    for number, message in enumerate(MESSAGES):
        at = start + 60 * message.minute
        letter = EmailMessage()
        letter["From"] = f"zhitel{number}@post.example"
        letter["To"] = USER
        letter["Subject"] = message.subject
        letter["Date"] = format_datetime(datetime.fromtimestamp(at, MOSCOW))
        letter["Message-ID"] = f"<demo-{number}@post.example>"
        if message.answers is not None:
            letter["In-Reply-To"] = letter["References"] = f"<demo-{message.answers}@post.example>"
        letter.set_content(message.text)
        inbox.add(letter.as_bytes(), at)
    return World(clock=clock, accounts={USER: PASSWORD}, folders={"INBOX": inbox})
