"""What every trading endpoint shares: credentials, the request limit and its headers, JSON in and out, refusals."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from aiohttp import web

from qv_desktop.simulator.alpaca_errors import BrokerError, invalid_input
from qv_desktop.simulator.exchange import Exchange
from qv_desktop.simulator.faults import Faults
from qv_desktop.simulator.keys import Keys

type Json = dict[str, object]
type Body = Mapping[str, object]
type Answer = tuple[int, object]  # status, JSON (None for an empty body)
type Handler = Callable[[web.Request, Body], Answer]
type WebHandler = Callable[[web.Request], Awaitable[web.Response]]

REQUESTS_PER_MINUTE = 200
SETTLE = 0.003  # seconds until a request on its way reaches the market


class RequestLimit:
    """Requests per minute of wall time; counted always, enforced only when `enforced`."""

    def __init__(
        self, limit: int = REQUESTS_PER_MINUTE, *, enforced: bool = False, clock: Callable[[], float] = time.time
    ) -> None:
        self._limit, self._enforced, self._clock = limit, enforced, clock
        self._window = 0
        self._used = 0

    def passes(self) -> bool:
        """Count a request; False when it is one too many."""
        window = int(self._clock() // 60)
        if window != self._window:
            self._window, self._used = window, 0
        self._used += 1
        return not self._enforced or self._used <= self._limit

    def headers(self) -> dict[str, str]:
        """The rate headers that every answer carries; the reset is in unix seconds."""
        left = max(0, self._limit - self._used)
        return {
            "X-RateLimit-Limit": str(self._limit),
            "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Reset": str((self._window + 1) * 60),
        }


@dataclass(frozen=True, slots=True)
class Gate:
    """Wraps endpoints: checks the key, counts the request, turns refusals into answers."""

    exchange: Exchange
    keys: Keys
    limit: RequestLimit

    def wrapped(self, handler: Handler) -> WebHandler:
        """The aiohttp handler of an endpoint."""

        async def handle(request: web.Request) -> web.Response:
            passes = self.limit.passes()
            status, body = await self._answer(request, handler, passes=passes)
            text = None if body is None else json.dumps(body)
            kind = None if body is None else "application/json"
            return web.Response(status=status, text=text, content_type=kind, headers=self.limit.headers())

        return handle

    async def _answer(self, request: web.Request, handler: Handler, *, passes: bool) -> Answer:
        if not self.keys.alpaca_ok(request):
            return 401, {"message": "unauthorized."}
        if not passes:
            return 429, {"message": "too many requests."}
        try:
            body = parsed(await request.read())
            self.exchange.step()
            answer = handler(request, body)
        except BrokerError as refusal:
            return refusal.status, refusal.body
        if request.method != "GET":
            asyncio.get_running_loop().call_later(SETTLE, self.exchange.step)
        return answer


def parsed(raw: bytes) -> Body:
    """The JSON object of a request, numbers kept exact; an empty one when there is no body."""
    if not raw.strip():
        return {}
    try:
        body = json.loads(raw, parse_float=Decimal)
    except ValueError:
        raise invalid_input("request body format is invalid") from None
    if not isinstance(body, dict):
        raise invalid_input("request body format is invalid")
    return body


def flag(request: web.Request, name: str) -> bool:
    """Whether a query parameter says true."""
    return request.query.get(name, "").lower() == "true"


def choice(request: web.Request, name: str, allowed: tuple[str, ...], default: str) -> str:
    """A query parameter that must be one of the allowed words."""
    given = request.query.get(name, default)
    if given not in allowed:
        raise invalid_input(f"invalid {name}: {given}")
    return given


def whole(request: web.Request, name: str, default: int, most: int) -> int:
    """A query parameter that must be a number from 1 to `most`."""
    given = request.query.get(name, str(default))
    if not given.isdecimal() or not 1 <= int(given) <= most:
        raise invalid_input(f"{name} must be between 1 and {most}")
    return int(given)


def with_unknowns(items: list[Json], faults: Faults, **values: object) -> list[Json]:
    """Give the first item values that no client knows, when the fault `unknown_enums` asks for it.

    The fault's params `field` and `value`, when given, choose what is changed.
    """
    if items and (fault := faults.take("unknown_enums", "trading")):
        chosen = {str(fault.params["field"]): fault.params.get("value")} if "field" in fault.params else values
        items[0] = items[0] | chosen
    return items


def altered(what: str, item: Json, faults: Faults) -> Json:
    """`item` as the fault `alter_<what>` wants it: params `fields` replaces values, `gone` takes fields away."""
    fault = faults.take(f"alter_{what}", "trading")
    if fault is None:
        return item
    fields, gone = fault.params.get("fields", {}), fault.params.get("gone", [])
    return {name: value for name, value in (item | fields).items() if name not in gone}
