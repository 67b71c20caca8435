"""Request limits that are set while the simulator runs."""

import http.client
import time
from collections.abc import Iterator

import pytest

from qv_desktop.simulator.limits import Window
from tests import canaries
from tests.simulator.process import Simulator

PATHS = {"polygon": f"/v2/last/trade/SPY?apiKey={canaries.POLYGON_KEY}", "data": "/v2/stocks/trades/latest?symbols=SPY"}
KEYS = {"APCA-API-KEY-ID": canaries.ALPACA_KEY, "APCA-API-SECRET-KEY": canaries.ALPACA_SECRET}


@pytest.fixture(autouse=True)
def no_limits_left(simulator: Simulator) -> Iterator[None]:
    yield
    simulator.control("POST", "/sim/limits", dict.fromkeys(("polygon", "data", "trading")) | {"retry_after": False})


def asked(simulator: Simulator, target: str) -> tuple[int, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection(simulator.host, timeout=30)
    connection.request("GET", PATHS[target], headers=KEYS)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, answer.headers


def test_there_is_no_limit_until_one_is_set(simulator: Simulator) -> None:
    assert [asked(simulator, "polygon")[0] for _ in range(20)] == [200] * 20
    assert simulator.control("GET", "/sim/limits")["limits"] == {}


def test_beyond_polygon_s_limit_the_answer_is_429_and_says_when_to_return_if_asked_to(simulator: Simulator) -> None:
    simulator.control("POST", "/sim/limits", {"polygon": 5})
    assert [asked(simulator, "polygon")[0] for _ in range(7)] == [200] * 5 + [429] * 2
    assert asked(simulator, "polygon")[1]["Retry-After"] is None
    assert asked(simulator, "data")[0] == 200  # each vendor counts its own
    simulator.control("POST", "/sim/limits", {"retry_after": True})
    assert 0 < int(asked(simulator, "polygon")[1]["Retry-After"]) <= 60
    assert simulator.control("GET", "/sim/limits")["refused"]["polygon"] == 4


def test_alpaca_s_answers_count_down_what_is_left(simulator: Simulator) -> None:
    assert int(asked(simulator, "data")[1]["X-RateLimit-Limit"]) > 0
    simulator.control("POST", "/sim/limits", {"data": 3})
    left = [asked(simulator, "data")[1]["X-RateLimit-Remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    status, headers = asked(simulator, "data")
    assert (status, headers["X-RateLimit-Limit"], headers["X-RateLimit-Remaining"]) == (429, "3", "0")
    assert 0 < int(headers["X-RateLimit-Reset"]) - time.time() <= 62


def test_a_limit_makes_room_as_its_window_moves_on() -> None:
    window = Window(2, 60)
    assert [window.wait(at) for at in (0.0, 10.0, 20.0, 59.0)] == [0, 0, 40, 1]
    assert [window.wait(at) for at in (60.0, 61.0)] == [0, 9]


@pytest.mark.parametrize("nonsense", [{"polygon": 0}, {"data": "many"}, {"polygon": 5, "seconds": 0}])
def test_a_limit_that_makes_no_sense_is_refused(simulator: Simulator, nonsense: dict[str, object]) -> None:
    assert simulator.control("POST", "/sim/limits", nonsense, wanted=422)["error"].endswith(".")
