"""The control endpoint `/sim/...`: faults, halts, prices, the clock, reset and stop; for this machine only."""

import ipaddress
import json
import time
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any, Protocol

from aiohttp import web

from qv_desktop.simulator import sessions, splits
from qv_desktop.simulator.faults import Fault, Faults
from qv_desktop.simulator.market import Market


class Resettable(Protocol):
    """What a reset puts back to its beginning."""

    def reset(self) -> None:
        """Start over."""


class Refused(ValueError):
    """A control request that cannot be obeyed; the message is one sentence."""


def routes(market: Market, exchange: Resettable, faults: Faults, stop: Callable[[], None]) -> list[web.RouteDef]:
    """All control routes; a request that cannot be obeyed is answered 422 {"error": sentence}."""
    control = Control(market, exchange, faults, stop)
    posts: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
        "/sim/faults": control.add_fault,
        "/sim/halt": control.halt,
        "/sim/resume": control.resume,
        "/sim/price": control.price,
        "/sim/split": control.split,
        "/sim/reset": control.reset,
        "/sim/stop": control.stop,
    }
    return [
        web.get("/sim/clock", answered(lambda _: control.clock())),
        web.get("/sim/faults", answered(lambda _: control.waiting())),
        web.delete("/sim/faults", answered(lambda _: control.clear())),
        *(web.post(path, answered(act)) for path, act in posts.items()),
    ]


class Control:
    """What can be done to a running simulator."""

    def __init__(self, market: Market, exchange: Resettable, faults: Faults, stop: Callable[[], None]) -> None:
        self._market, self._exchange, self._faults, self._stop = market, exchange, faults, stop

    def clock(self) -> dict[str, Any]:
        """Market and wall time in ns UTC, read together, and the speed."""
        return {"market_ns": self._market.now(), "wall_ns": time.time_ns(), "speed": self._market.speed}

    def waiting(self) -> dict[str, Any]:
        """The faults still to come."""
        return {"faults": [_as_json(fault) for fault in self._faults.waiting()]}

    def add_fault(self, body: dict[str, Any]) -> dict[str, Any]:
        """Keep {"kind", "target", "count": 1, "params": {}} for later, or apply it at once; {"chance": 0.1}: again and again."""
        kind, target = _text(body, "kind"), _text(body, "target")
        count, params = body.get("count", 1), body.get("params", {})
        if not isinstance(count, int) or not isinstance(params, dict):
            raise Refused("A fault's count is a whole number and its params are an object.")
        chance = body.get("chance")
        if chance is not None and (isinstance(chance, bool) or not isinstance(chance, int | float)):
            raise Refused("A fault's chance is a number above 0 and at most 1.")
        self._faults.add(Fault(kind, target, count, params, chance))
        return self.waiting()

    def clear(self) -> dict[str, Any]:
        """Forget the faults still to come."""
        self._faults.clear()
        return self.waiting()

    def halt(self, body: dict[str, Any]) -> dict[str, Any]:
        """Halt {"symbol", "reason": "News pending"}."""
        symbol = self._symbol(body)
        if not self._market.is_halted(symbol):
            self._market.halt(symbol, str(body.get("reason", "News pending")))
        return {"symbol": symbol, "halted": True}

    def resume(self, body: dict[str, Any]) -> dict[str, Any]:
        """Resume {"symbol"}."""
        symbol = self._symbol(body)
        self._market.resume(symbol)
        return {"symbol": symbol, "halted": self._market.is_halted(symbol)}

    def price(self, body: dict[str, Any]) -> dict[str, Any]:
        """Move {"symbol", "price"}: prints a trade there, and the symbol goes on from it."""
        symbol, price = self._symbol(body), body.get("price")
        if isinstance(price, bool) or not isinstance(price, int | float) or not 0.01 <= price <= 1_000_000:
            raise Refused("A price is a number of dollars from 0.01 to 1000000.")
        self._market.price(symbol, float(price))
        return {"symbol": symbol, "price": price}

    def split(self, body: dict[str, Any]) -> dict[str, Any]:
        """Split {"symbol", "ratio": 4, "old": 1, "day": "YYYY-MM-DD"}: `ratio` shares for each `old`, on a past trading day."""
        symbol, new, old = self._symbol(body), body.get("ratio", 4), body.get("old", 1)
        if not all(isinstance(one, int) and 1 <= one <= splits.MOST for one in (new, old)):
            raise Refused(f"A split's ratio and old are whole numbers of shares from 1 to {splits.MOST}.")
        made = splits.Split(self._past_day(body), symbol, new, old)
        self._market.splits.add(made)
        return {"symbol": symbol, "day": made.ex.isoformat(), "ratio": made.ratio}

    def _past_day(self, body: dict[str, Any]) -> date:
        today = sessions.new_york(self._market.now()).date()
        text = str(body.get("day", sessions.latest(today - timedelta(days=14)).day))
        try:
            day = date.fromisoformat(text)
        except ValueError:
            raise Refused(f"The day {text!r} is none; use YYYY-MM-DD.") from None
        if sessions.session(day) is None or day > today:
            raise Refused(f"On {day} a split cannot be made; use a trading day up to {today}.")
        return day

    def reset(self, _: dict[str, Any]) -> dict[str, Any]:
        """Give back a fresh account without orders, and forget the faults."""
        self._faults.clear()
        self._exchange.reset()
        return self.clock()

    def stop(self, _: dict[str, Any]) -> dict[str, Any]:
        """End the process."""
        self._stop()
        return {"stopping": True}

    def _symbol(self, body: dict[str, Any]) -> str:
        symbol = _text(body, "symbol")
        if self._market.listing(symbol) is None:
            raise Refused(f"The simulator does not trade {symbol!r}.")
        return symbol


def answered(
    act: Callable[[dict[str, Any]], dict[str, Any]],
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The handler of a control path: for this machine only, JSON in and out, 422 with a sentence for what is refused."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if not ipaddress.ip_address(request.remote or "0.0.0.0").is_loopback:  # noqa: S104 - the address of nobody
            return web.json_response({"error": "The control endpoint answers this machine only."}, status=403)
        try:
            body = await request.json() if request.can_read_body else {}
            if not isinstance(body, dict):
                raise Refused("The body must be a JSON object.")
            return web.json_response(act(body))
        except json.JSONDecodeError:
            return web.json_response({"error": "The body is not JSON."}, status=422)
        except ValueError as refused:
            return web.json_response({"error": str(refused)}, status=422)

    return answer


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise Refused(f"The body must have a {name}.")
    return value


def _as_json(fault: Fault) -> dict[str, Any]:
    shown = {"kind": fault.kind, "target": fault.target, "count": fault.count, "params": fault.params}
    return shown if fault.chance is None else shown | {"chance": fault.chance}
