"""Faults on demand: what a test or a person asked to go wrong, and the REST faults applied to every request."""

import asyncio
import math
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

REST_KINDS = {"rate_limit", "accept_then_504", "html_502", "hang", "lose_request", "lose_answer"}
STREAM_KINDS = {"upgrade_429", "connection_limit", "slow_client", "mute", "abort", "close", "max_connections"}
ALTERED_KINDS = {"alter_account", "alter_settings", "alter_activity", "alter_portfolio"}
TRADING_KINDS = {
    "partial_fills",
    "unknown_enums",
    "reject_next",
    "cancel_rejected",
    "read_lag",
    "take_duplicates",
} | ALTERED_KINDS
DATA_STREAM_KINDS = {"error", "free_plan", "correction", "cancel_error", "late_trade"}
REPORT_KINDS = {"replay_events", "reorder", "unknown_enums"}
TARGETS: dict[str, set[str]] = {  # target -> kinds that it knows
    "trading": REST_KINDS | TRADING_KINDS,
    "data": REST_KINDS | {"unknown_enums", "free_plan"},
    "polygon": REST_KINDS,
    "trade_updates": STREAM_KINDS | REPORT_KINDS,
    "alpaca_data": STREAM_KINDS | DATA_STREAM_KINDS,
    "polygon_stream": STREAM_KINDS | {"late_trade"},
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a `kind` waiting at a `target`, `count` times more, with its `params`.

    With a `chance` (0 to 1) it is not counted: it befalls each occasion so likely, until the faults are forgotten.
    """

    kind: str
    target: str
    count: int = 1
    params: dict[str, Any] = field(default_factory=dict)
    chance: float | None = None


class Faults:
    """The faults still to come, oldest first; `seed` decides whom those befall that come by chance."""

    def __init__(self, seed: int = 0) -> None:
        self._dice = Random(seed)
        self._waiting: list[Fault] = []
        self._hearers: list[Callable[[Fault], None]] = []

    def add(self, fault: Fault) -> None:
        """Keep a fault until it is taken, and tell those who can apply it at once; raises ValueError when unknown."""
        kinds = TARGETS.get(fault.target)
        if kinds is None:
            raise ValueError(f"Unknown target {fault.target!r}; use one of {', '.join(sorted(TARGETS))}.")
        if fault.kind not in kinds:
            raise ValueError(f"{fault.target} has no fault {fault.kind!r}; use one of {', '.join(sorted(kinds))}.")
        if fault.count < 1:
            raise ValueError("A fault's count must be at least 1.")
        if fault.chance is not None and not 0 < fault.chance <= 1:
            raise ValueError("A fault's chance is a number above 0 and at most 1.")
        self._waiting.append(fault)
        for hear in list(self._hearers):
            hear(fault)

    def take(self, kind: str, target: str, method: str = "") -> Fault | None:
        """The oldest waiting fault of this kind and target, used up by one; None when there is none.

        One whose params name a ``method`` of HTTP waits for a request of that method.
        """
        for index, fault in enumerate(self._waiting):
            if (fault.kind, fault.target) == (kind, target) and fault.params.get("method", method) == method:
                if fault.chance is not None:
                    if self._dice.random() < fault.chance:
                        return fault
                    continue
                left = replace(fault, count=fault.count - 1)
                self._waiting[index : index + 1] = [left] if left.count else []
                return fault
        return None

    def listen(self, hear: Callable[[Fault], None]) -> Callable[[], None]:
        """Hear every fault as it is added (it still has to be taken); returns the way to stop hearing."""
        self._hearers.append(hear)
        return lambda: self._hearers.remove(hear)

    def waiting(self) -> list[Fault]:
        """The faults still to come, oldest first."""
        return list(self._waiting)

    def clear(self) -> None:
        """Forget all waiting faults."""
        self._waiting.clear()


POLYGON_PATHS = ("/v1/", "/v2/aggs/", "/v2/last/", "/v2/snapshot/", "/v2/reference/", "/v3/", "/vX/")
DATA_PATHS = ("/v2/stocks/", "/v1beta1/", "/v1/corporate-actions")
STREAM_PATHS = ("/stream", "/v2/iex", "/v2/sip", "/stocks", "/v1beta1/news")


def rest_target(path: str) -> str | None:
    """Which vendor surface a REST path belongs to; None for streams and for the control endpoint."""
    if path.startswith("/sim/") or path in STREAM_PATHS[:4]:
        return None
    if path.startswith(DATA_PATHS):
        return "data"
    if path.startswith(POLYGON_PATHS):
        return "polygon"
    return "trading" if path.startswith("/v2/") else None


def rest_faults(faults: Faults) -> Middleware:
    """An aiohttp middleware that applies the waiting REST faults to the requests they are meant for."""

    @web.middleware
    async def apply(request: web.Request, handler: Handler) -> web.StreamResponse:
        target = None if "Upgrade" in request.headers else rest_target(request.path)
        if target is None:
            return await handler(request)
        if fault := faults.take("rate_limit", target, request.method):
            return too_many(target, fault.params.get("retry_after"))
        if faults.take("html_502", target, request.method):
            return web.Response(status=502, content_type="text/html", text=BAD_GATEWAY)
        if fault := faults.take("hang", target, request.method):
            return await _never_ending(request, float(fault.params.get("seconds", 3600)))
        if faults.take("accept_then_504", target, request.method):
            await handler(request)
            return web.json_response({"message": "gateway timeout"}, status=504)
        if faults.take("lose_request", target, request.method):
            return _cut(request)
        if faults.take("lose_answer", target, request.method):
            await handler(request)
            return _cut(request)
        return await handler(request)

    return apply


BAD_GATEWAY = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
POLYGON_TOO_MANY = (
    "You've exceeded the maximum requests per minute, please wait or upgrade your subscription to continue."
)


def too_many(target: str, retry_after: object) -> web.Response:
    """429 in the words of the vendor, with `Retry-After` unless that is None; Alpaca's says when requests pass again."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    if target != "polygon":
        reset = math.ceil(time.time() + float(str(retry_after or 1)))
        headers |= {"X-RateLimit-Limit": "200", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)}
    body: dict[str, str] = {"message": "too many requests."}
    if target == "polygon":
        body = {"status": "ERROR", "request_id": "0" * 32, "error": POLYGON_TOO_MANY}
    return web.json_response(body, status=429, headers=headers)


def _cut(request: web.Request) -> web.Response:
    """Reset the connection: the client hears nothing, whether or not its request had its effect."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _never_ending(request: web.Request, seconds: float) -> web.StreamResponse:
    """Send headers and then one space a second: a read timeout alone does not save the client."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    with suppress(ConnectionError):  # the client went away, as it should
        for _ in range(int(seconds)):
            await response.write(b" ")
            await asyncio.sleep(1)
    return response
