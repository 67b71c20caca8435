"""Drawdown: how far the equity is below its highest, where money that came in or went out is neither gain nor loss."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from qv_desktop.domain.account_history import MOVED, Activity
from qv_desktop.domain.accounts import Account
from qv_desktop.domain.counters import day_of

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Peak:
    """The highest equity in dollars. Money that moved up to ``day`` is in it, and ``adjusted`` of what moved since."""

    equity: Decimal
    day: date
    adjusted: Decimal = ZERO


def balances_day(account: Account, today: date) -> date:
    """The day after which the account's ``adjustments`` count: the broker's word, which may turn later than midnight, else yesterday."""
    try:
        return date.fromisoformat(account.balances_of)
    except ValueError:
        return today - timedelta(days=1)


def raised(peak: Peak | None, account: Account, today: date) -> Peak | None:
    """The peak once the account was told; unchanged while the equity is unknown."""
    if account.equity is None:
        return peak
    now, day = account.adjustments or ZERO, balances_day(account, today)
    if peak is None:
        return Peak(account.equity, day, now)
    counted = peak.adjusted if day <= peak.day else ZERO
    return Peak(max(peak.equity + now - counted, account.equity), max(day, peak.day), now)


def caught_up(peak: Peak, activities: Iterable[Activity], until: date) -> Peak:
    """The peak with all that moved in and out after its day, ``until`` included, while nobody looked; ``activities`` may be more."""
    if until <= peak.day:
        return peak
    moved = sum((one.net or ZERO for one in activities if one.code in MOVED and _between(one, peak.day, until)), ZERO)
    return replace(peak, equity=peak.equity + moved - peak.adjusted, day=until, adjusted=ZERO)


def _between(one: Activity, after: date, until: date) -> bool:
    day = one.day or (day_of(one.at) if one.at else None)
    return day is not None and after < day <= until


def lost(peak: Peak | None, equity: Decimal | None) -> Decimal | None:
    """The fraction of the highest equity that is lost (0.1 = 10 %); None while either is unknown."""
    if peak is None or equity is None or peak.equity <= 0:
        return None
    return max((peak.equity - equity) / peak.equity, ZERO)
