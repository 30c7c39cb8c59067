"""``otklik model``: versions of the model, which of them serves, and which is better."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.commands.parser import Commands, Parser, command

if TYPE_CHECKING:
    from classifiers.registry import Registry
    from pipeline.learn.recalibrate import Side

EXAMPLES = """\
  otklik model list
  otklik model show                    карточка действующей модели
  otklik model compare 2026-11-21-ab12cd34 default --data razmetka.csv
  otklik model promote 2026-11-21-ab12cd34
  otklik model promote default         включить модель из поставки
  otklik model rollback                вернуть ту, что действовала раньше
  otklik model recalibrate             подогнать уверенность действующей модели под метки операторов

Процессы за работой берут включённую модель сами, перезапускать ничего не нужно.
"""

WHO = "командная строка"
"""What the history of models calls a person at the machine."""

HISTORY = 5
"""Changes of the serving model that are shown: who needs more reads the file."""


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands,
        "model",
        "Модели: показать версии, сравнить, включить другую, откатить, калибровать",
        run,
        examples=EXAMPLES,
    )
    acts = parser.add_subparsers(
        title="действия", metavar="ДЕЙСТВИЕ", dest="act", required=True, parser_class=Parser
    )
    acts.add_parser("list", help="все версии и последние включения")
    show = acts.add_parser("show", help="карточка версии")
    show.add_argument("version", nargs="?", metavar="ВЕРСИЯ", help="по умолчанию — действующая")
    compare = acts.add_parser("compare", help="сравнить две версии на размеченных текстах")
    compare.add_argument("version", metavar="НОВАЯ", help="версия или default")
    compare.add_argument("rival", metavar="ПРЕЖНЯЯ", help="версия или default")
    compare.add_argument(
        "--data",
        type=Path,
        required=True,
        metavar="ФАЙЛ",
        help="CSV с колонками text и code; ни одна из двух моделей не должна была на нём учиться",
    )
    promote = acts.add_parser("promote", help="сделать версию действующей")
    promote.add_argument("version", metavar="ВЕРСИЯ", help="версия или default")
    promote.add_argument("--why", default="", metavar="ПРИЧИНА", help="для истории")
    rollback = acts.add_parser("rollback", help="вернуть модель, что действовала раньше")
    rollback.add_argument("--why", default="", metavar="ПРИЧИНА", help="для истории")
    acts.add_parser("recalibrate", help="подогнать уверенность модели под метки операторов")


def run(args: argparse.Namespace) -> int:
    """Carry out one act."""
    from pipeline.commands.messages import now, out
    from pipeline.settings import load_settings
    from pipeline.workplace import registry

    kept = registry(load_settings())
    if args.act == "recalibrate":
        _recalibrate(kept)
    elif args.act == "list":
        _list(kept)
    elif args.act == "show":
        _show(kept, args.version)
    elif args.act == "compare":
        _compare(kept, args)
    elif args.act == "promote":
        kept.promote(args.version, at=now(), who=WHO, why=args.why or "включена вручную")
        out.print(f"Действует {args.version}.")
    else:
        version = kept.rollback(at=now(), who=WHO, why=args.why or "откат")
        out.print(
            f"Действует {version}. Ночное обучение теперь ничего не включит само, пока вы не "
            "включите версию: otklik model promote ВЕРСИЯ"
        )
    return 0


def _list(kept: "Registry") -> None:
    from classifiers.model import ModelError, read_manifest
    from classifiers.registry import DEFAULT
    from pipeline.commands.messages import err, out

    try:
        serving = kept.serving_version()
    except ModelError as error:  # the list is what helps to choose another one
        err.print(str(error), soft_wrap=True, markup=False)
        serving = ""
    kept_back = set(kept.kept_back())
    for version in (DEFAULT, *kept.versions()):
        try:
            about = str(read_manifest(kept.folder(version))["created"])
        except ModelError:
            about = "повреждена"
        mark = "действует" if version == serving else ""
        mark = "не прошла сравнение" if version in kept_back else mark
        out.print(f"{version}\t{about}\t{mark}", soft_wrap=True, markup=False)
    for entry in kept.history()[-HISTORY:]:
        act = "откат" if entry.back else "включение"
        out.print(
            f"{entry.at:%d.%m.%Y %H:%M} UTC, {act}: {entry.previous} → {entry.version} "
            f"({entry.who}: {entry.why})",
            soft_wrap=True,
            markup=False,
        )


def _show(kept: "Registry", version: str | None) -> None:
    from classifiers.model import ModelError, read_manifest
    from pipeline.commands.messages import err, out

    folder = kept.folder(version) if version else kept.serving()
    card = folder / "card.md"
    out.print(
        card.read_text(encoding="utf-8") if card.exists() else "У модели нет карточки.",
        markup=False,
    )
    try:
        said = _calibration_line(kept, str(read_manifest(folder).get("version", "")))
    except ModelError as error:  # the card is worth reading all the same
        err.print(str(error), soft_wrap=True, markup=False)
    else:
        out.print(said, soft_wrap=True, markup=False)


def _calibration_line(kept: "Registry", version: str) -> str:
    """Return whether a site calibration of a version is in force. Raises ModelError."""
    from classifiers import site
    from pipeline.learn.gate import percent

    found = site.read(kept.calibration(version))
    if found is None:
        return "Калибровка: своя. Подогнать под метки операторов: otklik model recalibrate."
    before, after = (percent(error) for error in found.ece)
    return (
        f"Калибровка: для этого места, от {found.at:%d.%m.%Y %H:%M} UTC по {found.labels} меткам; "
        f"ошибка вероятностей на отложенной половине: было {before}, стало {after}."
    )


def _recalibrate(kept: "Registry") -> None:
    from pipeline.commands.messages import err, now, out
    from pipeline.learn.recalibrate import recalibrate
    from pipeline.settings import load_settings
    from pipeline.workplace import open_store

    with err.status("Читаю метки и калибрую"), open_store(load_settings()) as engine:
        found = recalibrate(engine, kept, now=now())
    if found.before and found.after:
        out.print(f"Версия {found.version}, меток {found.labels}. На отложенной половине:")
        for line in _sides(found.before, found.after):
            out.print(line, soft_wrap=True)
    out.print(found.why, soft_wrap=True)


def _sides(before: "Side", after: "Side") -> list[str]:
    from models.vocabulary import Certainty
    from pipeline.learn.gate import percent

    temperatures = [f"{side.temperature:.2f}".replace(".", ",") for side in (before, after)]
    return [
        "Температура: было {}, стало {}".format(*temperatures),
        f"Ошибка вероятностей (ECE): было {percent(before.ece)}, стало {percent(after.ece)}",
        *(
            f"{level.value} («{level.russian}»): было {percent(before.shares[level])}, "
            f"стало {percent(after.shares[level])}"
            for level in Certainty
        ),
    ]


def _compare(kept: "Registry", args: argparse.Namespace) -> None:
    from classifiers.classifier import Classifier
    from classifiers.examples import read_examples
    from pipeline.commands.messages import err, out
    from pipeline.learn.gate import lines
    from pipeline.learn.retrain import judge

    version, rival = (Classifier.load(kept.folder(name)) for name in (args.version, args.rival))
    examples = read_examples(args.data)
    with err.status(f"Сравниваю на {len(examples)} текстах"):
        report = judge(version, rival, examples)
    out.print(f"{args.version} против {args.rival}", markup=False)
    for line in lines(report):
        out.print(line, markup=False, soft_wrap=True)
    passed = "прошла бы" if report.promote else "не прошла бы"
    why = "; ".join(report.reasons)
    out.print(f"Сравнение {args.version} {passed}: {why}.", markup=False, soft_wrap=True)
