"""People who may sign in, and their sessions."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.columns import word
from models.vocabulary import Role


class Staff(SQLModel, table=True):
    """One person; ``password_hash`` is argon2, or empty while only links let them in.

    ``body`` is the code of the body that an executor works for, None for everybody else.
    ``totp_secret`` is the second factor's shared secret, encrypted, empty where none is asked for;
    ``totp_step`` the last time step whose code was used, so that none is used twice; ``recovery``
    hashes of codes for who lost their phone. ``keys`` are the keys that this person has remapped.
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
    totp_secret: str = Field(default="", max_length=500, sa_column_kwargs={"server_default": ""})
    totp_step: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    recovery: list[str] = Field(
        default_factory=list, sa_type=sa.JSON, sa_column_kwargs={"server_default": "[]"}
    )
    keys: dict[str, str] = Field(
        default_factory=dict, sa_type=sa.JSON, sa_column_kwargs={"server_default": "{}"}
    )


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


class ApiKey(SQLModel, table=True):
    """A program's key, kept as a hash; it may do what its owner may, within ``scopes``."""

    __tablename__ = "api_key"

    id: int | None = Field(default=None, primary_key=True)
    title: str = Field(max_length=100)
    token_hash: str = Field(unique=True, max_length=64)
    staff_id: int = Field(foreign_key="staff.id")
    scopes: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    created_at: datetime
    created_by: str = Field(max_length=100)
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
