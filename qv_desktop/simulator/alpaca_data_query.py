"""What a market-data request asks for, read from its query; what cannot be read is refused as Alpaca refuses it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import web

from qv_desktop.simulator.alpaca_data_frames import NEW_YORK, Timeframe, midnight, nanoseconds, timeframe
from qv_desktop.simulator.ticks import SECOND

HISTORY_FEEDS = ("sip", "iex", "otc", "boats")
LATEST_FEEDS = (*HISTORY_FEEDS, "delayed_sip", "overnight")
ADJUSTMENTS = {"raw", "split", "dividend", "spin-off", "all"}
MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)?)?")


@dataclass(frozen=True, slots=True)
class Asked:
    """A range of history: `start` and `end` are ns UTC and inclusive, symbols are sorted."""

    symbols: tuple[str, ...]
    start: int
    end: int
    limit: int
    descending: bool
    token: str | None
    frame: Timeframe = field(default=Timeframe(1, "Min"))
    for_dividends: bool = False
    for_splits: bool = False


def refusal(status: int, message: str, code: int | None = None) -> web.HTTPException:
    """The exception that answers `status` with Alpaca's error body."""
    body: dict[str, object] = {"message": message} if code is None else {"code": code, "message": message}
    kinds: dict[int, type[web.HTTPException]] = {
        400: web.HTTPBadRequest,
        401: web.HTTPUnauthorized,
        403: web.HTTPForbidden,
        404: web.HTTPNotFound,
    }
    return kinds[status](text=json.dumps(body), content_type="application/json")


def history_asked(query: Mapping[str, str], symbols: tuple[str, ...], now: int) -> Asked:
    """The range that a bars, trades, quotes or auctions request asks for; `now` (ns) bounds what is left out."""
    start = moment(query, "start", midnight(now))
    end = moment(query, "end", now)
    if end < start:
        raise refusal(400, "end should not be before start")
    return Asked(
        symbols=symbols,
        start=start,
        end=end,
        limit=whole(query, "limit", default=1000, highest=10_000),
        descending=choice(query, "sort", ("asc", "desc")) == "desc",
        token=query.get("page_token") or None,
    )


def symbols_asked(query: Mapping[str, str]) -> tuple[str, ...]:
    """The distinct symbols of a comma-separated list, sorted as Alpaca answers them."""
    names = {name.strip().upper() for name in query.get("symbols", "").split(",")} - {""}
    if not names:
        raise refusal(400, "symbols is required")
    for name in sorted(names):
        known_form(name)
    return tuple(sorted(names))


def known_form(symbol: str) -> str:
    """`symbol` itself when it can be one."""
    if not re.fullmatch(r"[A-Z][A-Z0-9./]{0,14}", symbol):
        raise refusal(400, f"invalid symbol: {symbol}")
    return symbol


def frame_asked(query: Mapping[str, str]) -> tuple[Timeframe, set[str]]:
    """The timeframe of a bars request, and the words for what its prices are to be adjusted for."""
    adjustments = set(query.get("adjustment", "raw").split(","))
    if adjustments - ADJUSTMENTS:
        raise refusal(400, f"invalid adjustment: {query['adjustment']}")
    if "timeframe" not in query:
        raise refusal(400, "timeframe is required")
    try:
        return timeframe(query["timeframe"]), adjustments
    except ValueError as error:
        raise refusal(400, str(error)) from None


def choice(query: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    """One of the allowed words; the first of them when the query has none."""
    word = query.get(name) or allowed[0]
    if word not in allowed:
        raise refusal(400, f"invalid {name}: {word}")
    return word


def whole(query: Mapping[str, str], name: str, default: int, highest: int) -> int:
    """A whole number from 1 to `highest`."""
    text = query.get(name) or str(default)
    if not text.isdigit() or not 1 <= int(text) <= highest:
        raise refusal(400, f"invalid {name}: {text}, it must be between 1 and {highest}")
    return int(text)


def moment(query: Mapping[str, str], name: str, default: int) -> int:
    """An RFC 3339 moment or a New York date, as ns UTC."""
    text = query.get(name)
    if not text:
        return default
    found = MOMENT.fullmatch(text.replace(" ", "+") if text.count(":") == 3 else text)
    try:
        return _nanoseconds(found) if found else _refused(name, text)
    except ValueError:
        return _refused(name, text)


def _nanoseconds(found: re.Match[str]) -> int:
    day, clock, fraction, zone = found.groups()
    if clock is None:
        return nanoseconds(datetime.fromisoformat(day).replace(tzinfo=NEW_YORK))
    whole_seconds = datetime.fromisoformat(f"{day}T{clock}{(zone or 'Z').upper()}")
    return int(whole_seconds.timestamp()) * SECOND + int((fraction or "").ljust(9, "0") or 0)


def _refused(name: str, text: str) -> int:
    raise refusal(400, f"invalid {name}: {text}")
