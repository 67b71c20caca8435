"""The official client's market-data calls against a simulator process, judged by the vendor's document."""

import http.client
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from alpaca.common.exceptions import APIError
from alpaca.data.enums import Adjustment, CorporateActionsType, DataFeed, MarketType, MostActivesBy
from alpaca.data.historical import NewsClient, ScreenerClient, StockHistoricalDataClient
from alpaca.data.historical.corporate_actions import CorporateActionsClient
from alpaca.data.requests import (
    CorporateActionsRequest,
    MarketMoversRequest,
    MostActivesRequest,
    NewsRequest,
    StockBarsRequest,
    StockLatestBarRequest,
    StockLatestQuoteRequest,
    StockLatestTradeRequest,
    StockQuotesRequest,
    StockSnapshotRequest,
    StockTradesRequest,
)
from alpaca.data.timeframe import TimeFrame, TimeFrameUnit

from tests.simulator.openapi import recorded, same_shape, validate
from tests.simulator.process import Simulator, running

NEW_YORK = ZoneInfo("America/New_York")
SYMBOLS = ["AAPL", "MSFT"]
DAY = date(2026, 3, 18)


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    """A known day, so that every range below means the same always."""
    with running("--seed", "1", "--date", DAY.isoformat(), "--start", "10:30") as started:
        yield started


@pytest.fixture
def client(simulator: Simulator) -> StockHistoricalDataClient:
    return StockHistoricalDataClient(simulator.key, simulator.secret, url_override=simulator.url)


@pytest.fixture
def raw(simulator: Simulator) -> "Raw":
    return Raw(simulator)


class Raw:
    """Plain requests, as any client might make them."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def get(self, path: str, wanted: int = 200, key: str | None = None, **query: object) -> Any:
        """The body of an answer that has the wanted status; it must also satisfy the vendor's document."""
        connection = http.client.HTTPConnection(self._simulator.host, timeout=60)
        headers = {
            "APCA-API-KEY-ID": self._simulator.key if key is None else key,
            "APCA-API-SECRET-KEY": self._simulator.secret,
        }
        connection.request("GET", f"{path}?{urlencode(query)}", headers=headers)
        answer = connection.getresponse()
        body = json.loads(answer.read())
        connection.close()
        assert answer.status == wanted, body
        if wanted != 404:  # which the document leaves out
            assert validate("alpaca-data", "GET", path, wanted, body) == []
        return body


def at(hour: int, minute: int = 0, day: date = DAY) -> datetime:
    """A New York clock time."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=NEW_YORK)


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_daily_bars_of_several_symbols_arrive_in_the_clients_own_models(client: StockHistoricalDataClient) -> None:
    request = StockBarsRequest(symbol_or_symbols=SYMBOLS, timeframe=TimeFrame.Day, start=at(0, day=date(2026, 3, 2)))
    found = client.get_stock_bars(request).data
    assert sorted(found) == SYMBOLS
    stamps = [bar.timestamp for bar in found["AAPL"]]
    assert stamps[0] == at(0, day=date(2026, 3, 2))
    assert stamps[-1] == at(0)  # today's bar, as far as it is
    assert len(stamps) == 13
    assert all(bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high for bar in found["MSFT"])


@pytest.mark.parametrize(
    ("frame", "first"),
    [
        (TimeFrame(5, TimeFrameUnit.Minute), at(9, 30)),
        (TimeFrame(45, TimeFrameUnit.Minute), at(9, 45)),
        (TimeFrame(1, TimeFrameUnit.Hour), at(10)),
        (TimeFrame(1, TimeFrameUnit.Week), at(0, day=date(2026, 3, 16))),
        (TimeFrame(1, TimeFrameUnit.Month), at(0, day=date(2026, 3, 1))),
        (TimeFrame(3, TimeFrameUnit.Month), at(0, day=date(2026, 1, 1))),
    ],
)
def test_larger_frames_begin_on_new_york_clock_times(
    client: StockHistoricalDataClient, frame: TimeFrame, first: datetime
) -> None:
    start = at(9, 30) if frame.unit_value in (TimeFrameUnit.Minute, TimeFrameUnit.Hour) else first
    found = client.get_stock_bars(StockBarsRequest(symbol_or_symbols="SPY", timeframe=frame, start=start)).data["SPY"]
    assert found[0].timestamp == first


def test_an_hour_is_its_sixty_minutes_folded(raw: Raw) -> None:
    span = {"symbols": "TSLA", "start": stamp(at(9)), "end": stamp(at(9, 59))}
    minutes = raw.get("/v2/stocks/bars", timeframe="1Min", **span)["bars"]["TSLA"]
    (hour,) = raw.get("/v2/stocks/bars", timeframe="1Hour", **span)["bars"]["TSLA"]
    assert (hour["t"], hour["o"], hour["c"]) == (stamp(at(9)), minutes[0]["o"], minutes[-1]["c"])
    assert hour["h"] == max(bar["h"] for bar in minutes)
    assert hour["l"] == min(bar["l"] for bar in minutes)
    assert (hour["v"], hour["n"]) == (sum(bar["v"] for bar in minutes), sum(bar["n"] for bar in minutes))
    assert hour["vw"] == pytest.approx(sum(bar["vw"] * bar["v"] for bar in minutes) / hour["v"])


@pytest.mark.parametrize("kind", ["bars", "trades", "quotes"])
@pytest.mark.parametrize("sort", ["asc", "desc"])
def test_pages_put_together_are_the_whole(raw: Raw, kind: str, sort: str) -> None:
    query = {"symbols": "MSFT,AAPL", "start": stamp(at(10)), "end": stamp(at(10, 20)), "sort": sort}
    query |= {"timeframe": "1Min"} if kind == "bars" else {}
    whole = raw.get(f"/v2/stocks/{kind}", limit=10_000, **query)
    assert whole["next_page_token"] is None
    pages: dict[str, list[object]] = {}
    token, count = "", 0
    while token is not None:
        page = raw.get(f"/v2/stocks/{kind}", limit=17, page_token=token, **query)
        for symbol, points in page[kind].items():
            pages.setdefault(symbol, []).extend(points)
        token, count = page["next_page_token"], count + 1
    assert count > 2
    assert pages == whole[kind]
    assert list(pages) == SYMBOLS
    stamps = [point["t"] for point in whole[kind]["AAPL"]]
    assert stamps == sorted(stamps, key=_moment, reverse=sort == "desc")


def _moment(text: str) -> tuple[str, int]:
    head, _, fraction = text.removesuffix("Z").partition(".")
    return head, int(fraction.ljust(9, "0") or 0)


def test_the_client_pages_through_trades_and_quotes_by_itself(client: StockHistoricalDataClient, raw: Raw) -> None:
    span = {"symbol_or_symbols": "SPY", "start": at(9, 30), "end": at(10, 29)}
    trades = client.get_stock_trades(StockTradesRequest(**span)).data["SPY"]
    assert len(trades) > 1000
    assert trades[0].timestamp >= at(9, 30)
    quotes = client.get_stock_quotes(StockQuotesRequest(**span, limit=1500)).data["SPY"]
    assert len(quotes) == 1500
    assert all(quote.bid_price < quote.ask_price for quote in quotes)
    (bar,) = raw.get("/v2/stocks/SPY/bars", timeframe="1Min", start=stamp(at(9, 30)), end=stamp(at(9, 30)))["bars"]
    inside = [trade for trade in trades if trade.timestamp < at(9, 31)]
    assert sum(trade.size for trade in inside) == bar["v"]


def test_the_latest_values_and_snapshots_parse_and_agree(client: StockHistoricalDataClient) -> None:
    bars = client.get_stock_latest_bar(StockLatestBarRequest(symbol_or_symbols=SYMBOLS))
    quotes = client.get_stock_latest_quote(StockLatestQuoteRequest(symbol_or_symbols=SYMBOLS, feed=DataFeed.IEX))
    trades = client.get_stock_latest_trade(StockLatestTradeRequest(symbol_or_symbols=SYMBOLS))
    snapshots = client.get_stock_snapshot(StockSnapshotRequest(symbol_or_symbols=[*SYMBOLS, "NOSUCH"]))
    assert sorted(bars) == sorted(quotes) == sorted(trades) == sorted(snapshots) == SYMBOLS
    one = snapshots["AAPL"]
    assert one.latest_trade.timestamp >= trades["AAPL"].timestamp
    assert one.minute_bar.timestamp >= bars["AAPL"].timestamp
    assert one.daily_bar.timestamp == at(0)
    assert one.previous_daily_bar.timestamp == at(0, day=date(2026, 3, 17))


@pytest.mark.parametrize(
    ("path", "example", "query"),
    [
        ("/v2/stocks/bars", "get_v2_stocks_bars_200_bars", {"symbols": "AAPL", "timeframe": "1D", "limit": 1}),
        ("/v2/stocks/trades", "get_v2_stocks_trades_200_trades", {"symbols": "AAPL", "limit": 2}),
        ("/v2/stocks/quotes", "get_v2_stocks_quotes_200_quotes", {"symbols": "AAPL", "limit": 2}),
        ("/v2/stocks/auctions", "get_v2_stocks_auctions_200_auction", {"symbols": "AAPL,TSLA", "end": "2026-03-17"}),
        ("/v2/stocks/AAPL/bars", "get_v2_stocks_symbol_bars_200_bars", {"timeframe": "1Day", "limit": 1}),
        ("/v2/stocks/AAPL/trades", "get_v2_stocks_symbol_trades_200_trades", {"limit": 2}),
        ("/v2/stocks/AAPL/quotes", "get_v2_stocks_symbol_quotes_200_quotes", {"limit": 2}),
        ("/v2/stocks/TSLA/auctions", "get_v2_stocks_symbol_auctions_200_auctions", {"limit": 1, "end": "2026-03-17"}),
        ("/v2/stocks/bars/latest", "get_v2_stocks_bars_latest_200_bars", {"symbols": "AAPL,TSLA"}),
        ("/v2/stocks/quotes/latest", "get_v2_stocks_quotes_latest_200_quotes", {"symbols": "AAPL,TSLA"}),
        ("/v2/stocks/trades/latest", "get_v2_stocks_trades_latest_200_trades", {"symbols": "AAPL"}),
        ("/v2/stocks/AAPL/bars/latest", "get_v2_stocks_symbol_bars_latest_200_bar", {}),
        ("/v2/stocks/AAPL/quotes/latest", "get_v2_stocks_symbol_quotes_latest_200_quotes", {}),
        ("/v2/stocks/AAPL/trades/latest", "get_v2_stocks_symbol_trades_latest_200_trade", {}),
        ("/v2/stocks/snapshots", "get_v2_stocks_snapshots_200_snapshots", {"symbols": "AAPL,TSLA"}),
        ("/v2/stocks/AAPL/snapshot", "get_v2_stocks_symbol_snapshot_200_snapshot", {}),
        ("/v1beta1/news", "get_v1beta1_news_200_news_response_example", {"include_content": "true", "limit": 1}),
        ("/v1beta1/screener/stocks/movers", "get_v1beta1_screener_market_type_movers_200_movers", {}),
    ],
)
def test_answers_have_the_recorded_shape(raw: Raw, path: str, example: str, query: dict[str, object]) -> None:
    model = recorded(f"alpaca/openapi_data/{example}.json")
    start = {} if "latest" in path or "snapshot" in path else {"start": "2026-03-16"}
    assert same_shape(model, raw.get(path, **start | query)) == []


def test_empty_answers_are_as_recorded(raw: Raw) -> None:
    old = "alpaca/alpaca-py_tests/historical_stock_data"
    nobody = {"symbols": "NOSUCH"}
    bars = raw.get("/v2/stocks/bars", timeframe="1Min", **nobody)
    assert bars == recorded(f"{old}/get_bars_multi_empty_response.json")
    assert raw.get("/v2/stocks/quotes", **nobody) == recorded(f"{old}/get_quotes_multi_empty_response.json")
    assert raw.get("/v2/stocks/trades", **nobody) == recorded(f"{old}/get_trades_multi_empty_response.json")
    assert raw.get("/v2/stocks/quotes/latest", **nobody) == recorded(f"{old}/get_laquote_multi_empty_response.json")
    assert raw.get("/v2/stocks/bars/latest", **nobody) == recorded(f"{old}/stock_labar_multi_empty_response.json")
    assert raw.get("/v2/stocks/snapshots", **nobody) == {}
    for path in ("trades/latest", "snapshot"):
        assert "NOSUCH" in raw.get(f"/v2/stocks/NOSUCH/{path}", 404)["message"]


def test_auctions_open_and_close_at_the_bars_prices(raw: Raw) -> None:
    (day,) = raw.get("/v2/stocks/AAPL/auctions", start="2026-03-17", end="2026-03-18")["auctions"]
    (bar,) = raw.get("/v2/stocks/AAPL/bars", timeframe="1Day", start="2026-03-17", end="2026-03-17")["bars"]
    assert (day["d"], day["o"][0]["p"], day["c"][0]["p"]) == ("2026-03-17", bar["o"], bar["c"])
    (today,) = raw.get("/v2/stocks/AAPL/auctions")["auctions"]
    assert (today["d"], today["c"]) == ("2026-03-18", [])


def test_dividends_and_the_prices_adjusted_for_them_agree(
    simulator: Simulator, client: StockHistoricalDataClient
) -> None:
    actions = CorporateActionsClient(simulator.key, simulator.secret, url_override=simulator.url)
    request = CorporateActionsRequest(
        symbols=["KO"], types=[CorporateActionsType.CASH_DIVIDEND], start=date(2026, 1, 1), end=date(2026, 4, 30)
    )
    (dividend,) = actions.get_corporate_actions(request).data["cash_dividends"]
    assert dividend.symbol == "KO"
    ask = {"symbol_or_symbols": "KO", "timeframe": TimeFrame.Day, "start": at(0, day=date(2026, 1, 20))}
    plain = client.get_stock_bars(StockBarsRequest(**ask)).data["KO"]
    adjusted = client.get_stock_bars(StockBarsRequest(**ask, adjustment=Adjustment.ALL)).data["KO"]
    ex = next(index for index, bar in enumerate(plain) if bar.timestamp.astimezone(NEW_YORK).date() == dividend.ex_date)
    factor = 1 - dividend.rate / plain[ex - 1].close
    assert [bar.close for bar in adjusted[ex:]] == [bar.close for bar in plain[ex:]]
    assert [bar.close for bar in adjusted[:ex]] == [pytest.approx(bar.close * factor, abs=1e-4) for bar in plain[:ex]]


def test_corporate_actions_are_paged_and_found_by_id(raw: Raw) -> None:
    span = {"start": "2025-01-01", "end": "2026-03-18"}
    whole = raw.get("/v1/corporate-actions", limit=1000, **span)["corporate_actions"]["cash_dividends"]
    assert same_shape(recorded("alpaca/openapi_data/_schemas/cash_dividend.json"), whole[0]) == []
    first = raw.get("/v1/corporate-actions", limit=30, **span)
    second = raw.get("/v1/corporate-actions", limit=1000, page_token=first["next_page_token"], **span)
    pages = first["corporate_actions"]["cash_dividends"] + second["corporate_actions"]["cash_dividends"]
    assert pages == whole
    assert [one["process_date"] for one in whole] == sorted(one["process_date"] for one in whole)
    alone = raw.get("/v1/corporate-actions", ids=whole[7]["id"])["corporate_actions"]["cash_dividends"]
    assert alone == [whole[7]]
    assert raw.get("/v1/corporate-actions", types="forward_split", **span)["corporate_actions"] == {}


def test_the_screener_ranks_the_day(simulator: Simulator, raw: Raw) -> None:
    screener = ScreenerClient(simulator.key, simulator.secret, url_override=simulator.url)
    active = screener.get_most_actives(MostActivesRequest(top=5, by=MostActivesBy.TRADES)).most_actives
    counts = [stock.trade_count for stock in active]
    assert len(counts) == 5
    assert counts == sorted(counts, reverse=True)
    movers = screener.get_market_movers(MarketMoversRequest(top=50, market_type=MarketType.STOCKS))
    assert [mover.percent_change for mover in movers.gainers] == sorted(
        (mover.percent_change for mover in movers.gainers), reverse=True
    )
    assert all(mover.percent_change <= 0 for mover in movers.losers)
    snapshot = raw.get("/v2/stocks/snapshots", symbols=movers.gainers[0].symbol)[movers.gainers[0].symbol]
    before = snapshot["prevDailyBar"]["c"]
    assert movers.gainers[0].price - before == pytest.approx(movers.gainers[0].change, abs=1e-3)
    assert raw.get("/v1beta1/screener/crypto/movers")["gainers"] == []


def test_news_come_newest_first_and_page_by_page(simulator: Simulator, raw: Raw) -> None:
    news = NewsClient(simulator.key, simulator.secret, url_override=simulator.url)
    request = NewsRequest(symbols="AAPL,TSLA", start=at(0, day=date(2026, 3, 2)), end=at(10), include_content=True)
    found = news.get_news(request).data["news"]
    assert len(found) > 5
    assert {symbol for article in found for symbol in article.symbols} == {"AAPL", "TSLA"}
    moments = [article.created_at for article in found]
    assert moments == sorted(moments, reverse=True)
    span = {"start": "2026-03-16", "end": "2026-03-18"}
    whole = raw.get("/v1beta1/news", limit=50, include_content="true", **span)["news"]
    first = raw.get("/v1beta1/news", limit=2, include_content="true", **span)
    second = raw.get("/v1beta1/news", limit=3, include_content="true", page_token=first["next_page_token"], **span)
    assert first["news"] + second["news"] == whole[:5]


def test_codes_are_explained(raw: Raw) -> None:
    exchanges = raw.get("/v2/stocks/meta/exchanges")
    trade = raw.get("/v2/stocks/AAPL/trades/latest")["trade"]
    assert trade["x"] in exchanges
    assert set(trade["c"]) <= raw.get("/v2/stocks/meta/conditions/trade", tape=trade["z"]).keys()
    quote = raw.get("/v2/stocks/AAPL/quotes/latest")["quote"]
    assert set(quote["c"]) <= raw.get("/v2/stocks/meta/conditions/quote", tape="A").keys()


@pytest.mark.parametrize(
    ("path", "query", "word"),
    [
        ("/v2/stocks/bars", {"symbols": "AAPL"}, "timeframe"),
        ("/v2/stocks/bars", {"symbols": "AAPL", "timeframe": "60Min"}, "60Min"),
        ("/v2/stocks/bars", {"symbols": "AAPL", "timeframe": "1D", "adjustment": "odd"}, "adjustment"),
        ("/v2/stocks/bars", {"timeframe": "1Day"}, "symbols"),
        ("/v2/stocks/trades", {"symbols": "AAPL", "limit": 10_001}, "limit"),
        ("/v2/stocks/trades", {"symbols": "AAPL", "limit": "ten"}, "limit"),
        ("/v2/stocks/trades", {"symbols": "AAPL", "start": "yesterday"}, "start"),
        ("/v2/stocks/trades", {"symbols": "AAPL", "start": "2026-02-30"}, "start"),
        ("/v2/stocks/trades", {"symbols": "AAPL", "start": "2026-03-18", "end": "2026-03-17"}, "end"),
        ("/v2/stocks/quotes", {"symbols": "AAPL", "sort": "up"}, "sort"),
        ("/v2/stocks/quotes", {"symbols": "AAPL", "feed": "moon"}, "feed"),
        ("/v2/stocks/quotes", {"symbols": "AAPL", "page_token": "%%%"}, "page_token"),
        ("/v2/stocks/quotes", {"symbols": "A$PL"}, "A$PL"),
        ("/v1beta1/news", {"limit": 51}, "limit"),
        ("/v1beta1/news", {"page_token": "bm9wZQ=="}, "page_token"),
        ("/v1beta1/screener/stocks/most-actives", {"by": "luck"}, "by"),
        ("/v1/corporate-actions", {"types": "gift"}, "gift"),
        ("/v1/corporate-actions", {"start": "soon"}, "start"),
    ],
)
def test_bad_questions_are_refused_with_the_reason(raw: Raw, path: str, query: dict[str, object], word: str) -> None:
    assert word in raw.get(path, 400, **query)["message"]


def test_wrong_keys_are_unauthorized(raw: Raw, simulator: Simulator) -> None:
    assert raw.get("/v2/stocks/bars", 401, key="nobody")["message"] == "unauthorized."
    assert raw.get("/v1beta1/news", 401, key="nobody")["message"] == "unauthorized."
    wrong = StockHistoricalDataClient("nobody", "nothing", url_override=simulator.url)
    with pytest.raises(APIError) as refused:
        wrong.get_stock_latest_bar(StockLatestBarRequest(symbol_or_symbols="AAPL"))
    assert refused.value.status_code == 401


def test_an_oauth_token_opens_the_market_data(simulator: Simulator) -> None:
    client = StockHistoricalDataClient(oauth_token=simulator.oauth_token, url_override=simulator.url)
    assert client.get_stock_latest_bar(StockLatestBarRequest(symbol_or_symbols="AAPL"))["AAPL"].volume > 0


def test_the_free_plan_has_no_recent_sip_data(
    simulator: Simulator, raw: Raw, client: StockHistoricalDataClient
) -> None:
    simulator.control("POST", "/sim/faults", {"kind": "free_plan", "target": "data", "count": 3})
    recent = {"symbols": "AAPL", "timeframe": "1Min"}
    old = stamp(at(10, 10))
    try:
        body = raw.get("/v2/stocks/bars", 403, **recent)
        assert body == recorded("alpaca/errors_field_reports/403_sip_subscription.json")
        assert raw.get("/v2/stocks/bars", feed="iex", **recent)["bars"]
        assert raw.get("/v2/stocks/bars", end=old, **recent)["bars"]
        assert raw.get("/v2/stocks/snapshots", 403, symbols="AAPL")["message"] == body["message"]
        with pytest.raises(APIError, match="recent SIP data"):
            client.get_stock_latest_quote(StockLatestQuoteRequest(symbol_or_symbols="AAPL", feed=DataFeed.SIP))
        assert raw.get("/v2/stocks/bars", **recent)["bars"]
    finally:
        simulator.control("DELETE", "/sim/faults")


def test_rest_faults_reach_the_market_data(simulator: Simulator, raw: Raw) -> None:
    simulator.control("POST", "/sim/faults", {"kind": "rate_limit", "target": "data"})
    assert raw.get("/v2/stocks/meta/exchanges", 429)["message"] == "too many requests."
    assert raw.get("/v2/stocks/meta/exchanges")["V"] == "IEX"


def test_unknown_codes_can_be_put_into_a_tick(simulator: Simulator, client: StockHistoricalDataClient) -> None:
    simulator.control("POST", "/sim/faults", {"kind": "unknown_enums", "target": "data"})
    request = StockTradesRequest(symbol_or_symbols="SPY", start=at(10), end=at(10, 1))
    trades = client.get_stock_trades(request).data["SPY"]
    assert (trades[0].exchange, trades[0].conditions) == ("?", ["?"])
    assert client.get_stock_trades(request).data["SPY"][0].exchange != "?"


@pytest.mark.parametrize(("path", "status"), [("/v2/stocks/meta/exchanges", 200), ("/v2/stocks/bars", 400)])
def test_every_answer_says_how_many_requests_are_left(simulator: Simulator, path: str, status: int) -> None:
    left = []
    for _ in range(2):
        connection = http.client.HTTPConnection(simulator.host, timeout=60)
        keys = {"APCA-API-KEY-ID": simulator.key, "APCA-API-SECRET-KEY": simulator.secret}
        connection.request("GET", path, headers=keys)
        answer = connection.getresponse()
        assert answer.status == status
        assert int(answer.headers["X-RateLimit-Reset"]) > 0
        left.append(int(answer.headers["X-RateLimit-Limit"]) - int(answer.headers["X-RateLimit-Remaining"]))
        connection.close()
    assert min(left) >= 1


def test_answers_repeat_themselves(raw: Raw) -> None:
    span = {"symbols": "NVDA", "start": stamp(at(9, 30) - timedelta(days=2)), "end": stamp(at(10, 25))}
    for path, more in (("bars", {"timeframe": "15Min"}), ("trades", {"limit": 50}), ("quotes", {"limit": 50})):
        first, second = (raw.get(f"/v2/stocks/{path}", **span, **more) for _ in range(2))
        assert first == second
