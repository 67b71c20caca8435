"""The official trading client on a simulator, raw requests beside it, and the vendor's document as judge of answers."""

import time
from collections.abc import Callable
from typing import Any

import requests
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import OrderSide, TimeInForce
from alpaca.trading.models import Order
from alpaca.trading.requests import LimitOrderRequest, MarketOrderRequest

from tests.simulator.openapi import validate
from tests.simulator.process import Simulator

LONG = 30.0  # seconds after which a wait has failed; waits end as soon as what they wait for is there
SYMBOL = "AAPL"
LEGS_OF_A_LEG = ".legs: None is not of type 'object'"  # the document calls them "always null" and yet an object


class Broker:
    """A fresh account on the simulator, seen through the official client and through plain requests."""

    def __init__(self, simulator: Simulator) -> None:
        simulator.control("POST", "/sim/reset")
        self.simulator = simulator
        self.client = TradingClient(simulator.key, simulator.secret, url_override=simulator.url)
        self.headers = {"APCA-API-KEY-ID": simulator.key, "APCA-API-SECRET-KEY": simulator.secret}

    def raw(self, method: str, path: str, body: object = None, **query: object) -> requests.Response:
        """A request as any client would send it."""
        url = f"{self.simulator.url}/v2{path}"
        return requests.request(method, url, json=body, params=query, headers=self.headers, timeout=LONG)

    def valid(self, method: str, path: str, template: str = "", body: object = None, **query: object) -> Any:
        """The JSON of a request, after the vendor's document has found nothing wrong with it."""
        answer = self.raw(method, path, body, **query)
        found = answer.json() if answer.content else None
        complaints = validate("alpaca-trading", method, f"/v2{template or path}", answer.status_code, found)
        complaints = [one for one in complaints if not one.endswith(LEGS_OF_A_LEG)]
        assert not complaints, f"{method} {path} answered {answer.status_code} {found}: {complaints}"
        return found

    def refusal(self, method: str, path: str, body: object = None, **query: object) -> tuple[int, dict[str, Any]]:
        """Status and JSON of a request that fails."""
        answer = self.raw(method, path, body, **query)
        assert answer.status_code >= 400, answer.text
        return answer.status_code, answer.json()

    def fault(self, kind: str, target: str = "trading", count: int = 1, **params: object) -> None:
        """Let something go wrong."""
        body = {"kind": kind, "target": target, "count": count, "params": params}
        self.simulator.control("POST", "/sim/faults", body)

    def price(self, price: float, symbol: str = SYMBOL) -> None:
        """Move the market."""
        self.simulator.control("POST", "/sim/price", {"symbol": symbol, "price": price})

    def last(self, symbol: str = SYMBOL) -> float:
        """The last trade's price, rounded to cents."""
        shown = requests.get(
            f"{self.simulator.url}/v2/stocks/trades/latest",
            params={"symbols": symbol},
            headers=self.headers,
            timeout=LONG,
        ).json()
        return round(float(shown["trades"][symbol]["p"]), 2)

    def buy(self, qty: float = 10, symbol: str = SYMBOL) -> Order:
        """A market buy, filled."""
        request = MarketOrderRequest(symbol=symbol, qty=qty, side=OrderSide.BUY, time_in_force=TimeInForce.DAY)
        return self.until(self.client.submit_order(request), "filled")

    def resting(self, qty: float = 10, **fields: Any) -> Order:
        """A limit buy far below the market, working."""
        price = round(self.last() * 0.8, 2)
        request = LimitOrderRequest(
            **{
                "symbol": SYMBOL,
                "qty": qty,
                "side": OrderSide.BUY,
                "time_in_force": TimeInForce.DAY,
                "limit_price": price,
            }
            | fields
        )
        return self.until(self.client.submit_order(request), "new")

    def until(self, order: Order, *statuses: str) -> Order:
        """The order once it has one of these statuses."""

        def read() -> Order:
            return self.client.get_order_by_id(order.id)

        return wait_for(read, lambda found: found.status.value in statuses)


def wait_for[T](read: Callable[[], T], accept: Callable[[T], bool]) -> T:
    """What `read` gives once `accept` likes it; fails with the last reading after a long while."""
    deadline = time.monotonic() + LONG
    while not accept(found := read()):
        assert time.monotonic() < deadline, f"still {found!r}"
        time.sleep(0.02)
    return found
