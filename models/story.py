"""The index in which posts on one problem find each other."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.columns import word
from models.vocabulary import Topic


class Story(SQLModel, table=True):
    """What matching knows of a relevant post, so that no stored text is ever read again.

    ``at`` is when its clock began; names of places have е for ё. ``text`` is a hash of its words
    in order; ``words`` and ``names`` are hashes of 32 bits, little-endian and sorted; ``things``
    are joined by «|».
    """

    post_id: int = Field(
        primary_key=True, foreign_key="post.id", sa_column_kwargs={"autoincrement": False}
    )
    at: datetime
    topic: Topic = Field(sa_type=word(Topic, name="story_topic"))
    settlement: str | None = Field(default=None, max_length=100)
    village: str | None = Field(default=None, max_length=200)
    street: str | None = Field(default=None, max_length=200)
    house: str | None = Field(default=None, max_length=50)
    text: int = Field(sa_type=sa.BigInteger)
    words: bytes
    names: bytes
    things: str = Field(max_length=1000)


class StoryKey(SQLModel, table=True):
    """A key that a post shares with posts like it; the primary key is the index itself.

    The newest posts of a key stand together at its end, so that even of a key that half of all
    posts have only a few are read. ``at`` is in seconds since 1970: as numbers the three columns
    take a third of the room that a moment's text would.
    """

    __tablename__ = "story_key"
    __table_args__ = ({"sqlite_with_rowid": False},)

    key: int = Field(
        primary_key=True, sa_type=sa.BigInteger, sa_column_kwargs={"autoincrement": False}
    )
    at: int = Field(
        primary_key=True, sa_type=sa.BigInteger, sa_column_kwargs={"autoincrement": False}
    )
    post_id: int = Field(
        primary_key=True, foreign_key="post.id", sa_column_kwargs={"autoincrement": False}
    )
