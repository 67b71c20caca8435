"""Margin: executions and balances to the service, its standing to strip, account panel and notices; regime and deficits by hand."""

from datetime import timedelta
from functools import partial

from PySide6.QtCore import QObject
from shiboken6 import isValid

from qv_desktop.domain.errors import QvError
from qv_desktop.domain.events import AccountChanged, Filled, MarginChanged
from qv_desktop.domain.margin import MarginStanding, MarginTerms, checked, loosened
from qv_desktop.services.margin import CHANGE, LOOSEN
from qv_desktop.ui.margin_dialog import MarginDialog
from qv_desktop.ui.models.margin_card import MarginCard
from qv_desktop.ui.reason_dialog import ReasonDialog
from qv_desktop.wiring import Desk
from qv_desktop.wiring.answering import answer
from qv_desktop.wiring.permissions import why
from qv_desktop.wiring.stepping_up import stepped_up

SAVED = "Saved; the regime counts from now on."
NEWS = timedelta(days=1)  # how long a violation is news to a program that starts
NO_LIMIT = 1_000  # day trades: as good as none


class MarginWiring(QObject):
    """Answers the card, the command and the dialogs; tells of what somebody must hear, once."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.window)
        self._desk = desk
        self._notified: set[str] = set()  # what was told in this sitting
        bus, margin = desk.services.bus, desk.services.margin
        bus.subscribe(Filled, margin.filled)
        bus.subscribe(AccountChanged, margin.account_changed)
        bus.subscribe(MarginChanged, lambda event: self._show(event.standing))
        self._cards = (desk.panels.balances.margin, desk.panels.risk.dashboard.margin)
        for card in self._cards:
            self.shown_by(card)
        desk.window.command.connect(self._command)

    def shown_by(self, card: MarginCard) -> None:
        """Answer ``card``."""
        card.change_asked.connect(self.ask)
        card.met_asked.connect(self.ask_met)

    def _command(self, id_: str) -> None:
        if id_ == "risk.margin":
            self.ask()

    def _limit(self) -> int | None:
        most = self._desk.services.risk.limits.day_trades
        return None if most >= NO_LIMIT else most

    def _show(self, standing: MarginStanding) -> None:
        for card in self._cards:
            card.forbid(why(self._desk.services.login, CHANGE))
            card.show_standing(standing, self._limit())
        self._desk.window.account.show_margin(standing)
        self._notify(standing)

    # ---- what somebody must hear

    def _notify(self, standing: MarginStanding) -> None:
        for one in standing.outstanding:
            words = f"${one.amount:,.2f} on {one.day:%d %b}, after {one.cause or 'an order'}; to be met by {one.deadline:%a %d %b}."
            self._once(f"deficit {one.day} {one.amount}", "Intraday margin deficit", words)
        for violation in (one for one in standing.violations if standing.at - one.at < NEWS):
            words = f"{violation.symbol} on {violation.day:%d %b}: ${violation.amount:,.2f} were sold before settled money paid for them."
            self._once(f"{violation.kind} {violation.order}", violation.kind.capitalize(), words)
        if standing.trouble:
            self._once(f"trouble {standing.trouble}", "Margin regime", standing.trouble)
        if standing.restricted_until is not None:
            words = f"Until {standing.restricted_until:%d %b %Y}: {standing.restriction}."
            self._once(f"restricted {standing.restricted_until}", "Account restricted", words)

    def _once(self, key: str, title: str, words: str) -> None:
        if key not in self._notified:
            self._notified.add(key)
            self._desk.services.notices.tell("critical", title, words, f"margin {key}", kind="risk", panel="balances")

    # ---- by hand

    def ask(self) -> MarginDialog:
        """Show the regime and its figures."""
        services = self._desk.services
        dialog = MarginDialog(services.margin.terms, why(services.login, CHANGE), self._desk.window)
        dialog.saved.connect(lambda terms: self._desk.tasks.spawn(self._save(dialog, terms)))
        dialog.open()
        return dialog

    async def _save(self, dialog: MarginDialog, terms: MarginTerms) -> None:
        services = self._desk.services
        try:
            looser = loosened(services.margin.terms, checked(terms))
            if looser and services.login.may(CHANGE):
                words = f"Looser from now on: {', '.join(looser)}. The broker's own rules stay in force."
                if not await stepped_up(services.login, LOOSEN, "Loosen the margin regime", words, "Loosen it", dialog):
                    return
            await services.margin.set_terms(terms)
            said = SAVED
        except QvError as error:
            said = str(error)
        if isValid(dialog):
            if said == SAVED:
                dialog.show_terms(terms)
            dialog.show_message(said, good=said == SAVED)

    def ask_met(self) -> ReasonDialog | None:
        """Ask which deficit the broker took as met, and how it said so."""
        standing = self._desk.services.margin.standing()
        if standing is None or not standing.unmet:
            return None
        days = [one.day for one in standing.unmet]
        rows = [f"{one.day:%a %d %b}: ${one.amount:,.2f}, by {one.deadline:%a %d %b}" for one in standing.unmet]
        words = (
            "The deficit no longer counts as unmet, nor restricts the account. Say how the broker told that it was met."
        )
        dialog = ReasonDialog("Deficit met", words, "It was met", rows, self._desk.window)
        dialog.given.connect(
            lambda place, reason: answer(
                self._desk, dialog, partial(self._desk.services.margin.settle, days[max(place, 0)], reason)
            )
        )
        dialog.open()
        return dialog
