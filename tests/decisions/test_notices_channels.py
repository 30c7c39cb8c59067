"""Which channels make sense."""

from dataclasses import replace

import pytest

from models.channel_words import ChannelKind, Frequency
from pipeline.decisions.channels import Wanted, wrong

GOOD = {
    ChannelKind.EMAIL: Wanted(ChannelKind.EMAIL, "dezhurny@example.ru"),
    ChannelKind.MAX: Wanted(ChannelKind.MAX, "user:123", "max-bot"),
    ChannelKind.TELEGRAM: Wanted(ChannelKind.TELEGRAM, "-1001234567890", "bot"),
    ChannelKind.VK: Wanted(ChannelKind.VK, "123", "vk-community"),
    ChannelKind.WEBHOOK: Wanted(ChannelKind.WEBHOOK, "https://example.ru/otklik", "hook"),
    ChannelKind.APPRISE: Wanted(ChannelKind.APPRISE, "ntfy дежурного", "apprise-ntfy"),
}


@pytest.mark.parametrize("kind", list(ChannelKind))
def test_a_channel_of_every_kind(kind: ChannelKind) -> None:
    assert wrong(GOOD[kind]) == ""


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        (ChannelKind.EMAIL, "dezhurny"),
        (ChannelKind.EMAIL, "a@example.ru, b@example.ru"),
        (ChannelKind.EMAIL, "a@example.ru\nBcc: all@example.ru"),
        (ChannelKind.TELEGRAM, "https://t.me/kanal"),
        (ChannelKind.MAX, "иванов"),
        (ChannelKind.VK, "id123"),
        (ChannelKind.VK, "١٢٣"),
        (ChannelKind.WEBHOOK, "ftp://example.ru"),
        (ChannelKind.WEBHOOK, "https://user:password@example.ru/hook"),
        (ChannelKind.WEBHOOK, "https://[::1"),
        (ChannelKind.APPRISE, ""),
        (ChannelKind.APPRISE, "x" * 501),
    ],
)
def test_an_address_that_leads_nowhere_is_refused(kind: ChannelKind, address: str) -> None:
    said = wrong(replace(GOOD[kind], address=address))
    assert said
    assert "password" not in said


@pytest.mark.parametrize("secret", ["", "123456:AAfull-token_of_a_bot", "Ключ", "-x"])
def test_a_secret_is_named_and_not_told(secret: str) -> None:
    said = wrong(replace(GOOD[ChannelKind.TELEGRAM], secret=secret))
    assert said
    assert "AAfull" not in said


def test_what_else_is_refused() -> None:
    mail = GOOD[ChannelKind.EMAIL]
    for bad in (
        replace(mail, secret="smtp"),
        replace(mail, occasions=("telepathy",)),
        replace(mail, proxy="http://proxy:3128"),
        replace(mail, quiet_from="9:00", quiet_to="10:00"),
        replace(mail, quiet_from="09:00"),
        replace(mail, digest_at="09:00"),
        replace(GOOD[ChannelKind.MAX], proxy="http://me:secret@proxy:3128"),
    ):
        assert wrong(bad)
    assert wrong(replace(mail, frequency=Frequency.DAILY, digest_at="09:00")) == ""
