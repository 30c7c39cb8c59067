"""Closed lists of words that are stored, sent and shown.

Members are stored by value. Russian names for people are kept beside the code, because
the console, the reports and the command line all show them.
"""

from enum import StrEnum


class Network(StrEnum):
    """Where a text was published."""

    VK = "vk"
    OK = "ok"
    TELEGRAM = "telegram"
    MAX = "max"
    FEED = "feed"
    MAIL = "mail"
    TABLE = "table"
    POS = "pos"
    OPEN_REGION = "open_region"
    REGISTRY = "registry"
    HOTLINE = "hotline"
    RECEPTION = "reception"
    PAPER = "paper"

    @property
    def russian(self) -> str:
        """Russian name for people."""
        return NETWORK_TITLES[self]


NETWORK_TITLES: dict[Network, str] = {
    Network.VK: "ВКонтакте",
    Network.OK: "Одноклассники",
    Network.TELEGRAM: "Telegram",
    Network.MAX: "MAX",
    Network.FEED: "Лента сайта",
    Network.MAIL: "Электронная почта",
    Network.TABLE: "Таблица",
    Network.POS: "ПОС «Решаем вместе»",
    Network.OPEN_REGION: "«Открытый регион»",
    Network.REGISTRY: "Реестр документов",
    Network.HOTLINE: "Горячая линия",
    Network.RECEPTION: "Личный приём",
    Network.PAPER: "Письмо на бумаге",
}


class PostKind(StrEnum):
    """What a text is in its thread."""

    POST = "post"
    COMMENT = "comment"


class Topic(StrEnum):
    """The 24 coarse topics. The codes are a public contract and never change."""

    ROADS = "roads"
    SNOW = "snow"
    LIGHTING = "lighting"
    GARBAGE = "garbage"
    WATER = "water"
    HEATING = "heating"
    GAS = "gas"
    ELECTRICITY = "electricity"
    HOUSING = "housing"
    LANDSCAPING = "landscaping"
    TRANSPORT = "transport"
    HEALTH = "health"
    EDUCATION = "education"
    SOCIAL = "social"
    ANIMALS = "animals"
    ECOLOGY = "ecology"
    CONSTRUCTION = "construction"
    LAND = "land"
    SAFETY = "safety"
    TELECOM = "telecom"
    CULTURE = "culture"
    ECONOMY = "economy"
    MILITARY = "military"
    OTHER = "other"

    @property
    def russian(self) -> str:
        """Russian name for people."""
        return TOPIC_TITLES[self]


TOPIC_TITLES: dict[Topic, str] = {
    Topic.ROADS: "Дороги и тротуары",
    Topic.SNOW: "Уборка снега и наледи",
    Topic.LIGHTING: "Освещение",
    Topic.GARBAGE: "Мусор и ТКО",
    Topic.WATER: "Вода и канализация",
    Topic.HEATING: "Отопление",
    Topic.GAS: "Газ",
    Topic.ELECTRICITY: "Электроснабжение",
    Topic.HOUSING: "Содержание домов и плата за ЖКУ",
    Topic.LANDSCAPING: "Благоустройство",
    Topic.TRANSPORT: "Общественный транспорт",
    Topic.HEALTH: "Здравоохранение",
    Topic.EDUCATION: "Образование",
    Topic.SOCIAL: "Соцзащита и льготы",
    Topic.ANIMALS: "Безнадзорные животные",
    Topic.ECOLOGY: "Экология",
    Topic.CONSTRUCTION: "Строительство и аварийное жильё",
    Topic.LAND: "Земля и имущество",
    Topic.SAFETY: "Безопасность и ЧС",
    Topic.TELECOM: "Связь и почта",
    Topic.CULTURE: "Культура, спорт и молодёжь",
    Topic.ECONOMY: "Торговля, труд и бизнес",
    Topic.MILITARY: "Мобилизация и военная служба",
    Topic.OTHER: "Прочее",
}


class Urgency(StrEnum):
    """How fast the law wants an answer."""

    NORMAL = "normal"
    URGENT = "urgent"

    @property
    def russian(self) -> str:
        """Russian name for people."""
        return {"normal": "обычная", "urgent": "повышенная"}[self.value]


class Certainty(StrEnum):
    """How far a verdict of the classifier may be trusted.

    ``auto``: safe to route unseen; ``review``: a person should look; ``unsure``: the classifier
    does not know, or the text is none that it understands.
    """

    AUTO = "auto"
    REVIEW = "review"
    UNSURE = "unsure"

    @property
    def russian(self) -> str:
        """Russian name for people."""
        return {"auto": "уверенно", "review": "нужна проверка", "unsure": "не уверен"}[self.value]


class Stage(StrEnum):
    """Where an incident stands."""

    REVIEW = "review"
    CLOSED = "closed"

    @property
    def russian(self) -> str:
        """Russian name for people."""
        return {"review": "на разборе", "closed": "закрыт"}[self.value]


class Outcome(StrEnum):
    """What came of an incident («Итог» in the state system's export)."""

    SOLVED = "solved"
    EXPLAINED = "explained"
    UNSOLVED = "unsolved"
    POSTPONED = "postponed"
    REDIRECTED = "redirected"

    @property
    def russian(self) -> str:
        """Russian name for people."""
        return {
            "solved": "Решено",
            "explained": "Разъяснено",
            "unsolved": "Не решено",
            "postponed": "Отложено",
            "redirected": "Перенаправлено",
        }[self.value]


class TimerKind(StrEnum):
    """What a timer says when it fires."""

    WARNING = "warning"
    DEADLINE = "deadline"


class TimerState(StrEnum):
    """A timer fires once; a closed incident's timers are cancelled."""

    PENDING = "pending"
    FIRED = "fired"
    CANCELLED = "cancelled"


class Act(StrEnum):
    """What the journal records."""

    OPENED = "opened"
    POST_EDITED = "post_edited"
    POST_DELETED = "post_deleted"
    URGENCY_RAISED = "urgency_raised"
    WARNED = "warned"
    OVERDUE = "overdue"
    CLOSED = "closed"
    CONFIRMED = "confirmed"
    CORRECTED = "corrected"
    ANSWER_QUEUED = "answer_queued"
    ANSWER_PUBLISHED = "answer_published"
    ANSWER_REFUSED = "answer_refused"
    ANSWER_BY_HAND = "answer_by_hand"
    ANSWER_WITHDRAWN = "answer_withdrawn"

    @property
    def russian(self) -> str:
        """Russian name for people."""
        return {
            "opened": "Инцидент открыт",
            "post_edited": "Автор изменил текст",
            "post_deleted": "Автор удалил текст",
            "urgency_raised": "Важность повышена",
            "warned": "Срок подходит",
            "overdue": "Срок прошёл",
            "closed": "Инцидент закрыт",
            "confirmed": "Разбор подтверждён",
            "corrected": "Разбор исправлен",
            "answer_queued": "Ответ поставлен на отправку",
            "answer_published": "Ответ опубликован",
            "answer_refused": "Ответ не опубликован",
            "answer_by_hand": "Ответ опубликован вручную",
            "answer_withdrawn": "Ответ снят с отправки",
        }[self.value]


class Role(StrEnum):
    """Who may sign in."""

    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"

    @property
    def russian(self) -> str:
        """Russian name for people."""
        return {"operator": "оператор", "administrator": "администратор"}[self.value]


class AnswerKind(StrEnum):
    """Whether more is to come after an answer."""

    INTERIM = "interim"
    FINAL = "final"

    @property
    def russian(self) -> str:
        """Russian name for people."""
        return {"interim": "промежуточный", "final": "окончательный"}[self.value]


class AnswerState(StrEnum):
    """Where an answer to a citizen stands.

    ``sending``: the network may or may not have it, so it is looked for before it is sent again.
    ``refused``: the network would not take it, and a person decides what next.
    """

    QUEUED = "queued"
    SENDING = "sending"
    PUBLISHED = "published"
    REFUSED = "refused"
    BY_HAND = "by_hand"
    WITHDRAWN = "withdrawn"

    @property
    def russian(self) -> str:
        """Russian name for people."""
        return {
            "queued": "ждёт отправки",
            "sending": "отправляется",
            "published": "опубликован",
            "refused": "не опубликован",
            "by_hand": "опубликован вручную",
            "withdrawn": "снят с отправки",
        }[self.value]
