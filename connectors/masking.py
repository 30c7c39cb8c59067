"""Masking authors in recorded answers: who wrote is nobody's business, what was written is.

The same person gets the same stand-in within one recording, so that threads stay readable; the
salt is thrown away with the program, so that no stand-in leads back.
"""

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

PEOPLE = frozenset(
    {
        "from_id",
        "signer_id",
        "user_id",
        "reply_to_user",
        "deleter_id",
        "created_by",
        "updated_by",
        "author_id",
        "author_ref",
        "uid",
        "sender_id",
        "inviter_id",
    }
)
"""Keys whose values are accounts; those of communities (negative, "group:") stay."""

PERSONS = frozenset({"profiles", "users", "user", "sender", "from", "author", "owner_user"})
"""Keys whose values are whole accounts: of these only a masked id is kept."""

NAMES = frozenset(
    {
        "first_name",
        "last_name",
        "author_name",
        "screen_name",
        "username",
        "nickname",
        "avatar_url",
        "full_avatar_url",
        "photo_50",
        "photo_100",
        "photo_200",
        "pic",
        "author_signature",
    }
)

_MENTION = re.compile(r"\[id(\d+)\|[^\]]{0,200}\]")
_PHONE = re.compile(
    r"(?<!\d)(?:\+7|8|7)[\s(-]{0,3}\d{3}[\s)-]{0,3}\d{3}[\s-]?\d{2}[\s-]?\d{2}(?!\d)"
)
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_NAME_IN_PAGE = re.compile(
    r'(<(?P<tag>a|span|div)[^>]{0,500}class="[^"]{0,200}(?:author_name|user_name|from_author)[^"]{0,200}"'
    r"[^>]{0,500}>).{0,500}?(</(?P=tag)>)",
    re.DOTALL,
)
_PHOTO_IN_PAGE = re.compile(r"<(?:img|i class=\"tgme_widget_message_user_photo)[^>]{0,2000}>")


@dataclass(frozen=True, slots=True)
class Mask:
    """Stand-ins of one recording."""

    salt: bytes = field(default_factory=lambda: secrets.token_bytes(16), repr=False)

    def number(self, account: int) -> int:
        """Return the stand-in of an account's number: nine digits, for the same the same."""
        digest = hashlib.blake2b(str(account).encode(), key=self.salt, digest_size=8).digest()
        return 100_000_000 + int.from_bytes(digest, "big") % 900_000_000

    def text(self, text: str) -> str:
        """Return a text without mentions, phones and addresses of people."""
        text = _MENTION.sub(lambda found: f"[id{self.number(int(found[1]))}|автор]", text)
        return _MAIL.sub("адрес@скрыт", _PHONE.sub("телефон скрыт", text))

    def page(self, html: str) -> str:
        """Return a page of HTML or XML without authors' names and pictures."""
        html = _NAME_IN_PAGE.sub(r"\1автор\3", html)
        return self.text(_PHOTO_IN_PAGE.sub("", html))

    def value(self, value: object, key: str = "") -> object:
        """Return a decoded JSON answer with its authors masked; ``key`` is where it stood."""
        if isinstance(value, list):
            return [self.value(item, key) for item in value]
        if isinstance(value, dict):
            return self._mapping(value, key)
        if key in NAMES and isinstance(value, str):
            return "автор" if value else ""
        if key in PEOPLE:
            return self._account(value)
        return self.text(value) if isinstance(value, str) else value

    def _mapping(self, found: Mapping[str, object], key: str) -> dict[str, object]:
        if key not in PERSONS:
            return {name: self.value(value, name) for name, value in found.items()}
        kept: dict[str, object] = {}
        for name, value in found.items():
            if name in {"id", "uid", "user_id"}:
                kept[name] = self._account(value)
            elif isinstance(value, bool | int) and not isinstance(value, str):
                kept[name] = value
            elif isinstance(value, str):
                kept[name] = "автор" if name in NAMES | {"name"} else ""
        return kept

    def _account(self, value: object) -> object:
        """Mask an account's id of whatever spelling; communities are no people."""
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, int):
            return value if value <= 0 else self.number(value)
        if isinstance(value, str):
            head, _, number = value.rpartition(":")
            if head == "group" or not number.isdigit():
                return value
            return f"{head}:{self.number(int(number))}" if head else str(self.number(int(number)))
        return self.value(value)
