"""Limits: how much at most, set for the firm, an account, a user, a strategy or a symbol; the tightest one counts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Limits:
    """Every limit in force: dollars, shares, fractions of equity (0.1 = 10 %), seconds, counts, minutes of the New York day."""

    order_value: Decimal = Decimal(100_000)
    order_quantity: Decimal = Decimal(10_000)
    position_fraction: Decimal = Decimal("0.25")
    gross_fraction: Decimal = Decimal("2.0")
    daily_loss: Decimal = Decimal(2_000)
    collar: Decimal = Decimal("0.10")
    quote_age: Decimal = Decimal(2)
    orders_per_minute: int = 60
    duplicate_seconds: Decimal = Decimal(1)
    order_volume_fraction: Decimal = Decimal("0.10")  # of the average daily volume
    orders_per_second: int = 10
    cancels_per_minute: int = 120
    net_fraction: Decimal = Decimal("2.0")
    sector_fraction: Decimal = Decimal("1.0")
    strategy_fraction: Decimal = Decimal("1.0")
    reducing_fraction: Decimal = Decimal("0.80")  # of the daily loss, from which only what reduces is taken
    drawdown_fraction: Decimal = Decimal("0.20")  # of the highest equity
    consecutive_losses: int = 20  # losing round trips in a row, after which a cooldown begins
    cooldown_seconds: Decimal = Decimal(900)
    trades_per_day: int = 1_000  # round trips of any length, a speed bump of one's own
    day_trades: int = 1_000  # within five business days, a speed bump of one's own
    opens: int = 0  # minutes after midnight in New York from which orders that open are taken
    closes: int = 1_440  # and until which


TIGHTER_WHEN_MORE = frozenset({"duplicate_seconds", "cooldown_seconds", "opens"})  # others are tighter when less
NAMES = tuple(field.name for field in fields(Limits))


class Scope(StrEnum):
    """Whom a set of limits binds, widest first."""

    FIRM = "firm"
    ACCOUNT = "account"
    USER = "user"
    STRATEGY = "strategy"
    SYMBOL = "symbol"


@dataclass(frozen=True, slots=True)
class ScopedLimits:
    """One version of the limits set for ``of``, a name within ``scope`` ("" for the firm); what is not in ``values`` is not set.

    ``approved_by`` is the second person, where a limit was raised.
    """

    scope: Scope
    of: str
    values: Mapping[str, Decimal | int]
    version: int = 0
    set_by: str = ""
    set_at: datetime | None = None
    approved_by: str = ""


def tightest(base: Limits, scoped: Iterable[ScopedLimits]) -> Limits:
    """``base``, with each limit as tight as the tightest of ``scoped`` that sets it."""
    found: dict[str, Decimal | int] = {}
    for one in scoped:
        for name, value in one.values.items():
            known = found.get(name, getattr(base, name))
            found[name] = max(known, value) if name in TIGHTER_WHEN_MORE else min(known, value)
    return replace(base, **found)  # type: ignore[arg-type]  # names are those of Limits


def loosened(before: Limits, after: Limits) -> tuple[str, ...]:
    """The names of the limits that let more pass in ``after``."""
    return tuple(
        name
        for name in NAMES
        if (getattr(after, name) - getattr(before, name)) * (-1 if name in TIGHTER_WHEN_MORE else 1) > 0
    )
