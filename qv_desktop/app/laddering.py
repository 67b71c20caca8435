"""Builds the loss ladder with what it looks at."""

from collections.abc import Awaitable, Callable
from datetime import date

from qv_desktop.app.market_side import MarketSide
from qv_desktop.domain.account_history import Activity
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.orders import Fill
from qv_desktop.domain.trading_days import is_weekday
from qv_desktop.services.account import Account
from qv_desktop.services.counters import CounterBook
from qv_desktop.services.limits import RiskLimits, strategy_of
from qv_desktop.services.login import Login
from qv_desktop.services.loss_ladder import LossLadder, Tell
from qv_desktop.services.marks import Marks
from qv_desktop.services.noting import Note
from qv_desktop.services.orders import Orders
from qv_desktop.services.ports.callbacks import Now, Publish
from qv_desktop.services.ports.risk import CounterStore
from qv_desktop.services.positions import Positions
from qv_desktop.services.risk import Risk


def loss_ladder(
    risk: Risk, store: CounterStore, account: Account, positions: Positions, side: MarketSide, login: Login, publish: Publish,
    now: Now, note: Note, tell: Tell, movements: Callable[[date], Awaitable[list[Activity]]],
    orders: Callable[[], Orders], limits: RiskLimits,
) -> LossLadder:  # fmt: skip
    """``orders`` gives the book, which is made after the gate that the ladder belongs to."""

    def user_of(fill: Fill) -> str:
        found = orders().book.get(fill.client_order_id)
        return found.user if found is not None else ""

    def trades() -> bool:
        """Whether today is a trading day; by the week alone while the calendar is not known."""
        if side.sessions.known:
            return side.sessions.today() is not None
        return is_weekday(now().astimezone(NEW_YORK).date())

    book = CounterBook(store, now, user_of, strategy_of)
    ladder = LossLadder(
        risk, book, store, account, positions, Marks(side.market), login, publish, now, note, tell,
        limits=risk.account_limits, set_for=limits.set_for, recent=lambda: orders().fills.values(),
        working=lambda: (order for order in orders().book.values() if order.open), movements=movements, trades=trades,
        open_now=side.sessions.open,
    )  # fmt: skip
    risk.standings = ladder.standings
    return ladder
