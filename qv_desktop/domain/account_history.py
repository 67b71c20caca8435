"""What happened in the account and how its value went: activities, and the equity curve of a period with its money moved in and out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

ZERO = Decimal(0)


class Period(StrEnum):
    """How far back the equity curve goes."""

    DAY = "1D"
    WEEK = "1W"
    MONTH = "1M"
    QUARTER = "3M"
    YEAR = "1Y"
    ALL = "All"

    @property
    def intraday(self) -> bool:
        """Whether its points are parts of days."""
        return self in (Period.DAY, Period.WEEK)


class Kind(StrEnum):
    """What an activity is about, for a person who looks for some of them."""

    FILL = "Fills"
    DIVIDEND = "Dividends"
    FEE = "Fees & interest"
    TRANSFER = "Transfers"
    OTHER = "Other"


# Alpaca's ActivityType -> kind, words; a code that is not here is shown as it is, among the others
ACTIVITIES: dict[str, tuple[Kind, str]] = {
    "FILL": (Kind.FILL, "Fill"),
    "OPTRD": (Kind.FILL, "Option trade"),
    "DIV": (Kind.DIVIDEND, "Dividend"),
    "CGD": (Kind.DIVIDEND, "Capital gain distribution"),
    "DIVCGL": (Kind.DIVIDEND, "Dividend, long-term gain"),
    "DIVCGS": (Kind.DIVIDEND, "Dividend, short-term gain"),
    "DIVFEE": (Kind.DIVIDEND, "Dividend fee"),
    "DIVFT": (Kind.DIVIDEND, "Dividend, foreign tax withheld"),
    "DIVNRA": (Kind.DIVIDEND, "Dividend, non-resident tax withheld"),
    "DIVROC": (Kind.DIVIDEND, "Dividend, return of capital"),
    "DIVTW": (Kind.DIVIDEND, "Dividend, Tefra tax withheld"),
    "DIVTXEX": (Kind.DIVIDEND, "Dividend, tax exempt"),
    "FEE": (Kind.FEE, "Fee"),
    "CFEE": (Kind.FEE, "Crypto fee"),
    "PTC": (Kind.FEE, "Pass-through charge"),
    "PTR": (Kind.FEE, "Pass-through rebate"),
    "INT": (Kind.FEE, "Interest"),
    "INTNRA": (Kind.FEE, "Interest, non-resident tax withheld"),
    "INTTW": (Kind.FEE, "Interest, Tefra tax withheld"),
    "CSD": (Kind.TRANSFER, "Deposit"),
    "CSW": (Kind.TRANSFER, "Withdrawal"),
    "JNL": (Kind.TRANSFER, "Journal entry"),
    "JNLC": (Kind.TRANSFER, "Journal entry, cash"),
    "JNLS": (Kind.TRANSFER, "Journal entry, shares"),
    "ACATC": (Kind.TRANSFER, "Account transfer, cash"),
    "ACATS": (Kind.TRANSFER, "Account transfer, shares"),
    "FOPT": (Kind.TRANSFER, "Free-of-payment transfer"),
    "OCT": (Kind.TRANSFER, "On-chain transfer"),
    "TRANS": (Kind.TRANSFER, "Cash transaction"),
    "SPLIT": (Kind.OTHER, "Split"),
    "CIL": (Kind.OTHER, "Cash in lieu of a fraction"),
    "SPIN": (Kind.OTHER, "Spin-off"),
    "MA": (Kind.OTHER, "Merger or acquisition"),
    "NC": (Kind.OTHER, "Name change"),
    "REORG": (Kind.OTHER, "Reorganisation"),
    "OPASN": (Kind.OTHER, "Option assignment"),
    "OPCA": (Kind.OTHER, "Option corporate action"),
    "OPCSH": (Kind.OTHER, "Option cash deliverable"),
    "OPEXC": (Kind.OTHER, "Option exercise"),
    "OPEXP": (Kind.OTHER, "Option expiration"),
    "MISC": (Kind.OTHER, "Miscellaneous"),
}
MOVED = frozenset(code for code, (kind, _) in ACTIVITIES.items() if kind is Kind.TRANSFER)  # money from or to outside


def codes(kind: Kind) -> tuple[str, ...]:
    """The broker's codes of a kind."""
    return tuple(code for code, (found, _) in ACTIVITIES.items() if found is kind)


@dataclass(frozen=True, slots=True)
class Activity:
    """One entry of the account; None and "" where the broker does not tell. ``net`` is signed dollars, out is negative."""

    id: str
    code: str  # the broker's type, such as CSD
    at: datetime | None = None  # when, where the broker tells the time
    day: date | None = None  # the day it counts for, where that is all
    symbol: str = ""
    side: str = ""
    quantity: Decimal | None = None
    price: Decimal | None = None
    net: Decimal | None = None
    description: str = ""
    status: str = ""
    reckoned: bool = False  # ``net`` is price times shares, for the broker tells none

    @property
    def kind(self) -> Kind:
        """What it is about; a code that is not known is among the others."""
        return ACTIVITIES[self.code][0] if self.code in ACTIVITIES else Kind.OTHER

    @property
    def words(self) -> str:
        """The type for a person; an unknown one with its code."""
        if self.code in ACTIVITIES:
            return ACTIVITIES[self.code][1]
        return f"UNKNOWN ({self.code})" if self.code else "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which activities are asked for: one kind or all, on these New York days, both included; None is open."""

    kind: Kind | None = None
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Activities newest first; ``token`` asks for older ones and is empty at the end. ``unreadable`` rows were left out."""

    activities: tuple[Activity, ...]
    token: str = ""
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class Point:
    """The account at one moment: ``equity`` None is a hole, not zero. ``flow`` is dollars that came in since the point before, net."""

    at: datetime
    equity: Decimal | None
    flow: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Curve:
    """The equity of a period, oldest first, from before ``base`` (the close before the first point, None where unknown)."""

    period: Period
    points: tuple[Point, ...]
    base: Decimal | None = None
    base_of: date | None = None
    timeframe: str = ""
    flows: Mapping[int, tuple[tuple[str, Decimal], ...]] = field(default_factory=dict)  # point -> (code, dollars)
    unreadable: int = 0  # values that were told and could not be read

    @property
    def last(self) -> Decimal | None:
        """The newest equity that is known."""
        return next((p.equity for p in reversed(self.points) if p.equity is not None), None)

    @property
    def baseline(self) -> Decimal | None:
        """What profit is counted from: the base, or the first equity of an account that had none before."""
        if self.base is not None and self.base > 0:
            return self.base
        return next((p.equity for p in self.points if p.equity is not None), None)


def funded(points: Iterable[Point], base: Decimal | None) -> tuple[Point, ...]:
    """The points with holes in place of the zeros before the account first held money, which are no loss."""
    found = tuple(points)
    if base is not None and base > 0:
        return found
    first = next((place for place, p in enumerate(found) if p.equity is not None and p.equity != 0), len(found))
    return tuple(Point(p.at, None, p.flow) for p in found[:first]) + found[first:]


def moved(curve: Curve) -> Decimal:
    """Dollars that came from outside in the period, less those that left: deposits are no profit.

    Where the baseline is the first equity, what came until then is in it already.
    """
    start = 0
    if curve.base is None or curve.base <= 0:
        first = next((place for place, p in enumerate(curve.points) if p.equity is not None), len(curve.points))
        start = first + 1
    return sum((point.flow for point in curve.points[start:]), ZERO)


def profit(curve: Curve) -> Decimal | None:
    """Dollars that the period earned: the last equity less the baseline and less what came from outside; None while unknown."""
    if curve.baseline is None or curve.last is None:
        return None
    return curve.last - curve.baseline - moved(curve)


def gain(curve: Curve) -> Decimal | None:
    """The profit as a share of the money that was at work: the baseline and what was put in; None while unknown."""
    earned, base = profit(curve), curve.baseline
    if earned is None or base is None:
        return None
    put_in = base + max(ZERO, moved(curve))
    return earned / put_in if put_in > 0 else None
