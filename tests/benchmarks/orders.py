"""Thousands of orders' lives under injected faults, audited against the broker's books; and how soon after a click bytes leave."""

import argparse
import asyncio
import http.client
import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from statistics import quantiles
from typing import Any
from unittest.mock import patch

import psycopg
import requests
import structlog

from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.server import Server
from qv_desktop.domain.orders import OrderRequest, OrderType, Side
from tests.conftest import an_open_folder
from tests.simulator.process import Simulator, running
from tests.stories.lifecycles import stormed
from tests.stories.trader import Trader, trading

LIFECYCLES, SEED = 10_000, 1
CLICKS, WARM = 400, 20  # in the calm, one after the other; the first are not counted
POSTING = b"POST /v2/orders "
FLAGS = ("--symbols", "12", "--cash", "1000000000000")


def arguments(parser: argparse.ArgumentParser) -> None:
    """How many lives, and which."""
    parser.add_argument("--lifecycles", type=int, default=LIFECYCLES, help="orders' lives in the storm")
    parser.add_argument("--seed", type=int, default=SEED, help="which market, which lives, which faults")


def figures(lifecycles: int = LIFECYCLES, seed: int = SEED) -> dict[str, object]:
    """Counts of what went wrong, seconds in doubt, and milliseconds from a click in the calm to its bytes and of a bare post."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))  # faults are no news here
    logging.getLogger("RESTClient").setLevel(logging.CRITICAL)
    with a_database() as url:
        calm = calm_figures(url, seed)
        with running("--seed", str(seed), *FLAGS) as simulator:
            told = asyncio.run(stormed(simulator, url, lifecycles, seed))
    return {
        "lifecycles": told.lifecycles,
        **told.findings.counts(),
        "unresolved_max_s": round(told.unresolved_max_s, 2),
        **calm,
        "seconds": round(told.seconds, 1),
        "orders": told.orders,
        "executions": told.executions,
        "stream_cuts": told.cuts,
        "never_arrived": told.never_arrived,
        "in_doubt": told.doubts,
    }


@contextmanager
def a_database() -> Iterator[str]:
    """The address of a fresh database at the newest schema, on a server of its own."""
    for folder in an_open_folder():
        server = Server(folder / "pg")
        url = server.start()
        database = Database(url)
        database.migrate()
        database.close()
        try:
            yield url
        finally:
            server.stop()


def calm_figures(url: str, seed: int) -> dict[str, object]:
    """Milliseconds without faults and without other work: clicks and bare posts take turns."""
    with running("--seed", str(seed), *FLAGS) as simulator:
        clicks, bare, commits = asyncio.run(clicked(simulator, url))
    return {
        "click_to_wire_p50_ms": percentile(clicks, 50),
        "click_to_wire_p99_ms": percentile(clicks, 99),
        "bare_post_p50_ms": percentile(bare, 50),
        "bare_post_p99_ms": percentile(bare, 99),
        "bare_commit_p50_ms": percentile(commits, 50),  # what the disk takes of each click
        "bare_commit_p99_ms": percentile(commits, 99),
    }


async def clicked(simulator: Simulator, url: str) -> tuple[list[float], list[float], list[float]]:
    """Seconds from each click to the first byte of its order, which is after the commit; of each bare post to its answer; and
    of each bare commit of a row."""
    session = requests.Session()
    session.trust_env = False
    session.headers.update({"APCA-API-KEY-ID": simulator.key, "APCA-API-SECRET-KEY": simulator.secret})
    clicks, bare, commits = list[float](), list[float](), list[float]()
    with sent() as moments, psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True) as connection:
        connection.execute("CREATE TABLE bare (number integer)")
        async with trading(simulator, url) as trader:
            for number in range(CLICKS + WARM):
                clicks.append(await _click(trader, number, moments))
                bare.append(await asyncio.to_thread(_post, session, simulator.url, number))
                await _tidied(trader, session, number)
                commits.append(await asyncio.to_thread(_commit, connection, number))
    return clicks[WARM:], bare[WARM:], commits[WARM:]


async def _click(trader: Trader, number: int, moments: list[float]) -> float:
    quote = trader.market.snapshot("AAPL").quote
    assert quote is not None
    request = OrderRequest(
        f"calm-{number}", "AAPL", Side.BUY, Decimal(1), OrderType.LIMIT, limit=Decimal(f"{quote.bid * 0.8:.2f}")
    )
    moments.clear()
    began = time.perf_counter()
    await trader.orders.submit(request)
    assert await trader.until(request.client_order_id, lambda order: order.status == "working", 10)
    await trader.orders.records.written(5)
    return moments[0] - began


async def _tidied(trader: Trader, session: requests.Session, number: int) -> None:
    """Take both orders back, so that the broker's work stays the same, and let everything be written."""
    await asyncio.to_thread(session.delete, f"{trader.simulator.url}/v2/orders")
    assert await trader.until(f"calm-{number}", lambda order: not order.open, 10)
    await trader.orders.records.written(5)


def _post(session: requests.Session, url: str, number: int) -> float:
    body = {"symbol": "AAPL", "qty": "1", "side": "buy", "type": "limit", "limit_price": "1.00", "time_in_force": "day",
            "client_order_id": f"bare-{number}"}  # fmt: skip
    began = time.perf_counter()
    answer = session.post(f"{url}/v2/orders", json=body)
    took = time.perf_counter() - began
    assert answer.ok, answer.text
    return took


def _commit(connection: psycopg.Connection, number: int) -> float:
    began = time.perf_counter()
    connection.execute("INSERT INTO bare VALUES (%s)", (number,))
    return time.perf_counter() - began


@contextmanager
def sent() -> Iterator[list[float]]:
    """The moments at which the bytes of new orders are handed to the socket."""
    moments: list[float] = []
    send = http.client.HTTPConnection.send

    def stamped(self: http.client.HTTPConnection, data: Any) -> None:
        if isinstance(data, bytes) and data.startswith(POSTING):
            moments.append(time.perf_counter())
        send(self, data)

    with patch.object(http.client.HTTPConnection, "send", stamped):
        yield moments


def percentile(seconds: list[float], which: int) -> float:
    """In milliseconds."""
    return round(quantiles(seconds, n=100, method="inclusive")[which - 1] * 1000, 2)


def report(figures: dict[str, object]) -> str:
    """What is wrong first."""
    return "".join(f"{name:<22} {json.dumps(value):>12}\n" for name, value in figures.items())
