"""A municipality in the middle of its day: something to see on every page of the console."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
import town
from builders import comment, katyn, post, shipped_judge, take
from fastapi import FastAPI
from sqlmodel import Session, col, select

from connectors.publishing import Published
from models.answer import Answer
from models.columns import stored_id
from models.console import AnswerTemplate, SavedView
from models.incident import Incident
from models.post import Post
from models.staff import Staff
from models.values import FetchedPost
from models.vocabulary import Act, AnswerKind, Certainty, ClosingReason, Outcome, Role, Topic
from pipeline.console.app import create_app
from pipeline.database import reading, unit_of_work
from pipeline.decisions.answering import Draft
from pipeline.decisions.lifecycle import Refused, Wish
from pipeline.decisions.permissions import Actor
from pipeline.desk import access, answers, cases, correcting, drafts, merging, outbox, staffing
from pipeline.ingest import Origin
from pipeline.region.load import load_region
from pipeline.region.schema import Process
from pipeline.rules import Rules

NOW = town.NOW
BODY = "katynskoe"
ORIGIN = Origin("vk:katyn", post().network, "Подслушано в Катыни", katyn)
PEOPLE = {
    "operator": Role.OPERATOR,
    "katyn-office": Role.EXECUTOR,
    "glava": Role.APPROVER,
    "admin": Role.ADMINISTRATOR,
    "auditor": Role.OBSERVER,
}
OPERATOR = Actor("operator", Role.OPERATOR)
EXECUTOR = Actor("katyn-office", Role.EXECUTOR, BODY)

TEXTS = {
    "lamp": "В Катыни на улице Лесной вторую неделю не горят фонари, дети идут из школы в темноте",
    "lamp again": "Подтверждаю, на Лесной в Катыни темно, фонари не горят ни одного!",
    "manhole": "У школы в Катыни открытый люк прямо на дорожке, туда чуть не упал ребёнок!!!",
    "garbage": "На Витебской улице баки переполнены, мусор не вывозили с прошлого четверга",
    "water": "Третий день из крана течёт ржавая вода, стирать невозможно. Улица Школьная, дом 5",
    "road": "Дорога от станции до посёлка разбита лесовозами, автобус объезжает по обочине",
    "dogs": "Стая собак у детского сада, утром бросались на прохожих",
    "snow": "Тротуар у поликлиники никто не чистит, люди падают. Вчера упала пожилая женщина",
    "bus": "Автобус в 7:40 опять не пришёл, на работу опоздала вся остановка",
    "thanks": "Спасибо дорожникам, яму у моста засыпали!",
    "odd": "А вы видели, что там вообще происходит? Кто-нибудь этим занимается?",
    "gas": "В подъезде пахнет газом, дом 3 на Советской, звонили в аварийную — едут второй час",
}


@dataclass(frozen=True)
class Showcase:
    """What pages can be asked for: incidents by what they show, and the people."""

    rules: Rules
    incidents: dict[str, int]
    people: dict[str, int]

    def link(self, engine: sa.Engine, role: Role) -> str:
        """Return a session token of somebody with a role."""
        login = next(login for login, known in PEOPLE.items() if known is role)
        with unit_of_work(engine) as session:
            staff = session.get_one(Staff, self.people[login])
            return access.open_session(session, staff, NOW)


def open_showcase(engine: sa.Engine) -> Showcase:
    """Fill a database with a day of the shipped region; a few seconds."""
    region = replace(load_region("smolensky"), process=Process(approval=False, join=False))
    rules = Rules.of(region)
    town.fill(engine, rules, 400, seed=3)
    with unit_of_work(engine) as session:
        people = {login: _person(session, login, role) for login, role in PEOPLE.items()}
    numbers = _take_in(engine)
    _live(engine, rules, numbers)
    return Showcase(rules, numbers, people)


def showcase_app(engine: sa.Engine, showcase: Showcase, home: Path) -> FastAPI:
    """Return the console of a showcase, as ``otklik run`` makes it; ``home`` is an empty folder."""
    rules = showcase.rules
    return create_app(
        engine=engine,
        region=rules.region,
        calendar=rules.calendar,
        clock=lambda: NOW + timedelta(minutes=20),
        folder="smolensky",
        home=home,
        judge=shipped_judge,
    )


def _person(session: Session, login: str, role: Role) -> int:
    body = BODY if role is Role.EXECUTOR else None
    return stored_id(staffing.add_staff(session, login, role, NOW, body=body).id)


def _take_in(engine: sa.Engine) -> dict[str, int]:
    """Let the sources bring the texts; one is edited later, one deleted, one has a thread."""
    judge = shipped_judge()
    posts = {
        name: replace(post(number, text), published_at=NOW - timedelta(minutes=17 * number))
        for number, (name, text) in enumerate(TEXTS.items(), start=1)
    }
    wall = replace(post(50, "Доброе утро, Катынь! Как дела на дорогах?"), published_at=NOW)
    posts["thread"] = replace(
        comment(1, "Плохо дела: на Заречной яма на яме, колесо пробил вчера", below=wall),
        published_at=NOW - timedelta(minutes=30),
    )
    _take(engine, NOW, wall, *posts.values())
    edited = replace(
        posts["water"],
        text="Четвёртый день из крана течёт ржавая вода, стирать и пить невозможно. "
        "Улица Школьная, дом 7. Обещали промыть трубы",
        edited_at=NOW,
    )
    _take(engine, NOW + timedelta(minutes=1), edited, replace(posts["dogs"], text="", deleted=True))
    del judge
    with reading(engine) as session:
        found = {
            stored.external_id: stored.incident_id
            for stored in session.exec(select(Post).where(col(Post.incident_id).is_not(None)))
        }
    return {
        name: number
        for name, one in posts.items()
        if (number := found.get(one.external_id)) is not None
    }


def _take(engine: sa.Engine, now: datetime, *posts: FetchedPost) -> None:
    take(engine, *posts, now=now, origin=ORIGIN, judge=shipped_judge())


def _live(engine: sa.Engine, rules: Rules, numbers: dict[str, int]) -> None:
    """Let people do their work: everything that a card can show happens once."""
    later = NOW + timedelta(minutes=5)

    def act(name: str, act: Act, actor: Actor = OPERATOR, **more: object) -> None:
        wish = Wish(act, **more)  # type: ignore[arg-type]
        with unit_of_work(engine) as session:
            said = cases.act(session, numbers[name], wish, actor=actor, rules=rules, now=later)
            assert not isinstance(said, Refused), said

    for name in ("lamp", "garbage", "water", "road", "bus", "snow"):
        act(name, Act.ASSIGNED, body=BODY)
    for name in ("garbage", "road", "bus", "snow"):
        act(name, Act.ACCEPTED, EXECUTOR)
    act("bus", Act.RETURNED, EXECUTOR, reason="Маршрут заказывает район, расписание не наше.")
    act("road", Act.RETURNED, EXECUTOR, reason="Дорога областная.")
    act("road", Act.ASSIGNED, body=BODY, reason="Участок до станции — поселения.")
    act("road", Act.ACCEPTED, EXECUTOR)
    with unit_of_work(engine) as session:
        incident = session.get_one(Incident, numbers["lamp"])
        said = correcting.confirm(
            session,
            numbers["gas"],
            actor=OPERATOR,
            version=session.get_one(Incident, numbers["gas"]).version,
            rules=rules,
            now=later,
        )
        assert said is None, said
        merged = merging.merge(
            session,
            numbers["lamp again"],
            stored_id(incident.id),
            actor=OPERATOR,
            reason="Та же улица",
            rules=rules,
            now=later,
        )
        assert isinstance(merged, Incident), merged
        session.get_one(Incident, numbers["odd"]).certainty = Certainty.UNSURE
    _answer(engine, rules, numbers["garbage"], AnswerKind.INTERIM, "Вывоз назначен на завтра.")
    _answer(engine, rules, numbers["snow"], AnswerKind.FINAL, "Тротуар расчищен и посыпан песком.")
    with unit_of_work(engine) as session:
        draft = Draft(
            "Здравствуйте! Лесовозы направлены в объезд, яму засыплем до пятницы.",
            AnswerKind.FINAL,
            outcome=Outcome.EXPLAINED,
        )
        saved = drafts.save_draft(
            session, numbers["road"], draft, actor=EXECUTOR, rules=rules, now=later
        )
        assert isinstance(saved, Answer), saved
        sent = drafts.submit(session, numbers["road"], actor=EXECUTOR, rules=rules, now=later)
        assert isinstance(sent, Answer), sent
        people = {one.login: stored_id(one.id) for one in session.exec(select(Staff)).all()}
        session.add(
            SavedView(
                staff_id=people["operator"],
                title="Фонари Катыни",
                query="topic=lighting&settlement=katynskoe",
                shared=True,
                created_at=NOW,
            )
        )
        session.add(
            AnswerTemplate(
                title="Передано исполнителю",
                text="Здравствуйте! Ваше сообщение о теме «{тема}» передано: {орган}. "
                "Ответим не позднее {срок}.",
                topic=Topic.LIGHTING,
                changed_at=NOW,
                changed_by="operator",
            )
        )
    if "thanks" in numbers:
        act(
            "thanks",
            Act.CLOSED,
            closing=ClosingReason.NOT_RELEVANT,
            reason="Благодарность",
        )


def _answer(engine: sa.Engine, rules: Rules, number: int, kind: AnswerKind, text: str) -> None:
    later = NOW + timedelta(minutes=7)
    outcome = Outcome.SOLVED if kind is AnswerKind.FINAL else None
    with unit_of_work(engine) as session:
        draft = Draft(f"Здравствуйте! {text}", kind, outcome=outcome)
        answer = answers.queue_answer(
            session, number, draft, actor=OPERATOR, version=None, rules=rules, now=later
        )
        assert isinstance(answer, Answer), answer
        answer_id, version = stored_id(answer.id), answer.version
    with unit_of_work(engine) as session:
        assert outbox.claim(session, answer_id, version, now=later) is not None
    standing = Published(f"-7_{number}_r1", f"https://vk.com/wall-7_{number}?reply=1")
    with unit_of_work(engine) as session:
        assert outbox.mark_published(session, answer_id, standing, rules=rules, now=later)
