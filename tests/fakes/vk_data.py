"""What the fake VKontakte holds: walls with posts and comments, boards with topics.

Plain records; ``VkWorld`` (vk_world.py) changes them, vk_shapes.py writes them as JSON. A test
may set any field by hand as well. Moments are Unix seconds, owners of communities are negative.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Comment:
    """One comment of a post.

    ``root`` is the first comment of its thread (None for such a one itself), ``reply_to`` the
    comment it answers. ``bare`` comments are sent without from_id and text, as happens.
    """

    id: int
    from_id: int
    date: int
    text: str
    root: int | None = None
    reply_to: int | None = None
    deleted: bool = False
    bare: bool = False
    likes: int = 0
    attachments: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Post:
    """One post.

    ``hidden`` posts take a place in pages and are not sent: a page is shorter than was asked
    for. ``read_refusal`` is the code that wall.getComments answers (212, 15 …), and
    ``write_refusal`` the one of wall.createComment (213, 222, 223 …); 0 means allowed.
    """

    owner_id: int
    id: int
    from_id: int
    date: int
    text: str
    edited: int = 0
    signer_id: int = 0
    pinned: bool = False
    deleted: bool = False
    hidden: bool = False
    ads: bool = False
    read_refusal: int = 0
    write_refusal: int = 0
    geo: str = ""
    views: int = 100
    likes: int = 0
    reposts: int = 0
    attachments: list[dict[str, Any]] = field(default_factory=list)
    copy_history: list[dict[str, Any]] = field(default_factory=list)
    comments: dict[int, Comment] = field(default_factory=dict)

    def living(self) -> int:
        """Return how many comments are not deleted, replies included."""
        return sum(not comment.deleted for comment in self.comments.values())

    def level(self, root: int | None) -> list[Comment]:
        """Return the comments of one level, oldest first.

        ``root`` None is the level of the post itself. A deleted comment stays, as a stub, while
        somebody's reply hangs on it.
        """
        return sorted(
            (
                comment
                for comment in self.comments.values()
                if comment.root == root
                and (not comment.deleted or (root is None and self._has_replies(comment.id)))
            ),
            key=lambda comment: (comment.date, comment.id),
        )

    def _has_replies(self, comment_id: int) -> bool:
        return any(
            other.root == comment_id and not other.deleted for other in self.comments.values()
        )


@dataclass(slots=True)
class BoardComment:
    """One comment of a topic on a discussion board."""

    id: int
    from_id: int
    date: int
    text: str


@dataclass(slots=True)
class Topic:
    """One topic of a discussion board; its text is its first comment."""

    id: int
    title: str
    created: int
    created_by: int
    closed: bool = False
    fixed: bool = False
    comments: list[BoardComment] = field(default_factory=list)


@dataclass(slots=True)
class LongPoll:
    """The Long Poll server of a community; the tests drive its three failures.

    ``first`` is the number of the oldest event that it still remembers, ``lost`` are the keys
    from before a restart.
    """

    key: str = "key-1"
    generation: int = 1
    lost: set[str] = field(default_factory=set)
    first: int = 0

    def expire_key(self) -> None:
        """Let the key run out: ``failed`` 2, events are kept."""
        self.generation += 1
        self.key = f"key-{self.generation}"


@dataclass(slots=True)
class Wall:
    """A community (or a person, with a positive id) and everything on its pages.

    ``refusal`` is the code that every reading method answers for it: 15 and 30 closed,
    18 and 19 gone, 203 …; 0 means open. Posts and comments share one numbering.
    """

    owner_id: int
    name: str
    screen_name: str
    refusal: int = 0
    links_forbidden: bool = False
    secret: str = "callback-secret"  # noqa: S105 - made up
    confirmation: str = "c0de1f"
    posts: dict[int, Post] = field(default_factory=dict)
    topics: dict[int, Topic] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    long_poll: LongPoll = field(default_factory=LongPoll)
    next_id: int = 1

    def number(self) -> int:
        """Return the next free id of a post, a comment, a topic."""
        self.next_id += 1
        return self.next_id - 1

    def feed(self) -> list[Post]:
        """Return posts as wall.get orders them: the pinned one, then the newest first."""
        return sorted(
            (post for post in self.posts.values() if not post.deleted),
            key=lambda post: (not post.pinned, -post.date, -post.id),
        )

    def restart_long_poll(self) -> None:
        """Restart the Long Poll server: ``failed`` 3, what nobody fetched is lost."""
        self.long_poll.lost.add(self.long_poll.key)
        self.long_poll.expire_key()
        self.long_poll.first = len(self.events)

    def forget_events(self) -> None:
        """Outgrow the Long Poll history: ``failed`` 1 for whoever is behind."""
        self.long_poll.first = len(self.events)
