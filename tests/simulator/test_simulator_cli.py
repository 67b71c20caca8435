"""The simulator's command line: what it announces, and one clear sentence for everything that cannot be done."""

import gzip
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from qv_desktop.simulator.__main__ import main
from qv_desktop.simulator.faults import TARGETS
from tests.simulator.process import running

HEADING = "date,open,high,low,close,volume\n"
GOOD = "2020-12-15 09:30,10,11,9,10.5,1200\n2020-12-15 09:31,10.5,11,10,10.6,900\n"


NOBODY = str(2**22 + 1)  # no process has this id: a simulator that does start ends at once


def run(*flags: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "qv_desktop.simulator", "--parent", NOBODY, *flags]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


type Refused = Callable[..., str]


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Refused:
    """The one sentence with which flags are refused."""

    def sentence(*flags: str) -> str:
        status = main(["--parent", NOBODY, *flags])
        shown = capsys.readouterr()
        assert (status, shown.out) == (2, ""), shown.err
        said = shown.err.removesuffix("\n")
        assert said.endswith(".")
        assert "\n" not in said
        return said

    return sentence


def test_a_refusal_ends_the_process_with_status_2_and_nothing_on_standard_output() -> None:
    ended = run("--speed", "0")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "--speed 0 is out of range; use more than 0 and at most 10000.\n"


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--port", "abc"], "--port"),
        (["--port", "99999"], "--port"),
        (["--port", "-1"], "--port"),
        (["--speed", "0"], "--speed 0 is out of range"),
        (["--speed", "nan"], "--speed"),
        (["--speed", "inf"], "--speed"),
        (["--seed", "-1"], "--seed -1 is negative"),
        (["--seed", "one"], "--seed"),
        (["--start", "noon"], "use HH:MM"),
        (["--start", "25:00"], "use HH:MM"),
        (["--start", "1999-01-04T10:00"], "is outside"),
        (["--date", "tomorrow"], "use YYYY-MM-DD"),
        (["--date", "2026-07-03"], "closed on 2026-07-03"),
        (["--date", "2026-03-21"], "closed on 2026-03-21"),
        (["--symbols", "0"], "--symbols 0 is out of range"),
        (["--symbols", "100000"], "--symbols 100000 is out of range"),
        (["--cash", "lots"], "is not an amount"),
        (["--cash", "-5"], "is not an amount"),
        (["--cash", "NaN"], "is not an amount"),
        (["--moon", "1"], "--moon"),
        (["whatever"], "whatever"),
    ],
)
def test_a_flag_that_cannot_be_used_is_named_in_one_sentence(refused: Refused, flags: list[str], words: str) -> None:
    assert words in refused(*flags)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("SPY.csv", b"", "no column date"),
        ("SPY.csv", HEADING.encode(), "has no bars"),
        ("SPY.csv", b"date,open,high,low,close\n", "no column volume"),
        ("SPY.csv", f"{HEADING}2020-12-15 09:30,10,11,9,ten,100\n".encode(), "line 2: close 'ten'"),
        ("SPY.csv", f"{HEADING}{GOOD}half past nine,10,11,9,10,100\n".encode(), "line 4: 'half past nine'"),
        ("SPY.csv", f"{HEADING}2020-12-15 09:30,10,11,10.2,10.5,100\n".encode(), "line 2: open 10.0"),
        ("SPY.csv", f"{HEADING}2020-12-15 09:30,10,11,9,10.5,-1\n".encode(), "line 2: volume -1.0"),
        ("SPY.csv", f"{HEADING}{GOOD}{GOOD}".encode(), "line 4: 2020-12-15 09:30 does not come after"),
        ("SPY.csv", f"{HEADING}2020-12-13 09:30,10,11,9,10.5,100\n".encode(), "2020-12-13"),
        ("SPY.csv", b"\xff\xfe\x00", "UTF-8"),
        ("SPY.csv.gz", b"not gzip", "SPY.csv.gz cannot be read"),
        ("SPY.csv.gz", gzip.compress((HEADING + GOOD * 99).encode())[:-20], "SPY.csv.gz cannot be read"),
        ("SPY.parquet", b"not parquet", "SPY.parquet cannot be read"),
        ("2020.csv", (HEADING + GOOD).encode(), "--symbol"),
    ],
)
def test_a_file_that_cannot_be_replayed_is_refused_with_the_place(
    refused: Refused, tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    assert words in refused("--replay", str(file))


def test_a_file_that_is_not_there_is_refused(refused: Refused, tmp_path: Path) -> None:
    assert "nowhere.csv" in refused("--replay", str(tmp_path / "nowhere.csv"))
    assert "There is no file" in refused("--replay", str(tmp_path))


def test_a_port_that_is_taken_is_refused(refused: Refused) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert "choose another --port" in refused("--port", port)


def test_help_names_every_flag() -> None:
    shown = run("--help")
    assert shown.returncode == 0
    flags = ("port", "seed", "speed", "start", "date", "replay", "symbol", "symbols", "parent", "cash")
    for flag in (*flags, "alpaca-key", "alpaca-secret", "polygon-key"):
        assert f"--{flag}" in shown.stdout


def test_the_first_line_says_where_and_when_it_runs() -> None:
    with running("--date", "2026-03-18", "--start", "10:00", "--speed", "5", "--symbols", "3") as simulator:
        assert simulator.ready.keys() == {"port", "market_ns", "wall_ns", "speed", "symbols"}
        assert (simulator.ready["speed"], simulator.ready["symbols"]) == (5.0, 3)
        clock = simulator.control("GET", "/sim/clock")
        passed = (clock["wall_ns"] - simulator.ready["wall_ns"]) * 5
        assert abs(clock["market_ns"] - simulator.ready["market_ns"] - passed) < 1_000_000_000
        start = 1_773_842_400_000_000_000  # 2026-03-18 10:00 in New York
        assert 0 <= simulator.ready["market_ns"] - start < 60_000_000_000


def test_it_ends_when_its_parent_is_gone() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as parent:
        command = [sys.executable, "-m", "qv_desktop.simulator", "--symbols", "1", "--parent", str(parent.pid)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert json.loads(process.stdout.readline())["symbols"] == 1
            assert process.poll() is None
            parent.communicate(b"\n")
            assert process.wait(60) == 0


def test_it_ends_when_it_is_told_to() -> None:
    command = [sys.executable, "-m", "qv_desktop.simulator", "--symbols", "1", "--parent", str(os.getpid())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = json.loads(process.stdout.readline())["port"]
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(b"POST /sim/stop HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
            assert b"stopping" in connection.recv(4096)
        assert process.wait(60) == 0


def test_the_guide_names_every_flag_target_and_fault() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "guide" / "simulator.md").read_text(encoding="utf-8")
    flags = {word.strip(",") for word in run("--help").stdout.split() if word.startswith("--")} - {"--help"}
    kinds = {kind for known in TARGETS.values() for kind in known}
    assert len(flags) > 10
    assert [name for name in sorted(flags | kinds | TARGETS.keys()) if f"`{name}" not in guide] == []
