"""Counting what an ingest did, for the summary and the log."""

from collections import Counter
from dataclasses import dataclass, field

from models.vocabulary import Topic, Urgency


@dataclass(slots=True)
class Tally:
    """Numbers of posts, and of the incidents that they opened."""

    taken: int = 0
    known: int = 0
    edited: int = 0
    deleted: int = 0
    rejected: int = 0
    irrelevant: int = 0
    opened: int = 0
    topics: Counter[Topic] = field(default_factory=Counter)
    urgencies: Counter[Urgency] = field(default_factory=Counter)
    settlements: Counter[str | None] = field(default_factory=Counter)
    stated: int = 0
    agreed: int = 0

    def add(self, other: "Tally") -> None:
        """Count another part of the same ingest."""
        for name in ("taken", "known", "edited", "deleted", "rejected", "irrelevant", "opened"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.stated += other.stated
        self.agreed += other.agreed
        self.topics.update(other.topics)
        self.urgencies.update(other.urgencies)
        self.settlements.update(other.settlements)

    @property
    def usable(self) -> int:
        """Return how many rows or posts could be read, new or not."""
        return self.taken + self.known + self.edited + self.deleted

    def line(self) -> str:
        """Return one line for a log."""
        return (
            f"taken {self.taken}, known {self.known}, edited {self.edited}, "
            f"deleted {self.deleted}, irrelevant {self.irrelevant}, opened {self.opened}"
        )
