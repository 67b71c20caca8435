"""The accounts at the pill and in their dialog: shown, tested, added, connected in the browser, and put to use."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.accounts import Account, Environment
from qv_desktop.domain.connections import Connection, Traded
from qv_desktop.domain.errors import QvError
from qv_desktop.domain.events import AccountChanged
from qv_desktop.services.connections import KEYS, Connections
from qv_desktop.ui.connections_dialog import ConnectionsDialog
from qv_desktop.ui.models.connection_form import ConnectionDraft
from qv_desktop.wiring import Desk
from qv_desktop.wiring.stepping_up import stepped_up

CHANGE = Permission(Resource.SETTINGS, Action.CHANGE)
READ_ONLY = "prices only"


@dataclass(frozen=True, slots=True)
class Sitting:
    """What the program lends: secrets, the browser, and another desk."""

    stored: Callable[[], Awaitable[Mapping[str, Collection[str]]]]
    permitted: Callable[[Traded, Mapping[str, str]], Awaitable[str]]  # environment, client -> token
    use: Callable[[str], Awaitable[None]]  # a connection's id
    place: Callable[[], Awaitable[str]]
    redirect: str


class ConnectionsWiring:
    """Connects one desk with the ``service``; ``in_use`` is the connection that it trades, None while it trades nothing."""

    def __init__(self, desk: Desk, service: Connections, sitting: Sitting, in_use: Connection | None) -> None:
        self._desk, self._service, self._sitting, self._in_use = desk, service, sitting, in_use
        self._dialog: ConnectionsDialog | None = None
        self._connecting: asyncio.Task[Any] | None = None
        self._renewed = False  # the account in use has other secrets than the desk was built with
        self._said = ""  # behind the environment, as shown
        desk.services.bus.subscribe(AccountChanged, lambda event: self._told(event.account))
        desk.window.account_chosen.connect(lambda id_: self._spawn(sitting.use(id_)))
        self.show()

    # ---- the pill

    def show(self) -> None:
        """The accounts, and which one is traded."""
        accounts = [(one.id, f"{one.name} · {one.environment}") for one in self._service.known.connections]
        self._desk.window.show_accounts(accounts, self._active())
        self._told(self._desk.services.account.balances)

    def _told(self, account: Account | None) -> None:
        """The account's name, and its number once the broker has told it."""
        environment, words = self._words(account)
        if words != self._said:
            self._said = words
            self._desk.window.set_environment(environment, words)

    def _words(self, account: Account | None) -> tuple[Environment, str]:
        active = self._service.known.current
        if self._in_use is None:
            return (active.environment, f"{active.name} · {READ_ONLY}") if active else ("PAPER", "no account")
        name = self._service.known.get(self._in_use.id) or self._in_use
        return name.environment, f"{name.name} {account.masked}" if account else name.name

    # ---- the dialog

    def open(self) -> None:
        """Show the accounts."""
        if self._dialog is None:
            self._spawn(self._opened())
        else:
            self._dialog.raise_()

    async def _opened(self) -> None:
        place, stored = await self._sitting.place(), await self._sitting.stored()
        dialog = self._dialog = ConnectionsDialog(self._sitting.redirect, place, self._desk.window)
        may = self._desk.services.login.may(CHANGE)
        dialog.show_connections(self._service.known.connections, self._active(), stored)
        dialog.allow(change=may, reason=f"Needs the permission “{CHANGE}”; ask an Admin.")
        dialog.saved.connect(lambda draft: self._asked(self._save(draft)))
        dialog.connect_asked.connect(self._connect)
        dialog.connect_stopped.connect(self._stop)
        dialog.test_asked.connect(lambda id_: self._asked(self._test(id_)))
        dialog.use_asked.connect(self._use)
        dialog.removed.connect(lambda id_: self._asked(self._remove(id_)))
        dialog.closed.connect(self._closed)
        dialog.open()

    def _active(self) -> str:
        """What need not be put to use; an account whose secrets are other ones now may be, anew."""
        return self._in_use.id if self._in_use and not self._renewed else ""

    def _closed(self) -> None:
        self._stop()
        self._dialog = None

    async def _refresh(self, chosen: str, words: str) -> None:
        stored = await self._sitting.stored()
        self.show()
        if self._dialog is not None:
            self._dialog.show_connections(self._service.known.connections, self._active(), stored, chosen)
            self._say(words, good=True)

    async def _save(self, draft: ConnectionDraft) -> None:
        await self._keep(draft, draft.secrets)

    async def _keep(self, draft: ConnectionDraft, secrets: Mapping[str, str]) -> None:
        if self._service.needs_password(draft.connection, secrets) and not await self._step_up(draft.connection.name):
            self._say("Nothing was kept: keys of a LIVE account take your password.")
            return
        keep = self._service.change if draft.connection.id else self._service.add
        kept = await keep(draft.connection, secrets)
        self._renewed = self._renewed or (bool(secrets) and kept.id == self._active())
        again = " Press “Use this account” to trade with what was typed." if self._renewed else ""
        await self._refresh(kept.id, f"“{kept.name}” is kept.{again}")

    async def _step_up(self, name: str) -> bool:
        """Whether the person gave the password for a LIVE account's keys."""
        title, words = f"Keys of “{name}”", "It trades real money: what is kept now decides whose account it is."
        over = self._dialog or self._desk.window
        return await stepped_up(self._desk.services.login, KEYS, title, words, "Keep LIVE keys", over)

    async def _test(self, id_: str) -> None:
        account = await self._service.test(id_)
        tested = self._service.get(id_)
        blocked = ", trading blocked" if account.trading_blocked else ""
        self._say(
            f"Account {account.masked} · {account.status}{blocked} · {tested.environment}{self._twin(tested, account)}",
            good=True,
        )

    def _twin(self, tested: Connection, account: Account) -> str:
        """That it is the account in use under another name: switching to it changes nothing but the name."""
        same = (
            self._in_use is not None and tested.id != self._in_use.id and account.id == self._desk.services.account.id
        )
        if not same or self._in_use is None:
            return ""
        used = self._service.known.get(self._in_use.id) or self._in_use
        return f" · the same account as “{used.name}”, which is in use"

    async def _remove(self, id_: str) -> None:
        name = self._service.get(id_).name
        await self._service.remove(id_)
        await self._refresh("", f"“{name}” is removed and its secrets are forgotten.")

    def _use(self, id_: str) -> None:
        """Close the dialog first: what is asked before real money must not lie under it."""
        if self._dialog is not None:
            self._dialog.accept()
        self._spawn(self._sitting.use(id_))

    # ---- the browser

    def _connect(self, draft: ConnectionDraft) -> None:
        if self._dialog is not None:
            self._dialog.show_connecting(True, "Waiting for your browser: allow access there, and come back.")
            self._connecting = self._asked(self._connected(draft))

    async def _connected(self, draft: ConnectionDraft) -> None:
        try:
            token = await self._sitting.permitted(draft.connection.environment, draft.client)
            await self._keep(draft, {**draft.secrets, "token": token})
        finally:
            self._connecting = None
            if self._dialog is not None:
                self._dialog.show_connecting(False)

    def _stop(self) -> None:
        if self._connecting is not None:
            self._connecting.cancel()
            self._connecting = None
            if self._dialog is not None:  # here too: a task that had not begun ends without a word
                self._dialog.show_connecting(False)
                self._dialog.show_message("Given up; nothing was connected.")

    # ---- what becomes of it

    def _asked(self, work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        return self._desk.tasks.spawn(work, on_error=self._failed)

    def _failed(self, error: BaseException) -> None:
        self._say(str(error) if isinstance(error, QvError) else "That failed unexpectedly; the log has the details.")

    def _say(self, text: str, *, good: bool = False) -> None:
        if self._dialog is not None:
            self._dialog.show_message(text, good=good)

    def _spawn(self, work: Coroutine[Any, Any, Any] | Awaitable[None]) -> None:
        self._desk.tasks.spawn(_coroutine(work))


async def _coroutine(work: Awaitable[Any]) -> Any:
    return await work
