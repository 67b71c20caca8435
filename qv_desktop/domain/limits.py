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
WHOLE = frozenset(name for name in NAMES if isinstance(getattr(Limits(), name), int))  # are counts or minutes


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


def base_of(firm: Mapping[str, Decimal | int]) -> Limits:
    """The firm's limits, under which all others lie; what it has not set is as the program comes."""
    return replace(Limits(), **{name: value for name, value in firm.items() if name in NAMES})  # type: ignore[arg-type]


def in_force(scoped: Iterable[ScopedLimits]) -> Limits:
    """What counts where all of ``scoped`` bind: the firm's limits, each as tight as any of the others has it."""
    every = tuple(scoped)
    firm = next((one.values for one in every if one.scope is Scope.FIRM), {})
    return tightest(base_of(firm), (_known(one) for one in every if one.scope is not Scope.FIRM))


def _known(one: ScopedLimits) -> ScopedLimits:
    """Without limits that a newer program set and this one has no rule for."""
    if all(name in NAMES for name in one.values):
        return one
    return replace(one, values={name: value for name, value in one.values.items() if name in NAMES})


def concerns(one: ScopedLimits, account: str, user: str, strategy: str, symbol: str) -> bool:
    """Whether it binds an order of this user in this account, of this strategy ("" for none), in this symbol."""
    match one.scope:
        case Scope.FIRM:
            return True
        case Scope.ACCOUNT:
            return one.of == account
        case Scope.USER:
            return one.of == user.lower()
        case Scope.STRATEGY:
            return one.of == strategy
        case Scope.SYMBOL:
            return one.of == symbol


def binding(name: str, scoped: Iterable[ScopedLimits]) -> ScopedLimits:
    """Which of ``scoped`` the limit ``name`` in force is of; the widest, where several say the same."""
    found = FIRM
    for one in sorted(scoped, key=lambda each: WIDEST.index(each.scope)):
        if one.scope is Scope.FIRM or (name in one.values and looser(name, _value_of(found, name), one.values[name])):
            found = one
    return found


def _value_of(one: ScopedLimits, name: str) -> Decimal | int:
    return one.values.get(name, getattr(Limits(), name))


def looser(name: str, value: Decimal | int, other: Decimal | int) -> bool:
    """Whether ``value`` lets more pass than ``other``."""
    return value < other if name in TIGHTER_WHEN_MORE else value > other


def raised(scope: Scope, before: Mapping[str, Decimal | int], after: Mapping[str, Decimal | int]) -> tuple[str, ...]:
    """The names of the limits that let more pass once ``after`` is set in the place of ``before``: looser or taken away.

    One that a scope has not set holds nothing back, but for the firm's: what the program comes with in its place a database does not
    know, so that to set it at all takes a second person.
    """
    if scope is Scope.FIRM:
        new = [name for name in after if name not in before]
        return tuple(name for name in NAMES if name in {*new, *loosened(base_of(before), base_of(after))})
    return tuple(
        name for name in NAMES if name in before and (name not in after or looser(name, after[name], before[name]))
    )


FIRM = ScopedLimits(Scope.FIRM, "", {})
WIDEST = tuple(Scope)


def whose(one: ScopedLimits, user: str = "") -> str:
    """Whose limit it is, for a sentence: “the firm's limit”; “your own limit” where it is that of ``user``, who reads it."""
    match one.scope:
        case Scope.FIRM:
            return "the firm's limit"
        case Scope.ACCOUNT:
            return "the account's limit"
        case Scope.USER:
            return "your own limit" if one.of == user.lower() else f"the limit of {one.of}"
        case Scope.STRATEGY:
            return f"the limit of the strategy {one.of}"
        case Scope.SYMBOL:
            return f"the limit of {one.of}"
