"""Snapshots in words: the texts and colours of prices that watchlist and quote board share."""

from typing import Literal

from qv_desktop.domain.market import Snapshot
from qv_desktop.domain.sessions import Phase
from qv_desktop.ui import format as fmt

type State = Literal["live", "stale", "halted", "closed", "no prices"]

CHIP_OF: dict[State, str] = {  # key of theme.CHIPS
    "live": "good", "stale": "warning", "halted": "critical", "closed": "filled", "no prices": "draft",
}  # fmt: skip


def digits(snapshot: Snapshot) -> int:
    """Digits after the point of its prices."""
    return 4 if snapshot.last is not None and snapshot.last < 1 else 2


def price(snapshot: Snapshot, value: float | None) -> str:
    """A price of this symbol."""
    return fmt.price(value, digits(snapshot))


def percent(snapshot: Snapshot) -> str:
    """Change since the previous close, in percent."""
    return signed(percents(snapshot))


def percents(snapshot: Snapshot) -> float | None:
    """The number of ``percent``."""
    found = snapshot.change_fraction
    return None if found is None else found * 100


def signed(value: float | None, decimals: int = 2) -> str:
    """A float with its sign; plain formatting, for it runs for every row of every frame."""
    if value is None:
        return fmt.UNKNOWN
    text = f"{value:+,.{decimals}f}"
    return text[1:] if not text.strip("+-0.,") else text.replace("-", fmt.MINUS)


def bps(snapshot: Snapshot) -> float | None:
    """The spread in basis points of the mid, or None without a two-sided quote."""
    quote = snapshot.quote
    if quote is None or quote.bid <= 0 or quote.ask <= 0:
        return None
    return (quote.ask - quote.bid) / quote.mid * 10_000


def bps_text(snapshot: Snapshot) -> str:
    """The spread in basis points, to a tenth."""
    found = bps(snapshot)
    return fmt.UNKNOWN if found is None else f"{found:,.1f}".replace("-", fmt.MINUS)


def bps_hue(snapshot: Snapshot) -> str:
    """Crossed or locked quotes stand out."""
    found = bps(snapshot)
    return "TX2" if found is None else "WARN" if found <= 0 else "TX1"


def touch(snapshot: Snapshot) -> str:
    """Bid and ask."""
    quote = snapshot.quote
    return f"{price(snapshot, quote.bid)} × {price(snapshot, quote.ask)}" if quote else fmt.UNKNOWN


def sizes(snapshot: Snapshot) -> str:
    """How many shares are bid and asked, in a sentence."""
    quote = snapshot.quote
    return f"{fmt.quantity(quote.bid_size)} bid, {fmt.quantity(quote.ask_size)} asked" if quote else ""


def state(snapshot: Snapshot, phase: Phase = "open") -> State:
    """How far the prices can be believed."""
    if snapshot.halted:
        return "halted"
    if snapshot.last is None and snapshot.quote is None:
        return "no prices"
    if phase == "closed":
        return "closed"
    return "stale" if snapshot.stale else "live"


def state_tip(snapshot: Snapshot, phase: Phase = "open") -> str:
    """The state in a sentence."""
    symbol = snapshot.symbol
    match state(snapshot, phase):
        case "halted":
            return f"Trading in {symbol} is halted"
        case "stale":
            return f"{symbol} trades busily, yet nothing was heard of it for more than 5 seconds: its prices may be old"
        case "closed":
            return f"The market is closed; these are the last prices of {symbol}"
        case "no prices":
            return f"Nothing was heard of {symbol} yet"
    return f"{symbol} from {snapshot.source or 'no source yet'}"
