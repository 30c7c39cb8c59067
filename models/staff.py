"""People who may sign in, and their sessions."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from models.columns import word
from models.vocabulary import Role


class Staff(SQLModel, table=True):
    """One person; ``password_hash`` is argon2, or empty while only links let them in.

    ``body`` is the code of the body that an executor works for, None for everybody else.
    """

    id: int | None = Field(default=None, primary_key=True)
    login: str = Field(unique=True, max_length=100)
    role: Role = Field(sa_type=word(Role, name="staff_role"))
    body: str | None = Field(default=None, max_length=100)
    password_hash: str = Field(default="", max_length=300)
    active: bool = True
    created_at: datetime
    failed_attempts: int = 0
    locked_until: datetime | None = None


class EntryLink(SQLModel, table=True):
    """A link that signs one person in once; only the token's hash is kept."""

    __tablename__ = "entry_link"

    id: int | None = Field(default=None, primary_key=True)
    token_hash: str = Field(unique=True, max_length=64)
    staff_id: int = Field(foreign_key="staff.id")
    expires_at: datetime
    used_at: datetime | None = None


class SignIn(SQLModel, table=True):
    """A browser that is signed in; only the cookie's hash is kept."""

    __tablename__ = "sign_in"

    id: int | None = Field(default=None, primary_key=True)
    token_hash: str = Field(unique=True, max_length=64)
    staff_id: int = Field(foreign_key="staff.id")
    created_at: datetime
    expires_at: datetime
