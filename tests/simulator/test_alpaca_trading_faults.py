"""Trading goes wrong in every way that a client must survive."""

import asyncio
import time
from typing import Any

import pytest
import requests
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from alpaca.common.exceptions import APIError
from alpaca.trading.enums import OrderSide, TimeInForce
from alpaca.trading.requests import MarketOrderRequest
from pydantic import ValidationError

from qv_desktop.simulator import alpaca_rest
from qv_desktop.simulator.alpaca_answers import RequestLimit
from qv_desktop.simulator.keys import Keys
from tests.simulator.process import Simulator
from tests.simulator.small_market import Floor
from tests.simulator.trading import SYMBOL, Broker, wait_for

BUY: dict[str, Any] = {"symbol": SYMBOL, "qty": 10, "side": "buy", "type": "market", "time_in_force": "day"}


@pytest.fixture
def broker(simulator: Simulator) -> Broker:
    return Broker(simulator)


def test_a_504_can_come_after_the_order_was_taken(broker: Broker) -> None:
    broker.fault("accept_then_504")
    assert broker.raw("POST", "/orders", BUY | {"client_order_id": "lost"}).status_code == 504
    found = broker.client.get_order_by_client_id("lost")
    assert broker.until(found, "filled").qty == "10"
    assert broker.refusal("POST", "/orders", BUY | {"client_order_id": "lost"})[1]["code"] == 40010001


def test_the_official_client_repeats_an_order_after_a_504_and_the_client_order_id_saves_it(broker: Broker) -> None:
    broker.client._retry_wait = 0
    broker.fault("accept_then_504")
    request = MarketOrderRequest(
        symbol=SYMBOL, qty=1, side=OrderSide.BUY, time_in_force=TimeInForce.DAY, client_order_id="once"
    )
    with pytest.raises(APIError, match="client_order_id must be unique"):
        broker.client.submit_order(request)
    assert len(broker.valid("GET", "/orders", status="all")) == 1


def test_a_429_may_or_may_not_say_when_to_come_back(broker: Broker) -> None:
    broker.fault("rate_limit")
    answer = broker.raw("GET", "/account")
    assert (answer.status_code, answer.json()) == (429, {"message": "too many requests."})
    assert "Retry-After" not in answer.headers
    broker.fault("rate_limit", retry_after=7)
    assert broker.raw("GET", "/account").headers["Retry-After"] == "7"


def test_a_502_is_an_html_page(broker: Broker) -> None:
    broker.fault("html_502")
    answer = broker.raw("POST", "/orders", BUY)
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (502, "text/html")
    assert broker.valid("GET", "/orders", status="all") == []


def test_an_answer_may_never_end(broker: Broker) -> None:
    broker.fault("hang", seconds=60)
    answer = requests.get(f"{broker.simulator.url}/v2/account", headers=broker.headers, timeout=5, stream=True)
    began = time.monotonic()
    with answer:
        assert answer.raw.read(3) == b"   "  # one byte a second: no read timeout ever strikes
    assert time.monotonic() - began > 1


def test_fills_can_be_made_partial(broker: Broker) -> None:
    broker.fault("partial_fills", count=2)
    order = broker.client.submit_order(
        MarketOrderRequest(symbol=SYMBOL, qty=1000, side=OrderSide.BUY, time_in_force=TimeInForce.DAY)
    )
    broker.until(order, "filled")
    fills = broker.client.get("/account/activities/FILL", {"direction": "asc"})
    assert len(fills) >= 3
    assert [fill["type"] for fill in fills] == ["partial_fill"] * (len(fills) - 1) + ["fill"]
    assert sum(float(fill["qty"]) for fill in fills) == 1000
    assert fills[-1]["leaves_qty"] == "0"


def test_the_next_order_can_be_rejected_after_it_was_taken(broker: Broker) -> None:
    broker.fault("reject_next")
    answer = broker.valid("POST", "/orders", body=BUY)
    assert answer["status"] == "pending_new"
    found = wait_for(lambda: broker.client.get_order_by_id(answer["id"]), lambda one: one.status.value == "rejected")
    assert found.failed_at is not None


def test_a_cancel_can_be_rejected_after_it_was_taken(broker: Broker) -> None:
    order = broker.resting()
    broker.fault("cancel_rejected")
    broker.client.cancel_order_by_id(order.id)
    assert broker.until(order, "new").canceled_at is None


@pytest.mark.parametrize("path", ["/orders", "/positions", "/assets"])
def test_answers_can_carry_values_that_no_client_knows(broker: Broker, path: str) -> None:
    broker.buy(1)
    broker.resting()
    read = {
        "/orders": broker.client.get_orders,
        "/positions": broker.client.get_all_positions,
        "/assets": broker.client.get_all_assets,
    }[path]
    broker.fault("unknown_enums")
    with pytest.raises(ValidationError):
        read()
    assert len(read()) > 0
    broker.fault("unknown_enums", field="status", value="sleeping")
    assert broker.raw("GET", path).json()[0]["status"] == "sleeping"


def test_requests_beyond_the_limit_are_refused_until_the_next_minute() -> None:
    now = [600.0]
    limit = RequestLimit(3, enforced=True, clock=lambda: now[0])
    assert [limit.passes() for _ in range(4)] == [True, True, True, False]
    assert limit.headers() == {"X-RateLimit-Limit": "3", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "660"}
    now[0] = 661.0
    assert limit.passes()
    assert limit.headers()["X-RateLimit-Remaining"] == "2"


def test_a_server_started_with_a_limit_answers_429_beyond_it() -> None:
    async def story() -> None:
        floor = Floor()
        app = web.Application()
        app.add_routes(alpaca_rest.routes(floor.exchange, floor.market, Keys(), requests_per_minute=2))  # type: ignore[arg-type]
        headers = {"APCA-API-KEY-ID": "PKSIM", "APCA-API-SECRET-KEY": "simulated"}
        async with TestClient(TestServer(app, host="127.0.0.1")) as client:
            statuses = [(await client.get("/v2/clock", headers=headers)).status for _ in range(8)]
        assert statuses.count(429) >= 4  # a minute may begin between two requests

    asyncio.run(story())
