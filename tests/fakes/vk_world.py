"""The world of the fake VKontakte: what happens there, and the clock.

Everything that a test or the demo server changes while the fake runs goes through here::

    world = VkWorld(clock=clock)                       # clock() gives Unix time
    world.add_wall(-990000201, "Смоленский район", "smolray")
    token = world.add_token("user-token", Kind.USER)   # .rate .quotas .dead .captcha .refusals
    post = world.add_post(-990000201, "Нет воды", from_id=101)
    comment = world.add_comment(-990000201, post.id, "И у нас", from_id=102)
    world.add_comment(-990000201, post.id, "Где?", from_id=103, reply_to=comment.id)
    world.edit_post(...), delete_post, restore_post, pin_post, close_comments
    world.edit_comment(...), delete_comment, restore_comment
    world.add_topic(...), world.add_board_comment(...)
    world.wall(-990000201).refusal = 15                # a closed wall; 18, 19, 30 …
    world.schedule(at, change)                         # change() is called when the clock is there
    world.before_call = hook                           # hook(method, params) before every call
    world.api_faults.share = 0.1                       # errors 1, 6, 10 at random
    world.log.busiest_second("user-token"), world.log.count("wall.get", code=0)

``FakeServer(VkFake(world).app)`` serves it, see vk.py. Every change adds an event to
``Wall.events``, which Long Poll and ``CallbackSender`` (vk_callback.py) deliver.
"""

import hashlib
import heapq
import itertools
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fakes.vk_data import BoardComment, Comment, Post, Topic, Wall
from fakes.vk_limits import ApiFaults, CallLog, FakeToken, Kind
from fakes.vk_shapes import comment_json, post_json

Clock = Callable[[], float]
Hook = Callable[[str, dict[str, str]], None]

VERSION = "5.199"


@dataclass(slots=True)
class VkWorld:
    """All that the fake knows, and how it behaves.

    Behaviour beside the data::

        before_call        called as hook(method, params) before each call is answered; it may
                           change the world or raise VkError
        api_faults         errors of the API's own, see ApiFaults
        page_cap           at most so many items in a page, by method: ``{"wall.get": 7}``
        short_share        a share of the pages is cut at random (by ``dice``), never to nothing
        answer_limit       bytes of an answer beyond which error 13 comes
        flood_limit        comments of one token within flood_seconds, then error 9
        duplicate_seconds  the same text under the same post within so long is error 9; 0 = allowed
        comment_limit      characters of a comment
        marks_deleted      wall.getById sends deleted posts with ``is_deleted`` instead of none
        search_replies     newsfeed.search finds comments as well (post_type "reply")
        recorded_spelling  events say deleter_id and no owner_id, as recordings do, where the
                           schema says user_id and owner_id
        longest_wait       real seconds for which Long Poll holds a request at most
        deleted_users      ids that users.get shows as deleted
    """

    clock: Clock = time.time
    walls: dict[int, Wall] = field(default_factory=dict)
    tokens: dict[str, FakeToken] = field(default_factory=dict)
    log: CallLog = field(default_factory=CallLog)
    api_faults: ApiFaults = field(default_factory=ApiFaults)
    before_call: Hook | None = None
    page_cap: dict[str, int] = field(default_factory=dict)
    short_share: float = 0.0
    dice: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 - repeatable
    answer_limit: int = 5 * 1024 * 1024
    # How many comments a minute are a flood, and how long one may be, is believed, not known.
    flood_limit: int = 20
    flood_seconds: float = 60.0
    duplicate_seconds: float = 0.0
    comment_limit: int = 4096
    marks_deleted: bool = False
    search_replies: bool = False
    recorded_spelling: bool = False
    longest_wait: float = 25.0
    deleted_users: set[int] = field(default_factory=set)
    guids: dict[tuple[str, str], int] = field(default_factory=dict)
    _planned: list[tuple[float, int, Callable[[], object]]] = field(default_factory=list)
    _order: "itertools.count[int]" = field(default_factory=itertools.count)

    def now(self) -> int:
        """Return the moment in whole seconds, as the API writes it."""
        return int(self.clock())

    def schedule(self, at: float, change: Callable[[], object]) -> None:
        """Have ``change()`` happen as soon as the clock is at ``at``."""
        heapq.heappush(self._planned, (at, next(self._order), change))

    def tick(self) -> None:
        """Let happen what the clock has reached; the fake calls it before every answer."""
        while self._planned and self._planned[0][0] <= self.clock():
            heapq.heappop(self._planned)[2]()

    # Who is there

    def add_wall(self, owner_id: int, name: str, screen_name: str, **fields: Any) -> Wall:
        """Add a community (negative id) or a person; ``fields`` are those of Wall."""
        self.walls[owner_id] = Wall(owner_id, name, screen_name, **fields)
        return self.walls[owner_id]

    def wall(self, owner_id: int) -> Wall:
        """Return a wall. Raises KeyError."""
        return self.walls[owner_id]

    def named(self, screen_name: str) -> Wall | None:
        """Return the wall with this short address."""
        return next((wall for wall in self.walls.values() if wall.screen_name == screen_name), None)

    def add_token(self, secret: str, kind: Kind, **fields: Any) -> FakeToken:
        """Make a token known; ``fields`` are those of FakeToken."""
        self.tokens[secret] = FakeToken(secret, kind, **fields)
        return self.tokens[secret]

    # Posts

    def add_post(
        self, owner_id: int, text: str, *, from_id: int = 0, date: int | None = None, **fields: Any
    ) -> Post:
        """Publish a post, by the community itself unless ``from_id`` says otherwise.

        ``fields`` are those of Post. Only one post is pinned at a time.
        """
        wall = self.walls[owner_id]
        date = self.now() if date is None else date
        post = Post(owner_id, wall.number(), from_id or owner_id, date, text, **fields)
        wall.posts[post.id] = post
        if post.pinned:
            self.pin_post(owner_id, post.id)
        self._event(wall, "wall_post_new", post_json(post))
        return post

    def post(self, owner_id: int, post_id: int) -> Post:
        """Return a post, a deleted one as well. Raises KeyError."""
        return self.walls[owner_id].posts[post_id]

    def edit_post(self, owner_id: int, post_id: int, text: str) -> None:
        """Change a post's text; communities are sent no event about it."""
        post = self.post(owner_id, post_id)
        post.text, post.edited = text, self.now()

    def delete_post(self, owner_id: int, post_id: int) -> None:
        """Delete a post; communities are sent no event about it."""
        self.post(owner_id, post_id).deleted = True

    def restore_post(self, owner_id: int, post_id: int) -> None:
        """Take a deletion back."""
        self.post(owner_id, post_id).deleted = False

    def pin_post(self, owner_id: int, post_id: int) -> None:
        """Pin a post instead of the one pinned now."""
        for post in self.walls[owner_id].posts.values():
            post.pinned = post.id == post_id

    def close_comments(self, owner_id: int, post_id: int, *, unreadable: bool = False) -> None:
        """Forbid comments (213); with ``unreadable`` the old ones are not shown either (212)."""
        post = self.post(owner_id, post_id)
        post.write_refusal, post.read_refusal = (212, 212) if unreadable else (213, 0)

    # Comments

    def add_comment(
        self,
        owner_id: int,
        post_id: int,
        text: str,
        *,
        from_id: int,
        reply_to: int | None = None,
        date: int | None = None,
        **fields: Any,
    ) -> Comment:
        """Add a comment; a reply to a reply stays in the thread of the first comment."""
        wall = self.walls[owner_id]
        post = wall.posts[post_id]
        root = None
        if reply_to is not None:
            root = post.comments[reply_to].root or reply_to
        date = self.now() if date is None else date
        comment = Comment(wall.number(), from_id, date, text, root, reply_to, **fields)
        post.comments[comment.id] = comment
        self._comment_event(wall, "wall_reply_new", post, comment)
        return comment

    def comment(self, owner_id: int, post_id: int, comment_id: int) -> Comment:
        """Return a comment, a deleted one as well. Raises KeyError."""
        return self.post(owner_id, post_id).comments[comment_id]

    def edit_comment(self, owner_id: int, post_id: int, comment_id: int, text: str) -> None:
        """Change a comment's text; the API does not tell when."""
        comment = self.comment(owner_id, post_id, comment_id)
        comment.text = text
        post = self.post(owner_id, post_id)
        self._comment_event(self.walls[owner_id], "wall_reply_edit", post, comment)

    def delete_comment(self, owner_id: int, post_id: int, comment_id: int) -> None:
        """Delete a comment; its replies stay under a stub."""
        comment = self.comment(owner_id, post_id, comment_id)
        comment.deleted = True
        who = "deleter_id" if self.recorded_spelling else "user_id"
        said = {"owner_id": owner_id, "id": comment_id, who: max(comment.from_id, 0)}
        self._event(self.walls[owner_id], "wall_reply_delete", said | {"post_id": post_id})

    def restore_comment(self, owner_id: int, post_id: int, comment_id: int) -> None:
        """Take a deletion back."""
        comment = self.comment(owner_id, post_id, comment_id)
        comment.deleted = False
        post = self.post(owner_id, post_id)
        self._comment_event(self.walls[owner_id], "wall_reply_restore", post, comment)

    # Boards

    def add_topic(self, owner_id: int, title: str, text: str, *, from_id: int) -> Topic:
        """Open a topic; its text is the first comment."""
        wall = self.walls[owner_id]
        topic = Topic(wall.number(), title, self.now(), from_id)
        wall.topics[topic.id] = topic
        self.add_board_comment(owner_id, topic.id, text, from_id=from_id)
        return topic

    def add_board_comment(
        self, owner_id: int, topic_id: int, text: str, *, from_id: int
    ) -> BoardComment:
        """Write into a topic."""
        wall = self.walls[owner_id]
        comment = BoardComment(wall.number(), from_id, self.now(), text)
        wall.topics[topic_id].comments.append(comment)
        place = {"topic_owner_id": owner_id, "topic_id": topic_id}
        said = {"id": comment.id, "from_id": from_id, "date": comment.date, "text": text}
        self._event(wall, "board_post_new", said | place)
        return comment

    # Events

    def _comment_event(self, wall: Wall, kind: str, post: Post, comment: Comment) -> None:
        said = comment_json(post, comment, likes=False)
        if self.recorded_spelling:
            del said["owner_id"]
        self._event(wall, kind, said | {"post_owner_id": post.owner_id})

    def _event(self, wall: Wall, kind: str, said: dict[str, Any]) -> None:
        if wall.owner_id > 0:
            return
        number = len(wall.events) + 1
        mark = hashlib.sha256(f"{wall.owner_id}:{number}".encode()).hexdigest()
        wall.events.append(
            {
                "group_id": -wall.owner_id,
                "type": kind,
                "event_id": mark[:40],
                "v": VERSION,
                "object": said,
            }
        )
