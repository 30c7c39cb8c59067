"""The documented parts of VKontakte's answers and events, version 5.199.

Lists hold their items unread: each is read alone, so that a broken one does not cost the others.
"""

from typing import Annotated

from pydantic import BeforeValidator, Field

from connectors.payload import Seconds, Shape, Text

Number = Annotated[int, Field(ge=0, lt=2**63)]
Account = Annotated[int, Field(gt=-(2**63), lt=2**63)]
"""Positive for a person, negative for a community."""

Size = Annotated[int, Field(ge=0, lt=2**63)]
# Flags come as 0 and 1 or as true and false, by method.
Flag = Annotated[bool, BeforeValidator(lambda value: value in (1, True))]


class Listed(Shape):
    """A page of a list. ``current_level_count`` leaves replies out where ``count`` has them."""

    items: list[object]
    count: Size | None = None
    current_level_count: Size | None = None
    total_count: Size | None = None
    next_from: str = ""

    @property
    def total(self) -> int | None:
        """Return how many items the list says it has, all pages together."""
        return self.count if self.current_level_count is None else self.current_level_count


class Numbered(Shape):
    """What every item has."""

    id: Number


class Counted(Shape):
    """What posts say of their comments."""

    count: Size = 0


class Copy(Shape):
    """A post that another one repeats."""

    text: Text = ""


class Post(Numbered):
    """A post of a wall; in search results also a comment (``post_type`` "reply")."""

    owner_id: Account | None = None
    from_id: Account | None = None
    signer_id: Account | None = None
    date: Seconds | None = None
    edited: Seconds | None = None
    text: Text = ""
    post_type: str = "post"
    post_id: Number | None = None
    parents_stack: list[Number] = Field(default_factory=list)
    copy_history: list[Copy] = Field(default_factory=list)
    comments: Counted = Counted()
    is_pinned: Flag = False
    is_deleted: Flag = False


class Comment(Numbered):
    """A comment of a wall or of a board's topic; ``thread`` is read apart."""

    from_id: Account | None = None
    date: Seconds | None = None
    text: Text | None = None
    parents_stack: list[Number] = Field(default_factory=list)
    reply_to_comment: Number | None = None
    thread: object = None
    deleted: Flag = False


class Thread(Shape):
    """The answers to a comment: how many there are, and the first of them."""

    count: Size = 0
    items: list[object] = Field(default_factory=list)


class Topic(Numbered):
    """A topic of a board."""

    title: Text = ""
    created: Seconds | None = None
    created_by: Account | None = None
    updated: Seconds = 0
    comments: Size = 0
    is_fixed: Flag = False


class PushedPost(Post):
    """A post in an event."""

    owner_id: Account
