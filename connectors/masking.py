"""Masking authors in recorded answers: who wrote is nobody's business, what was written is.

The same person gets the same stand-in within one recording, so that threads stay readable; the
salt is thrown away with the program, so that no stand-in leads back.
"""

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

PEOPLE = frozenset(
    {
        "from_id",
        "owner_id",
        "post_owner_id",
        "to_id",
        "owner_uid",
        "owner_ref",
        "reply_to_id",
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

PERSONS = frozenset(
    {"profiles", "users", "user", "sender", "from", "author", "authors", "owner_user", "contact"}
)
"""Keys whose values are whole accounts: of these only a masked id is kept."""

PERSONAL = frozenset({"first_name", "is_bot"})
"""Keys that only accounts have, whatever they stand under."""

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
        "forward_signature",
        "forward_sender_name",
        "sender_user_name",
        "user_link",
        "phone_number",
    }
)

PLACES = frozenset({"channel", "supergroup", "group"})
PLACE_NAMES = frozenset({"username", "uid", "screen_name"})
"""What else names people names a place where it stands with one of these types."""

_MENTION = re.compile(r"\[id(\d{1,20})(?::[\w-]{1,60})?\|[^\]]{0,200}\]")
_PHONE = re.compile(
    r"(?<!\d)(?:\+7|8|7)[\s(-]{0,3}\d{3}[\s)-]{0,3}\d{3}[\s-]?\d{2}[\s-]?\d{2}(?!\d)"
)
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_USER_REF = re.compile(r"user:\d{1,30}")
_NAME_IN_PAGE = re.compile(
    r'<(?P<tag>a|span|div)\b[^>]{0,500}class="(?P<class>[^"]{0,200}'
    r'(?:author_name|user_name|from_author|from_name)[^"]{0,200})"[^>]{0,500}>'
    r".{0,2000}?</(?P=tag)>",
    re.DOTALL,
)
_LINK_OF_PERSON = re.compile(
    r'(<div\b[^>]{0,500}class="[^"]{0,200}message_user[^"]{0,200}"[^>]{0,500}>\s{0,20}<a)\b[^>]{0,2000}>'
)
_PHOTO_IN_PAGE = re.compile(r'<(?:img|i class="tgme_widget_message_user_photo)[^>]{0,2000}>')
_NAME_IN_FEED = re.compile(
    r"<(?P<tag>(?:[\w-]{1,20}:)?(?:author|creator|contributor|managingEditor|webMaster|credit))"
    r"(?P<rest>\s[^>]{0,500})?(?<!/)>.{0,2000}?</(?P=tag)\s{0,5}>",
    re.DOTALL | re.IGNORECASE,
)
_WIDE = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


@dataclass(frozen=True, slots=True)
class Mask:
    """Stand-ins of one recording; ``places`` are ids of communities, which are nobody's."""

    places: frozenset[str] = frozenset()
    salt: bytes = field(default_factory=lambda: secrets.token_bytes(16), repr=False)

    def number(self, account: int) -> int:
        """Return the stand-in of an account's number: nine digits, for the same the same."""
        digest = hashlib.blake2b(str(account).encode(), key=self.salt, digest_size=8).digest()
        return 100_000_000 + int.from_bytes(digest, "big") % 900_000_000

    def text(self, text: str) -> str:
        """Return a text without mentions, phones and addresses of people."""
        text = _MENTION.sub(lambda found: f"[id{self.number(int(found[1]))}|автор]", text)
        return _MAIL.sub("адрес@скрыт", _PHONE.sub("телефон скрыт", text))

    def address(self, address: str) -> str:
        """Return the stand-in of a person's mail address, for the same the same."""
        digest = hashlib.blake2b(address.lower().encode(), key=self.salt, digest_size=6)
        return f"avtor-{digest.hexdigest()}@skryt.invalid"

    def body(self, body: bytes) -> bytes:
        """Return an answer's body, whatever it is, with its authors masked."""
        try:
            return orjson.dumps(self.value(orjson.loads(body)))
        except (orjson.JSONDecodeError, orjson.JSONEncodeError):
            pass
        for mark, charset in _WIDE:
            if body.startswith(mark):
                return self.page(body.decode(charset, "replace")).encode(charset)
        try:
            return self.page(body.decode("utf-8")).encode()
        except UnicodeDecodeError:
            # An old encoding: its letters are the reader's to guess, but ASCII can be masked.
            return self.page(body.decode("latin-1")).encode("latin-1", "replace")

    def page(self, html: str) -> str:
        """Return a page of HTML or XML without authors' names, addresses and pictures."""
        html = _NAME_IN_PAGE.sub(r'<\g<tag> class="\g<class>">автор</\g<tag>>', html)
        html = _PHOTO_IN_PAGE.sub("", _LINK_OF_PERSON.sub(r"\1>", html))
        return self.text(_NAME_IN_FEED.sub(r"<\g<tag>></\g<tag>>", html))

    def value(self, value: object, key: str = "") -> object:
        """Return a decoded JSON answer with its authors masked; ``key`` is where it stood."""
        if isinstance(value, list):
            return [self.value(item, key) for item in value]
        if isinstance(value, dict):
            return self._mapping(value, key)
        return self._word(value, key) if isinstance(value, str) else self._number(value, key)

    def _word(self, value: str, key: str) -> str:
        if key in NAMES or (key in PERSONS and not value.isdigit()):
            return "автор" if value else ""
        account = key in PEOPLE or key in PERSONS or _USER_REF.fullmatch(value)
        return self._spelled(value) if account else self.text(value)

    def _number(self, value: object, key: str) -> object:
        return self._account(value) if key in PEOPLE or key in PERSONS else value

    def _mapping(self, found: Mapping[str, object], key: str) -> dict[str, object]:
        kind = found.get("type")
        # A chat with one person has that person's number and names.
        if key in PERSONS or PERSONAL & found.keys() or kind == "private":
            return {name: self._of_person(name, value) for name, value in found.items()}
        place = kind in PLACES or key == "groups"
        return {
            name: value if place and name in PLACE_NAMES else self.value(value, name)
            for name, value in found.items()
        }

    def _of_person(self, name: str, value: object) -> object:
        """Mask one field of an account: nothing but its number and its kind is kept."""
        if name in {"id", "uid", "user_id"}:
            return self._account(value)
        if name == "type" or isinstance(value, bool):
            return value
        return "автор" if name in NAMES | {"name"} and value else None

    def _account(self, value: object) -> object:
        """Mask an account's id; communities, whose numbers are negative, are no people."""
        if isinstance(value, str):
            return self._spelled(value)
        if isinstance(value, int) and not isinstance(value, bool):
            place = value <= 0 or str(value) in self.places
            return value if place else self.number(value)
        return self.value(value)

    def _spelled(self, value: str) -> str:
        """Mask an account's id that is spelled out, as "user:123"."""
        head, _, number = value.rpartition(":")
        if head == "group" or value in self.places or not (number.isascii() and number.isdigit()):
            return self.text(value)
        return f"{head}:{self.number(int(number))}" if head else str(self.number(int(number)))
