"""The hub of administration: what this person may look after."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response

from pipeline.console.access import SignedIn, Visitor
from pipeline.console.frame import console_of
from pipeline.decisions.permissions import Right


@dataclass(frozen=True, slots=True)
class Door:
    """A part of administration, and the right that opens it; None for everybody's."""

    path: str
    title: str
    about: str
    right: Right | None


DOORS = (
    Door("/admin/staff", "Сотрудники", "роли, ссылки для входа, доступ", Right.MANAGE_STAFF),
    Door("/sources", "Источники", "как читаются и что с ними не так", Right.SEE_SOURCES),
    Door("/sources/keys", "Ключи источников", "задать, сменить, проверить", Right.MANAGE_SOURCES),
    Door("/admin/region", "Район", "файлы района: посмотреть, проверить", Right.MANAGE_REGION),
    Door("/admin/norms", "Сроки", "нормы ответа и рабочее время", Right.MANAGE_REGION),
    Door("/admin/models", "Модели", "сравнить, ввести в работу, откатить", Right.MANAGE_MODELS),
    Door("/admin/journal", "Журнал", "кто, что и когда сделал", Right.READ_JOURNAL),
    Door(
        "/admin/retention",
        "Хранение",
        "когда сведения об авторах стираются",
        Right.MANAGE_RETENTION,
    ),
    Door("/admin/api", "API", "ключи доступа программ, оповещения", Right.MANAGE_API),
    Door("/templates", "Шаблоны ответов", "свои и общие", Right.JUDGE),
    Door("/keys", "Клавиши", "сочетания клавиш", None),
)

ADMINISTERS = frozenset(
    {
        Right.MANAGE_STAFF,
        Right.MANAGE_SOURCES,
        Right.MANAGE_REGION,
        Right.MANAGE_MODELS,
        Right.MANAGE_RETENTION,
        Right.MANAGE_API,
        Right.READ_JOURNAL,
    }
)
"""Whoever has one of these has something to find here."""

router = APIRouter()


def administers(visitor: SignedIn) -> Visitor:
    """Let only people pass who look after something; for all others there is no such page."""
    if not any(visitor.has(right) for right in ADMINISTERS):
        raise HTTPException(404)
    return visitor


@router.get("/admin")
def show_hub(request: Request, visitor: Annotated[Visitor, Depends(administers)]) -> Response:
    """Show links to what the visitor may look after."""
    return console_of(request).page(
        "admin.html",
        visitor=visitor,
        doors=[door for door in DOORS if door.right is None or visitor.has(door.right)],
    )
