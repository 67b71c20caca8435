"""Alpaca's account endpoints: account, configurations, activities, portfolio history."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from aiohttp import web

from qv_desktop.simulator.accounts import Activity
from qv_desktop.simulator.alpaca_answers import Answer, Body, altered, choice, whole
from qv_desktop.simulator.alpaca_errors import invalid_input, unprocessable
from qv_desktop.simulator.alpaca_format import NEW_YORK, SECOND, new_york, ns_of
from qv_desktop.simulator.alpaca_orders_rest import moment
from qv_desktop.simulator.equity_history import Asked, Flow, period_days, portfolio_history, timeframe_for
from qv_desktop.simulator.exchange import Exchange
from qv_desktop.simulator.margin import account_json

DAY = 86_400 * SECOND
SETTINGS: dict[str, tuple[object, ...]] = {  # setting -> the values it may take
    "suspend_trade": (True, False),
    "no_shorting": (True, False),
    "fractional_trading": (True, False),
    "ptp_no_exception_entry": (True, False),
    "disable_overnight_trading": (True, False),
    "max_margin_multiplier": ("1", "2", "4"),
    "trade_confirm_email": ("all", "none"),
    "max_options_trading_level": (None, 0, 1, 2, 3),
}


class AccountEndpoints:
    """The account: balances, settings, what happened, how its value went."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def read(self, _: web.Request, __: Body) -> Answer:
        """GET /v2/account."""
        exchange = self._exchange
        shown = account_json(exchange.account, exchange.pricing.last, exchange.held_buying_power())
        return 200, altered("account", shown, exchange.faults)

    def configuration(self, _: web.Request, __: Body) -> Answer:
        """GET /v2/account/configurations."""
        return 200, altered("settings", _configuration_json(self._exchange), self._exchange.faults)

    def configure(self, _: web.Request, body: Body) -> Answer:
        """PATCH /v2/account/configurations; settings that no longer exist (the day-trading checks) are ignored."""
        known = {name: value for name, value in body.items() if name in SETTINGS}
        for name, value in known.items():
            if not any(value is allowed or value == allowed for allowed in SETTINGS[name]):
                raise invalid_input(f"invalid {name}: {value}")
        self._exchange.account.configuration.update(known)
        return 200, _configuration_json(self._exchange)

    def activities(self, request: web.Request, _: Body) -> Answer:
        """GET /v2/account/activities[/{activity_type}], newest first unless asked otherwise."""
        items = [item for item in self._exchange.account.activities if _wanted(item, request)]
        if choice(request, "direction", ("asc", "desc"), "desc") == "desc":
            items.reverse()
        if token := request.query.get("page_token"):
            items = _after_token(items, token)
        page = items[: whole(request, "page_size", 100, 100)]
        return 200, [altered("activity", page[0], self._exchange.faults), *page[1:]] if page else []

    def portfolio(self, request: web.Request, _: Body) -> Answer:
        """GET /v2/account/portfolio/history."""
        asked = _asked(request, self._exchange.market.now())
        flows = _flows(self._exchange.account.activities)
        shown = portfolio_history(asked, self._exchange.history, self._exchange.market, flows)
        return 200, altered("portfolio", shown, self._exchange.faults)


def _flows(activities: Sequence[Activity]) -> list[Flow]:
    """The money that moved by what is no trade."""
    moved = [item for item in activities if item["activity_type"] != "FILL" and "net_amount" in item]
    return [
        Flow(ns_of(str(item["created_at"])), str(item["activity_type"]), Decimal(str(item["net_amount"])))
        for item in moved
    ]


def _configuration_json(exchange: Exchange) -> dict[str, object]:
    """The settings; a level that was never set is left out, as the schema has no null for it."""
    return {name: value for name, value in exchange.account.configuration.items() if value is not None}


def _wanted(item: Activity, request: web.Request) -> bool:
    query, kind = request.query, item["activity_type"]
    path = request.match_info.get("activity_type")
    named = {name for name in (path or query.get("activity_types", "")).upper().split(",") if name}
    category = choice(request, "category", ("", "trade_activity", "non_trade_activity"), "")
    if named and category:
        raise invalid_input("category cannot be used with activity_types")
    if named and kind not in named:
        return False
    if category and (kind == "FILL") != (category == "trade_activity"):
        return False
    if "order_id" in query and item.get("order_id") != query["order_id"]:
        return False
    return _in_time(item, request)


def _in_time(item: Activity, request: web.Request) -> bool:
    query = request.query
    at = ns_of(str(item.get("transaction_time") or item["created_at"]))
    if "date" in query and new_york(at).date() != new_york(_day_start(query["date"])).date():
        return False
    if "after" in query and at <= moment(query["after"], "after"):
        return False
    return not ("until" in query and at >= moment(query["until"], "until"))


def _day_start(text: str) -> int:
    """The instant a `date` names; a plain date is a day in New York."""
    if "T" in text:
        return moment(text, "date")
    try:
        return int(datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).timestamp()) * SECOND
    except ValueError:
        raise invalid_input(f"invalid date: {text}") from None


def _after_token(items: list[Activity], token: str) -> list[Activity]:
    place = next((index for index, item in enumerate(items) if item["id"] == token), None)
    if place is None:
        raise invalid_input(f"invalid page_token: {token}")
    return items[place + 1 :]


def _asked(request: web.Request, now: int) -> Asked:
    query = request.query
    if all(name in query for name in ("start", "end", "period")):
        raise unprocessable("only two of start, end and period can be specified at the same time")
    end = moment(query["end"], "end") if "end" in query else now
    if "start" in query:
        start = moment(query["start"], "start")
        end = min(end, start + period_days(query["period"]) * DAY) if "period" in query else end
        days = max(1, (new_york(end).date() - new_york(start).date()) // timedelta(days=1))
    else:
        days = period_days(query.get("period", "1M"))
        start = end - (days - 1) * DAY if days < 7 else end - days * DAY
    hours = choice(request, "intraday_reporting", ("market_hours", "extended_hours", "continuous"), "market_hours")
    if query.get("extended_hours", "").lower() == "true":
        hours = "extended_hours"
    resets = choice(request, "pnl_reset", ("per_day", "no_reset"), "per_day") == "per_day"
    frame = timeframe_for(days, query.get("timeframe"))
    return Asked(start, min(end, now), frame, hours, resets, _types(query.get("cashflow_types", "NONE")))


def _types(text: str) -> frozenset[str] | None:
    """Activity types from `cashflow_types`: ALL (None), NONE, or a list with commas."""
    words = text.upper()
    return None if words == "ALL" else frozenset({*words.split(",")} - {"NONE", ""})
