"""What speaks for or against one problem, with the words that people read."""

from enum import StrEnum
from typing import NamedTuple


class Sign(StrEnum):
    """What speaks for or against one problem; stored with a merge and shown to people."""

    SAME_TEXT = "same_text"
    NEAR_TEXT = "near_text"
    SHARED_WORDS = "shared_words"
    SAME_HOUSE = "same_house"
    SAME_LANDMARK = "same_landmark"
    SAME_STREET = "same_street"
    SAME_VILLAGE = "same_village"
    SAME_THING = "same_thing"
    ONLY_ONE = "only_one"
    SAME_NUMBER = "same_number"
    SAME_TOPIC = "same_topic"
    SAME_AUTHOR = "same_author"
    REMINDER = "reminder"
    REPLY = "reply"
    SAME_THREAD = "same_thread"
    WIDE_OUTAGE = "wide_outage"
    CLOSE_IN_TIME = "close_in_time"
    OTHER_SETTLEMENT = "other_settlement"
    OTHER_VILLAGE = "other_village"
    OTHER_STREET = "other_street"
    OTHER_HOUSE = "other_house"
    OTHER_LANDMARK = "other_landmark"
    OTHER_NUMBER = "other_number"
    OTHER_THING = "other_thing"
    OTHER_TOPIC = "other_topic"
    FILLED_FORM = "filled_form"
    TOO_LONG_AGO = "too_long_ago"

    @property
    def russian(self) -> str:
        """Russian words for people."""
        return SIGN_TITLES[self]


SIGN_TITLES: dict[Sign, str] = {
    Sign.SAME_TEXT: "тот же текст",
    Sign.NEAR_TEXT: "почти тот же текст",
    Sign.SHARED_WORDS: "общие слова",
    Sign.SAME_HOUSE: "тот же дом",
    Sign.SAME_LANDMARK: "тот же ориентир",
    Sign.SAME_STREET: "та же улица",
    Sign.SAME_VILLAGE: "тот же населённый пункт",
    Sign.SAME_THING: "тот же предмет",
    Sign.ONLY_ONE: "такой там один",
    Sign.SAME_NUMBER: "тот же номер",
    Sign.SAME_TOPIC: "та же тема",
    Sign.SAME_AUTHOR: "тот же автор",
    Sign.REMINDER: "автор напоминает о себе",
    Sign.REPLY: "ответ на то сообщение",
    Sign.SAME_THREAD: "то же обсуждение",
    Sign.WIDE_OUTAGE: "отключение во всём населённом пункте",
    Sign.CLOSE_IN_TIME: "написано почти в одно время",
    Sign.OTHER_SETTLEMENT: "другое поселение",
    Sign.OTHER_VILLAGE: "другой населённый пункт",
    Sign.OTHER_STREET: "другая улица",
    Sign.OTHER_HOUSE: "другой дом",
    Sign.OTHER_LANDMARK: "другой ориентир",
    Sign.OTHER_NUMBER: "другой номер",
    Sign.OTHER_THING: "другой предмет",
    Sign.OTHER_TOPIC: "другая тема",
    Sign.FILLED_FORM: "тот же образец с другими словами",
    Sign.TOO_LONG_AGO: "слишком давно",
}


class Evidence(NamedTuple):
    """A sign, its points (0 for what tells apart), and what it was seen in, if one word can say."""

    sign: Sign
    points: float
    what: str = ""

    @property
    def russian(self) -> str:
        """Russian words for people: «тот же предмет: яма»."""
        return f"{self.sign.russian}: {self.what}" if self.what else self.sign.russian
