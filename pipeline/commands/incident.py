"""``otklik incident``: everything that people do with incidents, typed instead of clicked.

What is read from the command line stands here; ``incident_*.py`` do the work, each for the acts
whose parsers name it.
"""

import argparse
from importlib import import_module

from models.vocabulary import ClosingReason, Outcome, Stage, Topic
from pipeline.commands.parser import Commands, command, number

EXAMPLES = """\
  otklik incident list --overdue                     что просрочено
  otklik incident list --stage returned --topic roads
  otklik incident list --by ivanova --mine           инциденты своего органа
  otklik incident show 12                            карточка: стадия, сроки, ответы, журнал
  otklik incident clock 12                           почему срок именно такой, по дням
  otklik incident confirm 12 --by petrova            в разборе всё верно
  otklik incident correct 12 --topic snow --urgent   исправить разбор
  otklik incident assign 12 pecherskoe --reason "Дорога поселения"
  otklik incident accept 12 --by ivanova
  otklik incident return 12 --by ivanova --reason "Это дорога области"
  otklik incident draft 12 "Здравствуйте! Яма засыпана." --outcome solved --by ivanova
  otklik incident submit 12 --by ivanova             на согласование
  otklik incident approve 12 --by glava              согласовать и отправить
  otklik incident pause 12 --until "24.11.2026 11:00" --reason "Ждём ответа автора"
  otklik incident close 12 --why satisfied
  otklik incident reopen 12 --reason "Яма появилась снова"
  otklik incident similar 12                         похожие инциденты, и чем похожи
  otklik incident merge 12 9                         12-й — о том же, что 9-й

Ответить без согласования: otklik reply. Каждое действие записывается в журнал от имени --by.
Версия из show с ключом --seen защитит от того, что инцидент успели изменить другие.
"""


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands,
        "incident",
        "Инциденты: посмотреть, разобрать, назначить, ответить, закрыть",
        run,
        examples=EXAMPLES,
    )
    acts = parser.add_subparsers(title="действия", metavar="ДЕЙСТВИЕ", dest="act", required=True)
    _add_looking(acts)
    _add_sorting(acts)
    _add_working(acts)
    _add_answering(acts)
    _add_merging(acts)


def run(args: argparse.Namespace) -> int:
    """Carry out one act of somebody of the staff."""
    from pipeline.commands.incident_office import open_office

    with open_office(args.by) as office:
        code: int = import_module(f"pipeline.commands.incident_{args.part}").run(args, office)
    return code


def add_act(
    acts: Commands, name: str, help_: str, *, part: str, example: str, changes: bool = True
) -> argparse.ArgumentParser:
    """Add an act on one incident, which ``pipeline.commands.incident_<part>`` carries out."""
    one = _add(acts, name, help_, part=part, example=example)
    one.add_argument("number", metavar="НОМЕР", type=number, help="номер инцидента")
    if changes:
        one.add_argument(
            "--seen", metavar="ВЕРСИЯ", type=number, help="версия из show, которую вы видели"
        )
        one.add_argument(
            "--reason", metavar="ТЕКСТ", default="", help="причина: останется в журнале"
        )
    return one


def _add(
    acts: Commands, name: str, help_: str, *, part: str, example: str
) -> argparse.ArgumentParser:
    one: argparse.ArgumentParser = acts.add_parser(
        name,
        help=help_,
        description=help_,
        epilog=f"пример:\n  otklik incident {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    one.add_argument(
        "--by", metavar="ИМЯ", default="admin", help="кто действует (по умолчанию admin)"
    )
    one.set_defaults(part=part)
    return one


def _add_looking(acts: Commands) -> None:
    list_ = _add(
        acts, "list", "открытые инциденты, ближайший срок первым", part="list",
        example="list --overdue --urgent",
    )  # fmt: skip
    whose = list_.add_mutually_exclusive_group()
    whose.add_argument("--mine", action="store_true", help="только своего органа")
    whose.add_argument("--body", metavar="КОД", help="только этого органа, например pecherskoe")
    list_.add_argument(
        "--stage", choices=[one.value for one in Stage], metavar="СТАДИЯ",
        help="только в этой стадии: " + ", ".join(one.value for one in Stage),
    )  # fmt: skip
    list_.add_argument(
        "--topic", choices=[one.value for one in Topic], metavar="ТЕМА",
        help="только по этой теме, например roads",
    )  # fmt: skip
    list_.add_argument("--settlement", metavar="КОД", help="только этого поселения")
    list_.add_argument("--overdue", action="store_true", help="только просроченные")
    list_.add_argument("--urgent", action="store_true", help="только повышенной важности")
    list_.add_argument(
        "--limit", metavar="N", type=number, default=50, help="сколько показать (50)"
    )
    list_.add_argument("--json", action="store_true", help="для программ: JSON")
    show = add_act(
        acts, "show", "всё об одном инциденте", part="show", example="show 12", changes=False
    )
    show.add_argument("--json", action="store_true", help="для программ: JSON")
    add_act(
        acts, "clock", "почему срок именно такой: строка на каждый день", part="clock",
        example="clock 12", changes=False,
    )  # fmt: skip


def _add_sorting(acts: Commands) -> None:
    add_act(acts, "confirm", "подтвердить разбор: всё верно", part="judging", example="confirm 12")
    correct = add_act(
        acts, "correct", "исправить разбор", part="judging",
        example="correct 12 --topic snow --settlement pecherskoe --urgent",
    )  # fmt: skip
    correct.add_argument(
        "--topic", choices=[one.value for one in Topic], metavar="ТЕМА", help="тема, например snow"
    )
    correct.add_argument(
        "--also", choices=[one.value for one in Topic], metavar="ТЕМА", nargs="*",
        help="другие темы того же текста; без значений — никаких",
    )  # fmt: skip
    urgency = correct.add_mutually_exclusive_group()
    urgency.add_argument("--urgent", action="store_true", help="повышенная важность")
    urgency.add_argument("--normal", action="store_true", help="обычная важность")
    place = correct.add_mutually_exclusive_group()
    place.add_argument("--settlement", metavar="КОД", help="поселение")
    place.add_argument("--no-settlement", action="store_true", help="поселение неизвестно")
    correct.add_argument(
        "--not-relevant", action="store_true", help="это не обращение: закрыть без ответа"
    )
    assign = add_act(
        acts, "assign", "назначить ответственного", part="acts", example="assign 12 pecherskoe"
    )
    assign.add_argument("body", metavar="ОРГАН", help="код органа, например pecherskoe")
    helpers = add_act(
        acts, "helpers", "назначить соисполнителей: ровно этих", part="acts",
        example="helpers 12 katynskoe housing",
    )  # fmt: skip
    helpers.add_argument("bodies", metavar="ОРГАН", nargs="*", help="коды; без них — никого")


def _add_working(acts: Commands) -> None:
    add_act(acts, "accept", "принять в работу", part="acts", example="accept 12 --by ivanova")
    add_act(
        acts, "return", "вернуть назначившему: не к нам", part="acts",
        example='return 12 --reason "Это дорога области"',
    )  # fmt: skip
    add_act(
        acts, "pass-up", "передать на уровень выше", part="acts",
        example='pass-up 12 --reason "Нужны деньги района"',
    )  # fmt: skip
    pause = add_act(
        acts, "pause", "приостановить срок, где норматив это позволяет", part="acts",
        example='pause 12 --until "24.11.2026 11:00" --reason "Запрос в область"',
    )  # fmt: skip
    pause.add_argument(
        "--until", metavar="МОМЕНТ", required=True, help='до какого времени: "24.11.2026 11:00"'
    )
    add_act(acts, "resume", "возобновить срок", part="acts", example="resume 12")
    snooze = add_act(
        acts, "snooze", "отложить: до тех пор очередь на проверку его не показывает", part="acts",
        example='snooze 12 --until "24.11.2026 11:00"',
    )  # fmt: skip
    until = snooze.add_mutually_exclusive_group(required=True)
    until.add_argument("--until", metavar="МОМЕНТ", help='до какого времени: "24.11.2026 11:00"')
    until.add_argument("--wake", action="store_true", help="вернуть в очередь сейчас")
    close = add_act(acts, "close", "закрыть", part="acts", example="close 12 --why satisfied")
    reasons = [
        one.value
        for one in ClosingReason
        if one not in {ClosingReason.MERGED, ClosingReason.BY_SOURCE, ClosingReason.NO_REPLY}
    ]
    close.add_argument(
        "--why", choices=reasons, metavar="ПРИЧИНА", required=True,
        help="; ".join(f"{code} — {ClosingReason(code).russian.lower()}" for code in reasons),
    )  # fmt: skip
    add_act(
        acts, "reopen", "открыть снова", part="acts",
        example='reopen 12 --reason "Яма появилась снова"',
    )  # fmt: skip


def _add_answering(acts: Commands) -> None:
    rate = add_act(
        acts, "rate", "записать оценку, которую автор назвал сам", part="acts",
        example='rate 12 5 --word "Спасибо, сделали"',
    )  # fmt: skip
    rate.add_argument("rating", metavar="ОЦЕНКА", type=int, choices=range(1, 6), help="от 1 до 5")
    rate.add_argument("--word", metavar="ТЕКСТ", default="", help="что автор добавил")
    draft = add_act(
        acts, "draft", "подготовить ответ; «-» — прочитать текст из потока ввода", part="answers",
        example='draft 12 "Здравствуйте! Яма засыпана." --outcome solved',
    )  # fmt: skip
    draft.add_argument("text", metavar="ТЕКСТ", help="текст ответа или «-»")
    draft.add_argument(
        "--interim", action="store_true", help="промежуточный: за ним последует окончательный"
    )
    draft.add_argument("--post", metavar="НОМЕР", type=number, help="на какое сообщение")
    draft.add_argument(
        "--outcome", choices=[one.value for one in Outcome], metavar="ИТОГ",
        help="итог окончательного: "
        + "; ".join(f"{one.value} — {one.russian.lower()}" for one in Outcome),
    )  # fmt: skip
    add_act(
        acts, "submit", "отправить подготовленный ответ на согласование", part="answers",
        example="submit 12 --by ivanova",
    )  # fmt: skip
    add_act(
        acts, "approve", "согласовать ответ: он уйдёт автору", part="answers",
        example="approve 12 --by glava",
    )  # fmt: skip
    add_act(
        acts, "reject", "вернуть ответ на доработку", part="answers",
        example='reject 12 --by glava --reason "Назовите срок"',
    )  # fmt: skip


def _add_merging(acts: Commands) -> None:
    add_act(
        acts, "similar", "похожие инциденты, и чем они похожи", part="merge",
        example="similar 12", changes=False,
    )  # fmt: skip
    merge = add_act(
        acts, "merge", "объединить с другим: одна проблема — один инцидент", part="merge",
        example="merge 12 9",
    )  # fmt: skip
    merge.add_argument("into", metavar="ДРУГОЙ", type=number, help="какой инцидент останется")
    add_act(
        acts, "unmerge", "отменить объединение: сообщения и стадия вернутся", part="merge",
        example="unmerge 12", changes=False,
    )  # fmt: skip
    apart = add_act(
        acts, "apart", "никогда не объединять эти два", part="merge", example="apart 12 9",
        changes=False,
    )  # fmt: skip
    apart.add_argument("other", metavar="ДРУГОЙ", type=number, help="номер другого")
    apart.add_argument("--lift", action="store_true", help="снять запрет")
    split = add_act(
        acts, "split", "отделить сообщение в инцидент для него самого", part="merge",
        example="split 12 34",
    )  # fmt: skip
    split.add_argument("post", metavar="СООБЩЕНИЕ", type=number, help="номер сообщения из show")
