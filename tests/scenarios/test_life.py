"""One complaint from VKontakte, from the wall to the last word, over a long weekend in May 2026.

Friday the 8th is an hour short, Saturday is Victory Day, and Monday the 11th rests in its place.
"""

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from builders import shipped_judge
from fakes.server import FakeServer
from fakes.vk import VkFake
from fakes.vk_limits import Kind
from fakes.vk_world import VkWorld
from messengers import Time
from pydantic import SecretStr
from sqlmodel import col, select

from connectors.ledger import Ledger
from models.answer import Answer
from models.columns import stored_id
from models.incident import Incident
from models.journal import JournalEntry
from models.notice import Notice
from models.survey import Survey
from models.vocabulary import (
    Act,
    AnswerKind,
    AnswerState,
    ClosingReason,
    Occasion,
    Outcome,
    Role,
    Stage,
    Term,
    Topic,
)
from pipeline.connecting import Connecting
from pipeline.database import reading, unit_of_work
from pipeline.decisions.answering import Draft
from pipeline.decisions.lifecycle import No, Refused, Wish
from pipeline.decisions.permissions import Actor
from pipeline.desk import cases, correcting, drafts, surveys
from pipeline.followed import Followed
from pipeline.judge import Judge
from pipeline.publish import publish_due
from pipeline.publishers import open_publishers
from pipeline.reading import Desk
from pipeline.region.load import load_region
from pipeline.rules import Rules
from pipeline.secrets import FOLDER
from pipeline.settings import Settings
from pipeline.sourcing import Tools
from pipeline.tick import tick
from pipeline.verify import verify

SAMPLE = Path(__file__).parents[2] / "pipeline" / "region" / "sample" / "smolensky"
MOSCOW = ZoneInfo("Europe/Moscow")
WALL, AUTHOR, SOURCE = -990000301, 501, "katyn:-990000301"
SECRETS = {"vk-service": "service-token", "vk-group": "group-token"}
SOURCES = """\
sources:
  - key: katyn
    kind: vk-wall
    title: Катынь
    token: vk-service
    answer_token: vk-group
    api: {url}
    pages: {url}
    communities: {{"-990000301": katynskoe}}
"""


def moscow(written: str) -> datetime:
    """Read «08.05.2026 15:00» by the clocks of Moscow."""
    local = datetime.strptime(written, "%d.%m.%Y %H:%M").replace(tzinfo=MOSCOW)
    return local.astimezone(UTC)


OPERATOR = Actor("operator", Role.OPERATOR)
HEAD = Actor("head", Role.APPROVER)
KATYN = Actor("katyn", Role.EXECUTOR, "katynskoe")
ROADS = Actor("roads", Role.EXECUTOR, "roads")
STRANGER = Actor("stranger", Role.EXECUTOR, "pecherskoe")

DUE = moscow("12.05.2026 16:00")
"""Eight working hours from Friday, 15:00: one and a half that day, the rest on Tuesday."""

INTERIM = "Здравствуйте! Яму внесли в план, засыплем до 21 мая."
FINAL = "Здравствуйте! Яма засыпана щебнем и укатана."
AGAIN = "Здравствуйте! Яму переделали: сняли щебень и положили асфальт."


@dataclass
class Office:
    """A municipality at work: its region, its network, its clock and its database."""

    engine: sa.Engine
    time: Time
    world: VkWorld
    settings: Settings
    rules: Rules
    follow: Followed
    fired: list[tuple[datetime, Act]] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return self.time.now()

    async def until(self, written: str) -> None:
        """Let time pass, with a worker who looks at the clocks every ten minutes."""
        end = moscow(written)
        while self.now < end:
            self.time.at = min(self.now + timedelta(minutes=10), end).timestamp()
            before = len(self.journal())
            tick(self.engine, self.rules, self.now)
            self.fired += [(self.now, entry.act) for entry in self.journal()[before:]]

    def do(self, act: Callable[..., object], *given: object, **more: object) -> object:
        """Do something at the desk, in a transaction of its own."""
        with unit_of_work(self.engine) as session:
            return act(session, *given, rules=self.rules, now=self.now, **more)

    def must(self, act: Callable[..., object], *given: object, **more: object) -> Incident:
        done = self.do(act, *given, **more)
        assert isinstance(done, Incident), done
        return done

    def answer(self, act: Callable[..., object], *given: object, **more: object) -> Answer:
        done = self.do(act, *given, **more)
        assert isinstance(done, Answer), done
        return done

    async def send(self) -> None:
        async with open_publishers(self.settings, self.engine) as publishers:
            await publish_due(self.engine, publishers, rules=self.rules, clock=lambda: self.now)

    def incident(self, number: int = 1) -> Incident:
        with reading(self.engine) as session:
            return session.get_one(Incident, number)

    def journal(self) -> list[JournalEntry]:
        with reading(self.engine) as session:
            return list(session.exec(select(JournalEntry).order_by(col(JournalEntry.id))).all())

    def told(self) -> list[Occasion]:
        with reading(self.engine) as session:
            return [one.occasion for one in session.exec(select(Notice).order_by(col(Notice.id)))]

    def on_the_wall(self, post_id: int) -> list[str]:
        """Return the community's own comments below a post."""
        comments = self.world.post(WALL, post_id).comments
        return [one.text for one in comments.values() if one.from_id == WALL]


@pytest.fixture
async def office(engine: sa.Engine, tmp_path: Path) -> AsyncIterator[Office]:
    time = Time(moscow("08.05.2026 15:00").timestamp())
    world = VkWorld(clock=time.clock)
    world.add_wall(WALL, "Катынь", "katyn")
    world.add_token(SECRETS["vk-service"], Kind.SERVICE)
    world.add_token(SECRETS["vk-group"], Kind.GROUP, groups={-WALL})
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(FakeServer(VkFake(world).app))
        region = _region(tmp_path, server.url)
        folder = tmp_path / FOLDER
        folder.mkdir(mode=0o700)
        for name, value in SECRETS.items():
            (folder / name).touch(mode=0o600)
            (folder / name).write_text(value, encoding="utf-8")
        settings = Settings(home=tmp_path, region=str(region))
        ledger = Ledger(tmp_path / "tokens.db", clock=time.clock, sleep=time.sleep)
        stack.callback(ledger.close)
        tools = Tools(
            secret=lambda name: SecretStr(SECRETS[name]),
            ledger=ledger,
            stack=stack,
            around=lambda http: http,
            sleep=time.sleep,
        )
        loaded = load_region(region)
        rules = Rules.of(loaded, public_url="https://otklik.example.ru")
        judge = Judge(shipped_judge().reader, rules)
        desk = Desk(engine, judge, time.now)
        follow = Followed(Connecting(tools, loaded, engine), desk)
        yield Office(engine, time, world, settings, rules, follow)


def _region(home: Path, url: str) -> Path:
    """Write a region in which a head agrees to answers and authors are asked."""
    folder = home / "region"
    shutil.copytree(SAMPLE, folder)
    (folder / "sources.yaml").write_text(SOURCES.format(url=url), encoding="utf-8")
    text = (folder / "region.yaml").read_text(encoding="utf-8")
    text = text.replace("approval: false", "approval: true").replace(
        "survey: false", "survey: true"
    )
    (folder / "region.yaml").write_text(text, encoding="utf-8")
    return folder


async def test_a_complaint_from_the_wall_to_the_last_word(office: Office) -> None:
    post_id = await _found_and_assigned(office)
    await _over_the_holidays(office)
    await _interim(office, post_id)
    await _final_and_no(office, post_id)
    await _silence_and_again(office)
    # Everything that happened stands in the journal, unbroken, and everybody was told
    with reading(office.engine) as session:
        assert verify(session).troubles == ()
    acts = [entry.act for entry in office.journal()]
    for act in (Act.OPENED, Act.CONFIRMED, Act.RETURNED, Act.ASSIGNED, Act.ACCEPTED):
        assert act in acts
    assert acts.count(Act.ANSWER_PUBLISHED) == 3
    assert acts.count(Act.OVERDUE) == 0
    assert {
        Occasion.ASSIGNED,
        Occasion.RETURNED,
        Occasion.WARNING,
        Occasion.TO_APPROVE,
        Occasion.REJECTED,
        Occasion.REOPENED,
    } <= set(office.told())


async def _found_and_assigned(office: Office) -> int:
    # Given a complaint on a short Friday, an hour and a half before the office closes till Tuesday
    post = office.world.add_post(
        WALL, "На Лесной огромная яма на дороге, машины бьют колёса", from_id=AUTHOR
    )
    await office.until("08.05.2026 15:10")
    await office.follow.read(SOURCE)
    found = office.incident()
    assert (found.topic, found.settlement, found.body) == (Topic.ROADS, "katynskoe", "katynskoe")
    # Then eight working hours end on Tuesday: an hour and a half on Friday, the rest after Monday
    assert (found.stage, found.due_at) == (Stage.REVIEW, DUE)

    # When an operator agrees with the machine, the settlement has it
    await office.until("08.05.2026 15:20")
    version = found.version
    assert office.do(correcting.confirm, 1, actor=OPERATOR, version=version) is None
    assert office.incident().stage is Stage.ASSIGNED
    assert office.incident().first_assigned_at == office.now
    # A stranger is told that there is no such incident, and the settlement needs a reason
    refused = office.do(cases.act, 1, Wish(Act.ACCEPTED), actor=STRANGER)
    assert isinstance(refused, Refused)
    assert refused.no is No.NOT_FOUND
    refused = office.do(cases.act, 1, Wish(Act.RETURNED), actor=KATYN)
    assert isinstance(refused, Refused)
    assert refused.no is No.REASON
    # When it gives the incident back and another body gets it, the deadline stays
    await office.until("08.05.2026 15:40")
    reason = "Дорога районная, не наша."
    office.must(cases.act, 1, Wish(Act.RETURNED, reason), actor=KATYN)
    await office.until("08.05.2026 15:50")
    again = office.must(cases.act, 1, Wish(Act.ASSIGNED, body="roads"), actor=OPERATOR)
    assert (again.stage, again.body, again.due_at) == (Stage.ASSIGNED, "roads", DUE)
    assert again.first_assigned_at == moscow("08.05.2026 15:20")
    assert again.assigned_at == office.now
    return post.id


async def _over_the_holidays(office: Office) -> None:
    # Then nothing at all happens over the weekend and the holiday
    office.fired.clear()
    await office.until("12.05.2026 08:30")
    assert office.fired == []
    # And on Tuesday the warning comes when six of the eight hours are gone
    await office.until("12.05.2026 09:00")
    office.must(cases.act, 1, Wish(Act.ACCEPTED), actor=ROADS)
    await office.until("12.05.2026 14:10")
    assert office.fired == [(moscow("12.05.2026 13:00"), Act.WARNED)]


async def _interim(office: Office, post_id: int) -> None:
    # When a draft is written, given back by the head, written anew and agreed to
    draft = Draft("Яма в плане.", AnswerKind.INTERIM)
    answer = office.answer(drafts.save_draft, 1, draft, actor=ROADS)
    office.answer(drafts.submit, 1, actor=ROADS)
    await office.until("12.05.2026 14:30")
    number = stored_id(answer.id)
    why = "Напишите срок и поздоровайтесь."
    back = office.answer(drafts.reject, number, why, actor=HEAD, version=2)
    assert (back.state, back.remark) == (AnswerState.DRAFT, why)
    assert (office.incident().stage, office.incident().due_at) == (Stage.WORK, DUE)
    office.answer(drafts.save_draft, 1, Draft(INTERIM, AnswerKind.INTERIM), actor=ROADS)
    seen = office.answer(drafts.submit, 1, actor=ROADS).version
    office.answer(drafts.approve, number, actor=HEAD, version=seen)
    await office.until("12.05.2026 15:00")
    await office.send()
    # Then the interim answer stands on the wall once, in time, and the final one has seven days
    assert office.on_the_wall(post_id) == [INTERIM]
    now = office.incident()
    assert (now.stage, now.term) == (Stage.WORK, Term.FINAL)
    assert (now.published_at, now.published_due_at) == (office.now, DUE)
    assert now.due_at == moscow("21.05.2026 17:30")


async def _final_and_no(office: Office, post_id: int) -> None:
    # When the final answer is published on the 20th, with a link to rate it
    await office.until("20.05.2026 11:00")
    final = _answer(office, FINAL)
    await office.send()
    assert office.incident().stage is Stage.SATISFACTION
    written = office.on_the_wall(post_id)[-1]
    assert written.startswith(FINAL)
    token = written.rpartition("/o/")[2].strip()
    # And the author finds the hole there again
    await office.until("20.05.2026 19:00")
    office.do(surveys.rate, token, 1, "яма на месте")
    with reading(office.engine) as session:
        survey = session.exec(select(Survey).where(Survey.answer_id == final.id)).one()
        assert (survey.rating, survey.word) == (1, "яма на месте")
    # Then the second round begins with a term of its own: the evening does not count
    second = office.incident()
    assert (second.stage, second.round, second.rating) == (Stage.ASSIGNED, 2, 1)
    assert second.due_at == moscow("21.05.2026 17:30")
    assert second.published_at == moscow("12.05.2026 15:00")  # the first one, for ever


async def _silence_and_again(office: Office) -> None:
    # When that is answered in time and the author says nothing for 97 hours
    await office.until("21.05.2026 09:00")
    office.must(cases.act, 1, Wish(Act.ACCEPTED), actor=ROADS)
    _answer(office, AGAIN)
    await office.send()
    await office.until("25.05.2026 10:20")
    # Then it closes by itself
    closed = office.incident()
    assert (closed.stage, closed.closing_reason) == (Stage.CLOSED, ClosingReason.NO_REPLY)
    assert closed.closed_at == moscow("25.05.2026 10:00")
    # And when the operator hears that the hole is back, it is opened for the third time
    wish = Wish(Act.REOPENED, "Жители звонят: яма снова на месте.")
    third = office.must(cases.act, 1, wish, actor=OPERATOR)
    assert (third.stage, third.round) == (Stage.ASSIGNED, 3)


def _answer(office: Office, text: str) -> Answer:
    """Draft, submit and agree to a final answer."""
    draft = Draft(text, AnswerKind.FINAL, outcome=Outcome.SOLVED, further=True)
    office.answer(drafts.save_draft, 1, draft, actor=ROADS)
    seen = office.answer(drafts.submit, 1, actor=ROADS)
    return office.answer(drafts.approve, stored_id(seen.id), actor=HEAD, version=seen.version)
