"""The posts of an incident as the card shows them: what was written, changed and deleted."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlmodel import Session

from models.columns import stored_id
from models.incident import Incident
from models.post import Post, PostVersion
from models.source import Source
from models.vocabulary import PostKind
from pipeline.console.explain import Why, why
from pipeline.console.frame import Console
from pipeline.console.highlight import Kind, Piece, legend, pieces
from pipeline.console.wording import safe_url
from pipeline.decisions import textdiff
from pipeline.store import cards

POSTS = 50
"""Posts that a card shows at first, and how many more each time."""

MOST_POSTS = 1000
VERSIONS = 20
"""Earlier texts of all posts that a card shows: the newest."""

THREAD = 2000
"""Characters of a text of the discussion above: the original is a click away."""

KINDS = {PostKind.POST: "запись", PostKind.COMMENT: "комментарий"}


@dataclass(frozen=True, slots=True)
class Edit:
    """What the author changed at once: the difference, and when the earlier text went."""

    at: str
    pieces: list[textdiff.Piece]

    @property
    def alike(self) -> bool:
        """Tell whether no word differs."""
        return all(piece.kind is textdiff.Kind.SAME for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Text:
    """One post as the card shows it: with its thread above and its earlier texts.

    ``pieces`` are its text, cut at the words that carried the verdict; ``legend`` explains them.
    ``edits`` are what was changed, the newest first. ``why`` stands at the first post alone, by
    which the incident was judged. ``came_from`` is the incident that was merged with this post.
    """

    id: int
    text: str
    pieces: list[Piece]
    legend: list[Kind]
    kind: str
    network: str
    source: str
    written: str
    edited: str
    deleted: str
    url: str
    above: list["Text"] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)
    why: Why | None = None
    came_from: int | None = None


@dataclass(frozen=True, slots=True)
class Texts:
    """The posts that are shown, and how many there are; ``more`` is the next number to show."""

    shown: list[Text]
    count: int
    more: int | None


def texts(session: Session, incident: Incident, console: Console, *, limit: int = POSTS) -> Texts:
    """Return the first ``limit`` posts of an incident with what became of each."""
    number = stored_id(incident.id)
    limit = min(max(limit, 1), MOST_POSTS)
    posts = cards.first_posts(session, number, limit)
    versions: dict[int, list[PostVersion]] = {}
    ids = [stored_id(post.id) for post in posts]
    for version in cards.newest_versions(session, ids, VERSIONS):
        versions.setdefault(version.post_id, []).append(version)
    above = cards.threads_above(session, posts)
    merges = cards.merged_here(session, number, POSTS)
    came_from = {post: merge.incident_id for merge in merges for post in merge.posts}
    shown, told = [], set[int]()
    for place, post in enumerate(posts):
        post_id = stored_id(post.id)
        # A discussion under one post is told once, not under each of its comments.
        fresh = [one for one in above[post_id] if stored_id(one.id) not in told]
        told |= {stored_id(one.id) for one in fresh}
        shown.append(
            _text(
                session,
                post,
                console,
                above=[_text(session, one, console, judged=False) for one in fresh],
                edits=_edits(post, versions.get(post_id, []), console),
                why=why(post.prediction, post.model) if not place else None,
                came_from=came_from.get(post_id),
            )
        )
    count = cards.count_posts(session, number) if len(posts) == limit else len(posts)
    more = min(limit + POSTS, MOST_POSTS) if count > limit < MOST_POSTS else None
    return Texts(shown, count, more)


def text_of(session: Session, post: Post, console: Console) -> Text:
    """Return one post as the card shows it, with the newest thing that its author changed."""
    versions = cards.newest_versions(session, [stored_id(post.id)], 1)
    return _text(session, post, console, edits=_edits(post, versions, console))


def _edits(post: Post, versions: Sequence[PostVersion], console: Console) -> list[Edit]:
    """Return what each replaced text became, the newest first."""
    found, later = [], post.text
    for version in versions:
        cut = textdiff.shortened(textdiff.difference(version.text, later))
        found.append(Edit(console.local(version.replaced_at), cut))
        later = version.text
    return found


def _text(
    session: Session,
    post: Post,
    console: Console,
    *,
    judged: bool = True,
    above: Sequence[Text] = (),
    edits: Sequence[Edit] = (),
    why: Why | None = None,
    came_from: int | None = None,
) -> Text:
    source = session.get_one(Source, post.source_id)
    # A text of the thread above carried no verdict here, whatever was found in it by itself.
    text = post.text if judged or len(post.text) <= THREAD else f"{post.text[:THREAD]}…"
    cut = pieces(text, post.prediction if judged else {})
    return Text(
        id=stored_id(post.id),
        text=text,
        pieces=cut,
        legend=legend(cut),
        kind=KINDS[post.kind],
        network=source.network.russian,
        source=source.title or source.key,
        written=console.local(post.published_at) if post.published_at else "",
        edited=console.local(post.edited_at) if post.edited_at else "",
        deleted=console.local(post.deleted_at) if post.deleted_at else "",
        url=safe_url(post.url),
        above=list(above),
        edits=list(edits),
        why=why,
        came_from=came_from,
    )
