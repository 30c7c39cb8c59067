"""Every page of the console with who looks at it: for the tests of all pages, and for pictures."""

from dataclasses import dataclass

from console.showcase import Showcase

from models.vocabulary import Role

SIZES = {"wide": (1440, 900), "narrow": (360, 740)}


@dataclass(frozen=True)
class Sight:
    """A page as one role sees it; ``route`` is its line in the table of access.

    ``role`` is None for a stranger. ``path`` may name incidents of the showcase: ``{lamp}``. The
    picture of a ``tall`` page goes down to its end.
    """

    name: str
    route: str
    path: str
    role: Role | None = Role.OPERATOR
    tall: bool = False

    def address(self, showcase: Showcase) -> str:
        """Return the page's address."""
        return self.path.format(**showcase.incidents)


ADMINISTRATOR, APPROVER, EXECUTOR, OBSERVER = (
    Role.ADMINISTRATOR,
    Role.APPROVER,
    Role.EXECUTOR,
    Role.OBSERVER,
)
SIGHTS = (
    Sight("sign-in", "/sign-in", "/sign-in", None),
    Sight("review", "/review", "/review"),
    Sight("review-one", "/review/{number}", "/review/{lamp}"),
    Sight("queue", "/", "/"),
    Sight("queue-search", "/", "/?q=%D0%B4%D0%BE%D1%80%D0%BE%D0%B3%D0%B0&state=all"),
    Sight("queue-executor", "/", "/", EXECUTOR),
    Sight("views", "/views", "/views"),
    Sight("bulk", "/bulk", "/bulk?topic=roads"),
    Sight("card", "/incident/{number}", "/incident/{gas}"),
    Sight("card-rich", "/incident/{number}", "/incident/{lamp}"),
    Sight("card-edited", "/incident/{number}", "/incident/{water}"),
    Sight("card-answered", "/incident/{number}", "/incident/{snow}"),
    Sight("card-executor", "/incident/{number}", "/incident/{garbage}", EXECUTOR),
    Sight("card-approver", "/incident/{number}", "/incident/{road}", APPROVER),
    Sight("similar", "/incident/{number}/similar", "/incident/{garbage}/similar?other={water}"),
    Sight("approvals", "/approvals", "/approvals", APPROVER),
    Sight("templates", "/templates", "/templates"),
    Sight("dashboard", "/dashboard", "/dashboard?period=30", APPROVER, tall=True),
    Sight("dashboard-observer", "/dashboard", "/dashboard", OBSERVER),
    Sight("new", "/new", "/new"),
    Sight("keys", "/keys", "/keys"),
    Sight("account", "/account", "/account"),
    Sight("second-factor", "/account/factor", "/account/factor"),
    Sight("password", "/password", "/password"),
    Sight("sources", "/sources", "/sources", ADMINISTRATOR),
    Sight("source-keys", "/sources/keys", "/sources/keys", ADMINISTRATOR),
    Sight("admin", "/admin", "/admin", ADMINISTRATOR),
    Sight("staff", "/admin/staff", "/admin/staff", ADMINISTRATOR),
    Sight("staff-one", "/admin/staff/{number}", "/admin/staff/1", ADMINISTRATOR),
    Sight("region", "/admin/region", "/admin/region", ADMINISTRATOR),
    Sight("norms", "/admin/norms", "/admin/norms", ADMINISTRATOR),
    Sight("models", "/admin/models", "/admin/models", ADMINISTRATOR),
    Sight("journal", "/admin/journal", "/admin/journal", ADMINISTRATOR),
    Sight("journal-check", "/admin/journal/check", "/admin/journal/check", ADMINISTRATOR),
    Sight("retention", "/admin/retention", "/admin/retention", ADMINISTRATOR),
    Sight("api-keys", "/admin/api", "/admin/api", ADMINISTRATOR),
)
"""Pages without a line here fail a test."""
