"""A new day's previous closes are asked for together, and ever more patiently while a vendor does not know them."""

from qv_desktop.domain.market import SECOND, Snapshot
from qv_desktop.services.closes import Closes
from tests.services.a_market import T0, Floor, a_trade

DAY = 24 * 3600


def looks(floor: Floor, closes: Closes, seconds: int) -> list[tuple[float, list[str]]]:
    found = []
    for _ in range(seconds):
        floor.seconds += 1
        if symbols := closes.due():
            found.append((floor.seconds, symbols))
    return found


def test_symbols_that_begin_another_day_are_asked_for_together_until_their_closes_are_known() -> None:
    floor = Floor()
    closes = Closes(floor.market, lambda: floor.seconds)
    floor.market.watch("watchlist", ["AAPL", "MSFT", "NEVER"])
    today = [Snapshot(symbol, last=10, last_at=T0, previous_close=9) for symbol in ("AAPL", "MSFT")]
    floor.market.seed(today)
    assert looks(floor, closes, 60) == []
    floor.seconds = DAY
    floor.hear(a_trade(11, DAY), a_trade(12, DAY, "MSFT"))
    asked = looks(floor, closes, 120)
    assert [symbols for _, symbols in asked] == [["AAPL", "MSFT"]] * 3
    assert [second - DAY for second, _ in asked] == [6, 36, 96]
    floor.market.seed([Snapshot("AAPL", last=11, last_at=T0 + DAY * SECOND, previous_close=10)])
    assert [symbols for _, symbols in looks(floor, closes, 120)] == [["MSFT"]]
    floor.market.seed([Snapshot("MSFT", last=12, last_at=T0 + DAY * SECOND, previous_close=11)])
    assert looks(floor, closes, 1000) == []
