"""Who acts when somebody at the machine types a command: a person of the staff, by login."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlalchemy as sa

    from pipeline.decisions.permissions import Actor


def acting(engine: "sa.Engine", login: str) -> "Actor":
    """Return the person with this login as somebody who acts. Raises CommandError."""
    from pipeline.commands.messages import CommandError
    from pipeline.database import reading
    from pipeline.store.staff import actor_of, find_staff

    with reading(engine) as session:
        person = find_staff(session, login)
    if person is None or not person.active:
        raise CommandError(
            f"Сотрудника «{login[:100]}» нет. Укажите, кто действует: --by ИМЯ; "
            "список: otklik staff list"
        )
    return actor_of(person)
