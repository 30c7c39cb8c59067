"""docs/incidents.md keeps up with the life cycle and the table of rights."""

from pathlib import Path

import pytest

from models.vocabulary import Act, ClosingReason, Outcome, Role, Stage
from pipeline.decisions.lifecycle import MOVES
from pipeline.decisions.permissions import ACTS, RIGHTS, Right

DOCS = Path(__file__).parents[1] / "docs"
INCIDENTS = (DOCS / "incidents.md").read_text(encoding="utf-8")
PICTURE = (DOCS / "images" / "life-cycle.svg").read_text(encoding="utf-8")

SHORT = {
    Role.OPERATOR: "op",
    Role.EXECUTOR: "ex",
    Role.APPROVER: "ap",
    Role.ADMINISTRATOR: "ad",
}


def row_of(act: Act) -> str:
    """Return the line of the table that the code stands for."""
    move = MOVES[act]
    stages = [stage.value for stage in Stage if stage in move.stages]
    where = "any" if len(stages) == len(Stage) else ", ".join(stages)
    roles = " ".join(short for role, short in SHORT.items() if act in ACTS[role])
    why = "yes" if move.states_why else ""
    to = move.to.value if move.to is not None else ""
    return f"| `{act.value}` | {act.russian} | {where} | {to} | {roles} | {why} |"


@pytest.mark.parametrize("act", list(MOVES))
def test_every_act_of_the_life_cycle_has_its_row(act: Act) -> None:
    assert row_of(act) in INCIDENTS.splitlines()


def test_the_table_names_no_act_that_is_gone() -> None:
    rows = [line for line in INCIDENTS.splitlines() if line.startswith("| `")]
    named = {
        line.split("`")[1]
        for line in rows
        if line.count("|") == len(row_of(Act.CLOSED).split("|")) - 1
    }
    assert named == {act.value for act in MOVES}


@pytest.mark.parametrize("stage", list(Stage))
def test_every_stage_is_explained_and_drawn(stage: Stage) -> None:
    assert f"| `{stage.value}` | {stage.russian} |" in INCIDENTS
    assert f">{stage.value}<" in PICTURE
    assert f">{stage.russian}<" in PICTURE


@pytest.mark.parametrize("right", list(Right))
def test_every_right_is_explained(right: Right) -> None:
    roles = ", ".join(role.value for role in Role if right in RIGHTS[role])
    assert f"| `{right.value}` | {roles} |" in INCIDENTS


@pytest.mark.parametrize("word", [*Outcome, *ClosingReason])
def test_every_outcome_and_closing_reason_is_named(word: Outcome | ClosingReason) -> None:
    assert f"`{word.value}` («{word.russian}»)" in INCIDENTS
