"""Fuzzing of every parser of outside bytes, guided by coverage.

    pip install atheris                          not among the project's own tools
    python tests/fuzz/fuzz_parsers.py            every parser for a minute
    python tests/fuzz/fuzz_parsers.py vk 600     one for ten minutes
    python tests/fuzz/fuzz_parsers.py vk <file>  once, with the bytes of a file: what broke it

What breaks a parser is kept in ``otklik-fuzz`` in the folder for temporary files, and its name is
printed; so are the bytes that are worth beginning with the next time.
"""

import importlib
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

FOLDER = Path(tempfile.gettempdir()) / "otklik-fuzz"
SECONDS = 60
LONGEST = 20_000
"""Bytes of an input."""

SLOW = 10
"""Seconds after which a parser is taken to hang."""

MEMORY = 2_000
"""Megabytes."""


def fuzz(parser: str, seconds: int) -> None:
    """Fuzz one parser; the process ends with it, and not with 0 if it broke."""
    try:
        atheris = importlib.import_module("atheris")
    except ImportError:
        sys.exit("There is no atheris here: pip install atheris")
    # Coverage is told by what is imported here, and by comparisons of texts.
    with atheris.instrument_imports(include=["connectors"]):
        from fuzz.targets import PARSERS  # noqa: PLC0415 - as above
    atheris.enabled_hooks.add("RegEx")
    atheris.enabled_hooks.add("str")

    target = PARSERS[parser]
    corpus = FOLDER / parser
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    atheris.Setup(
        [
            sys.argv[0],
            str(corpus),
            f"-max_total_time={seconds}",
            f"-max_len={LONGEST}",
            f"-timeout={SLOW}",
            f"-rss_limit_mb={MEMORY}",
            f"-artifact_prefix={FOLDER}/{parser}-",
            "-print_final_stats=1",
        ],
        target.run,
    )
    atheris.Fuzz()


def fuzz_all(seconds: int) -> int:
    """Fuzz one parser after the other, each in a process of its own; return how many broke."""
    from fuzz.targets import PARSERS  # noqa: PLC0415 - only names are wanted here

    broken = []
    for parser in PARSERS:
        command = [sys.executable, __file__, parser, str(seconds)]
        print(f"=== {parser}", flush=True)  # noqa: T201 - a script prints
        if subprocess.run(command, check=False).returncode:
            broken.append(parser)
    print("broken:", ", ".join(broken) or "none")  # noqa: T201 - as above
    return len(broken)


def main() -> None:
    """Do what the command line says."""
    match sys.argv[1:]:
        case []:
            sys.exit(fuzz_all(SECONDS))
        case [parser]:
            fuzz(parser, SECONDS)
        case [parser, seconds] if seconds.isdecimal():
            fuzz(parser, int(seconds))
        case [parser, file]:
            from fuzz.targets import PARSERS  # noqa: PLC0415 - without atheris

            PARSERS[parser].run(Path(file).read_bytes())
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
