"""A strategy's day as it was traded, beside the day as its backtest would have traded it: what each difference cost, and why.

Every execution is valued against one price, the day's last one (the mark), as Perold does: "The implementation shortfall: paper
versus reality", Journal of Portfolio Management 14 (1988). With s = +1 for a buy and −1 for a sell, N dollars for Q shares live,
Qb shares at Pb in the backtest of which O is the price before the slippage that it allows for, A the price when the order was made,
M the mark, and fees F:

    live profit − backtest's profit = [s (Q M − N) − F] − [s Qb (M − Pb) − Fb]
        delay      − s Q (A − O)           the price moved before the order was made
        execution  − s (N − Q A)           spread and market impact, from there to the executions
        price      − s (N − Q O)           both together, where nobody knows A; delay and execution are 0 then
        allowed    + s Q (Pb − O)          what the backtest had allowed for
        quantity   − s (Qb − Q) (M − Pb)   shares that traded in one of the two only
        fees       Fb − F

The parts add up to the difference exactly: nothing here is divided or rounded. Negative is money that the day as traded made less.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from decimal import Context, Decimal, localcontext
from functools import wraps
from typing import Literal

from qv_desktop.domain.backtests import BacktestSpec
from qv_desktop.domain.orders import Side

type Kind = Literal["both", "only live", "only backtest"]

ZERO = Decimal(0)
TICK = Decimal("0.0001")  # dollars or shares: what figures of float64 are taken at
MICRO = Decimal("0.000001")  # dollars: what fees are reckoned to
_WIDE = Context(prec=400)  # so wide that sums and products of prices, shares and fees are never rounded


def exactly[**P, R](work: Callable[P, R]) -> Callable[P, R]:
    """``work`` with decimals that are not rounded."""

    @wraps(work)
    def inner(*args: P.args, **kwargs: P.kwargs) -> R:
        with localcontext(_WIDE):
            return work(*args, **kwargs)

    return inner


@dataclass(frozen=True, slots=True)
class Modelled:
    """One execution of the backtest: ``price`` is ``open`` with the slippage that it allows for, dollars per share."""

    side: Side
    at: datetime
    quantity: Decimal
    open: Decimal
    price: Decimal
    fee: Decimal


@dataclass(frozen=True, slots=True)
class Sent:
    """One order of the strategy, its replacements included: ``value`` is dollars of all executions, ``arrival`` the price at ``at``."""

    id: str
    side: Side
    at: datetime
    wanted: Decimal
    filled: Decimal
    value: Decimal
    fees: Decimal
    status: str
    arrival: Decimal | None = None
    arrived: str = ""  # where the arrival price is from

    @property
    def average(self) -> Decimal | None:
        """Dollars per share, None when nothing traded."""
        return self.value / self.filled if self.filled else None


@dataclass(frozen=True, slots=True)
class Parts:
    """What made the difference, in dollars; see the formulas above."""

    delay: Decimal = ZERO
    execution: Decimal = ZERO
    price: Decimal = ZERO
    allowed: Decimal = ZERO
    quantity: Decimal = ZERO
    fees: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """Their sum, exactly."""
        with localcontext(_WIDE):
            return sum((getattr(self, field.name) for field in fields(self)), ZERO)


@dataclass(frozen=True, slots=True)
class Pair:
    """A trade of the backtest, an order of the strategy, or both of what is one decision."""

    modelled: Modelled | None
    sent: Sent | None
    parts: Parts

    @property
    def kind(self) -> Kind:
        """Which of the two traded, or was told to."""
        if self.modelled is None:
            return "only live"
        return "only backtest" if self.sent is None else "both"

    @property
    def side(self) -> Side:
        """Which way."""
        return (self.modelled or self.sent).side  # type: ignore[union-attr]  # one of them is there

    @property
    def at(self) -> datetime:
        """When it began."""
        return min(one.at for one in (self.modelled, self.sent) if one is not None)

    @property
    def late(self) -> timedelta | None:
        """From the bar at whose open the backtest trades to the order."""
        return self.sent.at - self.modelled.at if self.sent and self.modelled else None

    @property
    def slippage(self) -> Decimal | None:
        """Basis points that the average live price was worse than the backtest's; negative is better."""
        if self.sent is None or self.modelled is None or self.sent.average is None or not self.modelled.price:
            return None
        return (self.sent.average / self.modelled.price - 1) * 10_000 * self.side.sign


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be compared: the strategy, symbol, timeframe, parameters and costs of ``spec``, on a New York day.

    ``shares`` are those of each trade of the backtest; None: as many as the strategy's orders of the day asked for.
    """

    spec: BacktestSpec
    day: date
    shares: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A day compared; ``spec`` is what the backtest was run with, ``notes`` are what a reader must know besides."""

    asked: Asked
    spec: BacktestSpec
    account: str  # masked
    by: str
    at: datetime
    shares: Decimal | None  # of each trade of the backtest; None: by its own size
    mark: Decimal
    marked_at: datetime
    window: timedelta  # an order and a trade of the backtest further apart are no pair
    pairs: tuple[Pair, ...]
    bars: int
    warm: int  # bars before the day
    code_hash: str
    data_hash: str
    engine: str
    notes: tuple[str, ...] = ()

    @property
    def parts(self) -> Parts:
        """The sums over all pairs."""
        return added(*(pair.parts for pair in self.pairs))

    def count(self, kind: Kind) -> int:
        """How many pairs are of this kind."""
        return sum(pair.kind == kind for pair in self.pairs)


@exactly
def added(*parts: Parts) -> Parts:
    """The sum of each part."""
    return Parts(*(sum((getattr(one, field.name) for one in parts), ZERO) for field in fields(Parts)))
