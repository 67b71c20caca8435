"""The simulator's plain values: trades, quotes, bars, halts, listings and sessions."""

from dataclasses import dataclass
from datetime import date

SECOND = 1_000_000_000  # ns
MINUTE = 60 * SECOND
DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Trade:
    """One print; `t` is ns since the epoch in UTC, `size` is in shares, `id` is unique per symbol and day."""

    symbol: str
    t: int
    price: float
    size: int
    id: int
    exchange: str = "V"
    conditions: tuple[str, ...] = ("@",)
    tape: str = "C"


@dataclass(frozen=True, slots=True)
class Quote:
    """The national best bid and offer from `t` (ns UTC) on; sizes are in shares."""

    symbol: str
    t: int
    bid: float
    bid_size: int
    ask: float
    ask_size: int
    exchange: str = "V"
    conditions: tuple[str, ...] = ("R",)
    tape: str = "C"


@dataclass(frozen=True, slots=True)
class Bar:
    """Trades of `span` seconds from `t` (ns UTC, the start of the bar), folded."""

    symbol: str
    t: int
    open: float
    high: float
    low: float
    close: float
    volume: int
    count: int
    vwap: float
    span: int = 60


@dataclass(frozen=True, slots=True)
class Status:
    """A trading status change: code "H" halts the symbol, "T" resumes it (UTP status codes)."""

    symbol: str
    t: int
    code: str
    message: str
    reason_code: str
    reason: str


# On the event stream a Bar is a completed second bar (span 1) or a completed minute bar (span 60).
type Event = Trade | Quote | Bar | Status


@dataclass(frozen=True, slots=True)
class Listing:
    """A listed security and what a broker allows with it; `tick` is its price increment in dollars."""

    symbol: str
    name: str
    exchange: str
    asset_id: str
    previous_close: float
    tradable: bool = True
    marginable: bool = True
    shortable: bool = True
    easy_to_borrow: bool = True
    fractionable: bool = True
    tick: float = 0.01


@dataclass(frozen=True, slots=True)
class Session:
    """One NYSE trading day; all times are ns UTC, pre-market starts at `pre_open`, post-market ends at `post_close`."""

    day: date
    open: int
    close: int
    pre_open: int
    post_close: int
