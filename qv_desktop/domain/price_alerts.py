"""Price alerts: a price of a symbol at which a person wants to be told, and when it is crossed."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from qv_desktop.domain.errors import BadInput

MOST, LONGEST_NOTE = 200, 200  # alerts of one person, characters
DECIMALS = 4  # of a price; US stocks are quoted in no finer steps
NOT_AGAIN_FOR = timedelta(minutes=1)  # after a repeating alert has fired

type Direction = Literal["up", "down", "either"]
type State = Literal["armed", "fired"]


@dataclass(frozen=True, slots=True)
class PriceAlert:
    """Tells when ``symbol`` reaches ``price`` (dollars): from below, from above, or from wherever it comes.

    One that repeats stays armed. ``fired_at`` is when it last fired since it was armed.
    """

    id: str
    symbol: str
    price: float
    direction: Direction
    note: str
    repeats: bool
    state: State
    created: datetime
    fired_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Print:
    """A price that became a symbol's last one, and the last one that was known before it; None when none was."""

    symbol: str
    before: float | None
    price: float


def crossed(alert: PriceAlert, before: float | None, after: float) -> bool:
    """Whether a price that went from ``before`` to ``after`` in one step reached the alert's price; a jump over it counts.

    Where it comes from is unknown (None) when the alert was kept from an earlier sitting: then up means at or above the price
    now, for it was below when the alert was set. The same holds of an alert that was set at the very price: it fires on touch.
    One that fired since it was armed waits for a step that it can see.
    """
    if before is None or before == alert.price:
        return alert.fired_at is None and _reached(alert, after)
    up, down = before < alert.price <= after, before > alert.price >= after
    return {"up": up, "down": down, "either": up or down}[alert.direction]


def _reached(alert: PriceAlert, price: float) -> bool:
    reached = {"up": price >= alert.price, "down": price <= alert.price, "either": price == alert.price}
    return reached[alert.direction]


def due(alert: PriceAlert, at: datetime) -> bool:
    """Whether the alert may fire at all now: it is armed, and when it repeats, it did not fire within the last minute."""
    return alert.state == "armed" and (alert.fired_at is None or at - alert.fired_at >= NOT_AGAIN_FOR)


def fired(alert: PriceAlert, at: datetime) -> PriceAlert:
    """The alert once it has fired; one that repeats stays armed."""
    return replace(alert, state="armed" if alert.repeats else "fired", fired_at=at)


def armed(alert: PriceAlert, price: float, last: float | None) -> PriceAlert:
    """The alert set anew at ``price``, seen from the ``last`` one. Raises BadInput."""
    right = checked_price(price)
    way = alert.direction if last is None else direction(right, last)
    return replace(alert, price=right, direction=way, state="armed", fired_at=None)


def direction(price: float, last: float | None) -> Direction:
    """From where the price will be reached, seen from the last one; either way when that is unknown or the same."""
    if last is None or last == price:
        return "either"
    return "up" if price > last else "down"


def checked_price(price: float) -> float:
    """``price`` in steps of a hundredth of a cent. Raises BadInput when it is none."""
    right = round(price, DECIMALS) if math.isfinite(price) else 0.0
    if right <= 0:
        raise BadInput("An alert needs a price above zero; type one such as 231.40.")
    return right


def checked_note(note: str) -> str:
    """``note`` on one line. Raises BadInput when it is too long."""
    tidy = " ".join(note.split())
    if len(tidy) > LONGEST_NOTE or not tidy.isprintable():
        raise BadInput(f"An alert's note has {LONGEST_NOTE} printable characters at most; shorten it.")
    return tidy


def checked_count(alerts: Sequence[PriceAlert]) -> None:
    """Raises BadInput when there is no room for another one."""
    if len(alerts) >= MOST:
        raise BadInput(f"You have {MOST} price alerts, which is the most; remove one that you no longer need.")


def told(alert: PriceAlert, heard: Print) -> str:
    """What a person reads when it fires."""
    return f"{alert.symbol} {_what(alert.price, heard)}, last {written(heard.price)}"


def _what(price: float, heard: Print) -> str:
    words = written(price)
    if heard.before in (None, price) and heard.price == price:
        return f"stands at {words}"
    if heard.before is None:
        return f"is {'above' if heard.price > price else 'below'} {words} since it was last watched"
    way = "upwards" if heard.price > heard.before else "downwards"
    return f"{'left' if heard.before == price else 'crossed'} {words} {way}"


def written(price: float) -> str:
    """A price with two digits after the point, or as many as it needs: ``1,231.40``, ``0.0815``."""
    text = f"{price:,.{DECIMALS}f}".rstrip("0")
    whole, _, rest = text.partition(".")
    return f"{whole}.{rest:0<2}"
