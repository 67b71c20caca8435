"""Connections: which accounts there are, which one is used, and every change of that written down before it is made."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol
from uuid import uuid4

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.accounts import Account, Environment
from qv_desktop.domain.audit import Draft, Outcome
from qv_desktop.domain.connections import FIRST, Connection, Known, Traded, check_pair, described, named, secret_names
from qv_desktop.domain.errors import BadInput, NotPermitted
from qv_desktop.services.login import Login
from qv_desktop.services.ports.audit import Trail

VIEW = Permission(Resource.SETTINGS, Action.VIEW)
CHANGE = Permission(Resource.SETTINGS, Action.CHANGE)
TRADE = Permission(Resource.TRADING, Action.CREATE)
KEYS = "connection.change"  # the deed for which the password is given, see ``Login.confirm``
MOST = 50


class Store(Protocol):
    """Where the descriptions lie."""

    async def read(self) -> Known | None:
        """What is written, None when nothing ever was. Raises BadInput."""

    async def write(self, known: Known) -> None:
        """Replace it whole. Raises BadInput."""


class Vault(Protocol):
    """Where the secrets lie, as texts that only adapters reveal; every call may raise BadInput."""

    async def has(self, name: str) -> bool:
        """Whether a secret of that name is kept."""

    async def keep(self, texts: Mapping[str, str]) -> None:
        """Keep texts by name; none is kept when one cannot be."""

    async def forget(self, name: str) -> None:
        """Remove a secret, if it is kept."""


class Probe(Protocol):
    """Asks the broker who a connection is."""

    async def __call__(self, connection: Connection) -> Account:
        """The account. Raises BrokerDown, BadInput."""


class Connections:
    """The connections of this installation. ``known`` is what was read last; ``confirmed`` whether LIVE was, in this sitting."""

    def __init__(self, store: Store, vault: Vault, probe: Probe, login: Login, trail: Trail) -> None:
        self._store, self._vault, self._probe, self._login, self._trail = store, vault, probe, login, trail
        self.known = Known()
        self.confirmed = ""  # id of the LIVE connection that the person confirmed in this sitting

    async def load(self, environment: Environment) -> Known:
        """Read what is there; keys from before there were connections become the first one, in ``environment``. Raises BadInput."""
        found = await self._store.read()
        if found is None:
            found = Known()
            if await self._vault.has(secret_names(FIRST)["key"]):
                traded: Traded = "LIVE" if environment == "LIVE" else "PAPER"
                found = Known((Connection(FIRST, f"Alpaca {traded.lower()}", traded),), FIRST)
                await self._store.write(found)
        self.known = found
        return found

    async def add(self, draft: Connection, secrets: Mapping[str, str]) -> Connection:
        """Keep a new connection with its ``secrets`` (key, secret, token); its id is given here. Raises BadInput, NotPermitted.

        A LIVE one takes the password given for ``KEYS``.
        """
        await self._login.require(CHANGE)
        if len(self.known.connections) >= MOST:
            raise BadInput(f"There are {MOST} connections, which is the most; remove one first.")
        name = named(draft.name, [one.name for one in self.known.connections])
        made = replace(draft, id=uuid4().hex[:12], name=name)
        _check(made, secrets)
        await self._given("connection.add", made, secrets)
        await self._record("connection.add", made.id, after=described(made))
        await self._keep(made, secrets)
        await self._write(self.known.having(made))
        return made

    async def change(self, changed: Connection, secrets: Mapping[str, str]) -> Connection:
        """Give a connection another name or price feed, and other secrets where any are given; kind and environment stay.

        Other secrets of a LIVE one take the password given for ``KEYS``. Raises BadInput, NotPermitted.
        """
        await self._login.require(CHANGE)
        before = self.get(changed.id)
        name = named(changed.name, [one.name for one in self.known.connections if one.id != changed.id])
        after = replace(before, name=name, prices=changed.prices)
        _check(after, secrets, fresh=False)
        await self._given("connection.change", after, secrets)
        renewed = {"secrets": ", ".join(sorted(part for part, text in secrets.items() if text))}
        await self._record(
            "connection.change", after.id, before=described(before), after={**described(after), **renewed}
        )
        await self._keep(after, secrets)
        await self._write(self.known.having(after))
        return after

    def needs_password(self, connection: Connection, secrets: Mapping[str, str]) -> bool:
        """Whether keeping these ``secrets`` takes the password: whose keys a LIVE account has decides where real money goes.

        Raises BadInput for what is not kept anyway, so that nobody is asked for a password in vain.
        """
        known = self.known.get(connection.id)
        named(connection.name, [one.name for one in self.known.connections if one.id != connection.id])
        _check(known or connection, secrets, fresh=known is None)
        return (known or connection).environment == "LIVE" and (known is None or any(secrets.values()))

    async def remove(self, id_: str) -> None:
        """Forget a connection and its secrets. Raises BadInput for the one in use, NotPermitted."""
        await self._login.require(CHANGE)
        gone = self.get(id_)
        if self.known.active == id_:
            raise BadInput(f"“{gone.name}” is in use; switch to another account before you remove it.")
        await self._record("connection.remove", id_, before=described(gone))
        for name in secret_names(id_).values():
            await self._vault.forget(name)
        await self._write(self.known.without(id_))

    async def test(self, id_: str) -> Account:
        """Ask the broker whose account it is. Raises NotPermitted, BrokerDown, BadInput."""
        await self._login.require(VIEW)
        return await self._probe(self.get(id_))

    async def confirm(self, connection: Connection, password: str) -> str:
        """Empty once the person has confirmed a LIVE account with the password, else why not; both are written down."""
        why = await self._login.confirm(password)
        await self._record("live.confirm", connection.id, "refused" if why else "ok", why, after=described(connection))
        if not why:
            self.confirmed = connection.id
        return why

    async def declined(self, connection: Connection) -> None:
        """The person went back from a LIVE account."""
        await self._record("live.confirm", connection.id, "refused", "not confirmed", after=described(connection))

    async def switch(self, id_: str) -> Connection:
        """Use another account from now on. Raises BadInput, NotPermitted; a LIVE one must have been confirmed."""
        await self._login.require(TRADE)
        wanted, former = self.get(id_), self.known.current
        if wanted.environment == "LIVE" and self.confirmed != id_:
            raise NotPermitted(f"“{wanted.name}” trades real money; confirm it with your password first.")
        await self._record(
            "connection.switch", id_, before=described(former) if former else {}, after=described(wanted)
        )
        self.confirmed = id_ if wanted.environment == "LIVE" else ""  # a word given once counts for one way there
        await self._write(replace(self.known, active=id_))
        return wanted

    def get(self, id_: str) -> Connection:
        """The connection of that id. Raises BadInput."""
        found = self.known.get(id_)
        if found is None:
            raise BadInput("That connection is gone; look at the list again.")
        return found

    async def _given(self, action: str, connection: Connection, secrets: Mapping[str, str]) -> None:
        if not self.needs_password(connection, secrets):
            return
        try:
            self._login.require_given(KEYS)
        except NotPermitted as no:
            await self._record(action, connection.id, "refused", str(no), after=described(connection))
            raise

    async def _keep(self, connection: Connection, secrets: Mapping[str, str]) -> None:
        names = secret_names(connection.id)
        await self._vault.keep({names[part]: text for part, text in secrets.items() if text})

    async def _write(self, known: Known) -> None:
        await self._store.write(known)
        self.known = known

    async def _record(self, action: str, id_: str, outcome: Outcome = "ok", reason: str = "", *,
                      before: Mapping[str, str] | None = None, after: Mapping[str, str] | None = None) -> None:  # fmt: skip
        await self._trail.append(
            Draft(self._login.actor, action, "connection", id_, outcome, reason, _json(before), _json(after), id_)
        )


def _json(value: Mapping[str, str] | None) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False) if value else ""


def _check(connection: Connection, secrets: Mapping[str, str], *, fresh: bool = True) -> None:
    """Raises BadInput when secrets lack that a new connection cannot do without, or belong elsewhere."""
    key, secret = secrets.get("key", ""), secrets.get("secret", "")
    if connection.kind == "keys" and fresh and not (key and secret):
        raise BadInput("A connection by keys needs the key id and the secret; paste both.")
    if bool(key) != bool(secret):
        raise BadInput("The key id and the secret belong together; paste both.")
    if connection.kind == "oauth" and fresh and not secrets.get("token"):
        raise BadInput("The account was not connected in the browser yet; do that first.")
    if key:
        check_pair(key, connection.environment)
