"""Market data values: trades, quotes and bars, and how a bar is folded from trades.

Prices of market data are float64 as they arrive; money that is ours is ``Decimal``. Times are nanoseconds since the
epoch, UTC, and bars are stamped with their start.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from qv_desktop.domain.errors import BadInput

NEW_YORK = ZoneInfo("America/New_York")
SECOND = 1_000_000_000

type Unit = Literal["s", "m", "h", "D", "W", "M"]
type FeedState = Literal[
    "connecting", "authenticating", "live", "quiet", "mute", "evicted", "backing off", "backfilling", "off"
]


class Trade(NamedTuple):
    """One print. ``id`` is unique per symbol, exchange and tape. A tuple, for hundreds of thousands are made in a second."""

    symbol: str
    at: int  # ns
    price: float
    size: float
    id: str
    exchange: str = ""
    tape: str = ""
    conditions: str = ""  # the vendor's codes, with spaces between


@dataclass(frozen=True, slots=True)
class Quote:
    """The national best bid and offer; sizes in shares."""

    symbol: str
    at: int  # ns
    bid: float
    bid_size: float
    ask: float
    ask_size: float

    @property
    def mid(self) -> float:
        """Half way between bid and ask, in dollars."""
        return (self.bid + self.ask) / 2


@dataclass(frozen=True, slots=True)
class Bar:
    """Open, high, low, close and volume of one symbol from ``start`` for one timeframe."""

    symbol: str
    start: int  # ns
    open: float
    high: float
    low: float
    close: float
    volume: float
    count: int = 0
    vwap: float | None = None


@dataclass(frozen=True, slots=True)
class Timeframe:
    """A bar's length: ``count`` seconds, minutes, hours, days, weeks or months."""

    count: int
    unit: Unit

    @property
    def seconds(self) -> int:
        """Nominal length in seconds; a month counts as 30 days."""
        return self.count * {"s": 1, "m": 60, "h": 3600, "D": 86_400, "W": 604_800, "M": 2_592_000}[self.unit]

    @property
    def intraday(self) -> bool:
        """Whether several bars fit into one day."""
        return self.unit in ("s", "m", "h")

    def __str__(self) -> str:
        return f"{self.count}{self.unit}"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is known of one symbol now: the row of a watchlist. Unknown is None, never zero."""

    symbol: str
    last: float | None = None
    last_at: int | None = None  # ns
    previous_close: float | None = None
    quote: Quote | None = None
    day_open: float | None = None
    day_high: float | None = None
    day_low: float | None = None
    day_volume: float | None = None
    halted: bool = False
    source: str = ""  # the vendor whose prices these are
    stale: bool = False  # silent for too long, though it trades busily and the market is open

    @property
    def change(self) -> float | None:
        """Dollars since the previous close, or None while either is unknown."""
        return None if self.last is None or self.previous_close is None else self.last - self.previous_close

    @property
    def change_fraction(self) -> float | None:
        """Change as a fraction of the previous close, or None while unknown."""
        change = self.change
        return None if change is None or not self.previous_close else change / self.previous_close


@dataclass(frozen=True, slots=True)
class Halt:
    """A halt (``halted``) or resumption of trading in a symbol."""

    symbol: str
    at: int  # ns
    halted: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Correction:
    """A print that the exchange took back: ``trade`` stands in its place, or nothing when None (a cancel)."""

    symbol: str
    at: int  # ns, of the print that was wrong
    id: str
    exchange: str
    tape: str
    trade: Trade | None


@dataclass(frozen=True, slots=True)
class Batch:
    """What a stream said at once, oldest first: every trade, and of each symbol's quotes the newest only.

    ``events`` counts the messages it was made of, the conflated quotes included. ``seconds``, ``minutes`` and ``days`` are the
    vendor's own bars: completed ones, amended ones (a minute heard again), and the day so far. ``late`` are those of the trades
    that came after their own minute's bar, where the batch holds both.
    """

    trades: Sequence[Trade] = ()
    quotes: Sequence[Quote] = ()
    minutes: Sequence[Bar] = ()
    seconds: Sequence[Bar] = ()
    days: Sequence[Bar] = ()
    halts: Sequence[Halt] = ()
    corrections: Sequence[Correction] = ()
    events: int = 0
    late: Sequence[Trade] = ()


type Adjustment = Literal["raw", "split", "all"]  # of history: as traded, for splits, for splits and dividends


@dataclass(frozen=True, slots=True)
class Action:
    """A split or dividend of ``symbol`` that takes effect before the first trade of ``day``.

    A split's ``amount`` is new shares for each old one (7.0 for 7:1); a dividend's is dollars per share before it.
    """

    symbol: str
    day: date
    kind: Literal["split", "dividend"]
    amount: float


@dataclass(frozen=True, slots=True)
class Gap:
    """A hole in a feed: nothing is known of ``symbols`` between ``start`` and ``end`` until it is filled."""

    feed: str
    symbols: tuple[str, ...]
    start: datetime
    end: datetime | None
    reason: str
    filled_at: datetime | None = None


def timeframe(text: str) -> Timeframe:
    """The timeframe that ``text`` such as ``1m``, ``5``, ``3h`` or ``1D`` names; a bare number means minutes.

    Raises BadInput when it names none.
    """
    found = re.fullmatch(r"(\d{1,3})?([smhdwSHDWM])?", text.strip())
    if not found or not text.strip() or found[1] == "0":
        raise BadInput(f"“{text}” is no timeframe; type a number and s, m, h, D, W or M, such as 5m or 1D.")
    unit = {"d": "D", "w": "W", "H": "h", "S": "s"}.get(found[2] or "m", found[2] or "m")
    return Timeframe(int(found[1] or 1), unit)  # type: ignore[arg-type]  # the pattern admits only units


def bar_start(at: int, frame: Timeframe) -> int:
    """Start in ns of the bar that holds ``at``: clock-aligned within the hour or day, New York midnight for days.

    Weeks start on Monday and months on the first, both at New York midnight.
    """
    if frame.unit in ("s", "m"):
        span = frame.seconds * SECOND
        return at - at % span
    local = datetime.fromtimestamp(at // SECOND, NEW_YORK)  # whole seconds: a float would round up into the next bar
    if frame.unit == "h":
        return _ns(local.replace(hour=local.hour - local.hour % frame.count, minute=0, second=0, microsecond=0))
    return _ns(datetime.combine(_first_day(local.date(), frame), time(), NEW_YORK))


def _first_day(day: date, frame: Timeframe) -> date:
    if frame.unit == "M":
        month = (day.month - 1) // frame.count * frame.count + 1 if frame.count <= 12 else 1
        return day.replace(month=month, day=1)
    # Monday 1970-01-05 is ordinal 719167; counting days from it keeps multi-day bars stable
    length = frame.count * (7 if frame.unit == "W" else 1)
    return date.fromordinal(day.toordinal() - (day.toordinal() - 719_167) % length)


def _ns(moment: datetime) -> int:
    return int(moment.timestamp()) * SECOND


def utc(at: int) -> datetime:
    """The aware UTC datetime of a nanosecond stamp, down to the microsecond."""
    return datetime.fromtimestamp(at // SECOND, UTC).replace(microsecond=at % SECOND // 1000)


def ns(moment: datetime) -> int:
    """Nanoseconds since the epoch of an aware datetime, exact to the microsecond."""
    whole = int(moment.replace(microsecond=0).timestamp())
    return whole * SECOND + moment.microsecond * 1000


def folded(bar: Bar | None, trade: Trade, frame: Timeframe) -> Bar:
    """``bar`` with ``trade`` in it, or the next bar begun by it; trades of an earlier bar leave it as it is."""
    start = bar_start(trade.at, frame)
    if bar is None or start > bar.start:
        return Bar(trade.symbol, start, trade.price, trade.price, trade.price, trade.price, trade.size, 1, trade.price)
    if start < bar.start:
        return bar
    volume = bar.volume + trade.size
    vwap = trade.price if not volume else ((bar.vwap or bar.close) * bar.volume + trade.price * trade.size) / volume
    return replace(bar, high=max(bar.high, trade.price), low=min(bar.low, trade.price), close=trade.price,
                   volume=volume, count=bar.count + 1, vwap=vwap)  # fmt: skip


def merged(bars: list[Bar], frame: Timeframe) -> list[Bar]:
    """Bars of a longer timeframe from time-ordered shorter ones of one symbol."""
    out: list[Bar] = []
    for bar in bars:
        start = bar_start(bar.start, frame)
        if out and out[-1].start == start:
            out[-1] = _joined(out[-1], bar)
        else:
            out.append(replace(bar, start=start))
    return out


def _joined(first: Bar, second: Bar) -> Bar:
    volume = first.volume + second.volume
    weighted = (first.vwap or first.close) * first.volume + (second.vwap or second.close) * second.volume
    return replace(first, high=max(first.high, second.high), low=min(first.low, second.low), close=second.close,
                   volume=volume, count=first.count + second.count, vwap=weighted / volume if volume else None)  # fmt: skip


def money(price: float) -> Decimal:
    """A market price as the decimal that it prints as."""
    return Decimal(repr(price))
