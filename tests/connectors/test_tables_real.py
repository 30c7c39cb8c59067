"""The training table: 17 419 real messages that lie beside the repository, where they are."""

import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connectors.tables import Accepted, Rejected, read_table
from models.vocabulary import Topic

BESIDE = Path(__file__).parents[2] / "../shared/data/appeals/train.csv"


@pytest.fixture
def appeals() -> Path:
    path = Path(os.environ.get("OTKLIK_APPEALS", BESIDE))
    if not path.exists():
        pytest.skip("the table of real messages is not beside the repository (OTKLIK_APPEALS)")
    return path


def test_the_real_table_is_read_whole(appeals: Path) -> None:
    now = datetime(2026, 3, 10, tzinfo=UTC)
    table = read_table(appeals, source_zone=ZoneInfo("Asia/Yekaterinburg"), now=now)

    rows = list(table)
    accepted = [row for row in rows if isinstance(row, Accepted)]
    rejected = [row for row in rows if isinstance(row, Rejected)]

    assert table.ignored == ()
    assert [row.row for row in rows] == list(range(2, 17_421))
    # These rows hold a lone apostrophe: the export's way to write an empty text.
    assert Counter((row.column, row.reason) for row in rejected) == {("text", "пустой текст"): 36}
    assert len(accepted) == 17_383
    assert len({row.post.external_id for row in accepted}) == 17_030
    assert accepted[-1].position == table.size
    topics = Counter(row.post.stated.topic for row in accepted)
    assert topics[Topic.HEALTH] == 4175
    assert len(topics) == 24
    assert all("fine_topic" in row.post.stated.extra for row in accepted)
