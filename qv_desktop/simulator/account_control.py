"""The control endpoint of the account: `/sim/activity` lets money and shares move by what is no trade; for this machine only."""

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from aiohttp import web

from qv_desktop.simulator.alpaca_format import decimal_text
from qv_desktop.simulator.control import Refused, answered
from qv_desktop.simulator.exchange import Exchange
from qv_desktop.simulator.margin import equity

MOST = Decimal(1_000_000_000)  # dollars or shares
NUMBERS = ("qty", "per_share_amount", "price")
TEXTS = ("symbol", "description", "activity_sub_type", "status")


def routes(exchange: Exchange) -> list[web.RouteDef]:
    """POST /sim/activity {"type": "CSD", "amount": 500, …}: the activity as /v2/account/activities will tell it."""
    return [web.post("/sim/activity", answered(lambda body: moved(exchange, body)))]


def moved(exchange: Exchange, body: dict[str, Any]) -> dict[str, Any]:
    """Move {"type", "amount"}, with symbol, qty, per_share_amount, description, activity_sub_type and status where they are given.

    `amount` is what the cash changes by (a withdrawal is negative) and may be left out. Any type will do, even one that Alpaca has not.
    """
    code = str(body.get("type", "")).upper()
    if not re.fullmatch(r"[A-Z]{2,8}", code) or code == "FILL":
        raise Refused(
            "An activity's type is two to eight letters such as CSD, CSW, DIV, FEE, INT or SPLIT; fills come from orders."
        )
    amount = _number(body, "amount")
    fields: dict[str, object] = {name: str(body[name]) for name in TEXTS if name in body}
    fields |= {name: decimal_text(value) for name in NUMBERS if (value := _number(body, name)) is not None}
    exchange.step()
    now = exchange.market.now()
    made = dict(exchange.account.move(code, now, amount, **fields))
    exchange.history.sample(now, equity(exchange.account, exchange.pricing.last))  # the minute's sample was before it
    return made


def _number(body: dict[str, Any], name: str) -> Decimal | None:
    given = body.get(name)
    if given is None:
        return None
    try:
        found = Decimal(str(given)) if not isinstance(given, bool) else Decimal("NaN")
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or abs(found) > MOST:
        raise Refused(f"An activity's {name} is a number up to {MOST:,}.")
    return found
