"""Risk: what the rules look at, and the verdict without which no order reaches the broker."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from qv_desktop.domain.accounts import Account
from qv_desktop.domain.counters import Standings
from qv_desktop.domain.instruments import Instrument
from qv_desktop.domain.margin import MarginStanding
from qv_desktop.domain.market import Quote
from qv_desktop.domain.orders import Order, OrderRequest
from qv_desktop.domain.positions import Position

ZERO = Decimal(0)
NOTHING: Mapping[str, str] = MappingProxyType({})


class TradingState(StrEnum):
    """What the desk may do: everything, only reduce what it holds, or nothing but cancel."""

    ACTIVE = "ACTIVE"
    REDUCING = "REDUCING"
    HALTED = "HALTED"


class Line(NamedTuple):
    """One symbol of the book in dollars: held (signed), what working orders may add to that, and what each side may trade."""

    held: Decimal = ZERO
    added: Decimal = ZERO
    buys: Decimal = ZERO
    sells: Decimal = ZERO
    gross: Decimal = ZERO  # held, whatever its sign, and added


@dataclass(frozen=True, slots=True)
class RiskView:
    """Everything the rules look at, as it stands at ``now``. ``quote_age`` in seconds; ``prices`` are last prices."""

    now: datetime
    state: TradingState
    instrument: Instrument | None
    quote: Quote | None
    quote_age: float | None
    account: Account | None
    positions: Mapping[str, Position]  # symbol -> position
    open_orders: tuple[Order, ...]
    prices: Mapping[str, Decimal]  # symbol -> last price
    recent: tuple[Order, ...] = ()  # submitted within the last minute
    halted: bool = False
    closed: str = ""  # why trading is closed for now, such as books that differ from the broker's; what reduces is taken all the same
    restricted: str = ""  # why the desk does not trade the symbol; empty when it does
    average_volume: float | None = None  # shares a day of the symbol; None while unknown
    sectors: Mapping[str, str] = NOTHING  # symbol -> sector
    strategy_held: Mapping[str, Decimal] | None = (
        None  # symbol -> shares that the order's strategy holds; None for no strategy's
    )
    cancels: tuple[datetime, ...] = ()  # when cancels were asked for within the last minute
    price_test: bool | None = None  # whether Rule 201 binds shorts in the symbol today; None while unknown
    may_trade: bool = True  # whether the person's role lets them enter orders
    environment: str = ""  # PAPER or LIVE; empty while unknown
    live_allowed: bool = True  # whether this desk sends orders to a live account
    counters: Standings | None = (
        None  # losses, round trips and the day of everybody whom the order concerns; the account's first
    )
    way_out: bool = (
        False  # whether a halt takes market orders that only reduce: one of the loss ladder does, one by hand does not
    )
    margin: MarginStanding | None = None  # how the account stands under its margin regime; None while unknown
    unsettled: tuple[Order, ...] = ()  # orders that the account's balances may not know of yet, closed ones too
    by_symbol: Mapping[str, tuple[Order, ...]] | None = (
        None  # symbol -> its open orders; None: look through all of them
    )
    of_source: tuple[Order, ...] | None = None  # open orders of the order's own source; None: look through all of them
    lines: Mapping[str, Line] | None = None  # symbol -> what it adds up to; None: add it up anew
    sums: dict[object, Decimal] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )  # made so far, by what

    def once(self, what: object, made: Callable[[], Decimal]) -> Decimal:
        """The sum ``what``, which several rules ask for and the first one makes."""
        found = self.sums.get(what)
        if found is None:
            found = self.sums[what] = made()
        return found

    def orders_of(self, symbol: str) -> tuple[Order, ...]:
        """The open orders of ``symbol``."""
        if self.by_symbol is None:
            return tuple(order for order in self.open_orders if order.request.symbol == symbol)
        return self.by_symbol.get(symbol, ())


@dataclass(frozen=True, slots=True)
class Check:
    """One rule's answer with its numbers; ``nearest`` is the nearest value that would pass, where one exists."""

    code: str
    title: str
    passed: bool
    value: str
    limit: str
    nearest: str = ""
    message: str = ""


class _Mint:
    """Proof that a verdict came from the gate."""


_MINT = _Mint()


class Verdict:
    """What the rules said of one request. Only ``rules.judged`` makes one, and only a passed one opens the broker's door."""

    __slots__ = ("checks", "request")

    request: OrderRequest
    checks: tuple[Check, ...]

    def __init__(self, request: OrderRequest, checks: tuple[Check, ...], mint: _Mint) -> None:
        if mint is not _MINT:
            raise TypeError("A verdict is made by the risk gate alone.")
        object.__setattr__(self, "request", request)
        object.__setattr__(self, "checks", checks)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("A verdict is not changed after it was given.")

    @property
    def refusals(self) -> tuple[Check, ...]:
        """The rules that said no."""
        return tuple(check for check in self.checks if not check.passed)

    @property
    def passed(self) -> bool:
        """Whether every rule said yes."""
        return not self.refusals


def minted(request: OrderRequest, checks: tuple[Check, ...]) -> Verdict:
    """A verdict of the gate; ``domain.rules.judged`` is its only caller, and a test holds every other away."""
    return Verdict(request, checks, _MINT)


@dataclass(frozen=True, slots=True)
class Gauge:
    """One measure against its limit: ``used`` is the fraction of the limit (1 = at the limit)."""

    title: str
    used: float
    value: str
    limit: str


@dataclass(frozen=True, slots=True)
class Measures:
    """The account's risk at a moment: gauges, dollars net and gross, and dollars by symbol, largest first."""

    at: datetime
    state: TradingState
    gauges: tuple[Gauge, ...]
    net: Decimal
    gross: Decimal
    exposures: tuple[tuple[str, Decimal], ...]
    equity: Decimal | None = None
