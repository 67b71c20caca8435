"""Sweeps without a window: the real program on imported bars, what it prints, writes and stores, and a sweep that is repeated."""

import csv
import json
import math
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
import pytest

from qv_desktop.cli.sweep import told
from qv_desktop.domain.backtests import BacktestSpec
from qv_desktop.domain.sweeps import Axis, SweepResult, SweepRow, SweepSpec
from tests.cli.test_backtest import imported, weekdays
from tests.stories.program import is_one_sentence, ran


@pytest.fixture
def a_sweep() -> SweepResult:
    base = BacktestSpec("sma_cross", 1, ("SPY",), "1D", date(2020, 1, 1), date(2020, 2, 1), ())
    return SweepResult("r", SweepSpec(base, (Axis("fast", (1.0,)),)), "u", datetime(2026, 11, 1, tzinfo=UTC), 1.0, (), (), 100, 252.0,
                       "c", "d", "s", "h", "e", "1 process")  # fmt: skip


def test_a_sweep_is_run_stored_written_and_repeated_to_the_last_bit(open_folder: Path, postgres_url: str) -> None:
    home, days, here = open_folder / "home", weekdays(250), {"QV_DATABASE_URL": postgres_url}
    imported(open_folder, "AAA", days, 1, home, postgres_url)
    rows = open_folder / "rows.csv"
    span = ("--from", str(days[0]), "--to", str(days[-1]))
    words = (
        "sweep",
        "sma_cross",
        "aaa",
        *span,
        "--sweep",
        "fast=3:15:3",
        "--sweep",
        "slow=10,20,30",
        "--where",
        "fast < slow",
    )
    done = ran(home, *words, "--json", "--csv", str(rows), "--workers", "2", **here)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert len(told["rows"]) == 13
    assert all(row["fast"] < row["slow"] for row in told["rows"])
    written = list(csv.DictReader(rows.open(encoding="utf-8")))
    assert [float(row["sharpe"]) for row in written] == [row["sharpe"] for row in told["rows"]]

    again = ran(home, "sweep", "--rerun", told["id"][:10], "--workers", "1", **here)
    assert (again.returncode, again.stdout) == (0, "Every number is the same to its last bit.\n"), again.stderr
    imported(open_folder, "AAA", days, 2, home, postgres_url, "--replace")
    other = ran(home, "sweep", "--rerun", told["id"][:10], **here)
    assert other.returncode == 1
    assert "The bars are not the same." in other.stdout
    shown = ran(home, *words, "--no-store", **here).stdout
    assert "13 combinations over" in shown
    assert "Not stored." in shown

    with psycopg.connect(postgres_url.replace("+psycopg", "")) as connection:
        assert connection.execute("SELECT id, symbol, combinations FROM sweeps").fetchall() == [(told["id"], "AAA", 13)]
        asked = "SELECT action, object_id, outcome FROM audit_log WHERE action LIKE 'sweep.%' ORDER BY sequence"
        assert connection.execute(asked).fetchall() == [
            ("sweep.run", told["id"], "ok"),
            *[("sweep.rerun", told["id"], "ok")] * 2,
        ]

    # one combination of the sweep, as a backtest of its own
    row = max(told["rows"], key=lambda one: one["trades"])
    chosen = ("--set", f"fast={row['fast']:g}", "--set", f"slow={row['slow']:g}")
    alone = json.loads(ran(home, "backtest", "sma_cross", "aaa", *span, *chosen, "--json", **here).stdout)
    fresh = json.loads(ran(home, *words, "--no-store", "--json", **here).stdout)
    same = next(one for one in fresh["rows"] if (one["fast"], one["slow"]) == (row["fast"], row["slow"]))
    figures = dict(alone["statistics"])
    assert alone["data_hash"] == fresh["data_hash"]
    assert same["total_return"] == pytest.approx(figures["Total return"], rel=1e-9)
    assert same["sharpe"] == pytest.approx(figures["Sharpe"], rel=1e-9)
    assert same["trades"] == figures["Trades"]


SPAN = ("sma_cross", "SPY", "--from", "2020-01-01", "--to", "2020-02-01")


@pytest.mark.parametrize(("words", "sentence"), [
    (("sma_cross",), "Say which strategy and on what"), ((*SPAN, "--sweep", "fast"), "NAME=low:high:step"),
    ((*SPAN, "--sweep", "fast=2,4", "--html", "x.html"), "writes no page"),
    (("--rerun", "abc", "--json"), "takes the terms of the stored sweep"),
])  # fmt: skip
def test_what_cannot_be_understood_is_one_sentence(tmp_path: Path, words: tuple[str, ...], sentence: str) -> None:
    done = ran(tmp_path, "sweep", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert is_one_sentence(done.stderr)


def test_a_cluster_in_the_open_is_refused_before_anything_runs(open_folder: Path, postgres_url: str) -> None:
    home, days, here = open_folder / "home", weekdays(60), {"QV_DATABASE_URL": postgres_url}
    imported(open_folder, "AAA", days, 1, home, postgres_url)
    words = (
        "sweep",
        "sma_cross",
        "aaa",
        "--from",
        str(days[0]),
        "--to",
        str(days[-1]),
        "--sweep",
        "fast=3,5",
        "--set",
        "slow=10",
    )
    done = ran(home, *words, "--cluster", "tcp://10.1.2.3:8786", **here)
    assert done.returncode == 2
    assert "unprotected" in done.stderr
    assert is_one_sentence(done.stderr)


def test_the_best_are_named_first_and_what_has_no_figure_last(a_sweep: SweepResult) -> None:
    ratios = (0.5, math.nan, 2.0, math.nan, 1.0, -1.0)
    rows = tuple(
        SweepRow((float(i),), 0.1, ratio, -0.1, i, profit_factor=ratio, calmar=ratio) for i, ratio in enumerate(ratios)
    )
    lines = told(replace(a_sweep, rows=rows), False, None).splitlines()[3:9]
    assert [line.split()[0] for line in lines] == ["2", "4", "0", "5", "1", "3"]
    assert [line.split()[2] for line in lines] == ["2.000", "1.000", "0.500", "-1.000", "—", "—"]
