"""Drawdown: how far the equity is below its highest, where money that came in or went out is neither gain nor loss."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from qv_desktop.domain.account_history import MOVED, Activity
from qv_desktop.domain.accounts import Account
from qv_desktop.domain.counters import day_of

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Peak:
    """The highest equity in dollars, as of New York ``day``; ``adjusted`` is what of that day's deposits and the like is in it."""

    equity: Decimal
    day: date
    adjusted: Decimal = ZERO


def raised(peak: Peak | None, account: Account, day: date) -> Peak | None:
    """The peak once the account was told on ``day``; unchanged while the equity is unknown."""
    if account.equity is None:
        return peak
    now = account.adjustments or ZERO
    if peak is None:
        return Peak(account.equity, day, now)
    counted = peak.adjusted if peak.day == day else ZERO
    return Peak(max(peak.equity + now - counted, account.equity), day, now)


def caught_up(peak: Peak, activities: Iterable[Activity], today: date) -> Peak:
    """The peak with what moved in and out from its day on up to the day before ``today``, while nobody looked."""
    if peak.day >= today:
        return peak
    moved = sum((one.net or ZERO for one in activities if one.code in MOVED and _between(one, peak.day, today)), ZERO)
    return replace(peak, equity=peak.equity + moved - peak.adjusted, day=today, adjusted=ZERO)


def _between(one: Activity, first: date, today: date) -> bool:
    day = one.day or (day_of(one.at) if one.at else None)
    return day is not None and first <= day < today


def lost(peak: Peak | None, equity: Decimal | None) -> Decimal | None:
    """The fraction of the highest equity that is lost (0.1 = 10 %); None while either is unknown."""
    if peak is None or equity is None or peak.equity <= 0:
        return None
    return max((peak.equity - equity) / peak.equity, ZERO)
