"""What a loaded region holds: the shipped samples are real districts."""

from datetime import date, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from region_folder import change, write_region

from models.vocabulary import Network, Role, Term, Urgency
from pipeline.region.load import SAMPLES, check_region, load_region, shipped_regions
from pipeline.region.schema import (
    DEFAULT_NORMS,
    DEFAULT_REMINDERS,
    BodyKind,
    Norm,
    OnClosed,
    Process,
    Region,
    Reminder,
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


@pytest.mark.parametrize("name", shipped_regions())
@pytest.mark.parametrize(
    ("network", "amount", "unit", "pausable"),
    [
        (Network.OPEN_REGION, 12, "calendar_days", False),
        (Network.POS, 8, "calendar_days", False),
        (Network.REGISTRY, 30, "calendar_days", True),
        (Network.MAIL, 30, "calendar_days", True),
        (Network.PAPER, 30, "calendar_days", True),
        (Network.RECEPTION, 30, "calendar_days", True),
    ],
)
def test_the_samples_know_the_terms_of_other_sources(
    name: str, network: Network, amount: int, unit: str, pausable: bool
) -> None:
    norm = load_region(name).norm_for(network, Urgency.NORMAL)
    assert (norm.amount, norm.unit, norm.pausable) == (amount, unit, pausable)


@pytest.mark.parametrize("name", shipped_regions())
def test_the_samples_limit_stages_too(name: str) -> None:
    region = load_region(name)

    def said(term: Term, network: Network = Network.VK) -> tuple[int, str]:
        norm = region.find_norm(network, Urgency.NORMAL, term)
        assert norm is not None
        return norm.amount, norm.unit

    assert said(Term.FINAL) == (7, "working_days")
    assert said(Term.REVIEW) == said(Term.ACCEPTANCE) == (4, "working_hours")
    assert said(Term.REVIEW, Network.REGISTRY) == (3, "calendar_days")
    assert said(Term.SILENCE) == (97, "calendar_hours")


def test_the_samples_show_both_ways_to_work(smolensky: Region) -> None:
    amursky = load_region("amursky")
    assert smolensky.process == Process()
    assert amursky.process == Process(approval=True, on_closed=OnClosed.REPEAT)
    assert smolensky.reminders == DEFAULT_REMINDERS
    assert amursky.reminders == (
        Reminder(0.5, roles=(Role.EXECUTOR,)),
        Reminder(0.75, roles=(Role.EXECUTOR, Role.OPERATOR)),
        *DEFAULT_REMINDERS[1:],
    )


def test_the_amursk_villages_have_no_right_to_the_portal() -> None:
    region = load_region("amursky")
    assert region.body("amursk").handles(Network.OPEN_REGION)
    assert not region.body("achan").handles(Network.OPEN_REGION)
    assert region.body("achan").handles(Network.VK)


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    region = load_region(write_region(tmp_path))
    assert region.process == Process()
    assert region.reminders == DEFAULT_REMINDERS
    assert {body.channels for body in region.bodies} == {None}
    assert [(rule.sources, rule.urgency, rule.helpers) for rule in region.rules] == [
        (None, None, ())
    ]
    assert region.norms == (Norm("any", Urgency.URGENT, 3, "working_hours"),)


def test_everything_that_may_be_set_is_kept(tmp_path: Path) -> None:
    write_region(tmp_path)
    change(
        tmp_path,
        "region.yaml",
        "code: lipki\n",
        "process: {approval: true, survey: true, dissatisfied: 3, rounds: 2, join: false,"
        " join_days: 30, on_closed: repeat}\ncode: lipki\n",
    )
    change(
        tmp_path,
        "routing.yaml",
        "settlements: all",
        "settlements: all, sources: [vk, ok], urgency: urgent, helpers: [desk, north]",
    )
    change(tmp_path, "bodies.yaml", "settlement: north}", "settlement: north, channels: [vk]}")
    change(
        tmp_path,
        "norms.yaml",
        "working_hours: 3}",
        "working_hours: 3}\n  - {source: any, urgency: any, term: final, calendar_hours: 48,"
        " pause: true}",
    )

    region = load_region(tmp_path)

    assert region.process == Process(
        approval=True,
        survey=True,
        dissatisfied=3,
        rounds=2,
        join=False,
        join_days=30,
        on_closed=OnClosed.REPEAT,
    )
    (rule,) = region.rules
    assert (rule.sources, rule.urgency) == (frozenset({Network.VK, Network.OK}), Urgency.URGENT)
    assert rule.helpers == ("desk", "north")
    assert region.body("north").channels == frozenset({Network.VK})
    assert region.norms[1] == Norm(
        "any", "any", 48, "calendar_hours", term=Term.FINAL, pausable=True
    )


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("[]", [(1.0, 0)]),
        ("[{at: 29%, tell: [executor]}]", [(0.29, 0), (1.0, 0)]),
        ("[{at: deadline, tell: [executor]}]", [(1.0, 0)]),
        ("[{at: +90m, tell: [approver]}]", [(1.0, 0), (1.0, 90)]),
        (
            (
                "[{at: 1%, tell: [executor]}, {at: 99%, tell: [executor]}, "
                "{at: +2h, tell: [approver]}]"
            ),
            [(0.01, 0), (0.99, 0), (1.0, 0), (1.0, 120)],
        ),
    ],
)
def test_a_reminder_at_the_deadline_is_never_missing(
    tmp_path: Path, written: str, meant: list[tuple[float, int]]
) -> None:
    write_region(tmp_path)
    (tmp_path / "norms.yaml").write_text(f"norms: []\nreminders: {written}\n", encoding="utf-8")

    reminders = load_region(tmp_path).reminders

    assert [(reminder.share, reminder.after) for reminder in reminders] == meant
    added = {Role.OPERATOR} if "deadline" not in written else {Role.EXECUTOR}
    assert {*reminders[[*meant].index((1.0, 0))].roles} == added


def test_a_role_is_told_once(tmp_path: Path) -> None:
    write_region(tmp_path)
    text = "norms: []\nreminders: [{at: deadline, tell: [executor, operator, executor]}]\n"
    (tmp_path / "norms.yaml").write_text(text, encoding="utf-8")

    (reminder,) = load_region(tmp_path).reminders

    assert reminder.roles == (Role.EXECUTOR, Role.OPERATOR)


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
