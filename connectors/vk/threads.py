"""Reading all comments of a post: every page, and every thread beyond its preview."""

from dataclasses import dataclass, field

from connectors.base import Action, ApiError, Rejected
from connectors.vk.api import VkApi, call_counted
from connectors.vk.paging import Pager
from connectors.vk.parse import CommentTree, Listing, read_comments, read_thread
from models.values import FetchedPost

METHOD = "wall.getComments"
PREVIEW = 10
"""Answers of a thread that come with its first comment; no more can be asked for."""

OF_THE_PLACE = frozenset({Action.CLOSED, Action.GONE, Action.TOMBSTONE, Action.QUARANTINE})
"""Refusals that speak of the post or comment asked for, not of the token."""


@dataclass(slots=True)
class Comments:
    """All comments of a post, by external id, those above before those below.

    ``numbers`` are the ids of all that are there. ``whole`` is False when something could not
    be read, so that a comment which is missing here may be there nevertheless.
    """

    posts: dict[str, FetchedPost] = field(default_factory=dict)
    numbers: set[int] = field(default_factory=set)
    rejected: dict[str, Rejected] = field(default_factory=dict)
    whole: bool = True

    def add(self, page: Listing[CommentTree]) -> None:
        """Take a page; of what comes twice, the later answer is the newer."""
        for tree in page.items:
            self.posts |= {post.external_id: post for post in tree.posts}
            self.numbers.update(tree.numbers)
        for one in page.rejected:
            self.rejected[one.payload] = one
            self.whole = False

    def living(self) -> int:
        """Return how many comments there are, stubs of deleted ones not counted."""
        return len(self.numbers) - sum(post.deleted for post in self.posts.values())


async def read_all_comments(api: VkApi, *, owner_id: int, post_id: int) -> Comments:
    """Read the whole tree of comments of a post. Raises SourceError."""
    comments = Comments()
    asked = {
        "owner_id": owner_id,
        "post_id": post_id,
        "sort": "asc",
        "preview_length": 0,
        "thread_items_count": PREVIEW,
    }

    async def top(offset: int, count: int) -> tuple[Listing[CommentTree], int]:
        value, count = await call_counted(api, METHOD, {**asked, "offset": offset}, count=count)
        return read_comments(value, owner_id=owner_id, post_id=post_id), count

    pager = Pager(top)
    read_threads: set[int] = set()
    while (page := await pager.next()) is not None:
        comments.add(page)
        for tree in page.items:
            if tree.cut and tree.number not in read_threads:
                read_threads.add(tree.number)
                await _read_thread(api, comments, asked, tree.number)
    return comments


async def _read_thread(
    api: VkApi, comments: Comments, asked: dict[str, object], comment_id: int
) -> None:
    owner_id, post_id = int(str(asked["owner_id"])), int(str(asked["post_id"]))
    params = {**asked, "comment_id": comment_id, "thread_items_count": 0}

    async def below(offset: int, count: int) -> tuple[Listing[CommentTree], int]:
        value, count = await call_counted(api, METHOD, {**params, "offset": offset}, count=count)
        return read_thread(value, owner_id=owner_id, post_id=post_id, comment_id=comment_id), count

    pager = Pager(below)
    try:
        while (page := await pager.next()) is not None:
            comments.add(page)
    except ApiError as error:
        if error.action not in OF_THE_PLACE:
            raise
        # Its first comment was deleted in the meantime; what hangs below is told next time.
        comments.whole = False
