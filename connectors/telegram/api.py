"""Where Telegram is asked, and how often."""

from pydantic import SecretStr

from connectors.ledger import Token

PREVIEW = "https://t.me"
"""Public pages, read without an account."""

BOT = "https://api.telegram.org"

NO_TOKEN = Token("telegram-web", SecretStr(""), rate=1.0)
"""Whose pace all channels share: pages are counted by the address that asks."""
