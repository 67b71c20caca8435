"""The loss ladder: fed with executions and the account, and shown in the risk panel."""

from functools import partial

from qv_desktop.domain.events import AccountChanged, Filled, LadderChanged, TradingStateChanged
from qv_desktop.services.trading_states import CHANGE
from qv_desktop.ui.reason_dialog import ReasonDialog
from qv_desktop.wiring import Desk
from qv_desktop.wiring.answering import answer
from qv_desktop.wiring.permissions import why


class LadderWiring:
    """What may be asked for follows the rung and the role."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        bus, ladder = desk.services.bus, desk.services.ladder
        bus.subscribe(Filled, lambda event: ladder.filled(event.fill))
        bus.subscribe(AccountChanged, lambda event: ladder.told(event.account))
        bus.subscribe(LadderChanged, self._show)
        bus.subscribe(TradingStateChanged, lambda event: self._allow())
        desk.panels.risk.ladder.count_anew_asked.connect(self.ask)

    def _show(self, event: LadderChanged) -> None:
        self._desk.panels.risk.show_ladder(event.ladder)
        self._allow()

    def _allow(self) -> None:
        """A halt of the ladder is lifted by whoever may change limits."""
        services, panel = self._desk.services, self._desk.panels.risk
        lacking = why(services.login, CHANGE)
        panel.forbid_resume(lacking if services.risk.stand.halted_by_ladder else "")
        panel.ladder.forbid(lacking)

    def ask(self) -> ReasonDialog:
        """Ask why the drawdown is to be counted anew."""
        ladder = self._desk.services.ladder
        losses = ladder.losses_now
        words = "The highest equity becomes today's, and the drawdown begins at nothing."
        if losses.peak is not None and losses.equity is not None:
            words = f"The highest equity, ${losses.peak:,.2f}, becomes today's ${losses.equity:,.2f}. The halt stays until it is resumed."
        dialog = ReasonDialog("Count the drawdown anew", words, "Count anew", parent=self._desk.window)
        dialog.given.connect(
            lambda _, reason: answer(self._desk, dialog, partial(self._desk.services.ladder.count_anew, reason))
        )
        dialog.open()
        return dialog
