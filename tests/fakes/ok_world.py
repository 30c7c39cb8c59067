"""What a fake of Odnoklassniki holds: groups, topics, photos, comments, sessions, troubles.

Everything is a plain object that a test, or the demo, changes while the server runs.
"""

import itertools
import random
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

MOSCOW = timezone(timedelta(hours=3))


@dataclass(slots=True)
class Comment:
    """A comment; ``old_style`` ones are dated in Moscow words only."""

    id: str
    text: str
    author_id: str
    at: float
    reply_to: str = ""
    by_group: bool = False
    deleted: bool = False
    old_style: bool = False


@dataclass(slots=True)
class Thing:
    """A topic (``photo`` False) or a photo of a group, with its comments, oldest first."""

    id: str
    group_id: str
    text: str
    author_ref: str
    at: float
    photo: bool = False
    pinned: bool = False
    deleted: bool = False
    comments: list[Comment] = field(default_factory=list)

    def alive(self) -> list[Comment]:
        """Return the comments that stand there now."""
        return [comment for comment in self.comments if not comment.deleted]

    def active(self) -> float:
        """Return when somebody wrote here last."""
        return max([self.at, *(comment.at for comment in self.alive())])


@dataclass(slots=True)
class Group:
    """A group; ``closed`` is the error code that everybody gets who asks for it."""

    id: str
    name: str
    closed: int | None = None
    things: list[Thing] = field(default_factory=list)

    def topics(self) -> list[Thing]:
        """Return the topics as the group's page shows them: pinned ones, then the newest."""
        alive = [thing for thing in self.things if not thing.photo and not thing.deleted]
        return sorted(alive, key=lambda thing: (thing.pinned, thing.at, thing.id), reverse=True)


@dataclass(slots=True)
class Call:
    """A request that was understood: when, which method, with what, and the error code given."""

    at: float
    method: str
    params: dict[str, str]
    code: int | None


@dataclass(slots=True)
class World:
    """The state of the network.

    ``sessions`` are tokens with the moment of their end (None: for ever); ``refresh`` what they
    are renewed with. ``admins`` may write in a group's name. ``denied`` gives the error code of
    a method whatever is asked. ``rate`` requests are let through in ``window`` seconds, more get
    ``rate_code``. ``quota`` is how many calls of a method are left. ``hollow`` are answers given
    instead of the next ones of a method ("" or "null"), after the work is done. ``after`` are
    things that happen right after an answer of a method. ``offsets`` pages by number and not by
    item, so that what is inserted moves the pages. ``repeats`` begins the list of topics anew after
    its end, as if there were no end. ``counts`` False leaves out how many comments
    there are. ``strict_ids`` refuses a list of topics of which one is gone (300).
    """

    clock: Callable[[], float] = time.time
    application_key: str = "CBAFAKEKEY"
    app_secret: str = "FAKEAPPSECRET0123456789A"  # noqa: S105 - opens nothing but this fake
    client_id: str = "512000999999"
    sessions: dict[str, float | None] = field(default_factory=lambda: {"-s-token": None})
    refresh: set[str] = field(default_factory=lambda: {"refresh-me"})
    session_seconds: float = 1800.0
    groups: dict[str, Group] = field(default_factory=dict)
    admins: set[str] = field(default_factory=set)
    denied: dict[str, int] = field(default_factory=dict)
    rate: int = 1000
    window: float = 1.0
    rate_code: int = 8
    quota: dict[str, int] = field(default_factory=dict)
    hollow: dict[str, list[str]] = field(default_factory=dict)
    after: dict[str, list[Callable[[], None]]] = field(default_factory=dict)
    censored: set[str] = field(default_factory=set)
    offsets: bool = False
    repeats: bool = False
    counts: bool = True
    strict_ids: bool = False
    largest_page: int = 100
    calls: deque[Call] = field(default_factory=lambda: deque(maxlen=100_000))
    renewed: int = 0
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(156_000_000_000_001))
    recent: deque[float] = field(default_factory=deque)

    def add_group(self, group_id: str, name: str, *, admin: bool = True) -> Group:
        """Found a group; with ``admin`` the sessions' owner may speak in its name."""
        group = self.groups[group_id] = Group(group_id, name)
        if admin:
            self.admins.add(group_id)
        return group

    def add_topic(
        self,
        group_id: str,
        text: str,
        *,
        at: float | None = None,
        author_id: str = "",
        photo: bool = False,
        pinned: bool = False,
    ) -> Thing:
        """Publish a topic or a photo; without ``author_id`` the group itself does."""
        thing = Thing(
            id=str(next(self.numbers)),
            group_id=group_id,
            text=text,
            author_ref=f"user:{author_id}" if author_id else f"group:{group_id}",
            at=self.clock() if at is None else at,
            photo=photo,
            pinned=pinned,
        )
        self.groups[group_id].things.append(thing)
        return thing

    def add_comment(
        self,
        thing: Thing,
        text: str,
        *,
        at: float | None = None,
        author_id: str = "990000000001",
        reply_to: str = "",
        by_group: bool = False,
        old_style: bool = False,
    ) -> Comment:
        """Write a comment below a topic or a photo."""
        comment = Comment(
            id=str(next(self.numbers)),
            text=text,
            author_id=thing.group_id if by_group else author_id,
            at=self.clock() if at is None else at,
            reply_to=reply_to,
            by_group=by_group,
            old_style=old_style,
        )
        thing.comments.append(comment)
        thing.comments.sort(key=lambda one: one.at)
        return comment

    def find(self, thing_id: str) -> Thing | None:
        """Return a topic or a photo that is not deleted."""
        for group in self.groups.values():
            for thing in group.things:
                if thing.id == thing_id and not thing.deleted:
                    return thing
        return None

    def used(self) -> Counter[str]:
        """Return how often each method was called, refusals included."""
        return Counter(call.method for call in self.calls)

    def expire(self) -> None:
        """End all sessions now."""
        self.sessions = dict.fromkeys(self.sessions, self.clock() - 1)

    def renew(self) -> str:
        """Open a new session and return its token."""
        self.renewed += 1
        token = f"-s-renewed-{self.renewed}"
        self.sessions[token] = self.clock() + self.session_seconds
        return token


def in_moscow(at: float) -> str:
    """Return a moment as older methods write it."""
    return f"{datetime.fromtimestamp(at, MOSCOW):%Y-%m-%d %H:%M:%S}"


def shuffled(world: World, seed: int) -> None:
    """Store everything in another order: no answer may depend on it."""
    dice = random.Random(seed)  # noqa: S311 - a repeatable order, no secret
    for group in world.groups.values():
        dice.shuffle(group.things)
