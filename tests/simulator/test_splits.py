"""A split that was asked for: both vendors tell of it, and give prices as they traded or adjusted, as they are asked."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from alpaca.data.enums import Adjustment, CorporateActionsType
from alpaca.data.historical import StockHistoricalDataClient
from alpaca.data.historical.corporate_actions import CorporateActionsClient
from alpaca.data.requests import CorporateActionsRequest, StockBarsRequest
from alpaca.data.timeframe import TimeFrame
from polygon import RESTClient

from tests.simulator.process import Simulator, running

EX = date(2026, 3, 10)
BEFORE, SINCE = date(2026, 3, 5), date(2026, 3, 16)


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    """A market in which KO has split four for one."""
    with running("--seed", "1", "--date", "2026-06-17") as started:
        started.control("POST", "/sim/split", {"symbol": "KO", "ratio": 4, "day": EX.isoformat()})
        yield started


def polygon_bars(simulator: Simulator, adjusted: bool) -> dict[date, float]:
    """Closes by day."""
    client = RESTClient(simulator.polygon_key, base=simulator.url)
    rows = client.list_aggs("KO", 1, "day", BEFORE, SINCE, adjusted=adjusted)
    return {datetime.fromtimestamp(row.timestamp / 1000, UTC).date(): row.close for row in rows}


def alpaca_bars(simulator: Simulator, adjustment: Adjustment) -> dict[date, float]:
    """Closes by day."""
    client = StockHistoricalDataClient(simulator.key, simulator.secret, url_override=simulator.url)
    request = StockBarsRequest(
        symbol_or_symbols="KO",
        timeframe=TimeFrame.Day,
        start=datetime(2026, 3, 5, 5, tzinfo=UTC),
        end=datetime(2026, 3, 16, 5, tzinfo=UTC),
        adjustment=adjustment,
    )
    return {bar.timestamp.date(): bar.close for bar in client.get_stock_bars(request).data["KO"]}


def test_both_vendors_tell_of_the_split(simulator: Simulator) -> None:
    (split,) = RESTClient(simulator.polygon_key, base=simulator.url).list_splits("KO")
    assert (split.execution_date, split.split_from, split.split_to) == (EX.isoformat(), 1, 4)
    actions = CorporateActionsClient(simulator.key, simulator.secret, url_override=simulator.url)
    kinds = [CorporateActionsType.FORWARD_SPLIT]
    request = CorporateActionsRequest(symbols=["KO"], types=kinds, start=BEFORE, end=SINCE)
    (told,) = actions.get_corporate_actions(request).data["forward_splits"]
    assert (told.symbol, told.ex_date, told.old_rate, told.new_rate) == ("KO", EX, 1, 4)


def test_unadjusted_prices_before_the_split_are_those_that_traded(simulator: Simulator) -> None:
    plain, adjusted = polygon_bars(simulator, adjusted=False), polygon_bars(simulator, adjusted=True)
    assert plain.keys() == adjusted.keys()
    for day, close in plain.items():
        assert close == pytest.approx(adjusted[day] * (4 if day < EX else 1))
    assert alpaca_bars(simulator, Adjustment.RAW) == pytest.approx(plain)
    assert alpaca_bars(simulator, Adjustment.SPLIT) == pytest.approx(adjusted)


def test_a_dividend_before_the_split_was_paid_on_fewer_shares(simulator: Simulator) -> None:
    client = RESTClient(simulator.polygon_key, base=simulator.url)
    paid = {one.ex_dividend_date: one.cash_amount for one in client.list_dividends("KO", order="asc")}
    early = [amount for day, amount in paid.items() if day < EX.isoformat()]
    late = [amount for day, amount in paid.items() if day > EX.isoformat()]
    assert early[-1] == pytest.approx(late[0] * 4)


def test_prints_of_the_past_are_as_they_traded(simulator: Simulator) -> None:
    client = RESTClient(simulator.polygon_key, base=simulator.url)
    before = next(iter(client.list_trades("KO", timestamp="2026-03-06", limit=1)))
    bars = polygon_bars(simulator, adjusted=False)
    assert before.price == pytest.approx(bars[date(2026, 3, 6)], rel=0.1)


@pytest.mark.parametrize(
    "nonsense", [{"ratio": 0}, {"ratio": 1.5}, {"day": "2026-03-15"}, {"day": "soon"}, {"day": "2030-01-02"}]
)
def test_a_split_that_makes_no_sense_is_refused(simulator: Simulator, nonsense: dict[str, object]) -> None:
    said = simulator.control("POST", "/sim/split", {"symbol": "KO"} | nonsense, wanted=422)
    assert said["error"].endswith(".")
