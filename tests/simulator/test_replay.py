"""Recorded bars come back exactly, next to the synthetic symbols, and bad files are refused in one sentence."""

import gzip
import subprocess
import sys
from collections.abc import Callable
from datetime import date, time, timedelta
from itertools import pairwise
from pathlib import Path

import pyarrow
import pyarrow.csv
import pyarrow.parquet
import pytest

from qv_desktop.simulator import replay, sessions
from qv_desktop.simulator.market import Market, opened
from qv_desktop.simulator.tape import folded
from qv_desktop.simulator.ticks import DAY_SECONDS, MINUTE, Bar
from tests.simulator.openapi import SHARED
from tests.simulator.process import running

RECORDED = SHARED / "market" / "SPY_1min_2020-12-15_18.csv.gz"
DAILY = SHARED / "market" / "SPY_daily_1999_2020.csv.gz"
HEADING = "date,open,high,low,close,volume"
DAYS = [date(2020, 12, 15), date(2020, 12, 16)]


def shared(file: Path) -> Path:
    if not file.is_file():
        pytest.skip(f"the recorded market {file.name} is not beside this checkout")
    return file


def made_rows(days: list[date] = DAYS) -> list[str]:
    """One-minute rows 09:30 to 16:00 that go up and down, with some awkward ones among them."""
    rows = []
    for day in days:
        for minute in range(391):
            at = sessions.new_york(sessions.known(day).open + minute * MINUTE)
            o, c = 100 + (minute % 7) * 0.13, 100 + ((minute + 3) % 5) * 0.21
            h, low = max(o, c) + (minute % 3) * 0.05, min(o, c) - (minute % 2) * 0.045
            volume = 0 if minute == 5 else 3 if minute == 6 else 1000 * (minute % 11) + 17
            rows.append(f"{at:%Y-%m-%d %H:%M},{o:.4f},{h:.4f},{low:.4f},{c:.4f},{volume}")
    return rows


def written(folder: Path, rows: list[str], name: str = "ABC_1min.csv", heading: str = HEADING) -> Path:
    file = folder / name
    file.write_text("\n".join([heading, *rows]) + "\n", encoding="utf-8")
    return file


def after_the_end(recorded: replay.Replay) -> Market:
    last = list(recorded.days)[-1]
    return opened(1, sessions.ns(last, time(20, 30)), 4, recorded)


def bars_and_folded_ticks(market: Market, symbol: str, day: date) -> tuple[list[Bar], list[Bar]]:
    session = sessions.known(day)
    bars = market.bars(symbol, 60, session.pre_open, session.post_close)
    ticks = [folded(market.trades(symbol, bar.t, bar.t + MINUTE, 1000), bar.t, 60) for bar in bars]
    return bars, ticks


def facts(bar: Bar | replay.Row) -> tuple[float, float, float, float, int]:
    return bar.open, bar.high, bar.low, bar.close, bar.volume


@pytest.mark.parametrize("source", ["made", "recorded"])
def test_ticks_fold_back_to_exactly_the_file(source: str, tmp_path: Path) -> None:
    file = written(tmp_path, made_rows()) if source == "made" else shared(RECORDED)
    recorded = replay.read(file)
    market = after_the_end(recorded)
    assert market.symbols()[0] == recorded.symbol
    for day, rows in recorded.days.items():
        bars, ticks = bars_and_folded_ticks(market, recorded.symbol, day)
        assert [facts(bar) for bar in bars] == [facts(tick) for tick in ticks] == [facts(row) for row in rows]
        assert [sessions.new_york(bar.t) for bar in bars] == [row.at for row in rows]


def test_the_row_at_the_close_is_the_closing_print_of_the_day(tmp_path: Path) -> None:
    recorded = replay.read(written(tmp_path, made_rows()))
    market = after_the_end(recorded)
    rows, day = recorded.days[DAYS[1]], market.day_bar("ABC")
    assert day is not None
    assert rows[-1].at.time() == time(16)
    assert facts(day) == (
        rows[0].open,
        max(row.high for row in rows),
        min(row.low for row in rows),
        rows[-1].close,
        sum(row.volume for row in rows),
    )


def test_synthetic_days_meet_the_recorded_ones_and_other_symbols_trade_alongside(tmp_path: Path) -> None:
    recorded = replay.read(written(tmp_path, made_rows()))
    market = after_the_end(recorded)
    month = market.bars("ABC", DAY_SECONDS, sessions.midnight(date(2020, 11, 1)), market.now())
    assert len(month) > 25
    assert all(abs(after.open / before.close - 1) < 0.2 for before, after in pairwise(month))
    session = sessions.known(DAYS[0])
    assert market.bars("QQQ", 60, session.open, session.close)
    old = market.bars("ABC", DAY_SECONDS, sessions.midnight(date(2005, 1, 1)), market.now())
    assert len(old) > 15 * 250


def test_the_replayed_ticks_are_streamed_as_they_stand_in_the_history(tmp_path: Path) -> None:
    recorded = replay.read(written(tmp_path, made_rows()))
    market = opened(1, sessions.ns(DAYS[1], time(11)), 2, recorded, speed=600)
    heard: list[object] = []
    market.subscribe(heard.extend)
    end = market.now() + 4 * MINUTE
    while market.now() < end:
        market.step()
    bars = [one for one in heard if isinstance(one, Bar) and one.span == 60 and one.symbol == "ABC"]
    wanted = [row for row in recorded.days[DAYS[1]] if row.at.time() >= time(11)][: len(bars)]
    assert len(bars) >= 3
    assert [facts(bar) for bar in bars] == [facts(row) for row in wanted]


def test_gzip_parquet_a_byte_order_mark_capital_headings_and_offsets_are_all_read(tmp_path: Path) -> None:
    rows = made_rows()
    plain = replay.read(written(tmp_path, rows))
    packed = tmp_path / "ABC_1min.csv.gz"
    packed.write_bytes(gzip.compress(("\ufeffTimestamp,OPEN,High,low,Close,VOLUME\n" + "\n".join(rows)).encode()))
    assert replay.read(packed) == plain
    in_utc = [_in_utc(row) for row in rows]
    assert replay.read(written(tmp_path, in_utc, "ABC_utc.csv")) == plain
    table = pyarrow.csv.read_csv(tmp_path / "ABC_1min.csv")
    pyarrow.parquet.write_table(table, tmp_path / "ABC_1min.parquet")
    assert replay.read(tmp_path / "ABC_1min.parquet") == plain
    assert plain.symbol == "ABC"
    assert replay.read(packed, "XYZ").symbol == "XYZ"


def _in_utc(row: str) -> str:
    day, rest = row.split(" ", 1)
    clock, values = rest.split(",", 1)
    hour, minute = clock.split(":")
    return f"{day}T{int(hour) + 5:02}:{minute}:00+00:00,{values}"


def spoiled(line: int, change: Callable[[str], str]) -> list[str]:
    rows = made_rows()
    rows[line - 2] = change(rows[line - 2])
    return rows


@pytest.mark.parametrize(
    ("line", "change", "problem"),
    [
        (17, lambda row: row.replace(",", ",x", 1), "line 17: open 'x"),
        (9, lambda row: "gestern" + row[16:], "line 9: 'gestern' is not a date and time"),
        (30, lambda row: ",".join(row.split(",")[:4]), "line 30: close '' is not a number"),
        (12, lambda row: ",".join([*row.split(",")[:2], "99", *row.split(",")[3:]]), "line 12: open"),
        (44, lambda row: ",".join([*row.split(",")[:5], "-5"]), "line 44: volume -5.0"),
        (8, lambda row: ",".join([row.split(",")[0], "-1", "1", "-2", "-1", "5"]), "line 8: low -2.0"),
        (50, lambda row: ",".join([*row.split(",")[:5], "nan"]), "line 50: volume 'nan'"),
        (60, lambda row: row.replace("2020-12-15 10:28", "2020-12-15 10:20"), "line 60"),
    ],
)
def test_a_malformed_line_is_named_with_its_problem(
    line: int, change: Callable[[str], str], problem: str, tmp_path: Path
) -> None:
    with pytest.raises(replay.ReplayError) as refused:
        replay.read(written(tmp_path, spoiled(line, change)))
    assert problem in str(refused.value)
    assert "\n" not in str(refused.value)


def test_files_that_cannot_be_replayed_are_refused_with_what_to_do(tmp_path: Path) -> None:
    daily = [f"{day},1,2,1,2,100" for day in sessions.trading_days()[5000:5050]]
    cases = {
        "minute bars": written(tmp_path, daily, "ABC_daily.csv"),
        "no bars": written(tmp_path, [], "ABC_empty.csv"),
        "no column volume": written(tmp_path, [], "ABC_short.csv", "date,open,high,low,close"),
        "There is no file": tmp_path / "absent.csv",
        "exchange was closed": written(tmp_path, [made_rows()[0].replace("12-15", "12-19")], "ABC_sat.csv"),
        "--symbol": written(tmp_path, made_rows(), "2020.csv"),
        "cannot be read": written(tmp_path, made_rows(), "ABC.csv.gz"),
        "Parquet": written(tmp_path, made_rows(), "ABC.parquet"),
    }
    for problem, file in cases.items():
        with pytest.raises(replay.ReplayError) as refused:
            replay.read(file)
        assert problem in str(refused.value)
    if DAILY.is_file():
        with pytest.raises(replay.ReplayError, match="daily bars; replay needs one-minute bars"):
            replay.read(DAILY)


def test_the_process_starts_on_the_third_recorded_session_at_eleven(tmp_path: Path) -> None:
    days = [date(2020, 12, 15) + timedelta(days=number) for number in range(4)]
    file = written(tmp_path, made_rows(days))
    with running("--replay", str(file), "--symbols", "3") as simulator:
        started = sessions.new_york(simulator.ready["market_ns"])
        assert (started.date(), started.hour, started.minute) == (days[2], 11, 0)


def test_the_process_refuses_a_bad_file_with_one_sentence_and_exit_code_2(tmp_path: Path) -> None:
    file = written(tmp_path, spoiled(20, lambda row: row + "x"))
    command = [sys.executable, "-m", "qv_desktop.simulator", "--replay", str(file)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.count("\n") == 1
    assert "ABC_1min.csv line 20: volume" in ended.stderr
