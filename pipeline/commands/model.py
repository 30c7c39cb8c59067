"""``otklik model``: versions of the model, and which of them serves."""

import argparse

from pipeline.commands.parser import Commands, Parser, command

EXAMPLES = """\
  otklik model list
  otklik model show                    карточка действующей модели
  otklik model promote 2026-11-21-ab12cd34
  otklik model promote default         вернуть модель из поставки
"""

DEFAULT = "default"


def add(commands: Commands) -> None:
    """Describe the command."""
    parser = command(
        commands, "model", "Модели: показать версии, включить другую", run, examples=EXAMPLES
    )
    acts = parser.add_subparsers(
        title="действия", metavar="ДЕЙСТВИЕ", dest="act", required=True, parser_class=Parser
    )
    acts.add_parser("list", help="все версии")
    show = acts.add_parser("show", help="карточка версии")
    show.add_argument("version", nargs="?", metavar="ВЕРСИЯ", help="по умолчанию — действующая")
    promote = acts.add_parser("promote", help="сделать версию действующей")
    promote.add_argument("version", metavar="ВЕРСИЯ", help=f"версия или {DEFAULT}")


def run(args: argparse.Namespace) -> int:
    """Carry out one act."""
    from classifiers.model import ModelError, read_manifest
    from classifiers.registry import default_model
    from pipeline.commands.messages import CommandError, err, out
    from pipeline.settings import load_settings
    from pipeline.workplace import registry

    kept = registry(load_settings())
    folders = {DEFAULT: default_model()}
    folders |= {version: kept.folder(version) for version in kept.versions()}
    if args.act == "list":
        try:
            serving = kept.serving()
        except ModelError as error:  # the list is what helps to choose another one
            err.print(str(error), soft_wrap=True, markup=False)
            serving = None
        for version, folder in folders.items():
            try:
                about = str(read_manifest(folder)["created"])
            except ModelError:
                about = "повреждена"
            mark = "действует" if folder == serving else ""
            out.print(f"{version}\t{about}\t{mark}", soft_wrap=True)
        return 0
    if args.act == "promote":
        if args.version == DEFAULT:
            kept.back_to_default()
        else:
            kept.promote(args.version)
        out.print(f"Действует {args.version}.")
        return 0
    if args.version and args.version not in folders:
        raise CommandError(f"Версии «{args.version}» нет. Есть: {', '.join(folders)}.")
    card = (folders[args.version] if args.version else kept.serving()) / "card.md"
    out.print(
        card.read_text(encoding="utf-8") if card.exists() else "У модели нет карточки.",
        markup=False,
    )
    return 0
