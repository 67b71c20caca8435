"""The account's day in dollars between two answers of the broker's: its own figure, moved by live prices and executions since."""

from collections.abc import Mapping
from decimal import Decimal

from qv_desktop.domain.accounts import Account, day_profit
from qv_desktop.domain.orders import Fill
from qv_desktop.domain.positions import Position

ZERO = Decimal(0)


class DayLoss:
    """What the broker told last, with what was held and what it was worth then."""

    def __init__(self) -> None:
        self.told: Decimal | None = None  # the day's profit as the broker told it last
        self.equity: Decimal | None = None  # and its equity
        self._held: dict[str, Decimal] = {}  # symbol -> signed shares at that moment
        self._marks: dict[str, Decimal] = {}  # symbol -> price at that moment
        self._since: list[Fill] = []

    def tell(self, account: Account, positions: Mapping[str, Position], marks: Mapping[str, Decimal]) -> None:
        """A new answer; one that does not tell the day's profit leaves the last one, moved by prices, in force."""
        profit = day_profit(account)
        if profit is None:
            return
        self.told, self.equity = profit, account.equity
        self._held = {symbol: one.quantity for symbol, one in positions.items() if one.quantity}
        self._marks, self._since = dict(marks), []

    def filled(self, fill: Fill) -> None:
        """An execution that the broker's figure does not have yet, as far as we know."""
        self._since.append(fill)

    def counted(self, marks: Mapping[str, Decimal]) -> Decimal | None:
        """The day's profit at these prices; None before the first answer that told one."""
        if self.told is None:
            return None
        moved = ZERO
        for symbol, quantity in self._held.items():
            before = self._marks.get(symbol)
            if before is not None and symbol in marks:
                moved += quantity * (marks[symbol] - before)
        for fill in self._since:
            moved += fill.quantity * fill.side.sign * (marks.get(fill.symbol, fill.price) - fill.price) - fill.fee
        return self.told + moved
