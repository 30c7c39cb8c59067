"""Which addresses may be asked: of strangers' links only the public internet.

A feed's address, or a redirect of it, could otherwise lead to this office's own machines.
"""

import ipaddress
import socket
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver

from connectors.base import SourceError


def is_public(address: str) -> bool:
    """Tell whether a numeric address belongs to the public internet.

    An IPv6 address that carries an IPv4 one (mapped, 6to4, NAT64) is judged by both.
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if inner is None and ip in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


def require_public(url: str, *, private: bool = False) -> None:
    """Raise SourceError unless ``url`` is http(s) and, where private is False, may be public.

    Names are checked when they are resolved; numbers in any spelling of theirs are checked here.
    """
    try:
        parts = urlsplit(url)
        name, port = parts.hostname or "", parts.port
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
    return ":" in name or name.rpartition(".")[2].startswith(tuple("0123456789"))


def _plain(name: str) -> str:
    """Return the usual spelling of a number: 0x7f.1 and 2130706433 are 127.0.0.1."""
    try:
        return name if ":" in name else socket.inet_ntoa(socket.inet_aton(name))
    except OSError:
        return name


def _refusal(name: str) -> str:
    return (
        f"Адрес {name[:100]} ведёт внутрь сети, а не в интернет, и потому не читается. Если так "
        "и задумано, поставьте источнику allow_private: true."
    )


class PublicResolver(AbstractResolver):
    """Resolves names, and refuses those that lead inside."""

    def __init__(self) -> None:
        """Use the system's resolver."""
        self._inner = DefaultResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the name's addresses. Raises SourceError when one of them is not public."""
        found = await self._inner.resolve(host, port, family)
        if not all(is_public(result["host"]) for result in found):
            raise SourceError(_refusal(host))
        return found

    async def close(self) -> None:
        """Close the system's resolver."""
        await self._inner.close()
