"""How the chart's benchmark hears its peers: what they told counts, what they did not is said, and nothing is made up."""

import sys
from itertools import pairwise
from pathlib import Path

import pytest

from tests.benchmarks import chart
from tests.benchmarks._chart_market import MINUTE, looks_at_all, looks_at_some, market, prints
from tests.benchmarks._chart_peers import running

OURS = {"pan_all_p99_ms": 4.0, "live_update_ms": 0.5, "bars": {"pan": 1000, "live": 500, "first": 100, "four": 100}}


def peer(program: str, limit: float = 30.0) -> dict[str, object]:
    return running.told([sys.executable, "-c", program], limit)


def test_every_group_of_figures_that_a_peer_tells_is_kept() -> None:
    assert peer("print('{\"a\": 1.5}'); print('a word of its own'); print('{\"b\": 2.5}')") == {"a": 1.5, "b": 2.5}


def test_what_was_told_before_the_time_was_up_counts_and_the_rest_is_said_to_be_missing() -> None:
    found = peer('import time; print(\'{"a": 1.5}\\n{"b": 2\', flush=True); time.sleep(60)', limit=2.0)
    assert found == {"a": 1.5, "incomplete": "stopped after 2 s"}


def test_a_peer_that_fails_says_why() -> None:
    found = peer("print('{\"a\": 1.5}', flush=True); raise SystemExit('no such chart')")
    assert found == {"a": 1.5, "incomplete": "ended with code 1: no such chart"}


def test_a_peer_writes_into_no_folder_of_the_persons(tmp_path: Path) -> None:
    found = peer("import json, os; print(json.dumps({'files': os.listdir(), 'here': os.getcwd()}))")
    assert found["files"] == [".vntrader"]
    assert not Path(str(found["here"])).exists()


def test_without_their_environment_there_are_no_peers_and_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(running, "ENVIRONMENT", tmp_path / ".bench")
    assert running.figures() == {}
    assert capsys.readouterr().err.count("\n") == 1
    assert chart.report(OURS | {"peers": {}}).startswith("pan_all_p99_ms")


def test_the_report_says_how_many_times_ours_a_peer_takes_and_on_how_many_bars() -> None:
    theirs = {"version": "1.9", "qt": "6.8", "bars": OURS["bars"], "pan_all_p99_ms": 90.0, "pan_all_samples": 12,
              "incomplete": "stopped after 60 s"}  # fmt: skip
    text = chart.report(OURS | {"peers": {"finplot": theirs}})
    assert "22.5×  1,000 and 1,000 bars" in text
    assert "12 of some 400 frames for pan_all" in text
    assert "Not all was measured: stopped after 60 s." in text
    assert [line.split() for line in text.splitlines() if "live_update_ms" in line][-1] == [
        "live_update_ms",
        "0.5",
        "—",
    ]


def test_the_report_warns_of_times_taken_on_a_busy_machine() -> None:
    busy, quiet = ({"bars": OURS["bars"], "pan_all_p99_ms": 90.0, "processor_share": share} for share in (0.45, 0.99))
    text = chart.report(OURS | {"peers": {"finplot": busy, "vnpy": quiet}})
    assert text.count("The machine was busy: it had 45% of a processor") == 1
    assert text.count("The machine was busy") == 1


@pytest.mark.parametrize("count", [10_000, 1_000_000])
def test_looks_at_all_bars_differ_from_frame_to_frame_and_hold_nearly_all(count: int) -> None:
    looks = looks_at_all(count, 300)
    assert all(before != after for before, after in pairwise(looks))
    assert all(left >= -5 and right <= count + 5 + 1e-6 for left, right in looks)
    assert min(right - left for left, right in looks) >= 0.95 * count
    assert max(right - left for left, right in looks) >= count


def test_looks_at_some_bars_differ_from_frame_to_frame_and_stay_among_the_bars() -> None:
    looks = looks_at_some(10_000, 300, 400)
    assert all(before != after for before, after in pairwise(looks))
    assert all(left > 0 and right < 10_000 for left, right in looks)
    assert all(250 <= right - left <= 350 for left, right in looks)


def test_every_tenth_print_begins_the_next_bar() -> None:
    last = market(100).last
    heard = list(prints(last, 25))
    assert [i for i, (_, began) in enumerate(heard, 1) if began] == [10, 20]
    assert {candle.start - last.start for candle, _ in heard} == {0, MINUTE, 2 * MINUTE}
    assert all(candle.low <= min(candle.open, candle.close) <= max(candle.open, candle.close) <= candle.high
               for candle, _ in heard)  # fmt: skip
