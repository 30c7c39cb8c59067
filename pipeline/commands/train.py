"""``otklik train``: learn from a table of labelled texts, or from this installation's labels."""

import argparse
from pathlib import Path

from pipeline.commands.parser import Commands, command

EXAMPLES = """\
  otklik train razmetka.csv                   обучить и сохранить версию, не включая её
  otklik train razmetka.csv --promote         и сразу включить
  otklik train razmetka.csv --out папка       записать модель в папку
  otklik train --labels                       обучить на метках операторов, как это делается
                                              каждую ночь: включится, только если станет лучше

Колонки: text и code (код темы); если есть — group, topic (тема госсистемы), executor,
relevant, urgent. Обучающие примеры из поставки добавляются всегда.
"""

WHO = "otklik train --labels"
"""What the history of models calls this command."""


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands, "train", "Обучить модель на размеченных текстах", run, examples=EXAMPLES
    )
    parser.add_argument(
        "data", type=Path, nargs="?", metavar="ФАЙЛ", help="CSV с размеченными текстами"
    )
    parser.add_argument("--labels", action="store_true", help="учиться на метках из базы")
    parser.add_argument("--out", type=Path, metavar="ПАПКА", help="куда записать модель")
    parser.add_argument("--promote", action="store_true", help="сделать модель действующей")


def run(args: argparse.Namespace) -> int:
    """Train, keep the model and print its figures on rows held back."""
    from pipeline.commands.messages import CommandError

    if args.labels and (args.data or args.out or args.promote):
        raise CommandError(
            "Параметр --labels не сочетается с другими: обучение на метках само сравнивает "
            "модели и решает, какая действует."
        )
    if args.labels:
        return _from_labels()
    if args.data is None:
        raise CommandError("Назовите файл CSV с размеченными текстами или параметр --labels.")
    return _from_table(args)


def _from_labels() -> int:
    from pipeline.commands.messages import err, now, out
    from pipeline.learn.gate import lines
    from pipeline.learn.retrain import retrain
    from pipeline.settings import load_settings
    from pipeline.workplace import open_store, registry

    settings = load_settings()
    with err.status("Читаю метки") as status, open_store(settings) as engine:
        learned = retrain(engine, registry(settings), now=now(), progress=status.update, who=WHO)
    for line in lines(learned.report) if learned.report else []:
        out.print(line, markup=False, soft_wrap=True)
    out.print(learned.why, markup=False, soft_wrap=True)
    if learned.version and not learned.promoted:
        out.print(f"Включить всё равно: otklik model promote {learned.version}", soft_wrap=True)
    return 0


def _from_table(args: argparse.Namespace) -> int:
    import tempfile

    from classifiers.training import train_from_csv
    from pipeline.commands.messages import CommandError, err, now, out
    from pipeline.settings import load_settings
    from pipeline.workplace import registry

    if args.out and args.promote:
        raise CommandError("Параметры --out и --promote не сочетаются: включить можно версию.")
    with err.status("Обучение") as status, tempfile.TemporaryDirectory() as temporary:
        folder = args.out or Path(temporary) / "model"
        figures = train_from_csv(args.data, out=folder, progress=status.update)
        kept = registry(load_settings())
        version = None if args.out else kept.add(folder)
    for line in figure_lines(figures):
        out.print(line)
    if version is None:
        out.print(f"Модель записана в {args.out}.")
    elif args.promote:
        kept.promote(version, at=now(), who="otklik train --promote", why="включена без сравнения")
        out.print(f"Версия {version} действует.")
    else:
        out.print(f"Версия {version} сохранена. Включить: otklik model promote {version}")
    return 0


def figure_lines(figures: dict[str, object], indent: str = "") -> list[str]:
    """Return figures as lines of text, nested ones indented."""
    found = []
    for name, value in figures.items():
        if isinstance(value, dict):
            found += [f"{indent}{name}", *figure_lines(value, indent + "  ")]
        else:
            shown = f"{value:.3f}" if isinstance(value, float) else value
            found.append(f"{indent}{name}: {shown}")
    return found
