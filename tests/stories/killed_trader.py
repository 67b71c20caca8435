"""A trader in a process of its own that ends by SIGKILL at a chosen point of an order's way: `python -m … SIMULATOR DEED POINT KEY`."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from qv_desktop.domain.orders import Order, OrderRequest, OrderType, ReportKind, Side
from tests.simulator.process import Simulator
from tests.stories.trader import Trader, trading

DEEDS = ("submit", "cancel", "replace")
# from the click to the acknowledgement and its record, in the order in which they are passed
SUBMIT = ("1 click taken", "2 in the book", "3 intent committed", "4 before the bytes leave", "5 taken by the broker, not answered",
          "6 answered, not applied", "7 applied, not recorded", "8 recorded")  # fmt: skip
CANCEL = ("1 click taken", "2 asked for in the book", "3 before the bytes leave", "4 taken by the broker, not answered",
          "5 answered, not applied", "6 recorded")  # fmt: skip
REPLACE = ("1 click taken", "2 in the book", "3 intent committed", "4 before the bytes leave", "5 taken by the broker, not answered",
           "6 answered, not applied", "7 applied, not recorded", "8 recorded")  # fmt: skip
POINTS = {"submit": SUBMIT, "cancel": CANCEL, "replace": REPLACE}


def die(*_: object, **__: object) -> Any:
    """End as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)


def before(thing: object, name: str, where: Callable[..., bool] = lambda *a, **k: True) -> None:
    """Die instead of calling ``name`` of ``thing``, at the first call of which ``where`` is true."""
    original = getattr(thing, name)

    def called(*args: Any, **kwargs: Any) -> Any:
        return die() if where(*args, **kwargs) else original(*args, **kwargs)

    setattr(thing, name, called)


def after(thing: object, name: str, where: Callable[..., bool] = lambda *a, **k: True) -> None:
    """Die once ``name`` of ``thing``, a coroutine function, has returned."""
    original = getattr(thing, name)

    async def called(*args: Any, **kwargs: Any) -> Any:
        result = await original(*args, **kwargs)
        return die() if where(*args, **kwargs) else result

    setattr(thing, name, called)


def kinds(*wanted: ReportKind) -> Callable[..., bool]:
    """Whether a report among the records is of one of these kinds."""
    return lambda *records, **_: any(report.kind in wanted for _, report, *_ in records)


def armed(trader: Trader, deed: str, point: int) -> None:
    """Set the trap of this point. The lanes' threads die with the whole process."""
    broker, journal = trader.broker, trader.journal
    answered = {
        "submit": ReportKind.ACKNOWLEDGED,
        "cancel": ReportKind.CANCEL_ASKED,
        "replace": ReportKind.ACKNOWLEDGED,
    }[deed]
    way: list[Callable[[], None]] = [
        lambda: before(trader.login, "require"),
        lambda: before(journal, "intend") if deed != "cancel" else before(broker, deed),
        lambda: after(journal, "intend"),
        lambda: before(broker._orders, "ask"),
        lambda: before_answer(trader),
        lambda: after(broker, deed),
        lambda: before(journal, "record", kinds(answered)),
        lambda: after(journal, "record", kinds(answered)),
    ]
    if deed == "cancel":  # it has no intent of its own: what it asks is in the order's records
        way = [way[0], way[1], way[3], way[4], way[5], way[7]]
    way[point - 1]()


def before_answer(trader: Trader) -> None:
    """Die on the lane's thread between the broker's answer and this program's hearing of it."""
    lane = trader.broker._orders
    original = lane._ask

    def asked(*args: Any) -> Any:
        original(*args)
        return die()

    lane._ask = asked  # type: ignore[method-assign]


async def story(trader: Trader, deed: str, point: int, key: str) -> None:
    """One click, at whose chosen point the process ends."""
    quote = trader.market.snapshot("AAPL").quote
    assert quote is not None
    request = OrderRequest(key, "AAPL", Side.BUY, Decimal(10), OrderType.LIMIT, limit=Decimal(f"{quote.bid * 0.8:.2f}"))
    if deed == "submit":
        armed(trader, deed, point)
        await trader.orders.submit(request)
    else:
        order = await trader.orders.submit(request)
        assert await trader.until(order.id, lambda order: order.status == "working", 10)
        assert await trader.orders.records.written(10)
        armed(trader, deed, point)
        await changed(trader, deed, request)
    await asyncio.sleep(20)  # the trap snaps on the writer's way


async def changed(trader: Trader, deed: str, request: OrderRequest) -> Order | None:
    """Cancel the order, or give it another quantity."""
    if deed == "cancel":
        await trader.orders.cancel([request.client_order_id])
        return None
    fresh = replace(request, client_order_id=f"{request.client_order_id}r", quantity=Decimal(12))
    return await trader.orders.replace(request.client_order_id, fresh)


async def main(host: str, ready: str, deed: str, point: str, key: str) -> None:
    """Never returns."""
    async with trading(Simulator(host, json.loads(ready), 0), os.environ["QV_DATABASE_URL"]) as trader:
        await story(trader, deed, int(point), key)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
