"""Polygon's reference answers: tickers, dividends, splits, exchanges, conditions and the market's hours."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from qv_desktop.simulator import businesses, listings, sessions
from qv_desktop.simulator.alpaca_data_actions import Dividend, dividends
from qv_desktop.simulator.market import Market
from qv_desktop.simulator.polygon_query import Answer, Asked, not_found
from qv_desktop.simulator.polygon_words import Words, cursor, ok
from qv_desktop.simulator.splits import Split
from qv_desktop.simulator.ticks import Listing

MICS = {"NASDAQ": "XNAS", "NYSE": "XNYS", "ARCA": "ARCX"}
KINDS = {"CS": "Common Stock", "ETF": "Exchange Traded Fund"}
# id, type, name, MIC, participant id
EXCHANGES = (
    (1, "exchange", "NYSE American, LLC", "XASE", "A"),
    (2, "exchange", "Nasdaq OMX BX, Inc.", "XBOS", "B"),
    (3, "exchange", "NYSE National, Inc.", "XCIS", "C"),
    (4, "TRF", "FINRA Nasdaq TRF Carteret", "FINN", "D"),
    (7, "exchange", "Cboe EDGA", "EDGA", "J"),
    (8, "exchange", "Cboe EDGX", "EDGX", "K"),
    (10, "exchange", "New York Stock Exchange", "XNYS", "N"),
    (11, "exchange", "NYSE Arca, Inc.", "ARCX", "P"),
    (12, "exchange", "Nasdaq", "XNAS", "T"),
    (15, "exchange", "Investors Exchange", "IEXG", "V"),
    (18, "exchange", "Cboe BYX", "BATY", "Y"),
    (19, "exchange", "Cboe BZX", "BATS", "Z"),
)
# id, name, CTA and UTP codes, whether it updates high and low, open and close
CONDITIONS = (
    (0, "Regular Trade", "", "@", True, True),
    (2, "Average Price Trade", "B", "W", False, False),
    (9, "Cross Trade", "X", "X", True, True),
    (12, "Form T/Extended Hours", "T", "T", False, False),
    (14, "Intermarket Sweep", "F", "F", True, True),
    (37, "Odd Lot Trade", "I", "I", False, False),
)


def answers(market: Market) -> dict[str, Answer]:
    """path -> answer."""
    return {
        "/v3/reference/tickers": lambda asked: _tickers(market, asked),
        "/v3/reference/tickers/types": lambda _: _counted([_kind(code) for code in KINDS]),
        "/v3/reference/tickers/{ticker}": lambda asked: _ticker(market, asked),
        "/v3/reference/dividends": lambda asked: _dividends(market, asked),
        "/v3/reference/splits": lambda asked: _splits(market, asked),
        "/v3/reference/exchanges": lambda _: _counted([_exchange(*row) for row in EXCHANGES]),
        "/v3/reference/conditions": lambda _: _counted([_condition(*row) for row in CONDITIONS]),
        "/v1/marketstatus/now": lambda _: _status(market),
        "/v1/marketstatus/upcoming": lambda _: _upcoming(market),
    }


def _counted(results: list[Words]) -> Words:
    return ok(results, count=len(results))


def _page(asked: Asked, rows: list[Words], default: int, most: int, key: str, descending: bool) -> Words:
    """One page of rows sorted by `key`; `skip` in the cursor is the first row, counted from 1."""
    rows = sorted(rows, key=lambda row: str(row[key]), reverse=asked.text("order", "") == "desc" or descending)
    limit, skip = asked.whole("limit", default, most), asked.whole("skip", 1, 10**6) - 1
    page = rows[skip : skip + limit]
    answer = ok(page, count=len(page))
    if skip + limit < len(rows):
        answer["next_url"] = asked.next_url(cursor(**{**asked.query, "skip": skip + limit + 1}))
    return answer


def _tickers(market: Market, asked: Asked) -> Words:
    wanted, active = asked.text("search", "").lower(), asked.flag("active", True)
    found = [_brief(listing) for listing in market.listings() if active]
    tests: list[Callable[[Words], bool]] = [
        lambda row: asked.keeps("ticker", row["ticker"]),
        lambda row: asked.keeps("type", row["type"]),
        lambda row: asked.keeps("market", row["market"]),
        lambda row: asked.keeps("exchange", row["primary_exchange"]),
        lambda row: wanted in row["ticker"].lower() or wanted in row["name"].lower(),
    ]
    kept = [row for row in found if all(test(row) for test in tests)]
    return _page(asked, kept, 100, 1000, asked.text("sort", "ticker", ("ticker", "name", "type")), descending=False)


def _brief(listing: Listing) -> Words:
    stock = listings.stocks().get(listing.symbol)
    return {
        "ticker": listing.symbol,
        "name": listing.name,
        "market": "stocks",
        "locale": "us",
        "primary_exchange": MICS[listing.exchange],
        "type": stock.kind if stock else "CS",
        "active": True,
        "currency_name": "usd",
    }


def _ticker(market: Market, asked: Asked) -> Words:
    symbol = asked.ticker()
    listing = market.listing(symbol)
    if listing is None:
        raise not_found("Ticker not found.")
    more: Words = {"ticker_root": symbol, "round_lot": 100, "list_date": f"{sessions.FIRST_YEAR}-01-03"}
    if symbol in businesses.CODES:  # what holds others states no business
        code = businesses.CODES[symbol]
        more |= {"sic_code": code, "sic_description": businesses.WORDS[code]}
    return ok(_brief(listing) | more, count=1)


def _dividends(market: Market, asked: Asked) -> Words:
    today = sessions.new_york(market.now()).date()
    first, last = date(today.year - 5, 1, 1), today + timedelta(days=90)
    symbols = [symbol for symbol in market.symbols() if asked.keeps("ticker", symbol)]
    rows = [_dividend(one) for symbol in symbols for one in dividends(market, symbol, first, last)]
    dates = ("ex_dividend_date", "record_date", "pay_date", "declaration_date")
    declared = [row for row in rows if row["declaration_date"] <= today.isoformat()]
    kept = [row for row in declared if all(asked.keeps(name, row[name]) for name in dates)]
    return _page(asked, kept, 10, 1000, asked.text("sort", "ex_dividend_date"), descending="order" not in asked.query)


def _dividend(one: Dividend) -> dict[str, Any]:
    pay, declared = one.ex + timedelta(days=21), one.ex - timedelta(days=20)
    return {
        "id": one.id,
        "ticker": one.symbol,
        "cash_amount": one.rate,
        "currency": "USD",
        "dividend_type": "CD",
        "frequency": 4,
        "declaration_date": declared.isoformat(),
        "ex_dividend_date": one.ex.isoformat(),
        "record_date": one.ex.isoformat(),
        "pay_date": pay.isoformat(),
    }


def _splits(market: Market, asked: Asked) -> Words:
    rows = [_split(one) for one in market.splits.of()]
    kept = [row for row in rows if all(asked.keeps(name, row[name]) for name in ("ticker", "execution_date"))]
    return _page(asked, kept, 10, 1000, asked.text("sort", "execution_date"), descending="order" not in asked.query)


def _split(one: Split) -> dict[str, Any]:
    shares = {"split_from": one.old, "split_to": one.new}
    return {"id": one.id, "ticker": one.symbol, "execution_date": one.ex.isoformat(), **shares}


def _kind(code: str) -> Words:
    return {"code": code, "description": KINDS[code], "asset_class": "stocks", "locale": "us"}


def _exchange(number: int, kind: str, name: str, mic: str, participant: str) -> Words:
    names = {"name": name, "mic": mic, "operating_mic": mic, "participant_id": participant}
    return {"id": number, "type": kind, "asset_class": "stocks", "locale": "us", **names}


def _condition(number: int, name: str, cta: str, utp: str, high_low: bool, open_close: bool) -> Words:
    rules = {"updates_high_low": high_low, "updates_open_close": open_close, "updates_volume": True}
    codes = {"CTA": cta, "UTP": utp}
    return {
        "id": number,
        "type": "sale_condition",
        "name": name,
        "asset_class": "stocks",
        "data_types": ["trade"],
        "sip_mapping": {sip: code for sip, code in codes.items() if code},
        "update_rules": {"consolidated": rules, "market_center": rules},
    }


def _status(market: Market) -> Words:
    now = market.now()
    session = market.session_at(now)
    early = session is not None and now < session.open
    late = session is not None and now >= session.close
    word = "closed" if session is None else "extended-hours" if early or late else "open"
    return {
        "market": word,
        "earlyHours": early,
        "afterHours": late,
        "serverTime": sessions.new_york(now).replace(microsecond=0).isoformat(),
        "exchanges": {"nyse": word, "nasdaq": word, "otc": word},
        "currencies": {"fx": "closed", "crypto": "open"},
    }


def _upcoming(market: Market) -> list[Words]:
    today = sessions.new_york(market.now()).date()
    rows: list[Words] = []
    for year in (today.year, today.year + 1):
        for day, name in sorted(sessions.holidays(year).items()):
            rows += [_closed(exchange, day, name) for exchange in ("NYSE", "NASDAQ") if day > today]
        early = [
            one for one in sessions.sessions(date(year, 1, 1), date(year, 12, 31)) if sessions.closes_early(one.day)
        ]
        for session in (one for one in early if one.day > today):
            hours = {"open": _stamp(session.open), "close": _stamp(session.close)}
            names = {"date": session.day.isoformat(), "name": "Early Close", "status": "early-close"}
            rows += [{"exchange": exchange, **names, **hours} for exchange in ("NYSE", "NASDAQ")]
    return sorted(rows, key=lambda row: (str(row["date"]), str(row["exchange"])))


def _closed(exchange: str, day: date, name: str) -> Words:
    return {"exchange": exchange, "date": day.isoformat(), "name": name, "status": "closed"}


def _stamp(t: int) -> str:
    return sessions.utc(t).strftime("%Y-%m-%dT%H:%M:%S.000Z")
