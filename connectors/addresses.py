"""Which addresses may be asked: of strangers' links only the public internet.

A feed's address, or a redirect of it, could otherwise lead to this office's own machines.
"""

import ipaddress
import socket

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver
from yarl import URL

from connectors.base import SourceError

GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Tell whether a numeric address belongs to the public internet.

    An IPv6 address that carries an IPv4 one (mapped, 6to4, NAT64) is judged by that one; of all
    others only global unicast can be public, whatever a version of Python says of the rest.
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv4Address):
        return ip.is_global and not ip.is_multicast
    inner = ip.ipv4_mapped or ip.sixtofour
    if inner is None and ip in NAT64:
        inner = ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
    if inner is not None:
        return is_public(str(inner))
    return ip in GLOBAL_UNICAST and ip.is_global


def require_public(url: str, *, private: bool = False) -> None:
    """Raise SourceError unless ``url`` is http(s) and, where private is False, may be public.

    Names are checked when they are resolved; numbers in any spelling of theirs are checked here.
    """
    # Taken apart by what the client itself uses: what another one calls a name, such as
    # full-width digits, can be a number for it.
    try:
        parts = URL(url)
        name, port = parts.raw_host or "", parts.explicit_port
    except ValueError:
        raise SourceError("Адрес записан неверно. Образец: https://example.ru/news.rss") from None
    if parts.scheme not in {"http", "https"} or not name or port == 0:
        raise SourceError(
            f"Адрес вида «{parts.scheme[:20]}:» не читается: нужен http:// или https:// "
            "с именем сервера."
        )
    if not private and _numeric(name) and not is_public(_plain(name)):
        raise SourceError(_refusal(name))


def _numeric(name: str) -> bool:
    # No name of the internet has a last part that begins with a digit.
    return ":" in name or name.rstrip(".").rpartition(".")[2].startswith(tuple("0123456789"))


def _plain(name: str) -> str:
    """Return the usual spelling of a number: 0x7f.1 and 2130706433 are 127.0.0.1."""
    try:
        return name if ":" in name else socket.inet_ntoa(socket.inet_aton(name.rstrip(".")))
    except (OSError, ValueError):
        return name


def _refusal(name: str) -> str:
    return (
        f"Адрес {name[:100]} ведёт внутрь сети, а не в интернет, и потому не читается. Если так "
        "и задумано, поставьте источнику allow_private: true."
    )


class PublicResolver(AbstractResolver):
    """Resolves names, and refuses those that lead inside.

    ``allowed`` is a name that an administrator chose, a proxy's: it may lead anywhere.
    """

    def __init__(self, *, allowed: str | None = None) -> None:
        """Use the system's resolver."""
        self._inner: AbstractResolver = DefaultResolver()
        self._allowed = allowed

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the name's addresses. Raises SourceError when one of them is not public."""
        found = await self._inner.resolve(host, port, family)
        public = all(is_public(result["host"]) for result in found)
        if not public and host != self._allowed:
            raise SourceError(_refusal(host))
        return found

    async def close(self) -> None:
        """Close the system's resolver."""
        await self._inner.close()
