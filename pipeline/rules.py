"""What every change of an incident has to know: the region's rules and its working calendar."""

from dataclasses import dataclass

from pipeline.decisions.worktime import WorkCalendar
from pipeline.region.schema import Region


@dataclass(frozen=True, slots=True)
class Rules:
    """A region with its calendar; make one per process, since a calendar learns its years.

    ``public_url`` is where citizens can open the console's public pages, without a slash at the
    end; empty where it is open to nobody outside.
    """

    region: Region
    calendar: WorkCalendar
    public_url: str = ""

    @classmethod
    def of(cls, region: Region, public_url: str = "") -> "Rules":
        """Return the rules of a region; ``public_url`` as it stands in the settings."""
        return cls(region, calendar_of(region), public_url.rstrip("/"))


def calendar_of(region: Region) -> WorkCalendar:
    """Return the region's working calendar."""
    return WorkCalendar.from_values(
        time_zone=region.time_zone,
        working_hours=region.working_hours,
        short_day_minutes=region.short_day_minutes,
        extra_days_off=region.extra_days_off,
        extra_working_days=region.extra_working_days,
    )
