"""One web server for everything: composes the vendors' surfaces over one market and runs until told to stop."""

import asyncio
import contextlib
import json
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from aiohttp import web

from qv_desktop.simulator import (
    account_control,
    alpaca_data_rest,
    alpaca_data_stream,
    alpaca_oauth,
    alpaca_rest,
    alpaca_trading_stream,
    books,
    control,
    corporate_control,
    limits,
    parent,
    polygon_load,
    polygon_rest,
    polygon_stream,
)
from qv_desktop.simulator.exchange import Exchange
from qv_desktop.simulator.faults import Faults, rest_faults
from qv_desktop.simulator.keys import Keys
from qv_desktop.simulator.market import Market

HOST = "127.0.0.1"
PARENT_CHECK = 0.5  # seconds


@dataclass(frozen=True, slots=True)
class Running:
    """How to run: on which port (0: any free one), for which parent process, with which keys and cash."""

    port: int
    seed: int
    keys: Keys
    cash: Decimal
    parent: int | None


def application(
    market: Market, exchange: Exchange, faults: Faults, keys: Keys, stop: Callable[[], None]
) -> web.Application:
    """The whole surface: Alpaca trading and data, Polygon, and control."""
    limit = limits.Limits()
    app = web.Application(middlewares=[limits.rest_limits(limit), rest_faults(faults)])
    app.add_routes(alpaca_rest.routes(exchange, market, keys))
    app.add_routes(account_control.routes(exchange))
    app.add_routes(corporate_control.routes(exchange))
    app.add_routes(alpaca_oauth.routes(keys))
    app.add_routes(alpaca_trading_stream.routes(exchange, keys, faults))
    app.add_routes(alpaca_data_rest.routes(market, keys, faults))
    app.add_routes(alpaca_data_stream.routes(market, keys, faults))
    app.add_routes(polygon_rest.routes(market, keys))
    hub = polygon_stream.Hub(market, keys, faults)
    app.add_routes(polygon_stream.routes(hub))
    app.add_routes(polygon_load.routes(market, hub))
    app.add_routes(limits.routes(limit))
    app.add_routes(books.routes(exchange))
    app.add_routes(control.routes(market, exchange, faults, stop))
    return app


async def serve(market: Market, running: Running) -> None:
    """Serve until a signal, /sim/stop or the parent's end; prints one JSON line when ready."""
    stopping = asyncio.Event()
    _on_signals(stopping.set)
    faults = Faults(running.seed)
    exchange = Exchange(market, faults, running.seed, running.cash)
    app = application(market, exchange, faults, running.keys, stopping.set)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, HOST, running.port)
    await site.start()
    _announce(runner, market)
    tasks = [asyncio.create_task(market.run()), asyncio.create_task(_watch(running.parent, stopping))]
    await stopping.wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await runner.cleanup()


def _announce(runner: web.AppRunner, market: Market) -> None:
    port = runner.addresses[0][1]
    line = {
        "port": port,
        "market_ns": market.now(),
        "wall_ns": time.time_ns(),
        "speed": market.speed,
        "symbols": len(market.listings()),
    }
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def _on_signals(stop: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:  # Windows' loops take no signals
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))


async def _watch(pid: int | None, stopping: asyncio.Event) -> None:
    if pid is None:
        return
    gone = parent.watch(pid)
    while not gone():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), PARENT_CHECK)
            return
    stopping.set()
