"""Queries about labels: texts whose topic people have stated."""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlmodel import Session, col

from models.post import Post


def stated_topics(session: Session) -> Iterator[tuple[str, str]]:
    """Yield text and topic code of every post whose source states its topic, oldest first."""
    topic = col(Post.stated)["topic"].as_string()
    query = sa.select(col(Post.text), topic).where(topic.is_not(None)).order_by(col(Post.id))
    yield from session.execute(query.execution_options(yield_per=1000)).tuples()
