"""Backtests without a window: the real program on imported bars, what it prints and stores, and a run that is repeated."""

import json
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import psycopg
import pytest

from tests.stories.program import SHARED, is_one_sentence, ran

SPY = SHARED / "market" / "SPY_daily_1999_2020.csv.gz"
HOLD = """
import numpy as np

TITLE = "Buy once"
PARAMS = ()


def signals(bars, params):
    print("seen", len(bars.close), "bars")
    flags = np.zeros(len(bars.close), dtype=bool)
    entries = flags.copy()
    entries[0] = True
    return entries, flags
"""


def weekdays(count: int) -> list[date]:
    """New York's sessions from January 2019 on, but for the holidays that the test means to miss."""
    days = (date(2019, 1, 2) + timedelta(n) for n in range(400))
    return [day for day in days if day.weekday() < 5][:count]


def imported(folder: Path, symbol: str, days: Sequence[date], seed: int, home: Path, url: str, *more: str) -> None:
    rng = np.random.default_rng(seed)
    close = 50 * np.exp(np.cumsum(rng.normal(0.0005, 0.015, len(days))))
    rows = [
        f"{day},{c * 0.999:.4f},{c * 1.01:.4f},{c * 0.985:.4f},{c:.4f},1000" for day, c in zip(days, close, strict=True)
    ]
    file = folder / f"{symbol}.csv"
    file.write_text("\n".join(["date,open,high,low,close,volume", *rows]))
    done = ran(home, "import", str(file), "--symbol", symbol, "--timeframe", "1D", "--zone", "America/New_York", "--prices", "traded",
               "--stamps", "start", "--yes", *more, QV_DATABASE_URL=url)  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_a_backtest_is_run_stored_repeated_and_found_to_differ_when_its_data_does(
    open_folder: Path, postgres_url: str
) -> None:
    home, days, here = open_folder / "home", weekdays(250), {"QV_DATABASE_URL": postgres_url}
    gone = days[100]
    imported(open_folder, "AAA", [day for day in days if day != gone], 1, home, postgres_url)
    imported(open_folder, "BBB", days, 2, home, postgres_url)
    page = open_folder / "page.html"
    words = ("backtest", "sma_cross", "aaa, bbb", "--from", str(days[0]), "--to", str(days[-1]), "--set", "fast=5", "--set", "slow=20",
             "--size", "equal 100%", "--stop-loss", "5%", "--benchmark", "bbb", "--direction", "both")  # fmt: skip
    done = ran(home, *words, "--json", "--html", str(page), **here)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["spec"]["symbols"] == ["AAA", "BBB"]
    assert {trade["side"] for trade in told["trades"]} == {"long", "short"}
    assert {trade["symbol"] for trade in told["trades"]} == {"AAA", "BBB"}
    assert told["equity"][-1] == pytest.approx(1e5 + sum(part["profit"] for part in told["contributions"]), rel=1e-9)
    assert any("AAA: 1 of" in line and str(gone) in line for line in told["missing"]), told["missing"]
    assert "sma_cross" in page.read_text(encoding="utf-8")
    run = told["id"]

    again = ran(home, "backtest", "--rerun", run[:10], **here)
    assert (again.returncode, again.stdout.partition(":")[0]) == (0, "The same numbers"), again.stdout + again.stderr
    imported(open_folder, "BBB", days, 3, home, postgres_url, "--replace")
    other = ran(home, "backtest", "--rerun", run[:10], **here)
    assert other.returncode == 1
    assert "The data is not the same" in other.stdout
    assert "Total return:" in other.stdout

    with psycopg.connect(postgres_url.replace("+psycopg", "")) as connection:
        assert connection.execute("SELECT id, symbol FROM backtests").fetchall() == [(run, "AAA, BBB")]
        rows = connection.execute(
            "SELECT action, object_id FROM audit_log WHERE action LIKE 'backtest.%' ORDER BY sequence"
        ).fetchall()
        assert rows == [("backtest.run", run), ("backtest.rerun", run), ("backtest.rerun", run)]

    own = open_folder / "hold.py"
    own.write_text(HOLD)
    file = (
        "backtest",
        str(own),
        "BBB",
        "--from",
        str(days[0]),
        "--to",
        str(days[-1]),
        "--size",
        "100sh",
        "--fees",
        "0",
        "--slippage",
        "0",
    )
    refused = ran(home, *file, **here)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "say --yes" in refused.stderr
    held = ran(home, *file, "--json", "--yes", **here)
    found = json.loads(held.stdout)
    # bought at the second bar's open and never sold
    [trade] = found["trades"]
    assert found["equity"][-1] == pytest.approx(1e5 + 100 * (trade["exit"] - trade["entry"]), rel=1e-12)
    assert (trade["open"], trade["size"], found["log"]) == (True, 100, f"seen {len(days)} bars\n")
    shown = ran(home, *words, "--no-store", **here).stdout
    assert "Not stored." in shown
    assert "Sharpe" in shown


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("sma_cross",), "Say which strategy and on what"),
        (("sma_cross", "SPY"), "Say from which day to which"),
        (("sma_cross", "SPY", "--from", "2020-01-01", "--to", "2020-02-01", "--size", "much"), "“much” is no size"),
        (
            ("sma_cross", "SPY", "--from", "2020-01-01", "--to", "2020-02-01", "--hours", "25:00-26:00"),
            "names no hours",
        ),
        (("sma_cross", "SPY", "--from", "2020-01-01", "--to", "2020-02-01", "--set", "fast"), "sets no parameter"),
        (("sma_cross", "SPY", "--from", "2020-01-01", "--to", "2020-02-01", "--stop-loss", "far"), "is no stop loss"),
        (("--rerun", "abc", "--json"), "takes the terms of the stored backtest"),
    ],
)
def test_what_cannot_be_understood_is_one_sentence(tmp_path: Path, words: tuple[str, ...], sentence: str) -> None:
    done = ran(tmp_path, "backtest", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert is_one_sentence(done.stderr)


@pytest.mark.skipif(not SPY.exists(), reason="the recorded bars of SPY are not beside this checkout")
def test_twenty_years_of_spy_are_tested_with_no_vendor(open_folder: Path, postgres_url: str) -> None:
    home, here = open_folder / "home", {"QV_DATABASE_URL": postgres_url}
    done = ran(home, "import", str(SPY), "--symbol", "SPY", "--timeframe", "1D", "--zone", "America/New_York", "--prices", "traded",
               "--stamps", "start", "--yes", **here)  # fmt: skip
    assert done.returncode == 0, done.stderr
    words = ("SPY", "--from", "1999-11-01", "--to", "2020-08-28", "--set", "fast=50", "--set", "slow=200", "--json")
    told = json.loads(ran(home, "backtest", "sma_cross", *words, **here).stdout)
    assert (told["bars"], len(told["equity"]), len(told["trades"])) == (5241, 5241, 11)
    assert [line for line in told["missing"] if "session" in line] == []  # the file has every one
    assert any("Splits and dividends of SPY may be missing" in line for line in told["missing"])
