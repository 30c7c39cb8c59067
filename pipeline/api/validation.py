"""What pydantic finds wrong with a request, in Russian."""

from collections.abc import Iterable, Mapping
from typing import Any

from pipeline.api.problems import FieldProblem

SAID = {
    "missing": "не заполнено",
    "extra_forbidden": "такого поля нет; проверьте название",
    "enum": "возможны: {expected}",
    "literal_error": "возможны: {expected}",
    "union_tag_invalid": "возможны: {expected_tags}",
    "union_tag_not_found": "не сказано, что сделать: заполните act",
    "string_too_long": "длиннее {max_length} знаков; сократите",
    "string_too_short": "короче {min_length} знаков",
    "string_pattern_mismatch": "не тот вид; образец — в описании API",
    "string_type": "нужна строка",
    "int_type": "нужно целое число",
    "int_parsing": "нужно целое число",
    "int_from_float": "нужно целое число",
    "int_parsing_size": "слишком большое число",
    "bool_type": "нужно true или false",
    "bool_parsing": "нужно true или false",
    "greater_than_equal": "не меньше {ge}",
    "less_than_equal": "не больше {le}",
    "list_type": "нужен список",
    "too_long": "в списке больше {max_length}; сократите",
    "model_attributes_type": "нужен объект JSON",
    "dict_type": "нужен объект JSON",
    "json_invalid": "это не JSON",
    "timezone_aware": "нужна зона: 2026-11-24T11:00:00+03:00",
    "datetime_type": "нужны дата и время с зоной: 2026-11-24T11:00:00+03:00",
    "datetime_parsing": "нужны дата и время с зоной: 2026-11-24T11:00:00+03:00",
    "datetime_from_date_parsing": "нужны дата и время с зоной: 2026-11-24T11:00:00+03:00",
    "value_error": "такого значения быть не может",
}
OTHER = "значение не подходит"

LONGEST = 200
"""Characters of where a field stands: its name may be the program's own."""


def field_problems(errors: Iterable[Mapping[str, Any]]) -> list[FieldProblem]:
    """Return what is wrong with each field, never repeating what stood in it."""
    return [FieldProblem(pointer=_pointer(error["loc"]), detail=_said(error)) for error in errors][
        :50
    ]


def _pointer(place: Iterable[object]) -> str:
    parts = (str(part).replace("~", "~0").replace("/", "~1") for part in place)
    joined = "/" + "/".join(parts)
    return joined[:LONGEST].encode(errors="replace").decode()


def _said(error: Mapping[str, Any]) -> str:
    words = SAID.get(error["type"], OTHER)
    return words.format_map(error.get("ctx", {})) if "{" in words else words
