"""Cash, positions, margin and the equity history, to the cent."""

from datetime import timedelta
from decimal import Decimal

import pytest

from qv_desktop.simulator.accounts import Position
from qv_desktop.simulator.alpaca_positions_rest import position_json
from qv_desktop.simulator.equity_history import Asked, EquityHistory, portfolio_history
from qv_desktop.simulator.margin import account_json
from tests.simulator.small_market import DAY, Floor, SmallMarket, at


def account(floor: Floor) -> dict[str, object]:
    exchange = floor.exchange
    return account_json(exchange.account, exchange.pricing.last, exchange.held_buying_power())


def test_a_new_account_has_four_times_its_equity_to_spend_and_no_day_trading_fields() -> None:
    shown = account(Floor())
    assert (shown["cash"], shown["equity"], shown["multiplier"]) == ("100000", "100000", "4")
    assert (shown["buying_power"], shown["regt_buying_power"]) == ("400000", "200000")
    assert shown["balance_asof"] == "2026-03-03"
    assert not {"pattern_day_trader", "daytrade_count", "daytrading_buying_power"} & set(shown)


def test_a_purchase_moves_cash_margin_and_buying_power() -> None:
    floor = Floor()
    floor.order("buy", 100)
    shown = account(floor)
    assert (shown["cash"], shown["long_market_value"], shown["equity"]) == ("89999", "10000", "99999")
    assert (shown["initial_margin"], shown["maintenance_margin"]) == ("5000", "3000")
    assert shown["buying_power"] == "389999"
    assert shown["regt_buying_power"] == "189998"


@pytest.mark.parametrize(("setting", "power"), [("1", "89999"), ("2", "189998"), ("4", "389999")])
def test_the_multiplier_follows_the_accounts_own_setting(setting: str, power: str) -> None:
    floor = Floor()
    floor.exchange.account.configuration["max_margin_multiplier"] = setting
    floor.order("buy", 100)
    assert (account(floor)["multiplier"], account(floor)["buying_power"]) == (setting, power)


def test_an_account_below_two_thousand_dollars_has_no_margin_and_cannot_short() -> None:
    floor = Floor()
    floor.exchange.account.cash = Decimal(1999)
    shown = account(floor)
    assert (shown["multiplier"], shown["buying_power"], shown["shorting_enabled"]) == ("1", "1999", False)


def test_a_short_position_has_negative_market_value_and_gains_when_the_price_falls() -> None:
    floor = Floor()
    floor.order("sell", 100)
    floor.market.trade(90.0)
    shown = account(floor)
    assert (shown["cash"], shown["short_market_value"], shown["equity"]) == ("109999", "-9000", "100999")
    position = position_json(floor.exchange, floor.exchange.account.positions["ACME"])
    assert (position["side"], position["qty"], position["unrealized_pl"]) == ("short", "-100", "999")


def test_a_position_averages_its_entries_and_keeps_the_average_when_it_shrinks() -> None:
    position = Position("ACME")
    position.trade(Decimal(10), Decimal(100))
    position.trade(Decimal(30), Decimal(104))
    assert position.average == Decimal(103)
    assert position.trade(Decimal(-20), Decimal(110)) == 140
    assert (position.qty, position.average) == (20, Decimal(103))


def test_a_position_that_flips_starts_again_at_the_price_of_the_flip() -> None:
    position = Position("ACME")
    position.trade(Decimal(10), Decimal(100))
    assert position.trade(Decimal(-25), Decimal(90)) == -100
    assert (position.qty, position.average) == (-15, Decimal(90))
    assert position.trade(Decimal(15), Decimal(80)) == 150
    assert (position.qty, position.cost) == (0, 0)


def test_a_position_shows_what_today_did_to_it_and_what_is_free_to_sell() -> None:
    floor = Floor()
    floor.order("buy", 10)
    floor.order("sell", 4, "limit", limit_price=120)
    floor.market.trade(102.0)
    shown = position_json(floor.exchange, floor.exchange.account.positions["ACME"])
    assert (shown["avg_entry_price"], shown["current_price"], shown["lastday_price"]) == ("100.01", "102", "99")
    assert (shown["unrealized_pl"], shown["unrealized_intraday_pl"]) == ("19.9", "19.9")
    assert shown["qty_available"] == "6"
    assert Decimal(str(shown["change_today"])) == round(Decimal(3) / Decimal(99), 16)


def test_overnight_a_position_counts_today_from_the_last_close() -> None:
    floor = Floor()
    floor.order("buy", 10)
    floor.market.trade(101.0, at(16))
    floor.market.previous["ACME"] = 101.0
    floor.market.trade(103.0, at(10, 0, DAY + timedelta(days=1)))
    shown = position_json(floor.exchange, floor.exchange.account.positions["ACME"])
    assert (shown["unrealized_pl"], shown["unrealized_intraday_pl"]) == ("29.9", "20")
    balances = account(floor)
    assert (balances["last_equity"], balances["equity"]) == ("100009.9", "100029.9")
    assert (balances["last_maintenance_margin"], balances["balance_asof"]) == ("303", "2026-03-04")
    assert balances["buying_power"] == "398827.6"


def test_cash_is_the_opening_balance_plus_all_executions() -> None:
    floor = Floor()
    floor.order("buy", 10)
    floor.order("sell", 3)
    floor.order("buy", None, notional="250")
    account_ = floor.exchange.account
    deposit, *fills = account_.activities
    moved = sum(Decimal(str(f["qty"])) * Decimal(str(f["price"])) * (-1 if f["side"] == "buy" else 1) for f in fills)
    assert Decimal(str(deposit["net_amount"])) + moved == account_.cash


def test_equity_is_sampled_by_the_minute_and_read_back_as_of_any_time() -> None:
    history = EquityHistory(Decimal(100))
    history.sample(at(10), Decimal(110))
    assert not history.is_due(at(10) + 1)
    assert history.is_due(at(10, 1))
    history.sample(at(10, 1), Decimal(120))
    assert [history.at(t) for t in (at(9), at(10), at(10, 1) - 1, at(12))] == [100, 110, 110, 120]


def test_portfolio_history_by_the_quarter_hour_counts_profit_from_the_last_close() -> None:
    history = EquityHistory(Decimal(1000))
    history.sample(at(9, 50), Decimal(1010))
    history.sample(at(10, 20), Decimal(990))
    asked = Asked(at(9), at(10, 40), "15Min", "market_hours", resets=True)
    shown = portfolio_history(asked, history, SmallMarket())  # type: ignore[arg-type]
    assert shown["timestamp"] == [at(9, 30 + 15 * n) // 10**9 for n in range(5)]
    assert shown["equity"] == [1000, 1010, 1010, 990, 990]
    assert shown["profit_loss"] == [0, 10, 10, -10, -10]
    assert shown["profit_loss_pct"] == [0, 0.01, 0.01, -0.01, -0.01]
    assert (shown["base_value"], shown["base_value_asof"]) == (1000, "2026-03-03")


def test_portfolio_history_by_the_day_counts_each_day_from_the_one_before() -> None:
    history = EquityHistory(Decimal(1000))
    history.sample(at(15, 0, DAY - timedelta(days=1)), Decimal(1100))
    history.sample(at(15), Decimal(1045))
    asked = Asked(at(0, 0, DAY - timedelta(days=1)), at(15, 30), "1D", "market_hours", resets=True)
    shown = portfolio_history(asked, history, SmallMarket())  # type: ignore[arg-type]
    assert shown["equity"] == [1100, 1045]
    assert shown["profit_loss"] == [100, -55]
    assert shown["profit_loss_pct"] == [0.1, -0.05]
