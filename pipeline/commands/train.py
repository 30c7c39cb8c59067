"""``otklik train``: learn from a table of labelled texts."""

import argparse
from pathlib import Path

from pipeline.commands.parser import Commands, command

EXAMPLES = """\
  otklik train razmetka.csv                   обучить и сохранить версию, не включая её
  otklik train razmetka.csv --promote         и сразу включить
  otklik train razmetka.csv --out папка       записать модель в папку

Колонки: text и code (код темы); если есть — group, topic (тема госсистемы), executor,
relevant, urgent. Обучающие примеры из поставки добавляются всегда.
"""


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands, "train", "Обучить модель на размеченных текстах", run, examples=EXAMPLES
    )
    parser.add_argument("data", type=Path, metavar="ФАЙЛ", help="CSV с размеченными текстами")
    parser.add_argument("--out", type=Path, metavar="ПАПКА", help="куда записать модель")
    parser.add_argument("--promote", action="store_true", help="сделать модель действующей")


def run(args: argparse.Namespace) -> int:
    """Train, keep the model and print its figures on rows held back."""
    import tempfile

    from classifiers.training import train_from_csv
    from pipeline.commands.messages import CommandError, err, out
    from pipeline.settings import load_settings
    from pipeline.workplace import registry

    if args.out and args.promote:
        raise CommandError("Параметры --out и --promote не сочетаются: включить можно версию.")
    with err.status("Обучение") as status, tempfile.TemporaryDirectory() as temporary:
        folder = args.out or Path(temporary) / "model"
        figures = train_from_csv(args.data, out=folder, progress=status.update)
        kept = registry(load_settings())
        version = None if args.out else kept.add(folder)
    for line in lines(figures):
        out.print(line)
    if version is None:
        out.print(f"Модель записана в {args.out}.")
    elif args.promote:
        kept.promote(version)
        out.print(f"Версия {version} действует.")
    else:
        out.print(f"Версия {version} сохранена. Включить: otklik model promote {version}")
    return 0


def lines(figures: dict[str, object], indent: str = "") -> list[str]:
    """Return figures as lines of text, nested ones indented."""
    found = []
    for name, value in figures.items():
        if isinstance(value, dict):
            found += [f"{indent}{name}", *lines(value, indent + "  ")]
        else:
            shown = f"{value:.3f}" if isinstance(value, float) else value
            found.append(f"{indent}{name}: {shown}")
    return found
