"""An answer of Polygon's that is no JSON is a fault, never an answer without rows: the official client takes it for one."""

from datetime import timedelta

import pytest

from qv_desktop.domain.errors import FeedDown
from qv_desktop.domain.market import Bar, Timeframe, Trade
from tests.adapters.polygon.test_rest import asked, market_now
from tests.simulator.process import Simulator

MINUTE = Timeframe(1, "m")


def broken(simulator: Simulator, times: int) -> None:
    """So many answers that are begun and end after a second without a word in them."""
    fault = {"kind": "hang", "target": "polygon", "count": times, "params": {"seconds": 1}}
    simulator.control("POST", "/sim/faults", fault)


def bars(simulator: Simulator) -> list[Bar]:
    end = market_now(simulator)
    return asked(simulator, lambda history: history.bars("SPY", MINUTE, end - timedelta(minutes=30), end))


def trades(simulator: Simulator) -> list[Trade]:
    end = market_now(simulator)
    return asked(simulator, lambda history: history.trades("SPY", end - timedelta(minutes=5), end))


def test_an_answer_without_a_word_is_asked_for_again(simulator: Simulator) -> None:
    whole, prints = bars(simulator), trades(simulator)
    assert len(whole) > 20
    for found, ask in ((whole, bars), (prints, trades)):
        broken(simulator, 1)
        assert ask(simulator) == found  # type: ignore[operator]
    assert simulator.control("GET", "/sim/faults") == {"faults": []}


def test_answers_that_stay_unreadable_are_refused_in_a_sentence(simulator: Simulator) -> None:
    broken(simulator, 3)
    with pytest.raises(FeedDown, match="cannot be read"):
        bars(simulator)
    assert simulator.control("GET", "/sim/faults") == {"faults": []}
