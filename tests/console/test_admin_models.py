"""The models' page: which there are, comparing two, promoting and going back."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from console.builders import Person
from console.client import Browser
from console.office import at_desk
from fastapi import FastAPI
from sqlmodel import select

from classifiers.model import load, save
from classifiers.registry import DEFAULT, GATE, Registry, default_model
from models.journal import JournalEntry
from models.vocabulary import Act
from pipeline.database import reading

GATE_REPORT: dict[str, Any] = {
    "serving": DEFAULT,
    "rows": 412,
    "accuracy": [0.851, 0.812],
    "macro_f1": [0.65, 0.65],
    "promote": False,
    "reasons": ["Полнота срочных: было 97,0 %, стало 93,0 %"],
    "guards": [
        {"name": "Полнота срочных", "rows": 61, "challenger": 0.93, "serving": 0.97, "fell": True}
    ],
}


@pytest.fixture
def admin(app: FastAPI, console_engine: sa.Engine, administrator: Person) -> Iterator[Browser]:
    with at_desk(app, console_engine, administrator) as browser:
        yield browser


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make two versions beside the shipped one, once: each is read in full when it is added."""
    home = tmp_path_factory.mktemp("home")
    shipped = load(default_model())
    for version, gate in (("2026-11-12-aa", None), ("2026-11-19-bb", GATE_REPORT)):
        save(replace(shipped, version=version), home / version)
        if gate:
            (home / version / GATE).write_text(json.dumps(gate), encoding="utf-8")
        Registry(home).add(home / version)
        shutil.rmtree(home / version)
    return home


@pytest.fixture
def registry(kept: Path, tmp_path: Path) -> Registry:
    """Return the console's models."""
    shutil.copytree(kept, tmp_path / "home")
    return Registry(tmp_path / "home")


def changes(engine: sa.Engine) -> list[JournalEntry]:
    with reading(engine) as session:
        query = select(JournalEntry).where(JournalEntry.act == Act.MODEL_CHANGED)
        return list(session.exec(query))


def test_every_version_is_listed_with_its_figures(admin: Browser, registry: Registry) -> None:
    (registry.folder("2026-11-12-aa") / "manifest.json").write_text("{", encoding="utf-8")
    page = admin.page("/admin/models").text
    assert "действует из поставки" in page
    assert "не прошла сравнение" in page
    assert "повреждена" in page
    accuracy = load(default_model()).figures["region"]["accuracy"]
    assert f"{100 * accuracy:.1f} %".replace(".", ",") in page


def test_a_version_is_promoted_with_a_reason_and_taken_back(
    admin: Browser, registry: Registry, console_engine: sa.Engine
) -> None:
    # When the administrator promotes a version
    answer = admin.submit(
        "/admin/models",
        "/admin/models/promote",
        version="2026-11-12-aa",
        seen=DEFAULT,
        reason=" лучше по дорогам ",
    )
    # Then it serves, and the journal and the history say who and why
    assert answer.status_code == 303
    assert registry.serving_version() == "2026-11-12-aa"
    assert (registry.history()[-1].who, registry.history()[-1].why) == ("admin", "лучше по дорогам")
    (entry,) = changes(console_engine)
    assert (entry.actor, entry.reason) == ("admin", "лучше по дорогам")
    assert (entry.before, entry.after) == ({"model": DEFAULT}, {"model": "2026-11-12-aa"})
    # And back again
    answer = admin.submit(
        "/admin/models", "/admin/models/rollback", seen="2026-11-12-aa", reason="хуже по свету"
    )
    assert answer.status_code == 303
    assert registry.serving_version() == DEFAULT
    assert [entry.after["model"] for entry in changes(console_engine)] == ["2026-11-12-aa", DEFAULT]
    assert "откат: 2026-11-12-aa → из поставки" in admin.page("/admin/models").text


@pytest.mark.parametrize(
    ("path", "form", "status", "said"),
    [
        ("promote", {"version": "2026-11-12-aa", "seen": DEFAULT}, 422, "Напишите, почему"),
        (
            "promote",
            {"version": "2026-11-12-aa", "seen": DEFAULT, "reason": "  "},
            422,
            "Напишите, почему",
        ),
        (
            "promote",
            {"version": "2026-11-12-aa", "seen": "2026-11-19-bb", "reason": "так"},
            409,
            "включили другую модель",
        ),
        ("promote", {"version": DEFAULT, "seen": DEFAULT, "reason": "так"}, 422, "уже действует"),
        ("promote", {"version": "../../etc", "seen": DEFAULT, "reason": "так"}, 422, "нет в"),
        ("rollback", {"seen": DEFAULT, "reason": "так"}, 422, "Откатывать некуда"),
    ],
)
def test_what_cannot_be_done_changes_nothing_and_is_told(  # noqa: PLR0917 - a fixture each
    admin: Browser,
    registry: Registry,
    console_engine: sa.Engine,
    path: str,
    form: dict[str, str],
    status: int,
    said: str,
) -> None:
    answer = admin.submit("/admin/models", f"/admin/models/{path}", **form)
    assert answer.status_code == status
    assert said in answer.text
    assert registry.serving_version() == DEFAULT
    assert registry.history() == []
    assert changes(console_engine) == []


def test_a_button_that_is_pressed_twice_is_heard_once(
    admin: Browser, registry: Registry, console_engine: sa.Engine
) -> None:
    form = {"version": "2026-11-12-aa", "seen": DEFAULT, "reason": "лучше"}
    for _ in range(2):
        answer = admin.submit("/admin/models", "/admin/models/promote", **form)
        assert answer.status_code == 303
    assert len(registry.history()) == len(changes(console_engine)) == 1


def test_a_broken_version_is_not_promoted(
    admin: Browser, registry: Registry, console_engine: sa.Engine
) -> None:
    (registry.folder("2026-11-12-aa") / "weights.npz").write_bytes(b"")
    answer = admin.submit(
        "/admin/models", "/admin/models/promote", version="2026-11-12-aa", seen=DEFAULT, reason="?"
    )
    assert answer.status_code == 422
    assert registry.serving_version() == DEFAULT
    assert changes(console_engine) == []


@pytest.mark.parametrize(("one", "other"), [("2026-11-19-bb", DEFAULT), (DEFAULT, "2026-11-19-bb")])
def test_two_that_answered_the_same_texts_are_compared_by_them(
    admin: Browser, registry: Registry, one: str, other: str
) -> None:
    del registry
    page = admin.page(f"/admin/models?one={one}&other={other}").text
    assert "На одних и тех же отложенных текстах (412): первая не прошла сравнение" in page
    assert "из 61, упало" in page
    assert "93,0 %" in page


def test_two_measured_on_other_texts_are_compared_with_a_warning(
    admin: Browser, registry: Registry
) -> None:
    del registry
    page = admin.page("/admin/models?one=2026-11-12-aa&other=default").text
    assert "Тексты были разные" in page
    assert "otklik model compare 2026-11-12-aa default --data" in page


def test_a_pointer_to_nowhere_is_told_and_can_be_mended(
    admin: Browser, registry: Registry, tmp_path: Path
) -> None:
    (tmp_path / "home" / "models" / "serving").write_text("gone\n", encoding="utf-8")
    page = admin.page("/admin/models")
    assert "называет модель «gone»" in page.text
    assert registry.versions() == ["2026-11-12-aa", "2026-11-19-bb"]
