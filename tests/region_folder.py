"""A small sound region as text, and how to spoil it in one place."""

from pathlib import Path

from pipeline.region.load import check_region

SMALL = {
    "region.yaml": """\
code: lipki
name: Липки
municipality: {code: lipki, name: Липки, kind: муниципальный округ}
time_zone: Europe/Moscow
working_hours:
  monday: ["09:00-13:00", "14:00-18:00"]
""",
    "settlements.yaml": """\
settlements:
  - code: north
    name: Северное сельское поселение
    villages:
      - name: Сосновка
  - code: south
    name: Южное сельское поселение
    villages:
      - name: Ольховка
""",
    "bodies.yaml": """\
bodies:
  - {code: desk, name: Диспетчерская, kind: district}
  - {code: north, name: Администрация севера, kind: settlement, settlement: north}
  - {code: south, name: Администрация юга, kind: settlement, settlement: south}
""",
    "routing.yaml": """\
rules:
  - {name: Дороги, topics: [roads], settlements: all, body: settlement_administration}
default: desk
""",
    "norms.yaml": """\
norms:
  - {source: any, urgency: urgent, working_hours: 3}
""",
    "sources.yaml": """\
sources: []
""",
}


def write_region(folder: Path) -> Path:
    for name, text in SMALL.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def change(folder: Path, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new), encoding="utf-8")


def said(folder: Path) -> list[str]:
    return [str(problem) for problem in check_region(folder)]
