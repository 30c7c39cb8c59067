"""A living VKontakte for the demo: three invented communities where something always happens.

::

    world = VkWorld()
    fill(world)                              # communities, tokens, the latest two days
    task = asyncio.create_task(live(world))  # every 10 seconds a post, a comment, an edit …

or, on a clock of one's own, ``Timeline(world).due(now)``. Everything is invented; the people
have numbers for names.
"""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable

from fakes.vk_data import Post
from fakes.vk_demo_texts import STORIES, Story
from fakes.vk_limits import Kind
from fakes.vk_world import VkWorld

WALLS = (
    (-990000201, "Смоленский район: новости и вопросы", "demo_smolray"),
    (-990000202, "Наш Печерск", "demo_pechersk"),
    (-990000203, "Катынь и Пригорское. Соседи", "demo_katyn"),
)
SERVICE_TOKEN = "demo-vk-service"  # noqa: S105 - opens nothing but the demo
USER_TOKEN = "demo-vk-user"  # noqa: S105 - as above; administers the three communities
GROUP_TOKENS = tuple(f"demo-vk-group-{-owner}" for owner, _, _ in WALLS)
"""One for each community, in the order of WALLS: what answers are published with."""

PEOPLE = range(1_990_000_300, 1_990_000_420)
OLD_STORIES = 9
"""How many stories are over when the demo begins."""

RULES = "Добро пожаловать! Здесь новости района и разговоры соседей. Будьте вежливы друг с другом."

AFTERTHOUGHTS = (
    "UPD: пока никто не приехал.",
    "UPD: приезжали, посмотрели, обещали к концу недели.",
    "Дополню: так уже третий день.",
    "Исправил адрес, в первый раз ошибся домом.",
)
"""What is added to a post when it is edited."""


def fill(world: VkWorld, *, seed: int = 1) -> None:
    """Make the communities, their tokens and what was written during the latest two days."""
    now = world.now()
    owners = {-owner for owner, _, _ in WALLS}
    world.add_token(SERVICE_TOKEN, Kind.SERVICE)
    world.add_token(USER_TOKEN, Kind.USER, user_id=PEOPLE[0], groups=owners)
    for (owner, name, screen_name), secret in zip(WALLS, GROUP_TOKENS, strict=True):
        world.add_wall(owner, name, screen_name)
        world.add_token(secret, Kind.GROUP, groups={-owner})
        world.add_post(owner, RULES, date=now - 172_000, pinned=True)
    past = Timeline(world, seed=seed)
    at = now - 170_000
    for _ in range(OLD_STORIES):
        story = past.next_story()
        post = past.publish(story, at)
        for number, text in enumerate(story.comments, start=1):
            past.comment(post, text, at + 900 * number)
        at += 17_000


class Timeline:
    """What happens next: a pure function of the seed and of how often it was asked.

    Of every hundred steps some forty are posts and fifty are comments on the latest posts, the
    rest are edits and deletions. When all the stories are told they begin anew, shuffled.
    """

    def __init__(self, world: VkWorld, *, every: float = 10.0, seed: int = 1) -> None:
        """Begin ``every`` seconds from now."""
        self.world = world
        self.every = every
        self.next_at = world.clock() + every
        self._dice = random.Random(seed)  # noqa: S311 - a repeatable demo
        self._stories: list[Story] = []
        self._said: deque[tuple[Post, str]] = deque()
        self._recent: deque[Post] = deque(maxlen=20)

    def due(self, now: float) -> int:
        """Let happen what is due at ``now``; return how many things did.

        After a long sleep of the machine only the latest hundred steps are made up for.
        """
        self.next_at = max(self.next_at, now - 100 * self.every)
        happened = 0
        while self.next_at <= now:
            self.step(int(self.next_at))
            self.next_at += self.every
            happened += 1
        return happened

    def step(self, at: int) -> None:
        """Let one thing happen."""
        chance = self._dice.random()
        if chance < 0.05 and self._recent:
            self._edit(self._dice.choice(self._recent))
        elif chance < 0.08 and self._recent:
            self._delete(self._dice.choice(self._recent))
        elif self._said and (chance < 0.65 or len(self._said) > 6):
            self.comment(*self._said.popleft(), at)
        else:
            story = self.next_story()
            post = self.publish(story, at)
            self._said.extend((post, text) for text in story.comments)

    def next_story(self) -> Story:
        """Take the next story of the shuffled pile."""
        if not self._stories:
            self._stories = list(STORIES)
            self._dice.shuffle(self._stories)
        return self._stories.pop()

    def publish(self, story: Story, at: int) -> Post:
        """Publish a story's post."""
        owner = WALLS[story.wall][0]
        author = owner if story.own else self._dice.choice(PEOPLE)
        post = self.world.add_post(
            owner, story.text, from_id=author, date=at, views=self._dice.randrange(20, 900)
        )
        self._recent.append(post)
        return post

    def comment(self, post: Post, text: str, at: int) -> None:
        """Say a comment; one that begins with "> " answers the citizen who spoke last.

        Under a deleted post nobody says anything any more.
        """
        if post.deleted:
            return
        spoken = [one.id for one in post.level(None) if one.from_id > 0 and not one.deleted]
        reply = text.startswith("> ") and spoken
        self.world.add_comment(
            post.owner_id,
            post.id,
            text.removeprefix("> "),
            from_id=self._dice.choice(PEOPLE),
            reply_to=spoken[-1] if reply else None,
            date=at,
        )

    def _edit(self, post: Post) -> None:
        if not post.deleted and not post.edited and post.from_id > 0:
            text = f"{post.text}\n\n{self._dice.choice(AFTERTHOUGHTS)}"
            self.world.edit_post(post.owner_id, post.id, text)

    def _delete(self, post: Post) -> None:
        """Delete the first citizen's comment, or the post itself when it has none."""
        for comment in post.comments.values():
            if comment.from_id > 0 and not comment.deleted:
                self.world.delete_comment(post.owner_id, post.id, comment.id)
                return
        self.world.delete_post(post.owner_id, post.id)


async def live(
    world: VkWorld,
    *,
    every: float = 10.0,
    seed: int = 2,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Keep the world alive until cancelled."""
    timeline = Timeline(world, every=every, seed=seed)
    while True:
        await sleep(min(1.0, every))
        timeline.due(world.clock())
