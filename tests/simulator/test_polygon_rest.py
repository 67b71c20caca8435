"""Polygon's own client reads the simulator's REST answers, and its OpenAPI document finds nothing wrong with them."""

import http.client
import json
from collections.abc import Callable
from datetime import date, timedelta
from itertools import islice
from typing import Any

import numpy as np
import pytest
import urllib3
from polygon import RESTClient
from polygon.exceptions import BadResponse

from qv_desktop.simulator import polygon_aggs, polygon_indicators, sessions
from tests.simulator.openapi import recorded, same_shape, validate
from tests.simulator.process import Simulator

MILLISECOND = 1_000_000


@pytest.fixture
def client(simulator: Simulator) -> RESTClient:
    return RESTClient(simulator.polygon_key, base=simulator.url)


@pytest.fixture
def today(simulator: Simulator) -> date:
    return sessions.new_york(simulator.ready["market_ns"]).date()


@pytest.fixture
def yesterday(today: date) -> date:
    return sessions.latest(today - timedelta(days=1)).day


def get(simulator: Simulator, path: str, key: str | None = None) -> tuple[int, Any]:
    """Status and body of a plain request."""
    connection = http.client.HTTPConnection(simulator.host, timeout=30)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {key or simulator.polygon_key}"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


# Aggregates


def test_minutes_of_a_day_come_in_pages_without_gaps_or_repeats(client: RESTClient, yesterday: date) -> None:
    whole = client.get_aggs("SPY", 1, "minute", yesterday, yesterday, limit=50_000)
    paged = list(client.list_aggs("SPY", 1, "minute", yesterday, yesterday, limit=100))
    newest = list(client.list_aggs("SPY", 1, "minute", yesterday, yesterday, limit=100, sort="desc"))
    assert paged == whole == newest[::-1]
    session = sessions.known(yesterday)
    regular = [bar for bar in whole if session.open <= bar.timestamp * MILLISECOND < session.close]
    assert len(regular) == (session.close - session.open) // (60 * 10**9)
    assert len(whole) > len(regular)


@pytest.mark.parametrize("timespan", ["minute", "hour", "day", "week", "month", "quarter", "year"])
def test_each_span_folds_the_days_below_it(client: RESTClient, today: date, timespan: str) -> None:
    first = today - timedelta(days=40)
    bars = client.get_aggs("KO", 2, timespan, first, today, limit=50_000)
    assert [bar.timestamp for bar in bars] == sorted({bar.timestamp for bar in bars})
    assert all(bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high for bar in bars)
    if timespan in ("day", "week", "month"):
        days = client.get_aggs("KO", 1, "day", sessions.new_york(bars[0].timestamp * MILLISECOND).date(), today)
        assert sum(bar.volume for bar in bars[:-1]) <= sum(day.volume for day in days)
        assert bars[0].open == days[0].open


def test_a_week_starts_on_sunday_and_a_quarter_with_its_first_month() -> None:
    friday = date(2026, 11, 20)
    assert polygon_aggs._period("week", 1, friday) == date(2026, 11, 15)
    assert polygon_aggs._period("week", 1, date(2026, 11, 15)) == date(2026, 11, 15)
    assert polygon_aggs._period("month", 1, friday) == date(2026, 11, 1)
    assert polygon_aggs._period("quarter", 1, friday) == date(2026, 10, 1)
    assert polygon_aggs._period("year", 1, friday) == date(2026, 1, 1)


def test_a_start_within_a_bar_is_moved_back_to_its_beginning(client: RESTClient, yesterday: date) -> None:
    at = sessions.known(yesterday).open // MILLISECOND
    bars = client.get_aggs("SPY", 5, "minute", at + 130_000, at + 900_000)
    assert [bar.timestamp - at for bar in bars] == [0, 300_000, 600_000, 900_000]


def test_seconds_fold_to_their_minute(client: RESTClient, yesterday: date) -> None:
    at = sessions.known(yesterday).open // MILLISECOND
    seconds = client.get_aggs("SPY", 1, "second", at, at + 59_999)
    minute = client.get_aggs("SPY", 1, "minute", at, at)[0]
    assert sum(bar.volume for bar in seconds) == minute.volume
    assert (seconds[0].open, seconds[-1].close) == (minute.open, minute.close)


def test_previous_day_open_close_and_grouped_days_agree_with_the_day_bars(client: RESTClient, yesterday: date) -> None:
    (day,) = client.get_aggs("MSFT", 1, "day", yesterday, yesterday)
    (previous,) = client.get_previous_close_agg("MSFT")
    assert (previous.open, previous.close, previous.volume) == (day.open, day.close, day.volume)
    summary = client.get_daily_open_close_agg("MSFT", yesterday)
    assert (summary.open, summary.high, summary.low, summary.close) == (day.open, day.high, day.low, day.close)
    grouped = {bar.ticker: bar for bar in client.get_grouped_daily_aggs(yesterday)}
    assert grouped["MSFT"].close == day.close
    assert len(grouped) == 60


def test_an_unknown_ticker_or_a_sunday_has_no_aggregates(client: RESTClient, today: date) -> None:
    assert client.get_aggs("ZZZZ", 1, "day", today - timedelta(days=5), today) == []
    sunday = today - timedelta(days=today.isoweekday() % 7)
    assert client.get_aggs("SPY", 1, "minute", sunday, sunday) == []
    with pytest.raises(BadResponse, match="NOT_FOUND"):
        client.get_daily_open_close_agg("SPY", sunday)


# Trades, quotes, snapshots


def test_trades_and_quotes_page_in_both_directions_within_their_filters(client: RESTClient, yesterday: date) -> None:
    start = sessions.known(yesterday).open
    end = start + 60 * 10**9
    for listed in (client.list_trades, client.list_quotes):
        up = list(listed("AAPL", timestamp_gte=start, timestamp_lt=end, order="asc", limit=7))
        down = list(listed("AAPL", timestamp_gte=start, timestamp_lt=end, limit=5))
        assert len(up) > 20
        assert up == down[::-1]
        assert all(start <= one.sip_timestamp < end for one in up)
        after = list(listed("AAPL", timestamp_gt=up[3].sip_timestamp, timestamp_lte=up[9].sip_timestamp, order="asc"))
        assert after == up[4:10]
    (minute,) = client.get_aggs("AAPL", 1, "minute", start // MILLISECOND, start // MILLISECOND)
    trades = list(client.list_trades("AAPL", timestamp_gte=start, timestamp_lt=end, order="asc"))
    assert sum(one.size for one in trades) == minute.volume
    assert len(trades) == minute.transactions


def test_a_date_as_timestamp_means_that_day(client: RESTClient, yesterday: date) -> None:
    first = next(iter(client.list_trades("KO", timestamp=yesterday.isoformat(), order="asc")))
    last = next(iter(client.list_trades("KO", timestamp=yesterday.isoformat())))
    session = sessions.known(yesterday)
    assert session.pre_open <= first.sip_timestamp < session.open
    assert session.close < last.sip_timestamp < session.post_close


def test_without_filters_the_newest_trades_come_first(client: RESTClient) -> None:
    newest = list(islice(client.list_trades("SPY", limit=10), 25))
    times = [one.sip_timestamp for one in newest]
    assert times == sorted(times, reverse=True)
    assert client.get_last_trade("SPY").sip_timestamp >= times[0]


def test_last_trade_last_quote_and_snapshots_tell_one_story(client: RESTClient) -> None:
    quote = client.get_last_quote("NVDA")
    assert quote.bid_price < quote.ask_price
    snapshots = {one.ticker: one for one in client.get_snapshot_all("stocks")}
    assert len(snapshots) == 60
    one = client.get_snapshot_ticker("stocks", "NVDA")
    (previous,) = client.get_previous_close_agg("NVDA")
    assert one.prev_day.close == previous.close
    assert one.todays_change == pytest.approx(one.last_trade.price - previous.close, abs=1e-3)
    assert one.todays_change_percent == pytest.approx(100 * one.todays_change / previous.close, abs=1e-3)
    some = client.get_snapshot_all("stocks", ["KO", "SPY"])
    assert [one.ticker for one in some] == ["KO", "SPY"]
    gainers, losers = (client.get_snapshot_direction("stocks", way) for way in ("gainers", "losers"))
    changes = [one.todays_change_percent for one in gainers]
    assert changes == sorted(changes, reverse=True)
    assert min(changes) > 0 >= max(one.todays_change_percent for one in losers)
    assert not {one.ticker for one in gainers} & {one.ticker for one in losers}


# Reference and indicators


def test_tickers_are_listed_in_pages_filtered_and_searched(client: RESTClient) -> None:
    names = [one.ticker for one in client.list_tickers(limit=17)]
    assert names == sorted(names)
    assert len(set(names)) == 60
    assert [one.ticker for one in client.list_tickers(ticker="KO")] == ["KO"]
    assert [one.ticker for one in client.list_tickers(search="coca")] == ["KO"]
    assert {one.ticker for one in client.list_tickers(type="ETF")} >= {"SPY", "QQQ"}
    assert all(one.ticker > "SPY" for one in client.list_tickers(ticker_gt="SPY"))
    details = client.get_ticker_details("SPY")
    assert (details.type, details.primary_exchange) == ("ETF", "ARCX")


def test_dividends_are_declared_in_the_past_and_companies_do_not_split(client: RESTClient, today: date) -> None:
    paid = list(client.list_dividends("KO", limit=3))
    assert len(paid) >= 8
    assert all(one.declaration_date <= today.isoformat() for one in paid)
    assert [one.ex_dividend_date for one in paid] == sorted((one.ex_dividend_date for one in paid), reverse=True)
    recent = list(client.list_dividends("KO", ex_dividend_date_gte=paid[1].ex_dividend_date))
    assert [one.id for one in recent] == [one.id for one in paid[:2]]
    assert list(client.list_splits("KO")) == []


def test_market_status_and_holidays_follow_the_calendar(client: RESTClient, today: date) -> None:
    status = client.get_market_status()
    assert (status.market, status.exchanges.nyse) == ("open", "open")
    assert status.server_time.startswith(today.isoformat())
    coming = client.get_market_holidays()
    assert all(one.date > today.isoformat() for one in coming)
    assert {"Christmas", "Good Friday", "Early Close"} <= {one.name for one in coming}
    assert client.get_exchanges()
    assert any(one.name == "Regular Trade" for one in client.list_conditions())


def test_indicators_are_those_of_the_closes(client: RESTClient, today: date) -> None:
    bars = client.get_aggs("AAPL", 1, "day", today - timedelta(days=1500), today)
    closes = np.array([bar.close for bar in bars[:-1]])  # today's bar is still moving
    before = bars[-1].timestamp
    asked = {"timestamp_lt": before, "limit": 5}
    sma = client.get_sma("AAPL", window=20, **asked).values
    assert [one.timestamp for one in sma] == [bar.timestamp for bar in bars[-2:-7:-1]]
    assert [one.value for one in sma] == pytest.approx(
        [closes[len(closes) - 20 - at : len(closes) - at].mean() for at in range(5)]
    )
    rsi = client.get_rsi("AAPL", window=14, **asked).values
    assert all(0 < one.value < 100 for one in rsi)
    assert rsi[0].value == pytest.approx(polygon_indicators.rsi(closes, 14)[-1], rel=1e-6)
    ema = client.get_ema("AAPL", window=50, order="asc", timestamp_gte=bars[-4].timestamp, timestamp_lt=before).values
    assert len(ema) == 3
    macd = client.get_macd("AAPL", **asked).values
    assert macd[0].histogram == pytest.approx(macd[0].value - macd[0].signal)
    assert client.get_sma("ZZZZ").values == []


def test_wilder_s_index_is_that_of_a_worked_example() -> None:
    prices = np.array([44.34, 44.09, 44.15, 43.61, 44.33, 44.83, 45.10, 45.42, 45.84, 46.08, 45.89, 46.03, 45.61, 46.28,
                       46.28, 46.00])  # fmt: skip
    index = polygon_indicators.rsi(prices, 14)
    assert np.isnan(index[:14]).all()
    assert index[14:] == pytest.approx([70.46, 66.25], abs=0.05)


# Errors and documents


@pytest.mark.parametrize(
    ("path", "status", "word"),
    [
        ("/v2/last/trade/ZZZZ", 404, "NOT_FOUND"),
        ("/v3/reference/tickers/ZZZZ", 404, "NOT_FOUND"),
        ("/v3/nowhere", 404, "NOT_FOUND"),
        ("/v2/last/trade/O:SPY251219C00650000", 403, "NOT_AUTHORIZED"),
        ("/v2/aggs/ticker/X:BTCUSD/prev", 403, "NOT_AUTHORIZED"),
        ("/v2/aggs/ticker/SPY/range/0/day/2026-01-02/2026-02-02", 400, "ERROR"),
        ("/v2/aggs/ticker/SPY/range/1/fortnight/2026-01-02/2026-02-02", 400, "ERROR"),
        ("/v2/aggs/ticker/SPY/range/1/day/someday/2026-02-02", 400, "ERROR"),
        ("/v2/aggs/ticker/SPY/range/1/day/2026-02-02/2026-01-02", 400, "ERROR"),
        ("/v3/trades/SPY?limit=none", 400, "ERROR"),
        ("/v3/trades/SPY?order=sideways", 400, "ERROR"),
        ("/v3/trades/SPY?cursor=%FF", 400, "ERROR"),
        ("/v3/trades/SPY?cursor=abc", 400, "ERROR"),
        ("/v3/trades/SPY?timestamp.gte=99999999999999999999999999", 400, "ERROR"),
        ("/v3/reference/tickers?skip=x", 400, "ERROR"),
    ],
)
def test_refusals_use_the_vendor_s_status_and_words(simulator: Simulator, path: str, status: int, word: str) -> None:
    answered, body = get(simulator, path)
    assert (answered, body["status"]) == (status, word)
    assert len(body["request_id"]) == 32


def test_a_wrong_key_is_unknown_everywhere(simulator: Simulator) -> None:
    for path in ("/v2/last/trade/SPY", "/v3/reference/tickers", "/v1/marketstatus/now", "/v3/nowhere"):
        status, body = get(simulator, path, "wrong")
        assert status == 401
        assert same_shape(body, recorded("polygon/errors_field_reports/401_unknown_api_key.json")) == []
        assert body["error"] == "Unknown API Key"
    assert get(simulator, f"/v2/last/trade/SPY?apiKey={simulator.polygon_key}", "wrong")[0] == 401


def test_the_client_retries_after_a_rate_limit_and_gives_up_on_a_long_one(
    simulator: Simulator, client: RESTClient
) -> None:
    simulator.control("POST", "/sim/faults", {"kind": "rate_limit", "target": "polygon", "count": 2})
    assert client.get_last_trade("SPY").price > 0
    simulator.control("POST", "/sim/faults", {"kind": "rate_limit", "target": "polygon", "count": 50})
    with pytest.raises(urllib3.exceptions.MaxRetryError):
        client.get_last_trade("SPY")
    simulator.control("DELETE", "/sim/faults")


PATHS: dict[str, Callable[[date], str]] = {
    "aggs": lambda day: f"/v2/aggs/ticker/SPY/range/1/minute/{day}/{day}?limit=5",
    "previous": lambda _: "/v2/aggs/ticker/SPY/prev",
    "grouped": lambda day: f"/v2/aggs/grouped/locale/us/market/stocks/{day}",
    "trades": lambda _: "/v3/trades/SPY?limit=5",
    "quotes": lambda _: "/v3/quotes/SPY?limit=5",
    "last trade": lambda _: "/v2/last/trade/SPY",
    "last quote": lambda _: "/v2/last/nbbo/SPY",
    "snapshots": lambda _: "/v2/snapshot/locale/us/markets/stocks/tickers",
    "snapshot": lambda _: "/v2/snapshot/locale/us/markets/stocks/tickers/SPY",
    "gainers": lambda _: "/v2/snapshot/locale/us/markets/stocks/gainers",
    "tickers": lambda _: "/v3/reference/tickers?limit=5",
    "ticker": lambda _: "/v3/reference/tickers/SPY",
    "types": lambda _: "/v3/reference/tickers/types",
    "dividends": lambda _: "/v3/reference/dividends?ticker=KO",
    "splits": lambda _: "/v3/reference/splits",
    "exchanges": lambda _: "/v3/reference/exchanges",
    "conditions": lambda _: "/v3/reference/conditions",
    "status": lambda _: "/v1/marketstatus/now",
    "holidays": lambda _: "/v1/marketstatus/upcoming",
    "sma": lambda _: "/v1/indicators/sma/SPY?expand_underlying=true",
    "ema": lambda _: "/v1/indicators/ema/SPY",
    "rsi": lambda _: "/v1/indicators/rsi/SPY",
    "macd": lambda _: "/v1/indicators/macd/SPY",
}


@pytest.mark.parametrize("name", list(PATHS))
def test_answers_are_those_of_the_vendor_s_document(simulator: Simulator, yesterday: date, name: str) -> None:
    path = PATHS[name](yesterday)
    status, body = get(simulator, path)
    assert status == 200
    assert validate("polygon-rest", "GET", path.partition("?")[0], 200, body) == []


def test_a_day_s_open_and_close_differ_from_the_document_only_where_its_own_recording_does(
    simulator: Simulator, yesterday: date
) -> None:
    path = f"/v1/open-close/SPY/{yesterday}"
    found = validate("polygon-rest", "GET", path, 200, get(simulator, path)[1])
    assert [one for one in found if "preMarket" not in one] == []  # it says integer, but answers 123.45
