"""What the day's risk report says of margin and of day trades, as names and values in words."""

from collections.abc import Iterable

from qv_desktop.domain.day_trades import DayTrade
from qv_desktop.domain.margin import MarginStanding
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.reports import money

type Pairs = tuple[tuple[str, str], ...]


def margin_told(standing: MarginStanding | None) -> Pairs:
    """The regime, the level and what is to be met; nothing while the account is not known."""
    if standing is None:
        return ()
    figures = (
        ("Margin level", standing.level), ("Requirement", standing.requirement), ("Headroom", standing.headroom),
        ("Equity at the last close", standing.prior_equity),
    )  # fmt: skip
    restricted = f"until {standing.restricted_until}: {standing.restriction}" if standing.restricted_until else "no"
    return (
        ("Regime", f"{standing.regime}, {'refuses' if standing.terms.blocks else 'warns'}"),
        *((name, "—" if value is None else money(value)) for name, value in figures),
        ("Restricted", restricted),
        *((f"Deficit of {one.day}", f"{money(one.amount)} after {one.cause or 'an order'}, {_met(one.met is not None)} {one.deadline}")
          for one in standing.deficits),
        *((f"{one.kind.capitalize()} of {one.day}", f"{one.symbol}, {money(one.amount)}") for one in standing.violations),
    )  # fmt: skip


def _met(met: bool) -> str:
    return "met; it was due by" if met else "to be met by"


def day_trades_told(standing: MarginStanding | None, trades: Iterable[DayTrade]) -> Pairs:
    """How many there are within five business days, and each of them."""
    if standing is None:
        return ()
    allowed = f" of {standing.allowed}" if standing.allowed is not None else ""
    each = tuple(
        (f"{one.day} {one.symbol}",
         f"{one.quantity:f} shares, {one.opened.astimezone(NEW_YORK):%H:%M:%S} to {one.closed.astimezone(NEW_YORK):%H:%M:%S} ET, "
         f"{one.source}, order {one.order}")
        for one in trades
    )  # fmt: skip
    return (
        ("Within five business days", f"{standing.day_trades}{allowed}, of {standing.trades:,} orders that traded"),
        *each,
    )
