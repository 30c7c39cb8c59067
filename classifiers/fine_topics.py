"""The state system's fine topics: 195 names, their groups, and the coarse code of each.

``data/fine_topics.json`` is a reviewable list; stars, which mark the same topic in another
season, are left out of the names.
"""

import json
from functools import cache
from pathlib import Path

from models.vocabulary import Topic

FILE = Path(__file__).parent / "data" / "fine_topics.json"


@cache
def coarse_topics() -> dict[str, Topic]:
    """Return fine topic → coarse topic."""
    listed = json.loads(FILE.read_text(encoding="utf-8"))
    return {fine["name"]: Topic(fine["code"]) for fine in listed}
