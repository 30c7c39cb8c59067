"""``otklik reply``: answer a citizen, and see what became of the answers to them."""

import argparse
from typing import TYPE_CHECKING

from pipeline.commands.parser import Commands, command, number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import sqlalchemy as sa

    from models.answer import Answer
    from pipeline.decisions.answering import Draft
    from pipeline.rules import Rules
    from pipeline.settings import Settings

EXAMPLES = """\
  otklik reply 12 "Здравствуйте! Яма засыпана."      окончательный ответ, уйдёт сам
  otklik reply 12 - --interim < otvet.txt            промежуточный, текст из файла
  otklik reply 12 "Яма засыпана." --now              отправить сразу, не дожидаясь потоков
  otklik reply 12 "Яма засыпана." --hand https://vk.com/wall-1_2?reply=3
                                                     вы уже ответили сами: записать это
  otklik reply 12 --hand https://vk.com/wall-1_2?reply=3
                                                     непринятый сетью ответ вы опубликовали сами
  otklik reply 12 --repeat 5                         отправить непринятый ответ № 5 ещё раз
  otklik reply 12 --withdraw 5                       снять ответ № 5 с отправки
  otklik reply 12 --status                           что стало с ответами

Ответ проверяется на личные данные: его прочтут все. Отправляют его работающие потоки
(otklik run или otklik flows serve); без них — ключ --now.
"""


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands, "reply", "Ответить гражданину, узнать судьбу ответа", run, examples=EXAMPLES
    )
    parser.add_argument("incident", metavar="ИНЦИДЕНТ", type=number, help="номер инцидента")
    parser.add_argument(
        "text", metavar="ТЕКСТ", nargs="?", help="текст ответа; «-» — прочитать из потока ввода"
    )
    parser.add_argument(
        "--interim", action="store_true", help="промежуточный: за ним последует окончательный"
    )
    parser.add_argument(
        "--further", action="store_true", help="дополнительный, после окончательного"
    )
    parser.add_argument(
        "--post",
        metavar="НОМЕР",
        type=number,
        help="на какое сообщение инцидента (по умолчанию на самое новое)",
    )
    parser.add_argument(
        "--by", metavar="ИМЯ", default="admin", help="кто отвечает (по умолчанию admin)"
    )
    acts = parser.add_mutually_exclusive_group()
    acts.add_argument("--hand", metavar="ССЫЛКА", help="ответ уже опубликован вручную")
    acts.add_argument("--withdraw", metavar="ОТВЕТ", type=number, help="снять ответ с этим номером")
    acts.add_argument(
        "--repeat", metavar="ОТВЕТ", type=number, help="отправить ответ с этим номером снова"
    )
    acts.add_argument("--status", action="store_true", help="только показать ответы")
    acts.add_argument("--now", action="store_true", help="отправить сразу всё, что ждёт отправки")


def run(args: argparse.Namespace) -> int:
    """Do what was asked, then show the incident's answers.

    Code 1 when something was refused, or when what was to be sent at once is not published.
    """
    from pipeline.commands.messages import CommandError
    from pipeline.database import reading
    from pipeline.region.load import load_region
    from pipeline.rules import Rules
    from pipeline.settings import load_settings
    from pipeline.store.incidents import find_incident
    from pipeline.workplace import open_store

    settings = load_settings()
    region = load_region(settings.region)
    rules = Rules.of(region, settings.public_url)
    if args.text is not None and (args.withdraw or args.repeat or args.status):
        raise CommandError("Текст ответа здесь лишний: уберите его или ключ.")
    with open_store(settings) as engine:
        with reading(engine) as session:
            if find_incident(session, args.incident) is None:
                raise CommandError(
                    f"Инцидента № {args.incident} нет. Номера видны в консоли Отклика."
                )
        number = _change(args, engine, rules)
        if args.now:
            _send(settings, engine, rules)
        _show(engine, args.incident, rules)
        return 0 if not args.now or number is None or _published(engine, number) else 1


def _change(args: argparse.Namespace, engine: "sa.Engine", rules: "Rules") -> int | None:
    """Do what was asked; return the number of the answer it was about, None if nothing was."""
    from models.answer import Answer
    from models.columns import stored_id
    from pipeline.commands.acting import acting
    from pipeline.commands.incident_office import refuse
    from pipeline.commands.messages import now
    from pipeline.database import unit_of_work
    from pipeline.desk import answers as desk

    draft = _draft(args)
    if draft is None:
        return _decide(args, engine, rules)
    actor, at = acting(engine, args.by), now()
    with unit_of_work(engine) as session:
        if args.hand is not None:
            said = desk.record_by_hand(
                session, args.incident, draft, args.hand, actor=actor, rules=rules, now=at
            )
        else:
            said = desk.queue_answer(
                session, args.incident, draft, actor=actor, version=None, rules=rules, now=at
            )
        if isinstance(said, Answer):
            return stored_id(said.id)
    raise refuse(said, draft.text)


def _decide(args: argparse.Namespace, engine: "sa.Engine", rules: "Rules") -> int | None:
    """Do what was asked of an answer that is there already; return its number, if any."""
    from pipeline.commands.acting import acting
    from pipeline.commands.incident_office import refuse
    from pipeline.commands.messages import now
    from pipeline.database import unit_of_work
    from pipeline.desk import outbox

    known = _chosen(args, engine)
    if known is None or known.id is None:
        return None
    actor, version, at = acting(engine, args.by), known.version, now()
    with unit_of_work(engine) as session:
        if args.hand is not None:
            refused = outbox.mark_by_hand(
                session, known.id, args.hand, actor=actor, version=version, rules=rules, now=at
            )
        elif args.withdraw:
            refused = outbox.withdraw(
                session, known.id, actor=actor, version=version, rules=rules, now=at
            )
        else:
            refused = outbox.repeat(session, known.id, actor=actor, version=version, now=at)
    if refused is not None:
        raise refuse(refused)
    return known.id


def _chosen(args: argparse.Namespace, engine: "sa.Engine") -> "Answer | None":
    """Return the answer that is meant: the named one, or with --hand the one that waits."""
    from pipeline.commands.messages import CommandError
    from pipeline.database import reading
    from pipeline.decisions.publishing import Step, open_to
    from pipeline.store.answers import of_incident

    with reading(engine) as session:
        known = of_incident(session, args.incident)
    number = args.withdraw or args.repeat
    if number:
        for answer in known:
            if answer.id == number:
                return answer
        raise CommandError(
            f"У инцидента № {args.incident} нет ответа № {number}. "
            f"Ответы: otklik reply {args.incident} --status"
        )
    if args.hand is None:
        return None
    waiting = [answer for answer in known if open_to(answer.state, Step.BY_HAND)]
    if len(waiting) != 1:
        raise CommandError(
            "Неясно, какой ответ опубликован вручную: ожидающих ответов "
            f"{len(waiting)}. Укажите и текст: otklik reply {args.incident} ТЕКСТ --hand ССЫЛКА"
        )
    return waiting[0]


def _draft(args: argparse.Namespace) -> "Draft | None":
    from models.vocabulary import AnswerKind
    from pipeline.commands.messages import piped
    from pipeline.decisions.answering import Draft, tidy

    if args.text is None:
        return None
    text = piped() if args.text == "-" else args.text
    kind = AnswerKind.INTERIM if args.interim else AnswerKind.FINAL
    return Draft(tidy(text), kind, post_id=args.post, further=args.further)


def _send(settings: "Settings", engine: "sa.Engine", rules: "Rules") -> None:
    """Send what is due, as the publishing flow does."""
    import asyncio

    from pipeline.commands.messages import now
    from pipeline.publish import publish_due
    from pipeline.publishers import open_publishers

    async def send() -> None:
        async with open_publishers(settings, engine) as publisher_for:
            await publish_due(engine, publisher_for, rules=rules, clock=now)

    asyncio.run(send())


def _published(engine: "sa.Engine", number: int) -> bool:
    from models.vocabulary import AnswerState
    from pipeline.database import reading
    from pipeline.store.answers import find_answer

    with reading(engine) as session:
        answer = find_answer(session, number)
    return answer is not None and answer.state is AnswerState.PUBLISHED


def _show(engine: "sa.Engine", incident_id: int, rules: "Rules") -> None:
    from pipeline.commands.messages import now, out
    from pipeline.database import reading
    from pipeline.desk.surveys import links_to_pass_on
    from pipeline.store.answers import of_incident

    with reading(engine) as session:
        known = of_incident(session, incident_id)
        links = links_to_pass_on(session, incident_id, rules=rules, now=now())
    for line in _lines(known, links, rules.region.time_zone):
        # A text may hold what looks like markup.
        out.print(line, soft_wrap=True, markup=False)
    if not known:
        out.print(f"Ответов на инцидент № {incident_id} пока нет.")


def _lines(answers: "Sequence[Answer]", links: "Mapping[int, str]", time_zone: str) -> list[str]:
    from zoneinfo import ZoneInfo

    lines = []
    for answer in answers:
        written = f"{answer.created_at.astimezone(ZoneInfo(time_zone)):%d.%m.%Y %H:%M}"
        lines.append(
            f"Ответ № {answer.id}: {answer.state.russian} ({answer.kind.russian}, "
            f"{answer.author}, {written})"
        )
        lines += [f"  {part}" for part in answer.text.split("\n")]
        lines += [f"  {part}" for part in (answer.url, answer.error) if part]
        if answer.id is not None and answer.id in links:
            address = links[answer.id]
            lines.append(f"  Ссылка для оценки: {address}")
            lines.append("  (добавьте её в опубликованный ответ или передайте автору)")
    return lines
