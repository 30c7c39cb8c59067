"""What a program may ask for: acts on an incident and on an answer, each with its fields."""

from typing import Annotated, Literal

from fastapi.openapi.models import Example
from pydantic import BaseModel, ConfigDict, Field

from models.vocabulary import AnswerKind, ClosingReason, Network, Outcome, Topic, Urgency
from pipeline.api.shapes import Code, Id, Moment, Reason, Text


class _Wish(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: Id = Field(description="The incident's version that was seen.")


class Confirm(_Wish):
    """Nothing is wrong with what the machine suggested."""

    act: Literal["confirm"]


class Correct(_Wish):
    """Say what the incident is. What is left out stays as it is."""

    act: Literal["correct"]
    relevant: bool = Field(default=True, description="False closes it: it is no appeal.")
    topic: Topic | None = None
    urgency: Urgency | None = None
    settlement: Code | None = Field(
        default=None, description="Code of a settlement; null for unknown, if it is sent."
    )
    also: Annotated[list[Topic], Field(max_length=24)] | None = Field(
        default=None, description="Topics of further problems in the same text."
    )


class Assign(_Wish):
    """Make a body the responsible one."""

    act: Literal["assign"]
    body: Code
    reason: Reason = ""


class Accept(_Wish):
    """Take it into work."""

    act: Literal["accept"]


class Return(_Wish):
    """Give it back: it is not ours."""

    act: Literal["return"]
    reason: Reason


class PassUp(_Wish):
    """Give it to the municipality's own desk."""

    act: Literal["pass_up"]
    reason: Reason


class Helpers(_Wish):
    """Let exactly these bodies help."""

    act: Literal["helpers"]
    bodies: list[Code] = Field(max_length=50)


class Pause(_Wish):
    """Stop the legal clock, where the norm allows it."""

    act: Literal["pause"]
    until: Moment
    reason: Reason


class Resume(_Wish):
    """Let the legal clock run on."""

    act: Literal["resume"]


class Close(_Wish):
    """Close it."""

    act: Literal["close"]
    closing: ClosingReason
    reason: Reason = ""


class Reopen(_Wish):
    """Open it again."""

    act: Literal["reopen"]
    reason: Reason


class Merge(_Wish):
    """Put its messages into another open incident, and close this one."""

    act: Literal["merge"]
    into: Id
    reason: Reason = ""


class Unmerge(_Wish):
    """Take a merge back: this is the incident that was merged into another."""

    act: Literal["unmerge"]


class KeepApart(_Wish):
    """Never let these two be merged; ``lift`` takes that back."""

    act: Literal["keep_apart"]
    other: Id
    lift: bool = False


class Split(_Wish):
    """Give one of its messages an incident of its own."""

    act: Literal["split"]
    post: Id
    reason: Reason = ""


class Snooze(_Wish):
    """Put it off: the review queue leaves it out until then. No deadline moves."""

    act: Literal["snooze"]
    until: Moment | None = Field(description="Null wakes it.")


ActWish = Annotated[
    Confirm
    | Correct
    | Assign
    | Accept
    | Return
    | PassUp
    | Helpers
    | Pause
    | Resume
    | Close
    | Reopen
    | Merge
    | Unmerge
    | KeepApart
    | Split
    | Snooze,
    Field(discriminator="act"),
]


EXAMPLES: dict[str, Example] = {
    "confirm": {"value": {"act": "confirm", "version": 1}},
    "correct": {"value": {"act": "correct", "version": 1, "topic": "snow", "urgency": "urgent"}},
    "assign": {"value": {"act": "assign", "version": 2, "body": "roads"}},
    "return": {"value": {"act": "return", "version": 2, "reason": "Дорога областная"}},
    "pause": {
        "value": {
            "act": "pause",
            "version": 3,
            "until": "2026-11-27T17:00:00+03:00",
            "reason": "Ждём ответа подрядчика",
        }
    },
    "merge": {"value": {"act": "merge", "version": 1, "into": 17}},
}


class NewAnswer(BaseModel):
    """An answer to the citizen.

    ``draft`` stores it in place of the present draft, ``submit`` stores it and puts it before the
    head, ``send`` puts it on its way, ``by_hand`` takes down what was published by hand.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "how": "submit",
                    "version": 3,
                    "kind": "final",
                    "outcome": "solved",
                    "text": "Здравствуйте! Яму засыпали 17 ноября.",
                }
            ]
        },
    )

    how: Literal["draft", "submit", "send", "by_hand"]
    version: Id = Field(description="The incident's version that was seen.")
    kind: AnswerKind
    text: Annotated[Text, Field(max_length=20_000)]
    outcome: Outcome | None = Field(default=None, description="What came of it; final ones only.")
    post: Id | None = Field(default=None, description="Which message to answer; else the newest.")
    further: bool = Field(default=False, description="One more after a final answer, on purpose.")
    draft_version: Id | None = Field(
        default=None, description="The present draft's version that was seen, if there is one."
    )
    link: Annotated[Text, Field(max_length=2000)] = Field(
        default="", description="Where it stands; `by_hand` only."
    )


class _AnswerWish(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: Id = Field(description="The answer's version that was seen.")


class Submit(_AnswerWish):
    """Put the draft before the head."""

    act: Literal["submit"]


class Approve(_AnswerWish):
    """Let it out."""

    act: Literal["approve"]


class Reject(_AnswerWish):
    """Give it back to be worked over."""

    act: Literal["reject"]
    reason: Reason


class Withdraw(_AnswerWish):
    """Take it off: it is not sent any more."""

    act: Literal["withdraw"]


class Repeat(_AnswerWish):
    """Send it again after the network refused it."""

    act: Literal["repeat"]


class ByHand(_AnswerWish):
    """It was published by hand."""

    act: Literal["by_hand"]
    link: Annotated[Text, Field(max_length=2000)] = ""


AnswerWish = Annotated[
    Submit | Approve | Reject | Withdraw | Repeat | ByHand, Field(discriminator="act")
]


class NewEntry(BaseModel):
    """A message that came by telephone, at a reception or on paper. Never an applicant's name."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "channel": "paper",
                    "number": "17",
                    "text": "Не горит фонарь у дома 5 на Лесной",
                    "place": "Луга, ул. Лесная, 5",
                }
            ]
        },
    )

    channel: Literal[Network.HOTLINE, Network.RECEPTION, Network.PAPER]
    text: Annotated[Text, Field(min_length=1, max_length=100_000)]
    received_at: Moment | None = Field(default=None, description="By default now.")
    place: Annotated[Text, Field(max_length=1000)] = ""
    topic: Topic | None = Field(default=None, description="Else the classifier names it.")
    number: Annotated[Text, Field(max_length=100)] = Field(
        default="", description="The document's number, unique in its channel and year."
    )
    contact: Annotated[Text, Field(max_length=200)] = Field(
        default="", description="Where to answer: a telephone, an address; no name."
    )
