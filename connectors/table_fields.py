"""The fields that a column of a table can hold, and what a mapping of columns to them is."""

from collections import abc
from dataclasses import dataclass, field

from models.vocabulary import Network, Outcome, Topic

# The fields that a post has a place for; the rest go to Stated.extra under their own names.
TEXT_FIELDS = {
    "id": "номер записи в системе, откуда таблица",
    "text": "текст сообщения (обязателен)",
    "published_at": "когда написано",
    "url": "ссылка на сообщение",
    "author": "номер учётной записи автора или ссылка на неё",
    "author_url": "ссылка на автора",
    "place": "место одной строкой",
    "region": "регион",
    "municipality": "муниципалитет",
    "settlement": "населённый пункт",
    "street": "улица",
    "house": "дом",
    "topic": "тема: код, русское название или подробная тема",
    "code": "код темы, когда подробная тема стоит в другой колонке",
    "group": "группа тем",
    "type": "тип инцидента",
    "outcome": "итог",
    "closed_at": "когда закрыт",
    "step": "шаг, на котором стоит инцидент",
    "closing_reason": "причина закрытия",
    "number": "номер инцидента",
    "cabinet": "кабинет",
    "department": "отдел",
    "executor": "исполнитель",
    "first_answer": "текст первого ответа",
    "answer_1": "первый ответ последнего исполнителя",
    "answer_2": "второй ответ",
    "answer_3": "третий ответ",
    "answer_account": "учётная запись, от которой ответили",
    "executor_in_time": "уложился ли последний исполнитель",
    "object": "объект",
    "object_old": "объект (старая колонка)",
    "answer_has_media": "есть ли снимок в ответе",
    "has_media": "есть ли снимок в сообщении",
    "blog_url": "ссылка на сообщество",
    "audience": "аудитория",
    "engagement": "вовлечённость",
    "tags": "теги",
    "note": "примечание",
    "survey_sent": "отправлен ли опрос",
    "status": "состояние в официальной системе: и шаг, и итог",
    "applicant_type": "вид заявителя: гражданин, организация, коллектив, без подписи",
}
# Moments, durations and day fractions; each cell says itself which of these it is.
TIME_FIELDS = {
    "first_answer_at": "время первого ответа",
    "first_answer_after": "от создания до первого ответа",
    "first_answer_after_working": "то же в рабочем времени",
    "assigned_at": "когда назначен последний исполнитель",
    "executor_answer_at": "первый ответ последнего исполнителя",
    "executor_reaction": "от назначения до первой реакции",
    "total_time": "от создания до окончания",
    "sent_for_approval_at": "когда ответ отправлен на согласование",
    "approval_time": "сколько ответ был на согласовании",
    "rating_at": "когда инцидент попал на оценку",
    "due_at": "срок ответа в официальной системе",
}
FIELDS = TEXT_FIELDS | TIME_FIELDS

# "iso" stands for ISO 8601 and "russian" for дд.мм.гггг, each with or without a time; others
# are strptime formats.
DATE_FORMATS = ("iso", "russian")

# What a cell of these fields may mean; a mapping of one's own is held to them. A status of an
# official system is a step and an outcome at once: an outcome ends the matter, as "closed" does.
MEANINGS: abc.Mapping[str, tuple[str, ...]] = {
    "topic": tuple(Topic),
    "code": tuple(Topic),
    "outcome": tuple(Outcome),
    "step": ("closed",),
    "status": (*Outcome, "closed", "open"),
    "applicant_type": ("person", "company", "group", "anonymous"),
}

NO_TOPIC = ""
"""The meaning of a topic's name that says nothing of the topic."""

# Where a table's messages can have come from. A social network is none of these: there answers
# are published, which a table gives no way for.
TABLE_NETWORKS = (
    Network.TABLE,
    Network.POS,
    Network.OPEN_REGION,
    Network.REGISTRY,
    Network.HOTLINE,
    Network.RECEPTION,
    Network.PAPER,
)


@dataclass(frozen=True, slots=True)
class Mapping:
    """How to read one kind of table.

    ``columns`` maps a field (see FIELDS) to the headers it may stand under, the likeliest first.
    ``required`` fields must have a column. ``dates`` lists formats in the order they are tried.
    ``values`` maps a field to {cell: meaning}: one of MEANINGS where the field stands there,
    other text elsewhere. ``relevant`` is what the table claims of every row. ``stable_ids``
    tells that an id means the same message in every table of this kind; where it only numbers
    the rows, a message is known by its content. ``yearly_ids`` tells that numbers begin anew
    every year, so that the year belongs to them. ``network`` is where the messages came from:
    norms go by it.
    """

    name: str
    title: str
    columns: abc.Mapping[str, tuple[str, ...]]
    required: tuple[str, ...] = ("text",)
    dates: tuple[str, ...] = DATE_FORMATS
    values: abc.Mapping[str, abc.Mapping[str, str]] = field(default_factory=dict)
    relevant: bool | None = None
    stable_ids: bool = True
    yearly_ids: bool = False
    network: Network = Network.TABLE
