"""The region's files: looking at them, checking them, trying a changed one on past incidents."""

import re
import shutil
import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, File, Form, HTTPException, Request, Response, UploadFile

from pipeline.console.access import SignedInForm, Visitor, with_right
from pipeline.console.frame import Console, console_of
from pipeline.console.wording import NBSP, body_name, grouped
from pipeline.database import reading
from pipeline.decisions.permissions import Right, has
from pipeline.decisions.workcalendar import CalendarError
from pipeline.decisions.worktime import FIRST_YEAR
from pipeline.region.load import SAMPLES, check_region, load_region, shipped_regions
from pipeline.region.problems import Problem, RegionError
from pipeline.region.schema import Region
from pipeline.rules import Rules
from pipeline.store.trying import floor
from pipeline.trying import BY_PERSON, Trial, try_rules

FILES = (
    "region.yaml",
    "norms.yaml",
    "routing.yaml",
    "bodies.yaml",
    "settlements.yaml",
    "sources.yaml",
)
LONGEST = 512 * 1024
"""Bytes of a file that is tried here; ten times a large district's."""

LINES = 4_000
NEWEST = 20_000
"""Incidents that a trial looks at: the page answers within seconds."""

EXAMPLES = 10
PAIRS = 20
USUAL = timedelta(days=30)

PASSWORD = re.compile(r"(?<=://)[^\s/@'\"]+@")
"""What stands before the host of an address: nobody has to read a proxy's password here."""

UNKNOWN = "Эта консоль не знает папки района. Запустите её командой otklik run."

router = APIRouter()
Keeper = Annotated[Visitor, Depends(with_right(Right.MANAGE_REGION))]


@dataclass(frozen=True, slots=True)
class Filled:
    """The form: a file or its text, which of the folder's it is, and since when to compare."""

    name: Annotated[str, Form(max_length=100)] = ""
    text: Annotated[str, Form()] = ""
    since: Annotated[str, Form(max_length=40)] = ""
    upload: Annotated[UploadFile | None, File()] = None


@dataclass(frozen=True, slots=True)
class Tried:
    """What a changed file came to: ``trouble`` of the form, problems of the folder, or a trial.

    ``present`` is the same trial of the region that works now: what was decided by earlier rules,
    or by people, differs from both.
    """

    name: str
    text: str
    since: str
    trouble: str = ""
    problems: tuple[Problem, ...] = ()
    trial: Trial | None = None
    region: Region | None = None
    present: Trial | None = None
    above: int = 0


@router.get("/admin/region")
def show_region(
    request: Request, visitor: Keeper, file: str = FILES[0], check: str = ""
) -> Response:
    """Show one file of the folder with its line numbers; check the folder where asked to."""
    return _page(request, visitor, file=file, checking=bool(check))


@router.post("/admin/region/try")
def try_file(
    request: Request, visitor: SignedInForm, filled: Annotated[Filled, Depends()]
) -> Response:
    """Try a changed file beside the others of the folder; nothing of it is kept."""
    if not has(visitor.actor, Right.MANAGE_REGION):
        raise HTTPException(404)
    console = console_of(request)
    folder = folder_of(console)
    if folder is None:
        tried = Tried(filled.name, filled.text, filled.since, UNKNOWN)
        return _page(request, visitor, tried=tried, status=422)
    given = _given(filled)
    tried = given if given.trouble else _try(given, folder, console)
    return _page(
        request,
        visitor,
        file=tried.name if tried.name in FILES else FILES[0],
        tried=tried,
        status=422 if tried.trouble or tried.problems else 200,
    )


def folder_of(console: Console) -> Path | None:
    """Return the region's folder on the disk, None where it is not known or is gone."""
    if not console.folder:
        return None
    shipped = console.folder in shipped_regions()
    folder = SAMPLES / console.folder if shipped else Path(console.folder)
    return folder if folder.is_dir() else None


def _given(filled: Filled) -> Tried:
    """Return the file that was sent, or what is wrong with it."""
    name, text, upload = filled.name, filled.text, filled.upload

    def wrong(trouble: str) -> Tried:
        return Tried(name, text, filled.since, trouble)

    if upload is not None and upload.filename:
        name = name or Path(upload.filename.replace("\\", "/")).name
        data = upload.file.read(LONGEST + 1)
        if len(data) > LONGEST:
            return wrong(
                f"Файл больше {LONGEST // 1024} КБ. Это описание района, а не база данных: "
                "проверьте, тот ли файл, или опробуйте его командой otklik region try."
            )
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = ""
            return wrong(
                "Файл не текстовый или не в кодировке UTF-8. Нужен файл папки района (.yaml); "
                "сохраните его в UTF-8."
            )
    if not text.strip():
        return wrong("Выберите файл или вставьте его текст: пробовать пока нечего.")
    if len(text.encode(errors="replace")) > LONGEST:
        return wrong(f"Текст больше {LONGEST // 1024} КБ: проверьте, тот ли это файл.")
    if name not in FILES:
        return wrong(
            f"Непонятно, какой это файл: «{name[:60]}». В папке района бывают "
            f"{', '.join(FILES)}; выберите имя в списке."
            if name
            else "Выберите в списке, какой это файл папки района."
        )
    return Tried(name, text.replace("\r\n", "\n"), filled.since)


def _try(given: Tried, folder: Path, console: Console) -> Tried:
    """Check a copy of the folder with the changed file, and ask it about past incidents."""
    since = _midnight(given.since, console)
    if since is None:
        return replace(
            given, trouble="День, с которого сравнивать, не разобран. Образец: 2026-11-01."
        )
    with tempfile.TemporaryDirectory(prefix="otklik-region-") as temporary:
        copy = Path(temporary) / "region"
        try:
            shutil.copytree(folder, copy)
            (copy / given.name).write_text(given.text, encoding="utf-8", errors="replace")
        except (OSError, shutil.Error):
            return replace(
                given,
                trouble="Не удалось скопировать папку района во временную: проверьте место на "
                "диске и права на файлы папки.",
            )
        try:
            region = load_region(copy)
        except RegionError as error:
            return replace(given, problems=tuple(error.problems))
    try:
        with reading(console.engine) as session:
            above = floor(session, NEWEST)
        rules = Rules.of(region)
        trial = try_rules(console.engine, rules, since=since, limit=EXAMPLES, above=above)
        present = try_rules(console.engine, console.rules, since=since, limit=0, above=above)
    except CalendarError as error:
        return replace(given, trouble=f"По такому файлу сроки не посчитать: {error}")
    return replace(given, trial=trial, region=region, present=present, above=above)


def _midnight(written: str, console: Console) -> datetime | None:
    zone = ZoneInfo(console.region.time_zone)
    if not written.strip():
        day = (console.clock() - USUAL).astimezone(zone).date()
    else:
        try:
            day = date.fromisoformat(written.strip())
        except ValueError:
            return None
    if not FIRST_YEAR < day.year < 2100:
        return None
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _page(
    request: Request,
    visitor: Visitor,
    *,
    file: str = FILES[0],
    checking: bool = False,
    tried: Tried | None = None,
    status: int = 200,
) -> Response:
    console = console_of(request)
    folder = folder_of(console)
    if file not in FILES:
        raise HTTPException(404)
    problems = check_region(folder) if folder and checking else []
    lines, cut, missing = _lines(folder, file)
    trial = tried.trial if tried else None
    usual = (console.clock() - USUAL).astimezone(ZoneInfo(console.region.time_zone)).date()
    return console.page(
        "admin_region.html",
        visitor=visitor,
        status=status,
        folder=str(folder) if folder else "",
        shipped=console.folder in shipped_regions(),
        unknown=UNKNOWN,
        files=FILES,
        file=file,
        lines=lines,
        cut=cut,
        missing=missing,
        changed=_changed(folder, console) if checking and not problems else False,
        checking=checking,
        problems=problems,
        tried=tried,
        since=tried.since if tried and tried.since else usual.isoformat(),
        result=_result(tried, console) if tried and trial else None,
        longest=LONGEST // 1024,
    )


def _lines(folder: Path | None, file: str) -> tuple[list[str], bool, bool]:
    """Return the lines of a file, whether they are not all, and whether it cannot be read."""
    if folder is None:
        return [], False, False
    try:
        with (folder / file).open("rb") as stream:
            data = stream.read(LONGEST + 1)
    except OSError:
        return [], False, True
    lines = PASSWORD.sub("…@", data.decode(errors="replace")).splitlines()
    return lines[:LINES], len(lines) > LINES or len(data) > LONGEST, False


def _changed(folder: Path | None, console: Console) -> bool:
    """Tell whether the folder says something else than what this console works by."""
    if folder is None:
        return False
    try:
        return load_region(folder) != console.region
    except RegionError:
        return True


@dataclass(frozen=True, slots=True)
class Result:
    """A trial in words; numbers are written for people."""

    incidents: str
    since: str
    above: int
    figures: list[tuple[str, str, str]]
    pairs: list[tuple[str, str, str]]
    more_pairs: str
    facts: list[tuple[str, str]]
    paused: str
    moves: list[tuple[int, str, str, str, str]]
    shifts: list[tuple[int, str, str, str]]
    quiet: bool


def _result(tried: Tried, console: Console) -> Result:
    trial, present, region = tried.trial, tried.present, tried.region
    if trial is None or present is None or region is None:
        raise AssertionError("there is nothing to tell of")

    def name(code: str) -> str:
        found = body_name(code, region)
        return body_name(code, console.region) if found == code else found

    since = _midnight(tried.since, console) or console.clock()
    figures = [
        ("другой исполнитель", trial.moves.total(), present.moves.total()),
        ("срок раньше", trial.earlier, present.earlier),
        ("срок позже", trial.later, present.later),
    ]
    facts = [
        ("Из них исполнителя назначил человек, а не правило", trial.chosen),
        ("Тот же исполнитель, но по другому правилу", trial.reruled),
        ("Переданы в район: исполнитель не работает с источником", trial.barred),
        ("С соисполнителями", trial.helped),
        ("В поселениях, которых в этой папке нет", trial.elsewhere.total()),
    ]
    return Result(
        incidents=grouped(trial.incidents),
        since=console.local(since).split(NBSP)[0],
        above=tried.above,
        figures=[(title, grouped(count), grouped(now)) for title, count, now in figures],
        pairs=[
            (name(before), name(after), grouped(count))
            for (before, after), count in trial.moves.most_common(PAIRS)
        ],
        more_pairs=grouped(len(trial.moves) - PAIRS) if len(trial.moves) > PAIRS else "",
        facts=[(what, grouped(count)) for what, count in facts if count],
        paused=grouped(trial.paused) if trial.paused else "",
        moves=[
            (
                one.incident,
                name(one.before),
                "человек" if one.rule_before == BY_PERSON else one.rule_before,
                name(one.after),
                one.rule_after,
            )
            for one in trial.moved
        ],
        shifts=[
            (one.incident, console.local(one.before), console.local(one.after), one.norm)
            for one in trial.shifted
        ],
        quiet=trial.moves == present.moves and all(count == now for _, count, now in figures),
    )
