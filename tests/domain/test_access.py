"""Roles: the table is what it says, and silent where it says nothing."""

import itertools

from qv_desktop.domain.access import TABLE, Action, Permission, Resource, Role, allowed


def test_an_admin_may_do_everything() -> None:
    assert all(allowed(Role.ADMIN, Permission(r, a)) for r, a in itertools.product(Resource, Action))


def test_a_viewer_only_looks() -> None:
    granted = {(r, a) for r, a in itertools.product(Resource, Action) if allowed(Role.VIEWER, Permission(r, a))}
    assert {a for _, a in granted} == {Action.VIEW}
    assert (Resource.USERS, Action.VIEW) not in granted


def test_only_admin_and_trader_send_orders() -> None:
    may = {role for role in Role if allowed(role, Permission(Resource.TRADING, Action.CREATE))}
    assert may == {Role.ADMIN, Role.TRADER}


def test_nobody_but_an_admin_touches_users_or_raises_limits() -> None:
    for role in set(Role) - {Role.ADMIN}:
        assert not any(allowed(role, Permission(Resource.USERS, action)) for action in Action)
        assert not allowed(role, Permission(Resource.RISK, Action.CHANGE))


def test_what_the_table_does_not_name_is_refused() -> None:
    unnamed = set(Resource) - set(TABLE[Role.VIEWER])
    assert unnamed
    assert not any(allowed(Role.VIEWER, Permission(r, a)) for r in unnamed for a in Action)
