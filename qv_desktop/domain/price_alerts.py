"""Prices at which a person wants to be told: what an alert is, and when a trade sets it off."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from qv_desktop.domain.errors import BadInput

type Direction = Literal["up", "down", "either"]
type AlertState = Literal["armed", "fired"]

MOST, LONGEST_NOTE = 200, 100  # alerts of a person, characters
DIRECTIONS: dict[Direction, str] = {"up": "▲ at or above", "down": "▼ at or below", "either": "crosses"}


@dataclass(frozen=True, slots=True)
class PriceAlert:
    """Told once when a trade reaches ``price`` (dollars) from the side that ``direction`` names; every time when it ``repeats``."""

    id: str
    symbol: str
    price: float
    direction: Direction
    note: str
    repeats: bool
    state: AlertState
    created: datetime
    fired_at: datetime | None = None


def towards(price: float, last: float | None) -> Direction:
    """From which side an alert waits that is set now: a price above the market is reached by rising."""
    if last is None or price == last:
        return "either"
    return "up" if price > last else "down"


def crossed(alert: PriceAlert, before: float | None, low: float, high: float) -> bool:
    """Whether trades between ``low`` and ``high``, after one at ``before``, set the alert off.

    Without ``before`` only a price on the far side or at the alert counts: which way it was come by is unknown, that it is there is not.
    """
    again = alert.repeats and before is not None  # then the price must have been on the near side before
    if alert.direction == "up":
        return high >= alert.price and not (again and before is not None and before >= alert.price)
    if alert.direction == "down":
        return low <= alert.price and not (again and before is not None and before <= alert.price)
    if before is None:
        return low <= alert.price <= high
    return min(before, low) <= alert.price <= max(before, high) and not (again and before == alert.price)


def checked(alert: PriceAlert, others: Sequence[PriceAlert]) -> PriceAlert:
    """The alert with a tidy note. Raises BadInput with what to do."""
    if not math.isfinite(alert.price) or alert.price <= 0:
        raise BadInput("An alert needs a price above zero; correct it.")
    if not alert.symbol:
        raise BadInput("An alert needs a symbol; choose one.")
    note = " ".join(alert.note.split())
    if len(note) > LONGEST_NOTE or not note.isprintable():
        raise BadInput(f"A note has {LONGEST_NOTE} printable characters at most; shorten it.")
    if len({*(other.id for other in others), alert.id}) > MOST:
        raise BadInput(f"You have {MOST} alerts, which is the most; remove some first.")
    return replace(alert, note=note)
