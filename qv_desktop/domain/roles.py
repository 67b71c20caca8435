"""Roles of a desk's own making: what one must be, and who may grant what."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from qv_desktop.domain.access import BUILT_IN, Action, Permission, Resource, User

MOST = 100  # roles of a desk's own making
FEW = 5  # names or permissions that a sentence lists


@dataclass(frozen=True, slots=True)
class KnownRole:
    """A role with who holds it. ``version`` rises with every change; a built-in one has none.

    ``unknown`` are permissions as stored that a newer program knows: they grant nothing here, and whoever changes the role keeps them.
    """

    name: str
    permissions: frozenset[Permission]
    version: int = 1
    holders: tuple[str, ...] = ()  # names of users, suspended ones too
    unknown: tuple[str, ...] = ()

    @property
    def built_in(self) -> bool:
        """Whether it is one of the four that cannot be changed."""
        return self.name in BUILT_IN


def whole(permissions: Collection[Permission]) -> frozenset[Permission]:
    """The permissions, and to view whatever they let one do something to: what cannot be seen cannot be used."""
    return frozenset(permissions) | {Permission(each.resource, Action.VIEW) for each in permissions}


def ungranted(granter: User, permissions: Collection[Permission]) -> str:
    """Why ``granter`` may not grant these, or nothing: nobody grants what they lack."""
    lacking = frozenset(permissions) - granter.permissions
    if not lacking:
        return ""
    return f"You cannot grant what you lack yourself: {listed(map(str, in_order(lacking)))}."


def outranked(actor: User, other: User) -> str:
    """Why ``actor`` may not administer ``other``, or nothing: with somebody else's password comes all that their role may do."""
    lacking = other.permissions - actor.permissions
    if not lacking:
        return ""
    return f"{other.name}'s role, {other.role}, may do what yours may not: {listed(map(str, in_order(lacking)))}."


def in_order(permissions: Iterable[Permission]) -> list[Permission]:
    """As the table has them: by resource, then by action."""
    resources, actions = list(Resource), list(Action)
    return sorted(permissions, key=lambda each: (resources.index(each.resource), actions.index(each.action)))


def written(permissions: Iterable[Permission]) -> list[str]:
    """As they are stored, such as ``trading: create``."""
    return [str(each) for each in in_order(permissions)]


def read(texts: Iterable[str]) -> frozenset[Permission]:
    """The permissions that ``texts`` name; what this program does not know grants nothing."""
    return frozenset(_BY_TEXT[text] for text in texts if text in _BY_TEXT)


def unread(texts: Iterable[str]) -> tuple[str, ...]:
    """What in ``texts`` this program does not know."""
    return tuple(text for text in texts if text not in _BY_TEXT)


def listed(names: Iterable[str]) -> str:
    """The first few names, and how many more there are."""
    every = list(names)
    if len(every) > FEW:
        return f"{', '.join(every[: FEW - 1])} and {len(every) - FEW + 1} more"
    return " and ".join(filter(None, (", ".join(every[:-1]), every[-1]))) if every else "nobody"


_BY_TEXT = {str(each): each for each in (Permission(resource, action) for resource in Resource for action in Action)}
