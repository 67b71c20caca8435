"""Faults, control and the life of the process, over real sockets."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from qv_desktop.simulator.__main__ import main
from qv_desktop.simulator.faults import Fault, Faults
from tests.simulator.process import Simulator, running

SURFACES = {"trading": "/v2/account", "data": "/v2/stocks/SPY/quotes/latest", "polygon": "/v2/last/trade/SPY"}


def ask(simulator: Simulator, method: str, path: str, body: object = None, wait: float = 10) -> tuple[int, Any, str]:
    """Status, headers and text of a request with all keys."""
    headers = {
        "APCA-API-KEY-ID": simulator.key,
        "APCA-API-SECRET-KEY": simulator.secret,
        "Content-Type": "application/json",
    }
    if path.startswith(("/v2/last", "/v3")):
        headers = {"Authorization": f"Bearer {simulator.polygon_key}"}
    connection = http.client.HTTPConnection(simulator.host, timeout=wait)
    try:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        connection.close()


def test_a_fault_is_taken_as_often_as_it_counts_and_only_by_its_kind_and_target() -> None:
    faults = Faults()
    heard: list[Fault] = []
    leave = faults.listen(heard.append)
    faults.add(Fault("mute", "polygon_stream", 2, {"code": 1001}))
    assert faults.take("abort", "polygon_stream") is None
    assert faults.take("mute", "alpaca_data") is None
    taken = [faults.take("mute", "polygon_stream") for _ in range(3)]
    assert [fault.params if fault else None for fault in taken] == [{"code": 1001}, {"code": 1001}, None]
    assert [fault.kind for fault in heard] == ["mute"]
    leave()
    faults.add(Fault("hang", "data"))
    assert len(heard) == 1
    faults.clear()
    assert faults.waiting() == []


@pytest.mark.parametrize("target", list(SURFACES))
def test_every_rest_surface_can_be_rate_limited_with_and_without_retry_after(simulator: Simulator, target: str) -> None:
    for params in ({"retry_after": 7}, {}):
        simulator.control("POST", "/sim/faults", {"kind": "rate_limit", "target": target, "params": params})
        status, headers, text = ask(simulator, "GET", SURFACES[target])
        assert status == 429
        assert headers.get("Retry-After") == (str(params["retry_after"]) if params else None)
        assert ("exceeded the maximum requests" if target == "polygon" else "too many requests") in text
    assert ask(simulator, "GET", SURFACES[target])[0] == 200


@pytest.mark.parametrize("target", list(SURFACES))
def test_every_rest_surface_can_answer_with_a_page_of_html(simulator: Simulator, target: str) -> None:
    simulator.control("POST", "/sim/faults", {"kind": "html_502", "target": target})
    status, headers, text = ask(simulator, "GET", SURFACES[target])
    assert (status, headers.get_content_type()) == (502, "text/html")
    assert "<html>" in text


def test_an_order_can_be_accepted_although_the_answer_is_504(simulator: Simulator) -> None:
    simulator.control("POST", "/sim/faults", {"kind": "accept_then_504", "target": "trading"})
    order = {"symbol": "KO", "qty": "1", "side": "buy", "type": "limit", "time_in_force": "day", "limit_price": "1.00",
             "client_order_id": "lost-in-transit"}  # fmt: skip
    assert ask(simulator, "POST", "/v2/orders", order)[0] == 504
    status, _, text = ask(simulator, "GET", "/v2/orders:by_client_order_id?client_order_id=lost-in-transit")
    assert status == 200
    assert json.loads(text)["symbol"] == "KO"


def test_a_reply_can_be_made_never_to_end(simulator: Simulator) -> None:
    simulator.control("POST", "/sim/faults", {"kind": "hang", "target": "polygon", "params": {"seconds": 60}})
    connection = http.client.HTTPConnection(simulator.host, timeout=0.6)
    connection.request("GET", SURFACES["polygon"], headers={"Authorization": f"Bearer {simulator.polygon_key}"})
    answer = connection.getresponse()
    assert answer.read(1) == b" "
    with pytest.raises(TimeoutError):
        answer.read(2)
    connection.close()
    assert ask(simulator, "GET", SURFACES["polygon"])[0] == 200


def test_waiting_faults_are_listed_and_can_be_forgotten(simulator: Simulator) -> None:
    fault = {"kind": "mute", "target": "alpaca_data", "count": 3, "params": {}}
    assert simulator.control("POST", "/sim/faults", fault) == {"faults": [fault]}
    assert simulator.control("GET", "/sim/faults") == {"faults": [fault]}
    assert simulator.control("DELETE", "/sim/faults") == {"faults": []}


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/sim/faults", {"kind": "earthquake", "target": "data"}, "no fault 'earthquake'"),
        ("/sim/faults", {"kind": "hang", "target": "moon"}, "Unknown target 'moon'"),
        ("/sim/faults", {"kind": "hang", "target": "data", "count": 0}, "at least 1"),
        ("/sim/faults", {"target": "data"}, "must have a kind"),
        ("/sim/halt", {"symbol": "NOPE"}, "does not trade 'NOPE'"),
        ("/sim/price", {"symbol": "KO", "price": -1}, "A price is"),
        ("/sim/price", {"symbol": "KO", "price": True}, "A price is"),
        ("/sim/resume", [1], "JSON object"),
    ],
)
def test_a_control_request_that_cannot_be_obeyed_says_why(
    simulator: Simulator, path: str, body: object, words: str
) -> None:
    assert words in simulator.control("POST", path, body, wanted=422)["error"]


def test_halts_prices_and_the_clock_are_controlled_by_requests(simulator: Simulator) -> None:
    assert simulator.control("POST", "/sim/halt", {"symbol": "IBM"}) == {"symbol": "IBM", "halted": True}
    assert simulator.control("POST", "/sim/resume", {"symbol": "IBM"}) == {"symbol": "IBM", "halted": False}
    simulator.control("POST", "/sim/price", {"symbol": "IBM", "price": 123.45})
    deadline = time.monotonic() + 20
    while (price := json.loads(ask(simulator, "GET", "/v2/last/trade/IBM")[2])["results"]["p"]) > 130:
        assert time.monotonic() < deadline
    assert 120 < price < 127
    first, second = simulator.control("GET", "/sim/clock"), simulator.control("GET", "/sim/clock")
    market, wall = (second[name] - first[name] for name in ("market_ns", "wall_ns"))
    assert market > 0
    assert abs(market - wall) < 5 * 10**9  # a busy machine may pause between the two readings
    assert simulator.ready["symbols"] == 60
    assert simulator.control("POST", "/sim/reset")["speed"] == 1.0


def test_it_stops_when_asked_to_and_on_a_signal() -> None:
    with running("--symbols", "2") as simulator:
        assert simulator.control("POST", "/sim/stop") == {"stopping": True}
        assert _gone(simulator.pid)
    with running("--symbols", "2") as simulator:
        os.kill(simulator.pid, signal.SIGTERM)
        assert _gone(simulator.pid)


def test_it_stops_when_its_parent_is_killed() -> None:
    starter = (
        "import os, subprocess, sys, time;"
        "p = subprocess.Popen([sys.executable, '-m', 'qv_desktop.simulator', '--symbols', '2', '--parent',"
        " str(os.getpid())], stdout=subprocess.PIPE, text=True);"
        "print(p.pid, p.stdout.readline(), flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", starter], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline().split()[0])
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert _gone(child)


def _gone(pid: int) -> bool:
    """Whether a process ends within some seconds (one that waits for its parent to collect it has ended)."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
            with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
                if stat.read().rpartition(")")[2].split()[0] == "Z":
                    return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--speed", "0"], "--speed 0 is out of range"),
        (["--speed", "fast"], "invalid float value"),
        (["--date", "2026-12-25"], "The exchange is closed on 2026-12-25"),
        (["--date", "soon"], "'soon' is not a day"),
        (["--start", "half past"], "is not a time"),
        (["--start", "1999-01-04T10:00"], "is outside"),
        (["--symbols", "0"], "--symbols 0 is out of range"),
        (["--cash", "lots"], "is not an amount"),
        (["--what"], "unrecognized arguments: --what"),
        (["--port", "99999"], "--port 99999 is out of range"),
        (["--seed", "-1"], "--seed -1 is negative"),
    ],
)
def test_bad_input_gets_one_sentence_and_exit_code_2(
    flags: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(flags) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert words.lower() in said.err.lower()
    assert said.err.count("\n") == 1


def test_a_port_that_is_taken_is_named(simulator: Simulator) -> None:
    port = simulator.host.rpartition(":")[2]
    command = [sys.executable, "-m", "qv_desktop.simulator", "--symbols", "1", "--port", port]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert f"cannot listen on port {port}" in ended.stderr
