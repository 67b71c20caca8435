"""The control endpoints of what changes shares without a trade: splits and dividends of now, and a broker's slip; this machine only."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from aiohttp import web

from qv_desktop.simulator import sessions, splits
from qv_desktop.simulator.alpaca_data_actions import PAYABLE_AFTER, Dividend
from qv_desktop.simulator.control import Refused, answered
from qv_desktop.simulator.exchange import Exchange
from qv_desktop.simulator.ticks import Listing

HIGHEST = 1000.0  # dollars a share
MOST_SHARES = 1_000_000


def routes(exchange: Exchange) -> list[web.RouteDef]:
    """POST /sim/split/now, /sim/dividend/now and /sim/shares."""
    acts: dict[str, Callable[[Exchange, dict[str, Any]], dict[str, Any]]] = {
        "/sim/split/now": split,
        "/sim/dividend/now": dividend,
        "/sim/shares": shares,
    }
    return [web.post(path, answered(lambda body, act=act: act(exchange, body))) for path, act in acts.items()]  # type: ignore[misc]


def split(exchange: Exchange, body: dict[str, Any]) -> dict[str, Any]:
    """Split {"symbol", "ratio": 4, "old": 1} today: shares, orders and the price follow, and both vendors announce it."""
    listing, new, old = _listing(exchange, body), body.get("ratio", 4), body.get("old", 1)
    if not all(isinstance(one, int) and 1 <= one <= splits.MOST for one in (new, old)) or new == old:
        raise Refused(f"A split's ratio and old are different whole numbers of shares from 1 to {splits.MOST}.")
    today = sessions.new_york(exchange.market.now()).date()
    made = splits.Split(today, listing.symbol, new, old, live=True)
    exchange.split(made)
    return {"symbol": made.symbol, "day": made.ex.isoformat(), "ratio": made.ratio}


def dividend(exchange: Exchange, body: dict[str, Any]) -> dict[str, Any]:
    """Pay {"symbol", "amount": dollars a share} now; the shares went ex three weeks ago, as announced."""
    listing, rate = _listing(exchange, body), body.get("amount")
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate <= HIGHEST:
        raise Refused(f"A dividend's amount is a number of dollars a share up to {HIGHEST:g}.")
    ex = sessions.latest(sessions.new_york(exchange.market.now()).date() - PAYABLE_AFTER).day
    exchange.market.declared.append(Dividend(ex, listing.symbol, float(rate), listing.asset_id))
    paid = exchange.pay(listing.symbol, Decimal(str(rate)))
    return {"symbol": listing.symbol, "ex": ex.isoformat(), "paid": float(paid)}


def shares(exchange: Exchange, body: dict[str, Any]) -> dict[str, Any]:
    """Add {"symbol", "qty": whole shares} to a position, or take them, with nothing that tells why: no order, activity or cash."""
    listing, qty = _listing(exchange, body), body.get("qty")
    if isinstance(qty, bool) or not isinstance(qty, int) or not 0 < abs(qty) <= MOST_SHARES:
        raise Refused(f"Shares are a whole number other than 0, up to {MOST_SHARES:,}.")
    exchange.step()
    held = exchange.account.slip(listing.symbol, Decimal(qty), exchange.pricing.last(listing.symbol))
    return {"symbol": listing.symbol, "held": float(held)}


def _listing(exchange: Exchange, body: dict[str, Any]) -> Listing:
    found = exchange.listing(str(body.get("symbol", "")))
    if found is None:
        raise Refused(f"The simulator does not trade {body.get('symbol')!r}.")
    return found
