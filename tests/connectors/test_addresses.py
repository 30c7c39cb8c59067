"""Which addresses may be asked: every way to write an inside one, and names that lead there."""

import ipaddress
import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.addresses import PublicResolver, is_public, require_public
from connectors.base import SourceError

INSIDE = [
    *("127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255"),  # noqa: S104 - not bound to
    *("172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.255.255"),
    *("169.254.169.254", "169.254.0.1", "100.64.0.1", "100.127.255.255"),
    *("192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1"),
    *("224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::2", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254"),
    *("::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1"),
    *("64:ff9b:1::8.8.8.8", "2002:7f00:1::", "2002:a00:1::1", "2001::1", "2001:db8::1"),
    *("fc00::1", "fd12:3456::1", "fdff::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1"),
    *("100::1", "4000::1"),
]
OUTSIDE = [
    *("8.8.8.8", "77.88.55.88", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1"),
    *("2a02:6b8::1", "2606:4700::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"),
]


@pytest.mark.parametrize("address", INSIDE)
def test_an_inside_address_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_an_outside_address_is(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("text", ["", "localhost", "1.2.3", "1.2.3.4.5", "::g", "1.2.3.4/8", "٨"])
def test_what_is_no_address_is_not_public(text: str) -> None:
    assert not is_public(text)


SPELLINGS = [
    *("127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7F.1", "0177.0.0.1"),
    *("0177.1", "017700000001", "127.0.0.1.", "127.0.0.01", "0x7f.0x0.0x0.0x1", "0", "00", "0x0"),
    *("127.0.0.\N{FULLWIDTH DIGIT ONE}", "\N{CIRCLED DIGIT ONE}\N{CIRCLED DIGIT TWO}7.0.0.1"),
    *("127\N{IDEOGRAPHIC FULL STOP}0\N{IDEOGRAPHIC FULL STOP}0\N{IDEOGRAPHIC FULL STOP}1",),
    *("\N{MATHEMATICAL BOLD DIGIT ONE}27.0.0.1", "1\u00ad27.0.0.1", "127.0.0.1\t", "12\n7.0.0.1"),
    *("[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::]"),
    *("[64:ff9b::7f00:1]", "[fd00::1]", "[fe80::1%25eth0]", "[fe80::1%eth0]", "[::127.0.0.1]"),
    *("10.0.0.1", "169.254.169.254", "169.254.43518", "2852039166", "0xa9fea9fe", "192.168.1"),
    *("4294967296", "999.999.999.999", "127.0.0.1.5", "256.1"),
]


@pytest.mark.parametrize("name", SPELLINGS)
@pytest.mark.parametrize("frame", ["http://{}/", "https://{}:8443/x?y#z", "HTTP://user:pass@{}"])
def test_no_spelling_of_an_inside_address_may_be_asked(name: str, frame: str) -> None:
    with pytest.raises(SourceError):
        require_public(frame.format(name))


@pytest.mark.parametrize(
    "url",
    [
        "http://8.8.8.8/",
        "http://1.2.3.4./",
        "https://[2a02:6b8::1]:443/",
        "https://gorod.example/rss?x=http://127.0.0.1/",
        "https://лента.рф/",
        "http://localhost/",  # a name: judged when it is resolved
        "http://site.example#@127.0.0.1/",
    ],
)
def test_a_public_number_or_a_name_may(url: str) -> None:
    require_public(url)


@pytest.mark.parametrize(
    "url",
    [
        *("file:///etc/passwd", "ftp://site.example/", "gopher://site.example/", "site.example"),
        *("//site.example/", "data:,x", "javascript:alert(1)", "", "http:", "http://", "http:///x"),
        *("http://[", "http://[127.0.0.1]/", "http://site.example:0/", "http://site.example:x/"),
        *("http://site.example:65536/", "http:\\\\127.0.0.1\\", "http://a.example\\@127.0.0.1/"),
        *("dict://site.example:11211/", "http:site.example"),
    ],
)
@pytest.mark.parametrize("private", [False, True])
def test_what_is_no_web_address_may_not_be_asked_at_all(url: str, private: bool) -> None:
    with pytest.raises(SourceError, match=r"не читается|записан неверно"):
        require_public(url, private=private)


@pytest.mark.parametrize("name", ["127.0.0.1", "[::1]", "10.0.0.1", "localhost"])
def test_inside_addresses_may_be_asked_where_an_administrator_says_so(name: str) -> None:
    require_public(f"http://{name}:8080/", private=True)


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["dotted", "decimal", "hex", "mapped", "nat64"]))
def test_a_number_is_judged_alike_in_every_spelling(number: int, spelling: str) -> None:
    address = ipaddress.IPv4Address(number)
    written = {
        "dotted": str(address),
        "decimal": str(number),
        "hex": hex(number),
        "mapped": f"[::ffff:{address}]",
        "nat64": f"[64:ff9b::{address}]",
    }[spelling]

    if is_public(str(address)):
        require_public(f"http://{written}/")
    else:
        with pytest.raises(SourceError):
            require_public(f"http://{written}/")


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_an_address_or_a_plain_refusal(url: str) -> None:
    for whole in (url, f"http://{url}", f"http://{url}/"):
        try:
            require_public(whole)
        except SourceError:
            continue
        assert whole.strip()[:4].lower() == "http"


class Names(AbstractResolver):
    """Answers every name with the same addresses; ``asked`` are the names."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.asked: list[str] = []
        self.closed = False

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in self.addresses
        ]

    async def close(self) -> None:
        self.closed = True


def resolver(*addresses: str, allowed: str | None = None) -> PublicResolver:
    resolver = PublicResolver(allowed=allowed)
    resolver._inner = Names(*addresses)
    return resolver


@pytest.mark.parametrize("addresses", [("8.8.8.8",), ("8.8.8.8", "2a02:6b8::1")])
async def test_a_name_of_the_internet_is_resolved(addresses: tuple[str, ...]) -> None:
    found = await resolver(*addresses).resolve("site.example", 443)

    assert tuple(result["host"] for result in found) == addresses


@pytest.mark.parametrize("address", INSIDE)
async def test_a_name_that_leads_inside_by_any_of_its_addresses_is_refused(address: str) -> None:
    for addresses in ([address], ["8.8.8.8", address], [address, "8.8.8.8"]):
        with pytest.raises(SourceError, match=r"site\.example ведёт внутрь сети"):
            await resolver(*addresses).resolve("site.example", 443)


async def test_a_name_that_an_administrator_chose_may_lead_inside() -> None:
    found = await resolver("10.0.0.5", allowed="proxy.local").resolve("proxy.local", 3128)

    assert found[0]["host"] == "10.0.0.5"
    with pytest.raises(SourceError):
        await resolver("10.0.0.5", allowed="proxy.local").resolve("other.local", 3128)


async def test_the_systems_resolver_is_closed_with_ours() -> None:
    names = Names()
    ours = PublicResolver()
    ours._inner = names

    await ours.close()

    assert names.closed
