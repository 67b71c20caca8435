"""Day trades: positions that were opened and closed within one trading day, counted from executions alone.

The pairing is that of FINRA Rule 4210(f)(8)(B) as brokers document it (docs.alpaca.markets, “User Protection”, in the form from before
June 2026; E*TRADE's page on pattern day trading): every change from opening to closing what was opened on the same day is one day trade.
Buy, buy, sell all is one; buy, sell, buy, sell is two. All executions of one order on one day are one trade, whatever came between them.
Shares held overnight are sold without a day trade as long as none of the same name were bought on that day before.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from qv_desktop.domain.orders import TICKET, Fill
from qv_desktop.domain.trading_days import TradingDays

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Leg:
    """What one order traded on one trading day: shares, dollars, and when the first of it did."""

    order: str
    symbol: str
    sign: int  # +1 bought, −1 sold
    quantity: Decimal
    value: Decimal
    at: datetime
    source: str = TICKET


@dataclass(frozen=True, slots=True)
class DayTrade:
    """One day trade: ``opened`` and ``closed`` are when the first order of each side traded, ``order`` is the one that closed it."""

    symbol: str
    day: date
    opened: datetime
    closed: datetime
    order: str
    quantity: Decimal
    source: str = TICKET


@dataclass(frozen=True, slots=True)
class Standing:
    """How a symbol stands within a day: signed shares held, shares of them opened today, and what they cost in dollars.

    ``closing`` while the last trade closed some of today's: more of it is the same day trade.
    """

    held: Decimal = ZERO
    opened: Decimal = ZERO
    cost: Decimal = ZERO
    since: datetime | None = None  # when the first of ``opened`` traded
    closing: bool = False


@dataclass(frozen=True, slots=True)
class TradedDay:
    """One trading day of an account: orders that traded, the day trades among them, and how each traded symbol stands after it."""

    day: date
    trades: int = 0
    day_trades: tuple[DayTrade, ...] = ()
    standings: tuple[tuple[str, Standing], ...] = ()

    def standing(self, symbol: str) -> Standing | None:
        """How ``symbol`` stands, or None when it did not trade."""
        return next((standing for name, standing in self.standings if name == symbol), None)


def legs(fills: Iterable[Fill], days: TradingDays) -> dict[date, dict[str, dict[str, Leg]]]:
    """Trading day -> symbol -> order -> what it traded; an execution that comes twice counts once."""
    found: dict[date, dict[str, dict[str, Leg]]] = {}
    seen: set[str] = set()
    for fill in fills:
        if fill.execution_id not in seen:
            seen.add(fill.execution_id)
            add(found, fill, days.of(fill.at))
    return found


def add(found: dict[date, dict[str, dict[str, Leg]]], fill: Fill, day: date) -> None:
    """Take one more execution into ``found``."""
    orders = found.setdefault(day, {}).setdefault(fill.symbol, {})
    known = orders.get(fill.client_order_id)
    value = fill.quantity * fill.price
    if known is None:
        made = Leg(fill.client_order_id, fill.symbol, fill.side.sign, fill.quantity, value, fill.at, fill.source)
    else:
        made = replace(
            known, quantity=known.quantity + fill.quantity, value=known.value + value, at=min(known.at, fill.at)
        )
    orders[fill.client_order_id] = made


def paired(symbol: str, day: date, held: Decimal, orders: Iterable[Leg]) -> tuple[list[DayTrade], Standing]:
    """The day trades of ``symbol`` on ``day``, begun with ``held`` signed shares, and how it stands after them."""
    standing, found = Standing(held), list[DayTrade]()
    for leg in sorted(orders, key=lambda leg: (leg.at, leg.order)):
        if standing.held * leg.sign >= 0:
            standing = _opened(standing, leg.sign, leg.quantity, leg.value, leg.at)
            continue
        closed = min(leg.quantity, abs(standing.held))
        if standing.opened and not standing.closing:
            quantity = min(closed, standing.opened)
            since = standing.since or leg.at
            found.append(DayTrade(symbol, day, since, leg.at, leg.order, quantity, leg.source))
        standing = _closed(standing, leg.sign, closed)
        beyond = leg.quantity - closed
        if beyond:  # the order went through flat
            standing = _opened(standing, leg.sign, beyond, leg.value * beyond / leg.quantity, leg.at)
    return found, standing


def _opened(before: Standing, sign: int, quantity: Decimal, value: Decimal, at: datetime) -> Standing:
    since = before.since if before.opened else at
    return Standing(before.held + sign * quantity, before.opened + quantity, before.cost + value, since)


def _closed(before: Standing, sign: int, quantity: Decimal) -> Standing:
    left = max(before.opened - quantity, ZERO)
    cost = before.cost * left / before.opened if before.opened else ZERO
    return Standing(
        before.held + sign * quantity, left, cost, before.since if left else None, bool(before.opened) or before.closing
    )


def traded(day: date, symbols: Mapping[str, Mapping[str, Leg]], held: Mapping[str, Decimal]) -> TradedDay:
    """One day from its legs; ``held`` are the signed shares with which it began, none where it names none."""
    found: list[DayTrade] = []
    standings: list[tuple[str, Standing]] = []
    for symbol, orders in symbols.items():
        trades, standing = paired(symbol, day, held.get(symbol, ZERO), orders.values())
        found += trades
        standings.append((symbol, standing))
    count = sum(len(orders) for orders in symbols.values())
    return TradedDay(day, count, tuple(sorted(found, key=lambda one: (one.closed, one.order))), tuple(standings))


def history(
    by_day: Mapping[date, Mapping[str, Mapping[str, Leg]]], now: Mapping[str, Decimal]
) -> dict[date, TradedDay]:
    """Every day of ``by_day``; ``now`` are the signed shares held after all of them."""
    held = dict(now)
    for symbols in by_day.values():
        for symbol, orders in symbols.items():
            held[symbol] = held.get(symbol, ZERO) - sum((leg.sign * leg.quantity for leg in orders.values()), ZERO)
    found: dict[date, TradedDay] = {}
    for day in sorted(by_day):
        found[day] = traded(day, by_day[day], held)
        held.update({symbol: standing.held for symbol, standing in found[day].standings})
    return found


def within(found: Mapping[date, TradedDay], window: Sequence[date]) -> tuple[int, int]:
    """Day trades and trades of the days in ``window``."""
    known = [found[day] for day in window if day in found]
    return sum(len(day.day_trades) for day in known), sum(day.trades for day in known)
