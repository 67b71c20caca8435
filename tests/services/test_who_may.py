"""Every action of every service is asked by every role: it is let through or refused as the one table says, and refused by default."""

import asyncio
import dataclasses
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any, cast, get_type_hints

import pytest

from qv_desktop import services, wiring
from qv_desktop.domain.access import BUILT_IN, NOTHING, Action, Permission, Resource, Role, Session, User
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.errors import NotPermitted
from qv_desktop.services.arming import Arming
from qv_desktop.services.flattening import Flattening
from qv_desktop.services.kill_switch import KillSwitch
from qv_desktop.services.login import Login
from qv_desktop.services.orders import Orders
from qv_desktop.services.saved_scans import SavedScans
from qv_desktop.services.ticket_presets import TicketPresets
from tests.builders import NOW
from tests.fakes import Trail, Users
from tests.services.who_may import EITHER, FREE, GUARDED

ROLES = (*Role, "Night desk")  # the last is one of a desk's own, which may look at market data and nothing else
OWN = frozenset({Permission(Resource.MARKET, Action.VIEW)})


class LetThrough(Exception):
    """The guard let the action through; the rest of it is not what is tested here."""

    def __init__(self, permission: Permission) -> None:
        super().__init__(str(permission))
        self.permission = permission


class Guard(Login):
    """The real guard, which ends the action as soon as it let one through. With ``doubts`` nobody can go by what was read last."""

    doubts = False

    def may(self, permission: Permission) -> bool:
        return not self.doubts and super().may(permission)

    async def require(self, permission: Permission, *, even_without_database: bool = False) -> Session:
        await super().require(permission, even_without_database=even_without_database)
        raise LetThrough(permission)


def classes() -> dict[str, type]:
    """Every service that a panel or a command can reach, by its name."""
    found = {
        hint.__name__: hint
        for hint in get_type_hints(wiring.Services).values()
        if hint.__module__.startswith(services.__name__)
    }
    for module in pkgutil.iter_modules(services.__path__):
        for _, each in inspect.getmembers(
            importlib.import_module(f"{services.__name__}.{module.name}"), inspect.isclass
        ):
            if each.__module__.startswith(services.__name__) and _guarded(each):
                found[each.__name__] = each
    found.pop(
        "TradingStates"
    )  # the part of Risk that keeps the state: every method of it stands in the tables as Risk's
    found.pop("Preferences")  # a port: what a person keeps, under the person's own id
    return {**found, **{each.__name__: each for each in (TicketPresets, Arming)}}


def _guarded(service: type) -> bool:
    """Whether a service is made with a log-in, to ask whether a person may."""
    return "login" in inspect.signature(service.__init__).parameters  # type: ignore[misc]


def methods() -> Iterator[str]:
    """Every public method of theirs, as ``Class.method``."""
    for name, service in sorted(classes().items()):
        for method, _ in inspect.getmembers(service, inspect.isfunction):
            if not method.startswith("_"):
                yield f"{name}.{method}"


def guard(role: str) -> Guard:
    user = User("u1", "ann", role, custom=NOTHING if role in BUILT_IN else OWN)
    made = Guard(Users(user), Trail(), lambda: NOW, "host")
    made.session = Session("s1", user, "host", NOW, NOW)
    return made


def asked(name: str, login: Guard) -> Callable[[], Any]:
    """The method on a service that has a guard and, else, nothing: what comes before the guard fails."""
    service, method = name.split(".")
    login.doubts = (
        service == "Drawings"
    )  # they ask only where the role as last read does not hold it, and again before they write
    made = object.__new__(classes()[service])
    for attribute, value in {"_login": login, "_one_at_a_time": asyncio.Lock(), **bare(service, login)}.items():
        object.__setattr__(made, attribute, value)
    bound = getattr(made, method)
    taken = [
        p for p in inspect.signature(bound).parameters.values() if p.default is p.empty and p.kind is not p.KEYWORD_ONLY
    ]
    named = {"symbol": "x"} if name == "Orders.cancel_scope" else {}
    return lambda: bound(*(argument(name, parameter.name) for parameter in taken), **named)


def bare(service: str, login: Guard) -> dict[str, Any]:
    """The little that some services look at before they ask."""
    if service == "Flattening":
        orders = object.__new__(Orders)
        orders._login = login
        return {"_orders": orders, "under_way": set()}
    return {
        "Orders": {"book": {}},
        "Risk": {"_brakes": 0},
        "SavedScans": {"_own": {"x": type("Scan", (), {"universe": "x"})()}},
        "Watchlists": {"_lists": {"x": ()}},
        "PriceAlerts": {"_alerts": {"x": type("Alert", (), {"price": 1.0})()}},
        "Drawings": {"_user": "u1", "_held": {"x": {}}, "_publish": lambda event: None},
    }.get(service, {})


def argument(method: str, name: str) -> Any:
    if method == "Exports.table" and name == "permission":
        return GUARDED[method]
    if method in ("Flattening.flatten", "Drawings.put"):
        return type("Plan", (), {"symbol": "x"})()
    return 5 if name == "minutes" else "x"


async def outcome(name: str, role: str) -> tuple[Permission | None, list[Draft]]:
    """What the guard let through, or None when it refused, and what was written down."""
    login = guard(role)
    try:
        await asked(name, login)()
    except LetThrough as through:
        return through.permission, [row.draft for row in login._trail.rows]  # type: ignore[attr-defined]
    except NotPermitted:
        return None, [row.draft for row in login._trail.rows]  # type: ignore[attr-defined]
    raise AssertionError(f"{name} did not ask whether the person may")


@pytest.mark.parametrize("role", ROLES)
def test_every_action_is_let_through_or_refused_as_the_table_says(role: str) -> None:
    permitted = BUILT_IN.get(role, OWN)
    told, wanted = {}, {}
    for name, permission in GUARDED.items():
        told[name] = asyncio.run(outcome(name, role))[0]
        wanted[name] = permission if permission in permitted else None
    assert told == wanted
    assert len(GUARDED) * len(ROLES) > 250


@pytest.mark.parametrize("role", [role for role in ROLES if role != Role.ADMIN])
def test_every_refusal_is_written_down_with_who_and_what(role: str) -> None:
    for name, permission in GUARDED.items():
        if permission not in BUILT_IN.get(role, OWN):
            drafts = asyncio.run(outcome(name, role))[1]
            assert [(d.action, d.object_id, d.outcome, d.actor.name, d.actor.role) for d in drafts] == [
                ("permission.refuse", str(permission), "refused", "ann", role)]  # fmt: skip


def test_a_role_that_no_table_names_may_do_nothing_at_all() -> None:
    user = User("u1", "ann", "Nobody's")
    assert not any(user.may(Permission(resource, action)) for resource in Resource for action in Action)


def test_no_method_of_a_service_is_in_neither_table_and_none_in_both() -> None:
    known = set(methods())
    elsewhere = set(GUARDED) | set(EITHER)
    free = {name for name in known if name in FREE or f"{name.partition('.')[0]}.*" in FREE}
    assert known - free - elsewhere == set(), "guard these, or say in FREE why they need no permission"
    assert elsewhere & free == set()


def test_the_tables_name_nothing_that_is_not_there_and_every_reason_is_a_sentence() -> None:
    known, services_known = set(methods()), set(classes())
    assert (set(GUARDED) | set(EITHER)) - known == set()
    assert {name for name in FREE if name not in known and name.partition(".")[0] not in services_known} == set()
    assert all(len(reason.split()) > 3 for reason in FREE.values())


def test_a_service_with_a_guard_is_never_free_as_a_whole_but_for_reasons_that_were_looked_at() -> None:
    whole = {name.partition(".")[0] for name in FREE if name.endswith(".*")}
    assert {name for name in whole if _guarded(classes()[name])} == {"Acknowledging"}


@pytest.mark.parametrize("permissions", [OWN, *(OWN | {each} for each in EITHER["KillSwitch.kill"])])
def test_one_of_two_permissions_is_enough_for_the_kill_switch_and_none_is_refused(
    permissions: frozenset[Permission],
) -> None:
    login = guard("Night desk")
    assert login.session is not None
    user = dataclasses.replace(login.session.user, custom=permissions)
    login.session, login._users = dataclasses.replace(login.session, user=user), Users(user)
    kill = cast(Any, object.__new__(KillSwitch))
    kill._login, kill.running = login, False
    if permissions != OWN:
        assert kill.lacking() == ""
        return
    with pytest.raises(NotPermitted, match="risk: run"):
        asyncio.run(kill.kill("button"))
    assert [row.draft.outcome for row in cast(Any, login)._trail.rows] == ["refused"]


def test_what_is_tested_is_there() -> None:
    assert {"Orders", "KillSwitch", "People", "Roles", "Exports", "Connections"} <= set(classes())
    assert Flattening.__name__ in classes()
    assert SavedScans.__name__ in classes()
    assert len(set(methods())) > 200
