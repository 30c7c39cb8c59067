"""How Odnoklassniki wants a request signed: https://apiok.ru/dev/methods/."""

import hashlib
from collections.abc import Mapping

UNSIGNED = frozenset({"sig", "access_token", "session_key"})


def sign(params: Mapping[str, str], access_token: str, app_secret: str) -> str:
    """Return ``sig`` for ``params``: 32 hexadecimal digits.

    The session's secret is the MD5 of the token and the application's secret; the signature is
    the MD5 of the sorted ``name=value`` and that secret. Values are taken raw, in UTF-8.
    """
    words = "".join(f"{name}={params[name]}" for name in sorted(params) if name not in UNSIGNED)
    return _md5(words + _md5(access_token + app_secret))


def _md5(text: str) -> str:
    # Half a surrogate pair cannot be sent; it is replaced as urlencoding would have to.
    return hashlib.md5(text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()
