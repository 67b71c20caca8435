"""Reading what a Polygon request asks for, and refusing it in the vendor's words."""

import base64
import inspect
from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from qv_desktop.simulator import sessions
from qv_desktop.simulator.keys import Keys
from qv_desktop.simulator.polygon_words import MILLISECOND, Words, request_id
from qv_desktop.simulator.ticks import DAY_SECONDS, SECOND

OTHER_MARKETS = ("O:", "X:", "C:", "I:")  # options, crypto, currencies, indices
EPOCH = date(1970, 1, 2)
NS_DIGITS = 19
NOT_ENTITLED = "You are not entitled to this data. Please upgrade your plan."


class RefusedError(Exception):
    """An answer other than 200, with its body."""

    def __init__(self, status: int, body: Words) -> None:
        super().__init__(status)
        self.status, self.body = status, body


def bad(message: str) -> RefusedError:
    """400 with a sentence."""
    return RefusedError(400, {"status": "ERROR", "request_id": request_id(), "error": message})


def not_found(message: str = "Data not found.") -> RefusedError:
    """404 with a sentence."""
    return RefusedError(404, {"status": "NOT_FOUND", "request_id": request_id(), "message": message})


class Asked:
    """One request: path parts by name and the query, with its cursor unpacked."""

    def __init__(self, request: web.Request) -> None:
        self.path = request.path
        self.base = f"{request.scheme}://{request.host}"
        self.parts: Mapping[str, str] = request.match_info
        self.query = {name: value for name, value in request.query.items() if name not in ("cursor", "apiKey")}
        if token := request.query.get("cursor"):
            self.query |= _unpacked(token)

    def ticker(self, part: str = "ticker") -> str:
        """The ticker of the path; other markets than stocks are not in the plan (403)."""
        symbol = self.parts[part]
        if symbol.startswith(OTHER_MARKETS):
            body = {"status": "NOT_AUTHORIZED", "request_id": request_id(), "message": NOT_ENTITLED}
            raise RefusedError(403, body)
        return symbol

    def text(self, name: str, default: str, allowed: tuple[str, ...] = ()) -> str:
        """A word of the query."""
        value = self.query.get(name, default)
        if allowed and value not in allowed:
            raise bad(f"'{name}' must be one of {', '.join(allowed)}")
        return value

    def whole(self, name: str, default: int, most: int) -> int:
        """A whole number of the query from 1 to `most`; more is cut down to it."""
        value = self.query.get(name, str(default))
        if not value.isdigit() or int(value) < 1:
            raise bad(f"'{name}' must be a whole number from 1 to {most}")
        return min(int(value), most)

    def flag(self, name: str, default: bool) -> bool:
        """A boolean of the query."""
        return self.query.get(name, str(default)).lower() == "true"

    def next_url(self, token: str) -> str:
        """Where the next page is."""
        return f"{self.base}{self.path}?cursor={token}"

    def window(self, name: str, first: int, last: int) -> tuple[int, int]:
        """`name`, `name.gte`, `.gt`, `.lte`, `.lt` (dates or ns) as ns from start to before end, within given bounds."""
        start, end = first, last
        for suffix, value in ((key.partition(".")[2], value) for key, value in self.query.items() if _names(key, name)):
            at, width = moment(value)
            if suffix in ("", "gte"):
                start = max(start, at)
            if suffix == "gt":
                start = max(start, at + width)
            if suffix in ("", "lte"):
                end = min(end, at + width)
            if suffix == "lt":
                end = min(end, at)
        return start, end

    def keeps(self, name: str, value: str) -> bool:
        """Whether a date or word passes the filters `name`, `name.gte` and so on."""
        tests: dict[str, Callable[[str], bool]] = {
            "": lambda wanted: value == wanted,
            "gte": lambda wanted: value >= wanted,
            "gt": lambda wanted: value > wanted,
            "lte": lambda wanted: value <= wanted,
            "lt": lambda wanted: value < wanted,
        }
        filters = {key.partition(".")[2]: wanted for key, wanted in self.query.items() if _names(key, name)}
        return all(tests[suffix](wanted) for suffix, wanted in filters.items() if suffix in tests)


type Answer = Callable[[Asked], Any]


def answered(keys: Keys, answer: Answer) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """A handler that checks the key and writes the answer, or the refusal, as JSON."""

    async def handle(request: web.Request) -> web.StreamResponse:
        if not keys.polygon_ok(request):
            body = {"status": "ERROR", "request_id": request_id(), "error": "Unknown API Key"}
            return _json(401, body)
        try:
            found = answer(Asked(request))
            return _json(200, await found if inspect.isawaitable(found) else found)
        except RefusedError as refused:
            return _json(refused.status, refused.body)

    return handle


def moment(value: str) -> tuple[int, int]:
    """A date, or a number of ms or ns, as (ns UTC, how many ns it covers)."""
    if value.isdecimal() and len(value) <= NS_DIGITS:
        number = int(value)
        return (number, 1) if number > 10**16 else (number * MILLISECOND, MILLISECOND)
    try:
        day = max(date.fromisoformat(value), EPOCH)
        return sessions.midnight(day), DAY_SECONDS * SECOND
    except ValueError:
        raise bad(f"Could not parse the time {value!r}; use YYYY-MM-DD or a timestamp") from None


def _names(key: str, name: str) -> bool:
    return key == name or key.startswith(f"{name}.")


def _unpacked(token: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()))
    except ValueError:  # not base64, or not text in it
        raise bad("The cursor is not valid") from None


def _json(status: int, body: object) -> web.Response:
    return web.Response(status=status, body=msgspec.json.encode(body), content_type="application/json")
