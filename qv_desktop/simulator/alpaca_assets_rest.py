"""Alpaca's reference endpoints: assets, clock, calendar, corporate actions, option contracts."""

from datetime import date, timedelta

from aiohttp import web

from qv_desktop.simulator.alpaca_answers import Answer, Body, Json, with_unknowns
from qv_desktop.simulator.alpaca_errors import invalid_input, not_found
from qv_desktop.simulator.alpaca_format import eastern_text, new_york
from qv_desktop.simulator.exchange import Exchange
from qv_desktop.simulator.ticks import Listing, Session

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2029, 12, 31)  # the days that the simulator's calendar knows
ATTRIBUTES = ("fractional_eh_enabled", "has_options")
SETTLEMENT = ((date(2024, 5, 28), 1), (date(2017, 9, 5), 2), (date.min, 3))  # from that day on: trade date plus n


class AssetEndpoints:
    """What can be traded and when."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def all(self, request: web.Request, _: Body) -> Answer:
        """GET /v2/assets, filtered by status, asset_class, exchange and attributes."""
        query = request.query
        wanted = {name for name in query.get("attributes", "").split(",") if name}
        listings = sorted(self._exchange.market.listings(), key=lambda listing: (listing.exchange, listing.symbol))
        if query.get("status", "active") != "active" or query.get("asset_class", "us_equity") != "us_equity":
            listings = []
        if "exchange" in query:
            listings = [listing for listing in listings if listing.exchange == query["exchange"]]
        items = [asset_json(listing) for listing in listings]
        items = [item for item in items if not wanted or wanted & set(_attributes(item))]
        return 200, with_unknowns(items, self._exchange.faults, exchange="NEWX")

    def read(self, request: web.Request, _: Body) -> Answer:
        """GET /v2/assets/{symbol or asset id}."""
        name = request.match_info["name"]
        listing = self._exchange.listing(name)
        if listing is None:
            raise not_found(f"asset not found for {name}")
        return 200, with_unknowns([asset_json(listing)], self._exchange.faults, exchange="NEWX")[0]

    def clock(self, _: web.Request, __: Body) -> Answer:
        """GET /v2/clock."""
        now = self._exchange.market.now()
        coming = self._exchange.schedule.coming(now)
        return 200, {
            "timestamp": eastern_text(now),
            "is_open": self._exchange.schedule.is_regular(now),
            "next_open": eastern_text(next(s.open for s in coming if s.open > now)),
            "next_close": eastern_text(next(s.close for s in coming if s.close > now)),
        }

    def calendar(self, request: web.Request, _: Body) -> Answer:
        """GET /v2/calendar between `start` and `end` by trading date (or settlement date)."""
        first = max(FIRST_DAY, _day(request, "start", FIRST_DAY))
        last = min(LAST_DAY, _day(request, "end", LAST_DAY))
        sessions = self._exchange.market.sessions(first - timedelta(days=10), last + timedelta(days=10))
        days = [s.day for s in sessions]
        by_settlement = request.query.get("date_type", "TRADING").upper() == "SETTLEMENT"
        rows = []
        for place, session in enumerate(sessions):
            settled = _settled(days, place)
            if settled is not None and first <= (settled if by_settlement else session.day) <= last:
                rows.append(_calendar_json(session, settled))
        return 200, rows

    def announcements(self, request: web.Request, _: Body) -> Answer:
        """GET /v2/corporate_actions/announcements: the simulated companies announce nothing."""
        for name in ("ca_types", "since", "until"):
            if not request.query.get(name):
                raise invalid_input(f"{name} is required")
        since, until = _day(request, "since", FIRST_DAY), _day(request, "until", LAST_DAY)
        if not timedelta(0) <= until - since <= timedelta(days=90):
            raise invalid_input("the date range is limited to 90 days")
        return 200, []

    def announcement(self, request: web.Request, _: Body) -> Answer:
        """GET /v2/corporate_actions/announcements/{id}."""
        raise not_found(f"announcement not found for {request.match_info['id']}")

    def option_contracts(self, _: web.Request, __: Body) -> Answer:
        """GET /v2/options/contracts: the simulated market lists stocks only."""
        return 200, {"option_contracts": [], "next_page_token": None}

    def option_contract(self, request: web.Request, _: Body) -> Answer:
        """GET /v2/options/contracts/{symbol or id}."""
        raise not_found(f"option contract {request.match_info['name']} not found")


def asset_json(listing: Listing) -> Json:
    """A listing as Alpaca's Asset."""
    return {
        "id": listing.asset_id,
        "class": "us_equity",
        "exchange": listing.exchange,
        "symbol": listing.symbol,
        "name": listing.name,
        "status": "active",
        "tradable": listing.tradable,
        "marginable": listing.marginable,
        "maintenance_margin_requirement": 30 if listing.marginable else 100,
        "margin_requirement_long": "30" if listing.marginable else "100",
        "margin_requirement_short": "30" if listing.marginable else "100",
        "shortable": listing.shortable,
        "easy_to_borrow": listing.easy_to_borrow,
        "borrow_status": "easy_to_borrow" if listing.easy_to_borrow else "hard_to_borrow",
        "fractionable": listing.fractionable,
        "attributes": list(ATTRIBUTES[:1]) if listing.fractionable else [],
    }


def _attributes(item: Json) -> list[str]:
    found = item["attributes"]
    return [str(name) for name in found] if isinstance(found, list) else []


def _day(request: web.Request, name: str, default: date) -> date:
    given = request.query.get(name)
    if not given:
        return default
    try:
        return date.fromisoformat(given[:10])
    except ValueError:
        raise invalid_input(f"invalid {name}: {given}") from None


def _settled(days: list[date], place: int) -> date | None:
    later = next(count for since, count in SETTLEMENT if days[place] >= since)
    return days[place + later] if place + later < len(days) else None


def _calendar_json(session: Session, settled: date) -> Json:
    opens, closes = new_york(session.open), new_york(session.close)
    return {
        "date": session.day.isoformat(),
        "open": opens.strftime("%H:%M"),
        "close": closes.strftime("%H:%M"),
        "session_open": new_york(session.pre_open).strftime("%H%M"),
        "session_close": new_york(session.post_close).strftime("%H%M"),
        "settlement_date": settled.isoformat(),
    }
