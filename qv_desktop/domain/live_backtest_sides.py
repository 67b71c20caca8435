"""The two sides of a day: what a strategy's backtest would have traded, and what its orders traded."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time
from decimal import Decimal

from qv_desktop.domain.backtests import BacktestResult, BacktestSpec
from qv_desktop.domain.live_backtest import MICRO, TICK, ZERO, Modelled, Sent, exactly
from qv_desktop.domain.market import NEW_YORK, Timeframe, utc
from qv_desktop.domain.orders import Fill, Order, Side

OPENS = time(9, 30)  # New York, when a day's first price is made


def executions(result: BacktestResult, spec: BacktestSpec, frame: Timeframe, shares: Decimal | None) -> list[Modelled]:
    """What the backtest traded, oldest first, with the costs of ``spec`` and ``shares`` each; None: by its own size.

    The last bar of ``result`` stands beyond the end: what is only told of it has not happened.
    """
    found = list[Modelled]()
    for trade in result.trades:
        enters, leaves = (Side.SELL, Side.BUY) if trade.side == "short" else (Side.BUY, Side.SELL)
        for side, at, price in ((enters, trade.entered, trade.entry), (leaves, trade.left, trade.exit)):
            if at < result.at[-1]:
                found.append(modelled(side, _opened(at, frame), shares or taken(trade.size), price, spec))
    return sorted(found, key=lambda one: one.at)


def _opened(start: int, frame: Timeframe) -> datetime:
    """When a bar's first price is made."""
    if frame.intraday:
        return utc(start)
    return datetime.combine(utc(start).astimezone(NEW_YORK).date(), OPENS, NEW_YORK).astimezone(UTC)


def modelled(side: Side, at: datetime, quantity: Decimal, price: float, spec: BacktestSpec) -> Modelled:
    """An execution at the open ``price`` with the slippage and the fees of ``spec``, to a hundredth of a cent."""
    opened = taken(price)
    allowed = (opened * (1 + side.sign * taken(spec.slippage) / 10_000)).quantize(TICK)
    return Modelled(
        side, at, quantity, opened, allowed, (quantity * allowed * taken(spec.fees) / 10_000).quantize(MICRO)
    )


def taken(value: float) -> Decimal:
    """A float64 figure to four places, which is as fine as shares are traded and priced."""
    return Decimal(repr(value)).quantize(TICK)


@exactly
def sent_by(orders: Iterable[Order], fills: Iterable[Fill]) -> list[Sent]:
    """The strategy's orders with what ``fills`` say of them, oldest first; an order and what it was replaced by are one."""
    known = list(orders)
    after = {one.broker_id: one for one in known if one.broker_id}
    followers = {after[one.replaced_by].id for one in known if one.replaced_by in after}
    executed: dict[str, list[Fill]] = {}
    for fill in fills:
        executed.setdefault(fill.client_order_id, []).append(fill)
    chains = [_chain(one, after) for one in known if one.id not in followers]
    met = {order.id for chain in chains for order in chain}
    chains += [[one] for one in known if one.id not in met]  # none is lost, should a broker tell of a ring
    return sorted((_sent(chain, executed) for chain in chains), key=lambda one: (one.at, one.id))


def _chain(order: Order, after: dict[str, Order]) -> list[Order]:
    chain = [order]
    while (following := after.get(chain[-1].replaced_by or "")) is not None and following not in chain:
        chain.append(following)
    return chain


def _sent(chain: Sequence[Order], executed: dict[str, list[Fill]]) -> Sent:
    first, last = chain[0], chain[-1]
    fills = [fill for order in chain for fill in executed.get(order.id, ())]
    filled = sum((fill.quantity for fill in fills), ZERO)
    wanted = last.request.quantity or filled  # an order by dollars tells no shares
    value, fees = sum((fill.quantity * fill.price for fill in fills), ZERO), sum((fill.fee for fill in fills), ZERO)
    status = f"{last.status}{f': {last.reason}' if last.reason else ''}"
    return Sent(last.id, first.request.side, first.submitted, wanted, filled, value, fees, status)


def usual(sent: Iterable[Sent]) -> Decimal | None:
    """The number of shares that most of the orders asked for, the larger one of two that are as frequent."""
    wanted = [one.wanted for one in sent if one.wanted]
    return max(set(wanted), key=lambda size: (wanted.count(size), size), default=None)


@exactly
def held(models: Iterable[Modelled]) -> Decimal:
    """Shares that these trades of the backtest leave."""
    return sum((one.side.sign * one.quantity for one in models), ZERO)
