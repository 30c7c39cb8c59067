"""Every act of the life cycle can be typed, and says how."""

import pytest

from models.vocabulary import Act
from pipeline.cli import build_parser
from pipeline.decisions.lifecycle import MOVES

TYPED = {
    Act.CONFIRMED: "incident confirm",
    Act.CORRECTED: "incident correct",
    Act.ASSIGNED: "incident assign",
    Act.CO_EXECUTORS: "incident helpers",
    Act.ACCEPTED: "incident accept",
    Act.RETURNED: "incident return",
    Act.PASSED_UP: "incident pass-up",
    Act.DRAFTED: "incident draft",
    Act.SUBMITTED: "incident submit",
    Act.APPROVED: "incident approve",
    Act.REJECTED: "incident reject",
    Act.PAUSED: "incident pause",
    Act.RESUMED: "incident resume",
    Act.SNOOZED: "incident snooze",
    Act.CLOSED: "incident close",
    Act.REOPENED: "incident reopen",
    Act.RATED: "incident rate",
    Act.ANSWER_QUEUED: "reply",
    Act.ANSWER_BY_HAND: "reply",
    Act.ANSWER_WITHDRAWN: "reply",
    Act.MERGED: "incident merge",
    Act.UNMERGED: "incident unmerge",
    Act.KEPT_APART: "incident apart",
    Act.POST_SPLIT: "incident split",
}
"""How each act is typed."""


@pytest.mark.parametrize("act", MOVES)
def test_every_act_can_be_typed_and_has_help(act: Act, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        build_parser().parse_args([*TYPED[act].split(), "--help"])
    assert left.value.code == 0
    said = capsys.readouterr().out
    assert "пример" in said
    assert "--by" in said
