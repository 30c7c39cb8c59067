"""The schema goes up and down on both databases, and equals the tables in the code."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from sqlmodel import Session, select

from models.source import Source
from models.vocabulary import Network
from pipeline.database import (
    DatabaseError,
    _rebuilding,
    alembic_config,
    migrate,
    open_database,
    reading,
    unit_of_work,
)


def a_source(key: str = "vk:1") -> Source:
    return Source(key=key, network=Network.VK, created_at=datetime(2026, 11, 17, tzinfo=UTC))


AN_ENTRY = (
    "INSERT INTO journal (incident_id, at, actor, act, reason, before, after)"
    " VALUES (1, '2026-11-17 09:00:00', 'otklik', :act, '', '{}', '{}')"
)

FIRST_ROWS: tuple[tuple[str, dict[str, object]], ...] = (
    (
        "source",
        {"id": 1, "key": "vk:1", "network": "vk", "title": "", "cursor": "{}", "revision": 0}
        | {"created_at": "2026-11-17 09:00:00", "last_error": ""},
    ),
    (
        "post",
        {"id": 1, "source_id": 1, "external_id": "1_1", "kind": "post", "text": "Яма на Лесной"}
        | dict.fromkeys(("parent_id", "root_id", "url", "author_id", "model"), "")
        | dict.fromkeys(("first_seen_at", "last_seen_at"), "2026-11-17 09:00:00")
        | {"revision": 1, "stated": "{}", "prediction": "{}", "relevant": True},
    ),
)
"""What the first version of the schema held: a source with a post."""


def migrate_once(url: str) -> None:
    engine = open_database(url)
    try:
        migrate(engine)
    finally:
        engine.dispose()


def downgrade(engine: sa.Engine, revision: str) -> None:
    with engine.connect() as connection, _rebuilding(connection), connection.begin():
        command.downgrade(alembic_config(connection), revision)


def test_the_migrated_schema_equals_the_tables(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        command.check(alembic_config(connection))


def test_migrations_go_down_to_nothing_and_up_again(engine: sa.Engine) -> None:
    downgrade(engine, "base")
    with engine.begin() as connection:
        assert set(sa.inspect(connection).get_table_names()) == {"alembic_version"}
    migrate(engine)
    with engine.begin() as connection:
        command.check(alembic_config(connection))


def acts(connection: sa.Connection) -> list[str]:
    return list(connection.execute(sa.text("SELECT act FROM journal ORDER BY id")).scalars())


def test_labels_come_and_go_without_loss_of_anything_else(engine: sa.Engine) -> None:
    # Given a database of the first version with an incident and its journal
    downgrade(engine, "0001")
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO incident (topic, urgency, stage, place_from, body, route_rule,"
                " created_at, opened_at, due_at, norm, calendar, version) VALUES ('roads',"
                " 'normal', 'review', 'none', 'desk', '', :now, :now, :now, '', '', 1)"
            ),
            {"now": "2026-11-17 09:00:00"},
        )
        connection.execute(sa.text(AN_ENTRY), {"act": "opened"})
    # When it comes up to labels
    migrate(engine)
    # Then nobody has looked at the incident yet, and people's acts have their words
    with engine.begin() as connection:
        certainty = connection.execute(sa.text("SELECT certainty FROM incident")).scalars()
        assert list(certainty) == ["review"]
        connection.execute(sa.text(AN_ENTRY), {"act": "corrected"})
        assert acts(connection) == ["opened", "corrected"]
    for wrong in (AN_ENTRY, "UPDATE incident SET certainty = 'perhaps'"):
        with pytest.raises(sa.exc.IntegrityError), engine.begin() as connection:
            connection.execute(sa.text(wrong), {"act": "sung"})
    # And when it goes down again, what the older program has no words for is gone, no more
    downgrade(engine, "0001")
    with engine.begin() as connection:
        assert acts(connection) == ["opened"]
        assert "label" not in sa.inspect(connection).get_table_names()
        assert list(connection.execute(sa.text("SELECT topic FROM incident")).scalars()) == [
            "roads"
        ]
    with pytest.raises(sa.exc.IntegrityError), engine.begin() as connection:
        connection.execute(sa.text(AN_ENTRY), {"act": "corrected"})
    migrate(engine)
    with engine.begin() as connection:
        command.check(alembic_config(connection))


def test_a_database_with_posts_comes_up_from_the_first_version(engine: sa.Engine) -> None:
    # Given a database of the first version with a source and its post
    downgrade(engine, "0001")
    with engine.begin() as connection:
        for table, row in FIRST_ROWS:
            connection.execute(sa.table(table, *map(sa.column, row)).insert().values(row))
    # When it comes up
    migrate(engine)
    # Then all of it is there, and a post without its source is refused as ever
    with engine.begin() as connection:
        found = connection.execute(
            sa.text("SELECT source.key, post.text FROM post JOIN source ON source.id = source_id")
        )
        assert [tuple(row) for row in found] == [("vk:1", "Яма на Лесной")]
    with pytest.raises(sa.exc.IntegrityError), engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM source"))


def test_a_second_migration_changes_nothing(engine: sa.Engine) -> None:
    migrate(engine)
    migrate(engine)


def test_a_database_of_a_newer_program_is_refused(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    try:
        with pytest.raises(DatabaseError, match="более новой версией"):
            migrate(engine)
    finally:
        with engine.begin() as connection:
            connection.execute(sa.text("UPDATE alembic_version SET version_num = '0002'"))


def test_moments_come_back_in_utc(engine: sa.Engine) -> None:
    moment = datetime(2026, 11, 17, 12, 0, tzinfo=timezone(timedelta(hours=3)))
    with unit_of_work(engine) as session:
        session.add(Source(key="vk:1", network=Network.VK, created_at=moment))
    with reading(engine) as session:
        stored = session.exec(select(Source)).one()
    assert stored.created_at == moment
    assert stored.created_at.utcoffset() == timedelta(0)


def test_a_failed_unit_of_work_leaves_nothing(engine: sa.Engine) -> None:
    def fail(session: Session) -> None:
        session.add(a_source())
        session.flush()
        raise RuntimeError

    with pytest.raises(RuntimeError), unit_of_work(engine) as session:
        fail(session)
    with reading(engine) as session:
        assert session.exec(select(Source)).all() == []


def test_a_reader_sees_one_state_and_blocks_no_writer(engine: sa.Engine) -> None:
    with reading(engine) as reader:
        reader.exec(select(Source)).all()
        with unit_of_work(engine) as writer:
            writer.add(a_source())
        assert reader.exec(select(Source)).all() == []


def test_a_word_outside_the_vocabulary_is_refused_by_the_database(engine: sa.Engine) -> None:
    with unit_of_work(engine) as session:
        session.add(a_source())
    with pytest.raises(sa.exc.IntegrityError), engine.begin() as connection:
        connection.execute(sa.text("UPDATE source SET network = 'pigeon'"))


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("mysql://localhost/otklik", "не поддерживается"),
        ("not a url", "не разобран"),
        ("postgresql://otklik:secret@127.0.0.1:1/otklik", "недоступна"),
    ],
)
def test_an_unusable_database_is_explained_without_its_password(url: str, message: str) -> None:
    with pytest.raises(DatabaseError, match=message) as failure:
        migrate_once(url)
    assert "secret" not in str(failure.value)


def test_a_file_that_is_no_database_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "otklik.db"
    path.write_text("Это не база, а записка. " * 100, encoding="utf-8")
    with pytest.raises(DatabaseError, match=r"otklik\.db"):
        migrate_once(f"sqlite:///{path}")
