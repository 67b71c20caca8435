"""Request limits that can be set while the simulator runs: so many a minute for each vendor's REST, 429 beyond them."""

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from qv_desktop.simulator.control import Refused, answered
from qv_desktop.simulator.faults import rest_target, too_many
from qv_desktop.simulator.polygon_words import Words

TARGETS = ("trading", "data", "polygon")
MINUTE = 60.0  # seconds of wall time


@dataclass(slots=True)
class Window:
    """At most `most` requests in any `seconds`; the times of those that were answered."""

    most: int
    seconds: float
    passed: deque[float] = field(default_factory=deque)

    def wait(self, now: float) -> float:
        """Seconds until a request would pass: 0 when this one does, and it is counted then."""
        while self.passed and self.passed[0] <= now - self.seconds:
            self.passed.popleft()
        if len(self.passed) >= self.most:
            return self.passed[0] + self.seconds - now
        self.passed.append(now)
        return 0.0

    def headers(self, now: float) -> dict[str, str]:
        """Alpaca's rate headers; the reset is in unix seconds."""
        oldest = self.passed[0] if self.passed else now
        reset = math.ceil(time.time() + oldest + self.seconds - now)
        left = max(0, self.most - len(self.passed))
        return {
            "X-RateLimit-Limit": str(self.most),
            "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Reset": str(reset),
        }


class Limits:
    """No limit until one is set."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._windows: dict[str, Window] = {}  # target -> its limit
        self._retry_after = False
        self._refused = dict.fromkeys(TARGETS, 0)

    def set(self, body: Words) -> Words:
        """{"polygon": 5, "data": 200, "trading": null, "seconds": 60, "retry_after": false}; null takes a limit away."""
        seconds = body.get("seconds", MINUTE)
        if not isinstance(seconds, int | float) or not 0 < seconds <= 3600:
            raise Refused("A limit's seconds are a number above 0 and at most 3600.")
        for target in TARGETS:
            if target in body:
                self._set(target, body[target], float(seconds))
        self._retry_after = bool(body.get("retry_after", self._retry_after))
        return self.told()

    def told(self) -> Words:
        """The limits that stand, and how many requests each has refused."""
        return {
            "limits": {target: window.most for target, window in self._windows.items()},
            "retry_after": self._retry_after,
            "refused": dict(self._refused),
        }

    def _set(self, target: str, most: object, seconds: float) -> None:
        if most is None:
            self._windows.pop(target, None)
        elif isinstance(most, int) and 0 < most <= 1_000_000:
            self._windows[target] = Window(most, seconds)
        else:
            raise Refused(f"The limit of {target} is a whole number of requests from 1, or null for none.")

    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """The handler's answer, or 429 when this is one request too many."""
        target = None if "Upgrade" in request.headers else rest_target(request.path)
        window = self._windows.get(target or "")
        if target is None or window is None:
            return await handler(request)
        wait = window.wait(now := self._clock())
        if wait:
            self._refused[target] += 1
            response: web.StreamResponse = too_many(target, math.ceil(wait) if self._retry_after else None)
        else:
            response = await handler(request)
        if target != "polygon" and not response.prepared:
            response.headers.update(window.headers(now))
        return response


def routes(limits: Limits) -> list[web.RouteDef]:
    """`POST /sim/limits` sets them, `GET` tells of them."""
    return [web.post("/sim/limits", answered(limits.set)), web.get("/sim/limits", answered(lambda _: limits.told()))]


def rest_limits(limits: Limits) -> Middleware:
    """An aiohttp middleware that keeps clients within the limits."""

    @web.middleware
    async def apply(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await limits.answer(request, handler)

    return apply
