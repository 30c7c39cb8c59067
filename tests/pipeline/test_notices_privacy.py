"""No word of a citizen, and nothing that names one, is in any message."""

import asyncio
from datetime import timedelta

import pytest
from builders import post, take
from hypothesis import given, settings
from hypothesis import strategies as st
from noticing import NoticeOffice
from sqlmodel import col, select

from models.columns import stored_id
from models.incident import Incident
from models.post import Post
from models.vocabulary import Occasion, Role, Stage
from pipeline.database import migrate, open_database, reading, unit_of_work

words = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=40)


@settings(max_examples=4, deadline=None)
@given(said=words, facts=st.dictionaries(st.sampled_from(["text", "reason", "author"]), words))
def test_no_message_holds_what_a_citizen_said(
    tmp_path_factory: pytest.TempPathFactory, said: str, facts: dict[str, str]
) -> None:
    marker = "МЕТКА-гражданина-79991234567"
    engine = open_database(f"sqlite:///{tmp_path_factory.mktemp('privacy') / 'otklik.db'}")
    migrate(engine)
    take(engine, post(1, f"На Лесной вторую неделю не горит фонарь, {marker} {said}"))
    with unit_of_work(engine) as session:
        stored = session.exec(select(Post)).one()
        stored.author_id = marker
        incident = session.exec(select(Incident).order_by(col(Incident.id))).first()
        assert incident is not None
        incident.street = incident.village = incident.house = marker
        incident.route_note = incident.route_rule = marker
        number = stored_id(incident.id)
    office = NoticeOffice(engine)
    office.channel(
        office.person("everything", Role.OBSERVER), occasions=[one.value for one in Occasion]
    )
    for occasion in Occasion:
        # Whatever stands in the facts: not even a slip of who announces it gets out.
        office.say(
            occasion, number, facts={name: f"{marker} {word}" for name, word in facts.items()}
        )
    for changes in (
        {"stage": Stage.WORK, "due_at": office.clock.now + timedelta(hours=1)},
        {"stage": Stage.APPROVAL, "due_at": office.clock.now - timedelta(hours=1)},
    ):
        office.change(number, **changes)
        asyncio.run(office.look())
    with reading(engine) as session:
        assert marker in session.exec(select(Post)).one().text
    engine.dispose()
    assert office.world.arrived
    for _, message in office.world.arrived:
        shown = f"{message.subject}\n{message.text}\n{message.notices}"
        assert marker not in shown
        assert "Лесной" not in shown
