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
    """Where an incident stands; ``pipeline.decisions.lifecycle`` tells what may follow what.

    ``assigned``: a body has it and did not accept it yet. ``work``: the body acts and drafts; an
    interim answer leads back here. ``publishing``: an approved answer is on its way, or a person
    has to publish it. ``satisfaction``: the final answer stands, the author may still speak.
    """

    REVIEW = "review"
    ASSIGNED = "assigned"
    WORK = "work"
    RETURNED = "returned"
    APPROVAL = "approval"
    PUBLISHING = "publishing"
    SATISFACTION = "satisfaction"
    CLOSED = "closed"

    @property
    def russian(self) -> str:
        """Russian name for people."""
        return {
            "review": "на разборе",
            "assigned": "назначен",
            "work": "в работе",
            "returned": "возвращён исполнителем",
            "approval": "на согласовании",
            "publishing": "публикуется",
            "satisfaction": "оценка удовлетворённости",
            "closed": "закрыт",
        }[self.value]


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


class ClosingReason(StrEnum):
    """Why an incident was closed; the first three are the state system's own."""

    NO_REPLY = "no_reply"
    SATISFIED = "satisfied"
    POINTLESS = "pointless"
    NOT_RELEVANT = "not_relevant"
    NO_ANSWER_DUE = "no_answer_due"
    MERGED = "merged"
    BY_SOURCE = "by_source"

    @property
    def russian(self) -> str:
        """Russian name for people."""
        return {
            "no_reply": "Нет ответа от автора",
            "satisfied": "Автор доволен",
            "pointless": "Дальнейший диалог нецелесообразен",
            "not_relevant": "Не обращение",
            "no_answer_due": "Ответ не положен",
            "merged": "Объединён с другим инцидентом",
            "by_source": "Закрыт в своей системе",
        }[self.value]


class Term(StrEnum):
    """What a norm limits.

    ``answer``: from the author's word to the first answer; ``final``: from an interim answer to
    the final one. These two are the legal deadline (``due_at``). The others limit one stage:
    ``review`` until a body is assigned, ``acceptance`` until it accepts, ``approval`` until the
    head decides, ``publication`` until an approved answer stands, ``silence`` until an answered
    incident closes by itself.
    """

    ANSWER = "answer"
    FINAL = "final"
    REVIEW = "review"
    ACCEPTANCE = "acceptance"
    APPROVAL = "approval"
    PUBLICATION = "publication"
    SILENCE = "silence"

    @property
    def russian(self) -> str:
        """Russian name for people."""
        return {
            "answer": "первый ответ",
            "final": "окончательный ответ",
            "review": "разбор",
            "acceptance": "принятие в работу",
            "approval": "согласование",
            "publication": "публикация",
            "silence": "ожидание отзыва автора",
        }[self.value]


class Clock(StrEnum):
    """Which of an incident's clocks a timer belongs to; an incident has at most one of each.

    ``answer``: the legal deadline; ``stage``: the present stage's own; ``pause``: the end of a
    pause.
    """

    ANSWER = "answer"
    STAGE = "stage"
    PAUSE = "pause"


class TimerState(StrEnum):
    """A timer that has nothing more to say is fired; one that nobody needs is cancelled."""

    PENDING = "pending"
    FIRED = "fired"
    CANCELLED = "cancelled"


class Act(StrEnum):
    """What people and the machine do with an incident; each one is a line of the journal."""

    OPENED = "opened"
    POST_JOINED = "post_joined"
    POST_EDITED = "post_edited"
    POST_DELETED = "post_deleted"
    POST_SPLIT = "post_split"
    URGENCY_RAISED = "urgency_raised"
    WARNED = "warned"
    OVERDUE = "overdue"
    ESCALATED = "escalated"
    STAGE_OVERDUE = "stage_overdue"
    CONFIRMED = "confirmed"
    CORRECTED = "corrected"
    ASSIGNED = "assigned"
    ACCEPTED = "accepted"
    RETURNED = "returned"
    PASSED_UP = "passed_up"
    CO_EXECUTORS = "co_executors"
    DRAFTED = "drafted"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"
    ANSWER_QUEUED = "answer_queued"
    ANSWER_PUBLISHED = "answer_published"
    ANSWER_REFUSED = "answer_refused"
    ANSWER_BY_HAND = "answer_by_hand"
    ANSWER_WITHDRAWN = "answer_withdrawn"
    PAUSED = "paused"
    RESUMED = "resumed"
    RATED = "rated"
    CLOSED = "closed"
    REOPENED = "reopened"
    MERGED = "merged"
    UNMERGED = "unmerged"
    KEPT_APART = "kept_apart"
    RECOMPUTED = "recomputed"
    STAFF_CHANGED = "staff_changed"
    SNOOZED = "snoozed"
    UNDONE = "undone"
    MODEL_CHANGED = "model_changed"
    SOURCE_KEY_CHANGED = "source_key_changed"
    API_KEY_CHANGED = "api_key_changed"
    AUTHORS_ERASED = "authors_erased"

    @property
    def russian(self) -> str:
        """Russian name for people."""
        return ACT_TITLES[self]


ACT_TITLES: dict[Act, str] = {
    Act.OPENED: "Инцидент открыт",
    Act.POST_JOINED: "Добавлено сообщение о той же проблеме",
    Act.POST_EDITED: "Автор изменил текст",
    Act.POST_DELETED: "Автор удалил текст",
    Act.POST_SPLIT: "Сообщение отделено",
    Act.URGENCY_RAISED: "Важность повышена",
    Act.WARNED: "Срок подходит",
    Act.OVERDUE: "Срок прошёл",
    Act.ESCALATED: "Просрочка передана выше",
    Act.STAGE_OVERDUE: "Срок стадии прошёл",
    Act.CONFIRMED: "Разбор подтверждён",
    Act.CORRECTED: "Разбор исправлен",
    Act.ASSIGNED: "Назначен исполнитель",
    Act.ACCEPTED: "Принят в работу",
    Act.RETURNED: "Возвращён исполнителем",
    Act.PASSED_UP: "Передан на уровень выше",
    Act.CO_EXECUTORS: "Изменены соисполнители",
    Act.DRAFTED: "Подготовлен ответ",
    Act.SUBMITTED: "Ответ отправлен на согласование",
    Act.APPROVED: "Ответ согласован",
    Act.REJECTED: "Ответ возвращён на доработку",
    Act.ANSWER_QUEUED: "Ответ поставлен на отправку",
    Act.ANSWER_PUBLISHED: "Ответ опубликован",
    Act.ANSWER_REFUSED: "Ответ не опубликован",
    Act.ANSWER_BY_HAND: "Ответ опубликован вручную",
    Act.ANSWER_WITHDRAWN: "Ответ снят с отправки",
    Act.PAUSED: "Срок приостановлен",
    Act.RESUMED: "Срок возобновлён",
    Act.RATED: "Автор оценил ответ",
    Act.CLOSED: "Инцидент закрыт",
    Act.REOPENED: "Инцидент открыт снова",
    Act.MERGED: "Объединены",
    Act.UNMERGED: "Объединение отменено",
    Act.KEPT_APART: "Запрещено объединять",
    Act.RECOMPUTED: "Срок пересчитан",
    Act.STAFF_CHANGED: "Изменены права сотрудника",
    Act.SNOOZED: "Отложен",
    Act.UNDONE: "Действие отменено",
    Act.MODEL_CHANGED: "Сменена модель",
    Act.SOURCE_KEY_CHANGED: "Сменён ключ источника",
    Act.API_KEY_CHANGED: "Изменён ключ доступа к API",
    Act.AUTHORS_ERASED: "Сведения об авторах стёрты",
}


MACHINE = "otklik"
"""The actor, in the journal, of everything that no person did."""


class Role(StrEnum):
    """Who may sign in; ``pipeline.decisions.permissions`` tells what each may do."""

    OPERATOR = "operator"
    EXECUTOR = "executor"
    APPROVER = "approver"
    ADMINISTRATOR = "administrator"
    OBSERVER = "observer"

    @property
    def russian(self) -> str:
        """Russian name for people."""
        return {
            "operator": "оператор",
            "executor": "исполнитель",
            "approver": "согласующий",
            "administrator": "администратор",
            "observer": "наблюдатель",
        }[self.value]


class Occasion(StrEnum):
    """What people are told of; see ``pipeline.decisions.notices`` for who and when."""

    URGENT = "urgent"
    ASSIGNED = "assigned"
    RETURNED = "returned"
    PASSED_UP = "passed_up"
    WARNING = "warning"
    OVERDUE = "overdue"
    ESCALATION = "escalation"
    STAGE_OVERDUE = "stage_overdue"
    TO_APPROVE = "to_approve"
    REJECTED = "rejected"
    ANSWER_REFUSED = "answer_refused"
    REOPENED = "reopened"
    DISSATISFIED = "dissatisfied"
    SILENT_CLOCK = "silent_clock"

    @property
    def russian(self) -> str:
        """Russian name for people."""
        return {
            "urgent": "Срочное обращение",
            "assigned": "Вам назначен инцидент",
            "returned": "Исполнитель вернул инцидент",
            "passed_up": "Инцидент передан вам",
            "warning": "Срок подходит",
            "overdue": "Срок прошёл",
            "escalation": "Просрочка",
            "stage_overdue": "Срок стадии прошёл",
            "to_approve": "Ответ ждёт согласования",
            "rejected": "Ответ возвращён на доработку",
            "answer_refused": "Ответ не опубликован",
            "reopened": "Инцидент открыт снова",
            "dissatisfied": "Автор недоволен ответом",
            "silent_clock": "Часы сроков стоят",
        }[self.value]


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

    ``draft``: being written; ``approval``: before the head. ``sending``: the network may or may
    not have it, so it is looked for before it is sent again.
    ``refused``: the network would not take it, and a person decides what next.
    """

    DRAFT = "draft"
    APPROVAL = "approval"
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
            "draft": "готовится",
            "approval": "на согласовании",
            "queued": "ждёт отправки",
            "sending": "отправляется",
            "published": "опубликован",
            "refused": "не опубликован",
            "by_hand": "опубликован вручную",
            "withdrawn": "снят с отправки",
        }[self.value]
