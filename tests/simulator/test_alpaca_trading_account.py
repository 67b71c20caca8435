"""Alpaca's official client reads account, positions, activities, assets, clock, calendar and watchlists."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
import requests
from alpaca.common.exceptions import APIError
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import AssetExchange, AssetStatus, CorporateActionType, TradeConfirmationEmail
from alpaca.trading.requests import (
    ClosePositionRequest,
    CreateWatchlistRequest,
    GetAssetsRequest,
    GetCalendarRequest,
    GetCorporateAnnouncementsRequest,
    GetOptionContractsRequest,
    GetPortfolioHistoryRequest,
    UpdateWatchlistRequest,
)

from tests import canaries
from tests.simulator.openapi import recorded, same_shape
from tests.simulator.process import Simulator
from tests.simulator.trading import SYMBOL, Broker, wait_for


@pytest.fixture
def broker(simulator: Simulator) -> Broker:
    return Broker(simulator)


def test_the_account_reads_as_documented_without_the_removed_day_trading_fields(broker: Broker) -> None:
    account = broker.client.get_account()
    assert (account.cash, account.buying_power, account.multiplier) == ("100000", "400000", "4")
    assert account.status.value == "ACTIVE"
    shown = broker.valid("GET", "/account")
    assert not {"pattern_day_trader", "daytrade_count", "daytrading_buying_power"} & set(shown)
    gone = frozenset({"position_market_value", "admin_configurations", "crypto_tier", "effective_buying_power"})
    assert same_shape(recorded("alpaca/openapi_trading/get_v2_account_200_x_example_1.json"), shown, gone) == []


def test_settings_are_changed_and_read_back(broker: Broker) -> None:
    settings = broker.client.get_account_configurations()
    settings.no_shorting = True
    settings.max_margin_multiplier = "2"
    settings.trade_confirm_email = TradeConfirmationEmail.NONE
    changed = broker.client.set_account_configurations(settings)
    assert (changed.no_shorting, changed.max_margin_multiplier) == (True, "2")
    assert broker.client.get_account().buying_power == "200000"
    shown = broker.valid("GET", "/account/configurations")
    assert "pdt_check" not in shown
    status, body = broker.refusal("PATCH", "/account/configurations", {"max_margin_multiplier": "3"})
    assert (status, body["message"]) == (422, "invalid max_margin_multiplier: 3")


def test_a_position_is_listed_and_read_by_symbol_and_by_asset_id(broker: Broker) -> None:
    broker.buy(10)
    (position,) = broker.client.get_all_positions()
    assert (position.symbol, position.qty, position.side.value) == (SYMBOL, "10", "long")
    by_id = broker.client.get_open_position(position.asset_id)
    assert by_id.symbol == broker.client.get_open_position(SYMBOL).symbol == SYMBOL
    shown = broker.valid("GET", f"/positions/{SYMBOL}", "/positions/{symbol_or_asset_id}")
    shape = recorded("alpaca/openapi_trading/get_v2_positions_symbol_or_asset_id_200_x_example_2.json")
    assert same_shape(shape, shown) == []
    broker.valid("GET", "/positions")
    value = Decimal(shown["qty"]) * Decimal(shown["current_price"])
    assert Decimal(shown["market_value"]) == value
    assert Decimal(shown["unrealized_pl"]) == value - Decimal(shown["cost_basis"])


def test_a_position_that_is_not_there_is_answered_404(broker: Broker) -> None:
    for method in ("GET", "DELETE"):
        assert broker.refusal(method, f"/positions/{SYMBOL}") == (
            404,
            {"code": 40410000, "message": "position does not exist"},
        )


def test_positions_are_closed_in_part_by_shares_and_by_percentage(broker: Broker) -> None:
    broker.buy(100)
    sold = broker.client.close_position(SYMBOL, ClosePositionRequest(qty="30"))
    broker.until(sold, "filled")
    half = broker.client.close_position(SYMBOL, ClosePositionRequest(percentage="50"))
    assert (half.qty, half.side.value) == ("35", "sell")
    broker.until(half, "filled")
    assert broker.client.get_open_position(SYMBOL).qty == "35"
    broker.valid("DELETE", f"/positions/{SYMBOL}", "/positions/{symbol_or_asset_id}")
    wait_for(broker.client.get_all_positions, lambda found: found == [])


def test_closing_all_positions_cancels_orders_first_when_asked_and_reports_each(broker: Broker) -> None:
    broker.buy(10)
    broker.buy(5, "MSFT")
    broker.valid("POST", "/orders", body=order("sell", limit_price=5000))
    results = broker.client.close_all_positions()
    failed = next(result for result in results if result.symbol == SYMBOL)
    assert (failed.status, failed.body.code, failed.body.held_for_orders) == (403, 40310000, 10)
    results = broker.client.close_all_positions(cancel_orders=True)
    assert {(result.symbol, result.status) for result in results} >= {(SYMBOL, 200)}
    wait_for(broker.client.get_all_positions, lambda found: found == [])


def order(side: str, **fields: Any) -> dict[str, Any]:
    return {"symbol": SYMBOL, "qty": 10, "side": side, "type": "limit", "time_in_force": "day"} | fields


def test_a_short_position_is_opened_and_covered(broker: Broker) -> None:
    sold = broker.valid("POST", "/orders", body=order("sell", type="market"))
    assert sold["position_intent"] == "sell_to_open"
    wait_for(broker.client.get_all_positions, lambda found: [p.qty for p in found] == ["-10"])
    account = broker.client.get_account()
    assert Decimal(account.short_market_value) < 0 < Decimal(account.cash) - 100_000
    cover = broker.client.close_position(SYMBOL)
    assert (cover.side.value, cover.position_intent.value) == ("buy", "buy_to_close")
    broker.until(cover, "filled")
    assert broker.client.get_all_positions() == []


def test_activities_are_paged_by_the_last_id_and_filtered(broker: Broker) -> None:
    for _ in range(3):
        broker.buy(1)
    everything = broker.valid("GET", "/account/activities")
    fills = broker.valid("GET", "/account/activities/FILL", "/account/activities/{activity_type}")
    assert len(everything) == len(fills) + 1
    assert everything[-1]["activity_type"] == "JNLC"
    shape = recorded("alpaca/openapi_trading/_schemas/TradingActivities_example_1.json")
    assert same_shape(shape, fills[0]) == []
    paged = broker.client.get("/account/activities", {"page_size": 2})
    while len(page := broker.client.get("/account/activities", {"page_size": 2, "page_token": paged[-1]["id"]})):
        paged += page
    assert paged == everything
    assert broker.client.get("/account/activities", {"activity_types": "JNLC"}) == everything[-1:]
    assert broker.client.get("/account/activities", {"category": "non_trade_activity"}) == everything[-1:]
    assert broker.client.get("/account/activities", {"direction": "asc"}) == everything[::-1]
    assert broker.client.get("/account/activities", {"order_id": fills[0]["order_id"]}) == fills[:1]
    today = broker.client.get("/account/activities", {"date": fills[0]["transaction_time"][:10]})
    assert today == fills
    assert broker.client.get("/account/activities", {"after": fills[1]["transaction_time"]}) == fills[:1]
    assert broker.refusal("GET", "/account/activities", page_token="none")[0] == 422


def test_portfolio_history_is_parallel_arrays_of_numbers(broker: Broker) -> None:
    broker.buy(10)
    history = broker.client.get_portfolio_history(GetPortfolioHistoryRequest(period="1D", timeframe="5Min"))
    assert len(history.timestamp) == len(history.equity) == len(history.profit_loss) > 5
    assert history.timestamp == sorted(history.timestamp)
    assert history.base_value == 100_000
    assert history.equity[0] == 100_000
    monthly = broker.valid("GET", "/account/portfolio/history")
    assert monthly["timeframe"] == "1D"
    assert broker.refusal("GET", "/account/portfolio/history", period="2X")[0] == 422
    assert broker.refusal("GET", "/account/portfolio/history", period="1A", timeframe="1Min")[0] == 422


def test_assets_are_listed_filtered_and_read_by_symbol_or_id(broker: Broker) -> None:
    assets = broker.client.get_all_assets()
    assert len(assets) >= 50
    asset = broker.client.get_asset(SYMBOL)
    assert broker.client.get_asset(asset.id).symbol == SYMBOL
    nasdaq = broker.client.get_all_assets(GetAssetsRequest(exchange=AssetExchange.NASDAQ))
    assert {one.exchange.value for one in nasdaq} == {"NASDAQ"}
    assert broker.client.get_all_assets(GetAssetsRequest(status=AssetStatus.INACTIVE)) == []
    assert broker.valid("GET", "/assets", asset_class="crypto") == []
    assert len(broker.valid("GET", "/assets", attributes="fractional_eh_enabled")) > 0
    assert broker.valid("GET", "/assets", attributes="ipo") == []
    shown = broker.valid("GET", f"/assets/{SYMBOL}", "/assets/{symbol_or_asset_id}")
    shape = recorded("alpaca/openapi_trading/get_v2_assets_symbol_or_asset_id_200_x_example_1.json")
    assert same_shape(shape, shown) == []
    with pytest.raises(APIError, match="asset not found for NOSUCH"):
        broker.client.get_asset("NOSUCH")


def test_the_clock_is_market_time_with_new_yorks_offset(broker: Broker) -> None:
    clock = broker.client.get_clock()
    assert clock.is_open
    assert clock.timestamp.utcoffset() == clock.next_open.utcoffset()
    assert clock.timestamp < clock.next_close < clock.next_open
    assert abs(clock.timestamp.timestamp() - broker.simulator.control("GET", "/sim/clock")["market_ns"] / 1e9) < 30
    broker.valid("GET", "/clock")


def test_the_calendar_knows_holidays_early_closes_and_settlement(broker: Broker) -> None:
    days = broker.client.get_calendar(GetCalendarRequest(start=date(2025, 11, 24), end=date(2025, 12, 1)))
    assert [day.date.day for day in days] == [24, 25, 26, 28, 1]
    assert days[3].close == datetime(2025, 11, 28, 13)  # noqa: DTZ001 - the client gives New York wall time
    shown = broker.valid("GET", "/calendar", start="2025-11-26", end="2025-11-28")
    assert [(day["date"], day["settlement_date"]) for day in shown] == [
        ("2025-11-26", "2025-11-28"),
        ("2025-11-28", "2025-12-01"),
    ]
    assert (shown[0]["session_open"], shown[0]["session_close"]) == ("0400", "2000")
    settled = broker.valid("GET", "/calendar", start="2025-11-28", end="2025-11-28", date_type="SETTLEMENT")
    assert [day["date"] for day in settled] == ["2025-11-26"]
    assert len(broker.client.get_calendar()) > 7000


def test_watchlists_live_and_die_by_id_and_by_name(broker: Broker) -> None:
    made = broker.client.create_watchlist(CreateWatchlistRequest(name="Mine", symbols=["AAPL", "MSFT"]))
    assert [asset.symbol for asset in made.assets] == ["AAPL", "MSFT"]
    grown = broker.client.add_asset_to_watchlist_by_id(made.id, "NVDA")
    assert [asset.symbol for asset in grown.assets] == ["AAPL", "MSFT", "NVDA"]
    shrunk = broker.client.remove_asset_from_watchlist_by_id(made.id, "MSFT")
    assert [asset.symbol for asset in shrunk.assets] == ["AAPL", "NVDA"]
    renamed = broker.client.update_watchlist_by_id(made.id, UpdateWatchlistRequest(name="Ours", symbols=["TSLA"]))
    assert (renamed.name, [asset.symbol for asset in renamed.assets]) == ("Ours", ["TSLA"])
    assert [one.name for one in broker.client.get_watchlists()] == ["Ours"]
    by_name = broker.valid("GET", "/watchlists:by_name", name="Ours")
    assert by_name["id"] == str(broker.client.get_watchlist_by_id(made.id).id)
    broker.valid("POST", "/watchlists:by_name", body={"symbol": "AAPL"}, name="Ours")
    broker.valid("PUT", "/watchlists:by_name", body={"name": "Theirs"}, name="Ours")
    assert broker.refusal("POST", "/watchlists", {"name": "Theirs"})[0] == 422
    assert broker.refusal("POST", "/watchlists", {"name": "New", "symbols": ["NOSUCH"]})[0] == 422
    assert broker.raw("DELETE", "/watchlists:by_name", name="Theirs").status_code == 204
    assert broker.refusal("GET", f"/watchlists/{made.id}")[0] == 404
    again = broker.client.create_watchlist(CreateWatchlistRequest(name="Mine", symbols=[]))
    broker.client.delete_watchlist_by_id(again.id)
    assert broker.client.get_watchlists() == []


def test_there_are_no_announcements_and_no_options(broker: Broker) -> None:
    asked = GetCorporateAnnouncementsRequest(
        ca_types=[CorporateActionType.DIVIDEND], since=date(2025, 1, 1), until=date(2025, 2, 1)
    )
    assert broker.client.get_corporate_announcements(asked) == []
    assert broker.refusal("GET", "/corporate_actions/announcements")[0] == 422
    assert broker.refusal("GET", "/corporate_actions/announcements/1")[0] == 404
    assert broker.client.get_option_contracts(GetOptionContractsRequest()).option_contracts == []
    assert broker.refusal("GET", "/options/contracts/TSLA231110C00021000") == (
        404,
        recorded("alpaca/openapi_trading/get_v2_options_contracts_symbol_or_id_404_Contract_Not_Found.json"),
    )


def test_wrong_keys_are_answered_401_and_a_token_is_taken_instead_of_keys(broker: Broker) -> None:
    url = broker.simulator.url
    with pytest.raises(APIError) as caught:
        TradingClient("PKSIM", "wrong", url_override=url).get_account()
    assert caught.value.status_code == 401
    answer = requests.get(f"{url}/v2/account", timeout=30)
    assert (answer.status_code, answer.json()) == (401, {"message": "unauthorized."})
    token = TradingClient(oauth_token=canaries.OAUTH_TOKEN, url_override=url)
    assert token.get_account().currency == "USD"


def test_every_answer_carries_the_rate_headers(broker: Broker) -> None:
    for method, path in (("GET", "/account"), ("GET", "/orders/none"), ("DELETE", "/orders")):
        headers = broker.raw(method, path).headers
        assert headers["X-RateLimit-Limit"] == "200"
        assert 0 <= int(headers["X-RateLimit-Remaining"]) < 200
        assert int(headers["X-RateLimit-Reset"]) > 1_700_000_000
