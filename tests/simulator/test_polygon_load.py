"""Synthetic load: as much as was asked, of the symbols that the client wants, each trade once, and a pace without bursts."""

import asyncio
import time
from typing import Any

import pytest

from qv_desktop.simulator.polygon_load import Pace
from tests.simulator.process import Simulator
from tests.simulator.test_polygon_stream import connected, frame, status, subscribe

LOAD = {"events_per_second": 20_000, "seconds": 1.5, "trade_share": 0.25}


async def loaded(simulator: Simulator, topics: str, **order: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The events that came until the load was over and the market traded by itself too, and what the simulator says of the load."""
    events: list[dict[str, Any]] = []
    async with connected(simulator) as socket:
        await status(socket)
        await subscribe(socket, topics)
        simulator.control("POST", "/sim/load", LOAD | order)
        while True:
            events += await frame(socket)
            told = await asyncio.to_thread(simulator.control, "GET", "/sim/load")
            ids = [int(event["i"]) for event in events if event["ev"] == "T"]
            made = sum(number >= 10**12 for number in ids)
            if not told["running"] and made >= told["sent_trades"] and len(ids) > made:
                return events, told


def test_a_load_is_sent_at_its_rate_and_every_trade_has_an_id_of_its_own(simulator: Simulator) -> None:
    began = time.monotonic()
    events, told = asyncio.run(loaded(simulator, "T.AAPL,Q.AAPL,T.SPY,Q.SPY,T.KO"))
    assert time.monotonic() - began >= LOAD["seconds"]
    made = [event for event in events if event["ev"] == "T" and int(event["i"]) >= 10**12]
    assert len(made) == len({event["i"] for event in made}) == told["sent_trades"]
    assert 0.2 < told["sent_trades"] / told["sent_events"] < 0.3
    assert {event["sym"] for event in made} == {"AAPL", "SPY"}  # of KO it wants no quotes


def test_a_load_looks_like_the_market_it_is_sent_in(simulator: Simulator) -> None:
    events, _ = asyncio.run(loaded(simulator, "T.SPY,Q.SPY", symbols=["SPY"]))
    trades, quotes = ([event for event in events if event["ev"] == kind] for kind in "TQ")
    own = next(event for event in trades if int(event["i"]) < 10**12)
    made = next(event for event in trades if int(event["i"]) >= 10**12)
    assert own.keys() == made.keys()
    assert len({frozenset(event) for event in quotes}) == 1  # the made ones are not to be told from the market's
    assert all(event["bp"] < event["ap"] for event in quotes)
    assert abs(made["p"] / own["p"] - 1) < 0.02
    assert abs(made["t"] - simulator.control("GET", "/sim/clock")["market_ns"] // 10**6) < 600_000


def test_a_load_can_be_ended_and_nonsense_is_refused(simulator: Simulator) -> None:
    assert simulator.control("POST", "/sim/load", {"seconds": 3000})["running"]
    assert not simulator.control("DELETE", "/sim/load")["running"]
    for nonsense in ({"events_per_second": 0}, {"seconds": "long"}, {"trade_share": 2}, {"seconds": 1e9}, {"pace": 1}):
        said = simulator.control("POST", "/sim/load", nonsense, wanted=422)["error"]
        assert said.endswith(".")


@pytest.mark.parametrize("rate", [1_000, 200_000])
def test_what_a_held_up_loop_is_behind_follows_at_twice_the_rate(rate: int) -> None:
    pace, sent = Pace(rate), 0
    for step in range(1, 101):
        sent += pace.due(step * 0.005, 0.005)
    assert sent == pytest.approx(rate * 0.5, abs=5)
    burst = pace.due(0.7, 0.2)  # nothing for 200 ms
    assert burst <= rate * 0.05
    following = [pace.due(0.7 + step * 0.005, 0.005) for step in range(1, 60)]
    assert max(following) <= rate * 0.01
    assert sent + burst + sum(following) == pytest.approx(rate * (0.7 + 59 * 0.005), abs=5)


def test_a_second_s_debt_is_the_most_that_is_paid() -> None:
    pace = Pace(1000)
    paid = sum(pace.due(10 + step * 0.005, 0.005) for step in range(1000))
    assert paid == pytest.approx(1000 + 5000, abs=10)
