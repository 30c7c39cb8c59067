"""Who may do what: one table of roles, and one rule of what a person sees.

Whoever does not see an incident is told that there is none (``not found``), so that a number
cannot be guessed at.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from models.vocabulary import MACHINE, Act, Role


class Right(StrEnum):
    """What is allowed beside acts on an incident."""

    READ_QUEUE = "read_queue"
    SEE_AUTHORS = "see_authors"
    READ_REPORTS = "read_reports"
    READ_JOURNAL = "read_journal"
    SEE_SOURCES = "see_sources"
    JUDGE = "judge"
    APPROVE = "approve"
    ENTER_CASES = "enter_cases"
    MANAGE_STAFF = "manage_staff"
    MANAGE_REGION = "manage_region"
    MANAGE_SOURCES = "manage_sources"
    MANAGE_MODELS = "manage_models"
    MANAGE_RETENTION = "manage_retention"
    MANAGE_API = "manage_api"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a staff login with a role, and an executor's body. The machine has no role."""

    login: str
    role: Role | None
    body: str | None = None


OTKLIK = Actor(MACHINE, None)
"""The machine itself: timers, publishing, what authors do."""

_OWN = frozenset(
    {
        Act.ACCEPTED,
        Act.RETURNED,
        Act.PASSED_UP,
        Act.DRAFTED,
        Act.SUBMITTED,
        Act.ANSWER_WITHDRAWN,
        Act.PAUSED,
        Act.RESUMED,
    }
)
_OPERATOR = _OWN | {
    Act.CONFIRMED,
    Act.CORRECTED,
    Act.ASSIGNED,
    Act.CO_EXECUTORS,
    Act.ANSWER_QUEUED,
    Act.ANSWER_BY_HAND,
    Act.MERGED,
    Act.UNMERGED,
    Act.KEPT_APART,
    Act.POST_SPLIT,
    Act.RATED,
    Act.CLOSED,
    Act.REOPENED,
    Act.APPROVED,
    Act.REJECTED,
    Act.SNOOZED,
}
_APPROVER = frozenset({Act.APPROVED, Act.REJECTED, Act.REOPENED, Act.ASSIGNED})

ACTS: Mapping[Role, frozenset[Act]] = {
    Role.OPERATOR: _OPERATOR,
    Role.EXECUTOR: _OWN,
    Role.APPROVER: _APPROVER,
    Role.ADMINISTRATOR: _OPERATOR | _APPROVER,
    Role.OBSERVER: frozenset(),
}
"""Acts on an incident, by role (domain: operator classifies, merges, assigns, publishes; the
executor accepts, returns, drafts; the head agrees or gives back; the observer only reads)."""

_READER = frozenset({Right.READ_QUEUE, Right.SEE_AUTHORS})
RIGHTS: Mapping[Role, frozenset[Right]] = {
    Role.OPERATOR: _READER
    | {Right.READ_REPORTS, Right.SEE_SOURCES, Right.JUDGE, Right.ENTER_CASES},
    Role.EXECUTOR: _READER,
    Role.APPROVER: _READER | {Right.READ_REPORTS, Right.READ_JOURNAL, Right.APPROVE},
    Role.ADMINISTRATOR: frozenset(Right),
    Role.OBSERVER: frozenset({Right.READ_REPORTS}),
}
"""Rights beside acts, by role."""


def may(actor: Actor, act: Act) -> bool:
    """Tell whether the actor's role has the act at all."""
    return actor.role is None or act in ACTS[actor.role]


def has(actor: Actor, right: Right) -> bool:
    """Tell whether the actor's role has the right."""
    return actor.role is None or right in RIGHTS[actor.role]


def sees(actor: Actor, body: str, helpers: Collection[str] = ()) -> bool:
    """Tell whether the actor may look at an incident of ``body``, helped by ``helpers``.

    An executor sees what their own body answers for or helps with; an observer sees no incident.
    """
    if actor.role is Role.EXECUTOR:
        return actor.body is not None and actor.body in {body, *helpers}
    return has(actor, Right.READ_QUEUE)


def limited_to(actor: Actor) -> str | None:
    """Return the one body whose incidents the actor may list, or None for everybody's.

    An executor of no body gets "", which no body is called, and so sees nothing.
    """
    return (actor.body or "") if actor.role is Role.EXECUTOR else None


def answers_for(actor: Actor, body: str) -> bool:
    """Tell whether the actor may act where ``body`` is responsible: a helper only looks on."""
    return actor.role is not Role.EXECUTOR or actor.body == body
