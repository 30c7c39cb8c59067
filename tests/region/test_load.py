"""What a loaded region holds: the shipped samples are real districts."""

from datetime import date, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from models.vocabulary import Network, Urgency
from pipeline.region.load import SAMPLES, check_region, load_region, shipped_regions
from pipeline.region.schema import (
    DEFAULT_NORMS,
    BodyKind,
    Norm,
    Region,
)


@pytest.fixture(scope="module")
def smolensky() -> Region:
    return load_region("smolensky")


def test_two_regions_are_shipped_and_sound() -> None:
    assert shipped_regions() == ["amursky", "smolensky"]
    assert [check_region(name) for name in shipped_regions()] == [[], []]


def test_a_folder_loads_like_a_name(smolensky: Region) -> None:
    assert load_region(SAMPLES / "smolensky") == smolensky
    assert load_region(Path("smolensky")) == smolensky


def test_the_smolensk_district_has_its_nineteen_settlements(smolensky: Region) -> None:
    assert len(smolensky.settlements) == 19
    assert sum(len(settlement.villages) for settlement in smolensky.settlements) > 120
    assert smolensky.settlement("pecherskoe").name == "Печерское сельское поселение"
    assert smolensky.settlement("pecherskoe").villages[0].name == "Печерск"


def test_the_amursk_district_has_towns_and_villages() -> None:
    region = load_region("amursky")
    assert region.time_zone == "Asia/Vladivostok"
    assert [settlement.code for settlement in region.settlements][:2] == ["amursk", "elban"]
    assert len(region.settlements) == 10


@pytest.mark.parametrize("name", shipped_regions())
def test_villages_lie_in_one_district(name: str) -> None:
    region = load_region(name)
    points = [
        (village.latitude, village.longitude)
        for settlement in region.settlements
        for village in settlement.villages
        if village.latitude is not None and village.longitude is not None
    ]
    assert len(points) > 10
    for axis in zip(*points, strict=True):
        assert max(axis) - min(axis) < 3
        assert 30 < min(axis) < 140


@pytest.mark.parametrize("name", shipped_regions())
def test_every_settlement_has_an_administration_and_no_contact_is_a_persons(name: str) -> None:
    region = load_region(name)
    for settlement in region.settlements:
        administration = region.administration_of(settlement.code)
        assert administration is not None
        assert administration.kind is BodyKind.SETTLEMENT
    assert all(body.contacts.email.endswith(".example.org") for body in region.bodies)
    assert not any(body.contacts.phone for body in region.bodies)


def test_the_working_week_and_the_zone_are_plain_values(smolensky: Region) -> None:
    assert smolensky.working_hours[0] == (
        (time(8, 30), time(13)),
        (time(14), time(17, 30)),
    )
    assert smolensky.working_hours[5] == smolensky.working_hours[6] == ()
    assert sorted(smolensky.working_hours) == list(range(7))
    assert smolensky.short_day_minutes == 60
    assert ZoneInfo(smolensky.time_zone).key == "Europe/Moscow"


def test_extra_days_are_dates(tmp_path: Path) -> None:
    for file in (SAMPLES / "amursky").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    file = tmp_path / "region.yaml"
    text = file.read_text(encoding="utf-8")
    text = text.replace("extra_days_off: []", "extra_days_off: [2026-08-29, 2026-12-31]")
    text = text.replace("short_day_minutes: 60", "short_day_minutes: 0")
    file.write_text(text, encoding="utf-8")

    region = load_region(tmp_path)

    assert region.extra_days_off == {date(2026, 8, 29), date(2026, 12, 31)}
    assert region.extra_working_days == frozenset()
    assert region.short_day_minutes == 0


def test_the_first_fitting_norm_wins() -> None:
    region = load_region("amursky")
    assert region.norm_for(Network.TABLE, Urgency.NORMAL).unit == "calendar_days"
    assert region.norm_for(Network.TABLE, Urgency.URGENT).amount == 4
    assert region.norm_for(Network.VK, Urgency.NORMAL) == Norm(
        "any", Urgency.NORMAL, 9, "working_hours"
    )


def test_silent_norms_fall_back_to_eight_and_three_hours(smolensky: Region, tmp_path: Path) -> None:
    for file in (SAMPLES / "amursky").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "norms.yaml").write_text("norms: []", encoding="utf-8")
    silent = load_region(tmp_path)

    for region in (silent, smolensky):
        assert region.norm_for(Network.VK, Urgency.NORMAL).amount == 8
        assert region.norm_for(Network.OK, Urgency.URGENT).amount == 3
    assert silent.norm_for(Network.OK, Urgency.NORMAL) == DEFAULT_NORMS[1]


def test_the_sample_feed_is_read_until_one_has_sources_of_ones_own(smolensky: Region) -> None:
    assert smolensky.sources == ()
    vk, ok = smolensky.active_sources()
    assert (vk.network, ok.network) == (Network.VK, Network.OK)
    assert vk.file is not None
    assert ok.file is not None
    assert vk.file.is_file()
    assert ok.file.is_file()


@pytest.mark.parametrize(
    ("external_id", "settlement"),
    [
        ("-990000101_4553", None),
        ("-990000102_17", "pecherskoe"),
        ("-990000102_17_r18", "pecherskoe"),
        ("-1_17", None),
    ],
)
def test_a_community_may_belong_to_a_settlement(
    smolensky: Region, external_id: str, settlement: str | None
) -> None:
    assert smolensky.active_sources()[0].community_settlement(external_id) == settlement


def test_unknown_codes_are_errors(smolensky: Region) -> None:
    with pytest.raises(KeyError):
        smolensky.settlement("atlantis")
    with pytest.raises(KeyError):
        smolensky.body("atlantis")
    assert smolensky.body("desk").kind is BodyKind.DISTRICT
    assert smolensky.administration_of("atlantis") is None
