"""Who may do what: roles, resources, actions, one table, and no for everything it does not name."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """The four roles that a desk starts with."""

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
        Resource.TRADING: frozenset({Action.VIEW, Action.CREATE, Action.CHANGE, Action.DELETE, Action.EXPORT}),
        Resource.STRATEGIES: frozenset({Action.VIEW, Action.CREATE, Action.CHANGE, Action.RUN}),
        Resource.BACKTESTS: frozenset({Action.VIEW, Action.CREATE, Action.RUN, Action.EXPORT}),
        Resource.RISK: frozenset({Action.VIEW, Action.RUN}),
        Resource.AUDIT: _LOOK,
        Resource.RECONCILIATION: frozenset({Action.VIEW, Action.RUN, Action.EXPORT}),
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


def allowed(role: Role, permission: Permission) -> bool:
    """Whether ``role`` holds ``permission``; what the table does not name is refused."""
    return permission.action in TABLE.get(role, {}).get(permission.resource, frozenset())


class UserState(StrEnum):
    """Whether a user may sign in at all."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class User:
    """A person who may sign in."""

    id: str
    name: str
    role: Role
    state: UserState = UserState.ACTIVE
    role_version: int = 1


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
    """The answer to a log-in: a session with its tokens, or the sentence to show; ``locked_until`` when locked.

    The access token vouches until ``access_ends`` for what is asked; the refresh token gets the next pair, once.
    """

    session: Session | None
    message: str = ""
    locked_until: datetime | None = None
    refresh_token: str = field(default="", repr=False)
    access_token: str = field(default="", repr=False)
    access_ends: datetime | None = None
