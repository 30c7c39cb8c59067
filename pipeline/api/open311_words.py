"""How Open311 is written: JSON or XML, and errors of its own kind.

Errors::

    Open311Error           a request is refused; carries a code and a description
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from typing import Literal

import orjson
from fastapi.responses import Response

Format = Literal["json", "xml"]
Value = str | int | float | bool | None | Sequence["Row"]
Row = Mapping[str, Value]

FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML document may hold, even escaped."""

ITEMS = {"attributes": "attribute", "endpoints": "endpoint", "formats": "format", "values": "value"}
"""What the parts of a list within an element are called."""


class Open311Error(Exception):
    """A request is refused."""

    def __init__(
        self, status: int, description: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        """Remember what to tell, in Russian."""
        super().__init__(description)
        self.status = status
        self.headers = dict(headers or {})


def write(
    form: str,
    rows: Sequence[Row],
    root: str,
    item: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a list of rows as JSON, or as XML ``<root><item>…``."""
    if form != "xml":
        return Response(
            orjson.dumps(rows), status, headers=dict(headers or {}), media_type="application/json"
        )
    top = ET.Element(root)
    for row in rows:
        _fill(ET.SubElement(top, item), row)
    return _xml(top, status, headers)


def write_one(form: str, row: Row, root: str) -> Response:
    """Return one object, which in XML is the document itself."""
    if form != "xml":
        return Response(orjson.dumps(row), media_type="application/json")
    top = ET.Element(root)
    _fill(top, row)
    return _xml(top, 200, None)


def write_error(form: str, error: Open311Error) -> Response:
    """Return a refusal as the standard has it: a list of codes with descriptions."""
    rows: list[Row] = [{"code": error.status, "description": str(error)}]
    return write(form, rows, "errors", "error", status=error.status, headers=error.headers)


def _xml(top: ET.Element, status: int, headers: Mapping[str, str] | None) -> Response:
    content = ET.tostring(top, encoding="utf-8", xml_declaration=True)
    return Response(
        content, status, headers=dict(headers or {}), media_type="text/xml; charset=utf-8"
    )


def _fill(element: ET.Element, row: Row) -> None:
    for name, value in row.items():
        part = ET.SubElement(element, name)
        if value is None:
            continue
        if isinstance(value, bool):
            part.text = "true" if value else "false"
        elif isinstance(value, str | int | float):
            part.text = FORBIDDEN.sub("", str(value))
        else:
            for one in value:
                _fill(ET.SubElement(part, ITEMS.get(name, "item")), one)
