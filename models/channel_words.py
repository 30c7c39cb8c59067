"""Closed lists of words about telling people: how, how often, and what became of it."""

from enum import StrEnum


class ChannelKind(StrEnum):
    """By what a person or a body is told."""

    EMAIL = "email"
    MAX = "max"
    TELEGRAM = "telegram"
    VK = "vk"
    WEBHOOK = "webhook"
    APPRISE = "apprise"

    @property
    def russian(self) -> str:
        """Russian name for people."""
        return {
            "email": "почта",
            "max": "MAX",
            "telegram": "Telegram",
            "vk": "ВКонтакте",
            "webhook": "webhook",
            "apprise": "apprise",
        }[self.value]


class Frequency(StrEnum):
    """How often a channel is used: a digest collects what came in between."""

    AT_ONCE = "at_once"
    HOURLY = "hourly"
    DAILY = "daily"

    @property
    def russian(self) -> str:
        """Russian name for people."""
        return {"at_once": "сразу", "hourly": "раз в час", "daily": "раз в день"}[self.value]


class DeliveryState(StrEnum):
    """Where one notice to one channel stands.

    ``sending``: it may have gone out, and nobody knows. ``parked``: a person has to look why.
    ``dropped``: by the time it could be sent it was no longer true, or nobody's any more.
    """

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    PARKED = "parked"
    DROPPED = "dropped"

    @property
    def russian(self) -> str:
        """Russian name for people."""
        return {
            "waiting": "ждёт отправки",
            "sending": "отправляется",
            "sent": "отправлено",
            "parked": "отложено до решения человека",
            "dropped": "больше не нужно",
        }[self.value]
