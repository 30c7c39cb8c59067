"""The versions of the model: their figures, which one serves, comparing, promoting, going back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from classifiers import site
from classifiers.model import ModelError, read_manifest
from classifiers.registry import DEFAULT, Promotion, Registry
from pipeline.console.access import SignedInForm, Visitor, with_right
from pipeline.console.frame import Console, console_of
from pipeline.console.wording import grouped
from pipeline.database import unit_of_work
from pipeline.decisions.permissions import Right, has
from pipeline.desk import models as desk
from pipeline.learn.gate import percent
from pipeline.learn.retrain import read_gate

HISTORY = 20
LONGEST_REASON = 1000

NO_REASON = "Напишите, почему: это останется в журнале и в истории моделей."
STALE = (
    "Пока страница была открыта, включили другую модель. Посмотрите, какая действует теперь, и "
    "повторите, если нужно."
)
SAME = "Эта версия уже действует: ничего не изменилось."

FIGURES = (
    ("accuracy", "Верных тем", "region"),
    ("macro_f1", "Macro-F1 по 24 темам", "region"),
    ("auto_share", "Доля ответов «уверенно»", "region"),
    ("auto_accuracy", "Из них верных", "region"),
    ("ece", "Ошибка вероятностей", "region"),
    ("fine_top3", "Тема госсистемы среди трёх", "region"),
    ("relevance_recall", "Найдено обращений", "seeds"),
    ("urgent_recall", "Найдено срочных", "seeds"),
    ("urgent_precision", "Верно названы срочными", "seeds"),
)
"""Figures that two versions are compared by: its name, in Russian, and on which texts."""

router = APIRouter()
Keeper = Annotated[Visitor, Depends(with_right(Right.MANAGE_MODELS))]


@dataclass(frozen=True, slots=True)
class Row:
    """One version as the list shows it; empty where a broken one does not tell."""

    version: str
    title: str
    created: str
    taught: str
    accuracy: str
    urgent: str
    state: str
    tone: str
    trouble: str


@dataclass(frozen=True, slots=True)
class Compared:
    """One figure of two versions; ``better`` is "first", "second" or "" where none is."""

    title: str
    first: str
    second: str
    note: str = ""
    better: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions side by side; ``same_texts`` tells whether both answered the same texts."""

    first: str
    second: str
    rows: list[Compared]
    same_texts: bool
    texts: str = ""
    verdict: str = ""
    reasons: tuple[str, ...] = ()


@router.get("/admin/models")
def show_models(request: Request, visitor: Keeper, one: str = "", other: str = "") -> Response:
    """Show all versions, and two of them side by side where they are named."""
    return _page(request, visitor, one=one, other=other)


@router.post("/admin/models/promote")
def promote_model(
    request: Request,
    visitor: SignedInForm,
    version: Annotated[str, Form(max_length=100)] = "",
    seen: Annotated[str, Form(max_length=100)] = "",
    reason: Annotated[str, Form(max_length=LONGEST_REASON)] = "",
) -> Response:
    """Let a version serve."""
    registry = _allowed(request, visitor)
    if version == _serving(registry)[0] != seen:
        return RedirectResponse("/admin/models", 303)  # the button was pressed twice
    trouble = _refusal(registry, seen, reason)
    if not trouble and version == seen:
        trouble = (422, SAME)
    if trouble:
        return _page(request, visitor, trouble=trouble, reason=reason)
    console = console_of(request)
    try:
        with unit_of_work(console.engine) as session:
            desk.promote(
                session,
                registry,
                version,
                actor=visitor.actor,
                reason=reason.strip(),
                now=console.clock(),
            )
    except ModelError as error:
        return _page(request, visitor, trouble=(422, str(error)), reason=reason)
    return RedirectResponse("/admin/models", 303)


@router.post("/admin/models/rollback")
def roll_back_model(
    request: Request,
    visitor: SignedInForm,
    seen: Annotated[str, Form(max_length=100)] = "",
    reason: Annotated[str, Form(max_length=LONGEST_REASON)] = "",
) -> Response:
    """Let the version serve that served before."""
    registry = _allowed(request, visitor)
    trouble = _refusal(registry, seen, reason)
    if trouble:
        return _page(request, visitor, trouble=trouble, reason=reason)
    console = console_of(request)
    try:
        with unit_of_work(console.engine) as session:
            desk.roll_back(
                session,
                registry,
                actor=visitor.actor,
                reason=reason.strip(),
                now=console.clock(),
            )
    except ModelError as error:
        return _page(request, visitor, trouble=(422, str(error)), reason=reason)
    return RedirectResponse("/admin/models", 303)


def _allowed(request: Request, visitor: Visitor) -> Registry:
    registry = _registry(console_of(request))
    if not has(visitor.actor, Right.MANAGE_MODELS) or registry is None:
        raise HTTPException(404)
    return registry


def _registry(console: Console) -> Registry | None:
    return Registry(console.home) if console.home is not None else None


def _refusal(registry: Registry, seen: str, reason: str) -> tuple[int, str] | None:
    """Return a status and words why nothing is changed."""
    if not reason.strip():
        return 422, NO_REASON
    serving, _ = _serving(registry)
    return (409, STALE) if serving != seen else None


def _serving(registry: Registry) -> tuple[str, str]:
    """Return the serving version and what is wrong with it."""
    try:
        return registry.serving_version(), ""
    except ModelError as error:
        return "", str(error)


def _page(
    request: Request,
    visitor: Visitor,
    *,
    one: str = "",
    other: str = "",
    trouble: tuple[int, str] | None = None,
    reason: str = "",
) -> Response:
    console = console_of(request)
    registry = _registry(console)
    status, said = trouble or (200, "")
    if registry is None:
        return console.page("admin_models.html", visitor=visitor, rows=None)
    serving, broken = _serving(registry)
    kept_back = set(registry.kept_back())
    names = [DEFAULT, *reversed(registry.versions())]
    rows = [_row(registry, name, serving, kept_back) for name in names]
    rows.sort(key=lambda row: row.version != serving)
    compared = None
    if one in names and other in names and one != other:
        try:
            compared = _compare(registry, one, other)
        except ModelError as error:
            status, said = 422, str(error)
    return console.page(
        "admin_models.html",
        visitor=visitor,
        status=status,
        trouble=said,
        rows=rows,
        serving=serving,
        serving_title=_title(serving),
        broken=broken,
        names=[(name, _title(name)) for name in names],
        one=one or serving,
        other=other,
        compared=compared,
        calibration=_calibration(registry, serving, console),
        history=_history(registry, console),
        reason=reason,
    )


def _title(version: str) -> str:
    return "из поставки" if version == DEFAULT else version


def _row(registry: Registry, version: str, serving: str, kept_back: set[str]) -> Row:
    state, tone = "", ""
    if version == serving:
        state, tone = "действует", "good"
    elif version in kept_back:
        state, tone = "не прошла сравнение", "doubt"
    try:
        manifest = read_manifest(registry.folder(version))
    except ModelError as error:
        return Row(version, _title(version), "", "", "", "", "повреждена", "urgent", str(error))
    figures = _mapping(manifest.get("figures"))
    return Row(
        version=version,
        title=_title(version),
        created=_day(str(manifest.get("created", ""))),
        taught=grouped(int(figures.get("examples", 0))),
        accuracy=_figure(figures, "region", "accuracy"),
        urgent=_figure(figures, "seeds", "urgent_recall"),
        state=state,
        tone=tone,
        trouble="",
    )


def _compare(registry: Registry, one: str, other: str) -> Comparison:
    """Compare two versions by their stored figures. Raises ModelError where one is broken."""
    for first, second in ((one, other), (other, one)):
        gate = read_gate(registry.folder(first)) if first != DEFAULT else {}
        if gate.get("serving") == second:
            return _by_gate(gate, first, second)
    figures = [
        _mapping(read_manifest(registry.folder(name)).get("figures")) for name in (one, other)
    ]
    rows = [
        Compared(title, _figure(figures[0], part, name), _figure(figures[1], part, name))
        for name, title, part in FIGURES
    ]
    return Comparison(one, other, rows, same_texts=False)


def _by_gate(gate: Mapping[str, Any], first: str, second: str) -> Comparison:
    """Read what the gate noted of both versions' answers to the same held-out texts."""
    rows = []
    for name, title in (("accuracy", "Верных тем"), ("macro_f1", "Macro-F1 по 24 темам")):
        pair = gate.get(name)
        if isinstance(pair, list) and len(pair) == 2:
            rows.append(_pair(title, pair[0], pair[1]))
    for guard in gate.get("guards", ()):
        if isinstance(guard, dict):
            note = f"из {guard.get('rows', 0)}" + (", упало" if guard.get("fell") else "")
            rows.append(
                _pair(
                    str(guard.get("name", "")), guard.get("challenger"), guard.get("serving"), note
                )
            )
    return Comparison(
        first,
        second,
        rows,
        same_texts=True,
        texts=grouped(int(gate.get("rows", 0))),
        verdict="прошла сравнение" if gate.get("promote") else "не прошла сравнение",
        reasons=tuple(str(reason) for reason in gate.get("reasons", ())),
    )


def _pair(title: str, first: object, second: object, note: str = "") -> Compared:
    if not isinstance(first, int | float) or not isinstance(second, int | float):
        return Compared(title, "—", "—", note)
    better = "" if round(first - second, 4) == 0 else "first" if first > second else "second"
    return Compared(title, percent(first), percent(second), note, better)


def _figure(figures: Mapping[str, Any], part: str, name: str) -> str:
    """Write a figure with its interval; a dash where it was not measured."""
    found = _mapping(figures.get(part))
    value = found.get(name)
    if not isinstance(value, int | float):
        return "—"
    interval = _mapping(found.get("intervals")).get(name)
    if not isinstance(interval, list) or len(interval) != 2:
        return percent(value)
    low, high = (percent(end).removesuffix(" %") for end in interval)
    return f"{percent(value)} ({low}–{high})"


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _calibration(registry: Registry, serving: str, console: Console) -> str:
    """Tell whether the serving model's sureness was fitted to this place."""
    if not serving:
        return ""
    try:
        version = str(read_manifest(registry.folder(serving)).get("version", ""))
        found = site.read(registry.calibration(version))
    except ModelError as error:
        return str(error)
    if found is None:
        return (
            "Уверенность — своя, из обучения. Каждую ночь она подгоняется по меткам операторов, "
            "когда их хватает."
        )
    before, after = (percent(error) for error in found.ece)
    return (
        f"Уверенность подогнана {console.local(found.at)} по меткам операторов "
        f"({grouped(found.labels)}): ошибка вероятностей была {before}, стала {after}."
    )


def _history(registry: Registry, console: Console) -> list[tuple[str, str, str, str]]:
    """Return the newest changes: when, what, who, why."""
    try:
        found = registry.history()
    except ModelError as error:
        return [("", str(error), "", "")]
    return [
        (
            console.local(entry.at),
            _change(entry),
            entry.who,
            entry.why,
        )
        for entry in reversed(found[-HISTORY:])
    ]


def _change(entry: Promotion) -> str:
    act = "откат" if entry.back else "включение"
    return f"{act}: {_title(entry.previous)} → {_title(entry.version)}"


def _day(written: str) -> str:
    """Return a stored moment as a day; what is none stays as it is."""
    try:
        return f"{datetime.fromisoformat(written):%d.%m.%Y}"
    except ValueError:
        return written[:10]
