"""Limits and their panel: tightened at once, raised with the password and a second person, and fresh from other desks."""

from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from typing import Any

from PySide6.QtCore import QObject

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.errors import QvError
from qv_desktop.domain.events import LimitsChanged, StrategiesChanged
from qv_desktop.domain.limit_changes import Proposal, Restriction
from qv_desktop.domain.limit_words import title
from qv_desktop.domain.limits import Scope
from qv_desktop.services.limits import APPROVE, CHANGE, RAISE, Outcome
from qv_desktop.ui.reason_dialog import ReasonDialog
from qv_desktop.wiring import Desk
from qv_desktop.wiring.answering import answer, do
from qv_desktop.wiring.stepping_up import stepped_up

PEOPLE = Permission(Resource.USERS, Action.VIEW)
NAMES_AGAIN = 30  # ticks between looks at who there is
AGAIN = 2  # ticks, which come once a second, between looks at what other desks changed: with the look itself within three seconds
TOLD = "risk limits waiting"


class LimitsWiring(QObject):
    """Keeps the panel and the service together."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.window)
        self._desk, self._panel, self._service = desk, desk.panels.limits, desk.services.limits
        self._ticks, self._reading = 0, False
        self._users: tuple[str, ...] = ()  # names, for whoever may see them
        self._may: tuple[str, bool] | None = None  # who was shown what there is, and whether they may change it
        self._known: set[int] | None = None  # proposals that this person was told of; None before the first look
        panel = self._panel
        panel.now = desk.services.clock.now
        panel.save_asked.connect(lambda *asked: self._do(self._save(*asked)))
        panel.decision_asked.connect(self._decide)
        panel.restrict_asked.connect(lambda *asked: self._do(self._restrict(*asked)))
        panel.lift_asked.connect(self.ask_lift)
        panel.history_asked.connect(lambda scope, of: self._do(self._history(scope, of)))
        desk.window.command.connect(self._command)
        desk.services.bus.subscribe(LimitsChanged, lambda _: self.show())
        desk.services.bus.subscribe(StrategiesChanged, lambda _: self.show())
        self.show()

    def tick(self) -> None:
        """Once a second: what was changed at other desks, and what ended by itself."""
        self._ticks += 1
        if self._panel.isVisible():
            self._panel.tick()
            if self._ticks % NAMES_AGAIN == 1 and self._desk.services.login.may(PEOPLE):
                self._desk.tasks.spawn(self._read_users())
        if self._may != self._standing():
            self.show()
        if self._ticks % AGAIN == 0 and self._desk.services.login.session is not None:
            self._desk.tasks.spawn(self._refresh())

    async def _refresh(self) -> None:
        """Limits stay as they were last read while they cannot be, or may not; another part tells that the database is away."""
        if self._reading:
            return
        self._reading = True
        try:
            await self._service.refresh()
        except QvError:
            return
        finally:
            self._reading = False

    def _standing(self) -> tuple[str, bool]:
        login = self._desk.services.login
        return (login.session.user.name if login.session is not None else ""), login.may(CHANGE)

    async def _read_users(self) -> None:
        """Everybody who may be limited is offered to whoever may see users."""
        try:
            found = tuple(person.user.name for person in await self._desk.services.people.all())
        except QvError:
            return  # who is known already can be chosen, and any name typed
        if found != self._users:
            self._users = found
            self.show()

    def show(self) -> None:
        """What the person may see."""
        services = self._desk.services
        account = services.account
        self._may = me, may = self._standing()
        masked = account.balances.masked if account.balances else ""
        self._panel.show_book(
            self._service.visible(),
            account.id,
            me,
            self._users if may else (),
            sorted(s.name for s in services.strategies.all()) if may else (),
            masked,
        )
        self._tell(me)

    def _tell(self, me: str) -> None:
        """Who could approve is told of a proposal once."""
        now = self._desk.services.clock.now()
        waiting = {p.id: p for p in self._service.visible().proposals if p.open(now)}
        known, self._known = self._known, set(waiting)
        if known is None or not self._desk.services.login.may(CHANGE):
            return
        for number, one in waiting.items():
            if number not in known and one.proposed_by.lower() != me.lower():
                words = f"{one.proposed_by} proposes {self._panel.about(one)} It waits for a second person."
                self._desk.services.notices.tell(
                    "info", "Limits wait for approval", words, f"{TOLD} {number}", panel="limits"
                )

    def _command(self, id_: str) -> None:
        if id_ == "risk.limits":
            self._desk.window.raise_panel("limits")

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        do(self._desk, self._panel, work)

    # ---- limits

    async def _save(self, scope: Scope, of: str, values: dict[str, Any], reason: str, base: int) -> None:
        wider = self._service.would_raise(scope, of, values)
        if wider:
            words = f"More passes with these: {', '.join(title(name).lower() for name in wider)}. A second person has to approve them."
            if not await self._password(RAISE, "Propose wider limits", words, "Propose"):
                return
        self._panel.show_saved(_told(await self._service.change(scope, of, values, reason, base)))

    async def _history(self, scope: Scope, of: str) -> None:
        self._panel.show_history(scope, of, await self._service.history(scope, of))

    # ---- the second person

    def _decide(self, what: str, proposal: Proposal) -> None:
        if what == "approve":
            self._do(self._approve(proposal))
        elif what == "withdraw":
            self._do(self._withdraw(proposal))
        else:
            self.ask_decline(proposal)

    async def _approve(self, proposal: Proposal) -> None:
        words = (
            f"Proposed by {proposal.proposed_by}: “{proposal.reason}” {self._panel.about(proposal)} It counts at once."
        )
        if await self._password(APPROVE, "Approve", words, "Approve"):
            await self._service.approve(proposal.id)
            self._panel.show_done("Approved; it counts from now on, at every desk.")

    async def _withdraw(self, proposal: Proposal) -> None:
        await self._service.withdraw(proposal.id)
        self._panel.show_done("Withdrawn.")

    def ask_decline(self, proposal: Proposal) -> ReasonDialog:
        """Declining takes words."""
        words = f"Proposed by {proposal.proposed_by}: {self._panel.about(proposal)} The limits stay as they are."
        dialog = ReasonDialog("Decline", words, "Decline", (), self._desk.window)

        async def declined(reason: str) -> None:
            await self._service.decline(proposal.id, reason)
            self._panel.show_done("Declined.")

        return self._asking(dialog, declined)

    async def _password(self, deed: str, title_: str, words: str, action: str) -> bool:
        return await stepped_up(self._desk.services.login, deed, title_, words, action, self._desk.window)

    # ---- the restricted list

    async def _restrict(self, symbol: str, of: str, reason: str, until: datetime | None) -> None:
        await self._service.restrict(symbol, of, reason, until)
        self._panel.show_done(f"{of or 'Nobody'} {'may not' if of else 'may'} trade {symbol} from now on.")

    def ask_lift(self, restriction: Restriction) -> ReasonDialog:
        """Lifting takes words, the password and a second person."""
        words = (f"{restriction.symbol} is restricted for {restriction.of or 'everybody'}: {restriction.reason}. "
                 "A second person has to approve.")  # fmt: skip
        dialog = ReasonDialog("Propose to lift the restriction", words, "Propose", (), self._desk.window)

        async def lifted(reason: str) -> None:
            if await self._password(RAISE, "Propose to lift the restriction", words, "Propose"):
                await self._service.lift(restriction.id, reason)
                self._panel.show_done("Proposed; a second person has to approve it under Waiting.")

        return self._asking(dialog, lifted)

    def _asking(self, dialog: ReasonDialog, deed: Callable[[str], Awaitable[None]]) -> ReasonDialog:
        dialog.given.connect(lambda _, reason: answer(self._desk, dialog, lambda: deed(reason)))
        dialog.open()
        return dialog


def _told(outcome: Outcome) -> str:
    at_once, waiting = len(outcome.tightened), len(outcome.waiting)
    words = [f"{at_once} {'counts' if at_once == 1 else 'count'} from now on" if at_once else "",
             f"{waiting} {'waits' if waiting == 1 else 'wait'} for a second person" if waiting else ""]  # fmt: skip
    return f"Saved; {' and '.join(filter(None, words))}."
