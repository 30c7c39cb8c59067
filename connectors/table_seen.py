"""Finds ids that one file uses for two different texts."""

from hashlib import sha256

from connectors.table_rows import Rejected, Row


class Seen:
    """What the rows of one file said so far, by id.

    A table tells no time of editing, so the second text would count as an edit of the first,
    and again at every repeat of the same file.
    """

    def __init__(self) -> None:
        """Begin a file."""
        self._rows: dict[str, tuple[int, bytes]] = {}

    def check(self, row: Row) -> Row:
        """Return the row, or its refusal when an earlier one has its id and another text."""
        if isinstance(row, Rejected):
            return row
        digest = sha256(row.post.text.encode("utf-8", "replace")).digest()[:16]
        first, known = self._rows.setdefault(row.post.external_id, (row.row, digest))
        if known == digest:
            return row
        return Rejected(
            row.row,
            "id",
            f"тот же id уже стоит в строке {first} с другим текстом",
            row.post.text[:200],
        )
