"""A clock for whatever waits: nobody really does."""

from dataclasses import dataclass


@dataclass
class Clock:
    """Time that passes only while somebody sleeps."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
