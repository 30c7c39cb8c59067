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
    alembic_config,
    migrate,
    open_database,
    reading,
    unit_of_work,
)


def a_source(key: str = "vk:1") -> Source:
    return Source(key=key, network=Network.VK, created_at=datetime(2026, 11, 17, tzinfo=UTC))


def migrate_once(url: str) -> None:
    engine = open_database(url)
    try:
        migrate(engine)
    finally:
        engine.dispose()


def test_the_migrated_schema_equals_the_tables(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        command.check(alembic_config(connection))


def test_migrations_go_down_to_nothing_and_up_again(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        command.downgrade(alembic_config(connection), "base")
        assert set(sa.inspect(connection).get_table_names()) == {"alembic_version"}
    migrate(engine)
    with engine.begin() as connection:
        command.check(alembic_config(connection))


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
            connection.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))


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
