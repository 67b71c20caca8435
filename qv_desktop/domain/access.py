"""Who may do what: roles, resources, actions, one table, and no for everything it does not name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class Role(StrEnum):
    """The four roles that a desk starts with and that nobody can change; it may make others of its own, see ``domain/roles.py``."""

    ADMIN = "Admin"
    TRADER = "Trader"
    ANALYST = "Analyst"
    VIEWER = "Viewer"


class Resource(StrEnum):
    """What is guarded."""

    MARKET = "market data"
    TRADING = "trading"
    STRATEGIES = "strategies"
    BACKTESTS = "backtests"
    RISK = "risk"
    AUDIT = "audit"
    RECONCILIATION = "reconciliation"
    USERS = "users"
    SETTINGS = "settings"


class Action(StrEnum):
    """What can be done to it."""

    VIEW = "view"
    CREATE = "create"
    CHANGE = "change"
    DELETE = "delete"
    RUN = "run"
    APPROVE = "approve"
    EXPORT = "export"


@dataclass(frozen=True, slots=True)
class Permission:
    """The right to do one action to one resource."""

    resource: Resource
    action: Action

    def __str__(self) -> str:
        return f"{self.resource}: {self.action}"


_EVERY = frozenset(Action)
_LOOK = frozenset({Action.VIEW})

TABLE: dict[Role, dict[Resource, frozenset[Action]]] = {
    Role.ADMIN: dict.fromkeys(Resource, _EVERY),
    Role.TRADER: {
        Resource.MARKET: frozenset({Action.VIEW, Action.CREATE, Action.CHANGE, Action.DELETE, Action.EXPORT}),
        Resource.TRADING: frozenset(
            {Action.VIEW, Action.CREATE, Action.CHANGE, Action.DELETE, Action.EXPORT, Action.RUN}
        ),  # to run: with real money
        Resource.STRATEGIES: frozenset({Action.VIEW, Action.CREATE, Action.CHANGE, Action.RUN}),
        Resource.BACKTESTS: frozenset({Action.VIEW, Action.CREATE, Action.RUN, Action.EXPORT}),
        Resource.RISK: frozenset({Action.VIEW, Action.RUN}),
        Resource.AUDIT: _LOOK,
        Resource.RECONCILIATION: frozenset({Action.VIEW, Action.CHANGE, Action.RUN, Action.EXPORT}),
        Resource.SETTINGS: frozenset({Action.VIEW, Action.CHANGE}),
    },
    Role.ANALYST: {
        Resource.MARKET: frozenset({Action.VIEW, Action.CREATE, Action.CHANGE, Action.DELETE, Action.EXPORT}),
        Resource.TRADING: _LOOK,
        Resource.STRATEGIES: frozenset({Action.VIEW, Action.CREATE, Action.CHANGE, Action.RUN}),
        Resource.BACKTESTS: frozenset({Action.VIEW, Action.CREATE, Action.RUN, Action.EXPORT}),
        Resource.RISK: _LOOK,
        Resource.RECONCILIATION: _LOOK,
        Resource.SETTINGS: _LOOK,
    },
    Role.VIEWER: {
        Resource.MARKET: _LOOK,
        Resource.TRADING: _LOOK,
        Resource.STRATEGIES: _LOOK,
        Resource.BACKTESTS: _LOOK,
        Resource.RISK: _LOOK,
        Resource.RECONCILIATION: _LOOK,
    },
}


type Roles = Mapping[str, frozenset[Permission]]  # name of a role -> what it may do

BUILT_IN: Roles = {
    role.value: frozenset(Permission(resource, action) for resource, actions in row.items() for action in actions)
    for role, row in TABLE.items()
}
NOTHING: frozenset[Permission] = frozenset()


def allowed(role: str, permission: Permission, roles: Roles = BUILT_IN) -> bool:
    """Whether ``role`` holds ``permission`` among the ``roles`` that are known; what they do not name is refused."""
    return permission in roles.get(role, NOTHING)


class UserState(StrEnum):
    """Whether a user may sign in at all."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class User:
    """A person who may sign in. ``custom`` is what a role of the desk's own making may do; a built-in one is as the table says.

    ``role_version`` rises whenever the person's role, what it may do, or the person's state is changed.
    """

    id: str
    name: str
    role: str
    state: UserState = UserState.ACTIVE
    role_version: int = 1
    custom: frozenset[Permission] = NOTHING

    @property
    def permissions(self) -> frozenset[Permission]:
        """All that the person's role may do, as it was last read."""
        return BUILT_IN.get(self.role, self.custom)

    def may(self, permission: Permission) -> bool:
        """Whether the person's role holds ``permission``."""
        return permission in self.permissions


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in user on one machine; ``expires`` is the absolute end of its refresh tokens."""

    id: str
    user: User
    host: str
    started: datetime
    expires: datetime


@dataclass(frozen=True, slots=True)
class SignIn:
    """The answer to a log-in: a session with its tokens, or the sentence to show; ``locked_until`` when locked, and for how long that is
    from now: ``locked_for``, since a desk's clock need not agree with the database's.

    The access token vouches until ``access_ends`` for what is asked; the refresh token gets the next pair, once.
    """

    session: Session | None
    message: str = ""
    locked_until: datetime | None = None
    locked_for: timedelta | None = None
    refresh_token: str = field(default="", repr=False)
    access_token: str = field(default="", repr=False)
    access_ends: datetime | None = None
