"""Signals: what a deployed strategy says at the close of a bar, what is done about it, and why not."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum

from qv_desktop.domain.deployments import Deployment
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.orders import Side
from qv_desktop.domain.sizing import Basis, shares_for

ZERO = Decimal(0)
MOST_ORDERS = 4  # of one signal: for what the ones before left over, and after the auction
LONGEST_ID = 128  # characters of a client order id that the broker takes
TAKEN_BACK = "The strategy says it no more: the bar was corrected, or its answer changed. Look at what it traded."
MISSED_AUCTION = "The opening auction was missed"  # begins what is said of a day's signal that trades after the open
STOOD_STILL = "did not trade"  # said of a symbol of a universe that had no bar on a day
BOTH = "Entry and exit at the same bar: as in the backtest, neither counts."


class Kind(StrEnum):
    """What a strategy says of a bar: the flags first, in the order in which it returns them, then what it weighs."""

    ENTRY = "entry"
    EXIT = "exit"
    SHORT = "short entry"
    COVER = "short exit"
    TARGET = "target"  # of one that weighs a universe: what part of the capital a symbol is to be


FLAGGED = (Kind.ENTRY, Kind.EXIT, Kind.SHORT, Kind.COVER)


class Fate(StrEnum):
    """What became of a signal."""

    PENDING = "pending"  # written down, and nothing is known to have been sent
    ORDER = "order"
    REFUSED = "refused"  # by the rules of the account, or the broker
    BLOCKED = "blocked"  # by the deployment's own bounds, or the state of things
    LATE = "late"  # the bar came after its time
    NOTHING = "nothing to do"
    WAITS = "waits"  # an exit, or a target, that goes as soon as it can
    FORESEEN = "foreseen"  # of a day's bar, for the next open; it is written down when that has come


@dataclass(frozen=True, slots=True)
class Flags:
    """For each bar whether a kind is said; all of equal length, in the order of ``FLAGGED``."""

    rows: tuple[tuple[bool, ...], ...]

    def at(self, place: int) -> frozenset[Kind]:
        """What is said of the bar at ``place``."""
        return frozenset(kind for kind, row in zip(FLAGGED, self.rows, strict=True) if row[place])


@dataclass(frozen=True, slots=True)
class Raised:
    """What a strategy says of one closed bar, which starts at ``bar`` (ns); ``price`` is its close.

    ``edges`` are those of ``kinds`` that were not said of the bar before. ``late`` says why it does not trade any more, empty when
    it is in time; ``missed``: nobody was there when the bar closed.
    """

    deployment: str
    symbol: str
    bar: int
    kinds: frozenset[Kind]
    edges: frozenset[Kind]
    price: float
    at: datetime
    late: str = ""
    missed: bool = False


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal with what became of it. ``order`` is the client order id; ``price`` the close of its bar in dollars.

    Of a target also ``target``, the part of the capital that was told, and ``wanted``, the shares that it came to (short below 0).
    """

    deployment: str
    symbol: str
    bar: int  # ns
    side: Side
    kind: Kind
    price: Decimal
    at: datetime
    strategy: str  # name and version
    fate: Fate = Fate.PENDING
    reason: str = ""
    order: str = ""
    target: Decimal | None = None
    wanted: Decimal | None = None

    @property
    def key(self) -> tuple[str, str, int, Kind]:
        """There is one of each."""
        return self.deployment, self.symbol, self.bar, self.kind


@dataclass(frozen=True, slots=True)
class Deed:
    """An order that a signal asks for: to ``close`` what is held, or to open with the shares that the terms tell."""

    kind: Kind
    side: Side
    close: bool


def deeds(kinds: Collection[Kind], held: Decimal, *, shorts: bool) -> tuple[Deed, ...]:
    """What to do about what is said of a bar while ``held`` shares are the deployment's own; the second follows the first.

    A signal against what is held closes it, and then opens the other side where that was said too. Contradictions do nothing.
    """
    said = set(kinds) if shorts else set(kinds) - {Kind.SHORT, Kind.COVER}
    if {Kind.ENTRY, Kind.EXIT} <= said or {Kind.SHORT, Kind.COVER} <= said or {Kind.ENTRY, Kind.SHORT} <= said:
        return ()
    long, short = Deed(Kind.ENTRY, Side.BUY, False), Deed(Kind.SHORT, Side.SELL, False)
    if held > 0:
        if Kind.SHORT in said:
            return Deed(Kind.EXIT, Side.SELL, True), short
        return (Deed(Kind.EXIT, Side.SELL, True),) if Kind.EXIT in said else ()
    if held < 0:
        if Kind.ENTRY in said:
            return Deed(Kind.COVER, Side.BUY, True), long
        return (Deed(Kind.COVER, Side.BUY, True),) if Kind.COVER in said else ()
    return (long,) if Kind.ENTRY in said else (short,) if Kind.SHORT in said else ()


def side_of(kind: Kind) -> Side:
    """The side of the order that a kind asks for."""
    return Side.BUY if kind in (Kind.ENTRY, Kind.COVER) else Side.SELL


def order_id(deployment: str, symbol: str, bar: int, kind: Kind, again: int = 0) -> str:
    """The client order id of a signal's order: the same for the same signal, so that nothing is ever sent twice.

    ``again`` counts the orders for what the ones before left over.
    """
    mark = hashlib.sha256(f"{deployment} {symbol} {bar} {kind}{f' {again}' if again else ''}".encode()).hexdigest()[:20]
    return f"{deployment}-{symbol}-{mark}"[-LONGEST_ID:]


@dataclass(frozen=True, slots=True)
class Tally:
    """A deployment's New York day: orders sent, and dollars earned, taken or not; None while a price of what it holds is unknown."""

    orders: int = 0
    profit: Decimal | None = ZERO


@dataclass(frozen=True, slots=True)
class Moment:
    """How things stand when a signal is to become an order. ``why_not`` says why nothing can be sent at all; ``working`` whether an
    order of the same deployment and symbol is still open, ``books`` what the account holds of the symbol.

    For an order of the opening auction ``now`` is the open, when it trades, and the session counts as open."""

    now: datetime
    price: Decimal
    equity: Decimal | None
    session_open: bool
    why_not: str = ""
    working: bool = False
    books: Decimal = ZERO


def hindrance(deployment: Deployment, deed: Deed, symbol: str, tally: Tally, moment: Moment) -> str:
    """Why the deed is not done now, or nothing. What only closes is held back by no bound of the deployment."""
    if symbol not in deployment.terms.symbols:
        return f"{symbol} is not among its symbols."
    if moment.why_not:
        return moment.why_not
    if moment.working:
        return f"An order of it in {symbol} is still open."
    if not moment.session_open:
        return "The market is closed."
    return "" if deed.close else _bound(deployment, deed, symbol, tally, moment)


def _bound(deployment: Deployment, deed: Deed, symbol: str, tally: Tally, moment: Moment) -> str:
    """Why an entry is not made now, or nothing."""
    bounds, clock = deployment.terms.bounds, moment.now.astimezone(NEW_YORK).time()
    if not bounds.begins <= clock < bounds.ends:
        return f"Entries are made from {bounds.begins:%H:%M} to {bounds.ends:%H:%M} ET."
    if tally.orders >= bounds.orders:
        return f"Its {bounds.orders} orders of the day are made."
    if tally.profit is None:
        return "What it has lost today is not known: a price of what it holds is missing."
    if moment.books * deed.side.sign < 0:  # its own exit would find none of its shares there
        return f"The account holds {moment.books:f} {symbol} that are not its own, on the other side; they would be closed."
    if -tally.profit >= bounds.loss:
        return f"Its loss of the day, ${-tally.profit:,.2f}, has reached ${bounds.loss:,.2f}."
    return ""


def shares(deployment: Deployment, moment: Moment) -> Decimal:
    """Whole shares of an entry, within the bounds. Raises BadInput with the reason when there are none."""
    terms, bounds = deployment.terms, deployment.terms.bounds
    if moment.price <= 0:
        raise BadInput("There is no price to work shares out from.")
    wanted = shares_for(terms.sizing, terms.amount, Basis(moment.price, moment.equity))
    most = min(bounds.shares, bounds.value / moment.price)
    found = min(wanted, most).to_integral_value(ROUND_DOWN)
    if found <= 0:
        raise BadInput(
            f"A share at ${moment.price:,.2f} does not fit into the largest position of ${bounds.value:,.0f}."
        )
    return found
