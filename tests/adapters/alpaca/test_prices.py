"""Alpaca's recorded market data becomes our values."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.adapters.alpaca.prices import heard, snapshot
from qv_desktop.domain.market import Bar, Halt, Quote, Trade

FOLDER = "alpaca/stream_marketdata_docs_2026"


def frame(wire: Path, name: str) -> bytes:
    content = json.loads((wire / FOLDER / name).read_bytes())
    return json.dumps(content if isinstance(content, list) else [content]).encode()


def test_recorded_messages_keep_their_nanoseconds(wire: Path) -> None:
    assert heard(frame(wire, "trade_t.json")).values == [
        Trade("AAPL", 1614009104208000000, 126.55, 1, "96921", "D", "C", "@ I")
    ]
    assert heard(frame(wire, "quote_q.json")).values == [Quote("AMD", 1614009105335689322, 87.66, 1, 87.68, 4)]
    assert heard(frame(wire, "bar_b.json")).values == [
        Bar("SPY", 1614021300000000000, 388.985, 389.13, 388.975, 389.12, 49378, 461, 389.062639)
    ]
    assert [trade.at % 1000 for trade in heard(frame(wire, "batch_trades.json")).values] == [225, 809, 730]


def test_a_recorded_halt_says_why(wire: Path) -> None:
    halt = heard(frame(wire, "status_s.json")).values[0]
    assert isinstance(halt, Halt)
    assert halt.halted
    assert "Trading Halted" in halt.reason


@pytest.mark.parametrize(
    ("code", "halted"), [("H", True), ("P", True), ("2", True), ("T", False), ("3", False), ("F", None)]
)
def test_only_codes_that_stop_or_resume_trading_are_halts(code: str, halted: bool | None) -> None:
    values = heard(f'[{{"T":"s","S":"A","sc":"{code}","t":"2021-02-22T19:15:00Z"}}]').values
    assert [value.halted for value in values if isinstance(value, Halt)] == ([] if halted is None else [halted])


@pytest.mark.parametrize(
    "name", ["luld_l.json", "imbalance_i.json", "correction_c.json", "cancelerror_x.json", "subscription_full.json"]
)
def test_kinds_without_a_place_here_are_passed_over_without_blame(wire: Path, name: str) -> None:
    found = heard(frame(wire, name))
    assert (found.values, found.bad) == ([], 0)


def test_recorded_handshakes_and_errors_are_kept_apart(wire: Path) -> None:
    folder = wire / "alpaca/docs_examples/api_references_market_data_api_stock_pricing_data_realtime"
    assert heard((folder / "01_success_connected.json").read_bytes()).successes == ["connected"]
    codes = [heard(path.read_bytes()).errors[0].code for path in sorted(folder.glob("*_error_*.json"))]
    assert codes == [400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 500]


def test_a_bad_message_costs_only_itself() -> None:
    good = '{"T":"q","S":"A","t":"2021-02-22T19:15:00Z","bp":1,"ap":2}'
    bad = [
        '{"T":"q","S":"A","t":"soon"}',
        '{"T":"t","S":"A","t":"2021-02-22T19:15:00Z","p":0,"s":1}',
        "5",
        '{"T":"b","S":"A"}',
    ]
    found = heard(f"[{','.join([good, *bad, good])}]")
    assert (len(found.values), found.bad) == (2, len(bad))


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: f"[{text}]".encode()))
def test_no_bytes_make_it_raise(content: bytes) -> None:
    heard(content)


@given(st.text(max_size=40))
def test_no_time_makes_it_raise(stamp: str) -> None:
    heard(json.dumps([{"T": "q", "S": "A", "t": stamp, "bp": 1}]))


def test_a_recorded_snapshot_is_a_watchlist_row(wire: Path) -> None:
    raw = json.loads((wire / "alpaca/openapi_data/get_v2_stocks_snapshots_200_snapshots.json").read_bytes())
    row = snapshot("AAPL", raw["AAPL"])
    assert (row.last, row.previous_close, row.day_open, row.day_volume) == (172.61, 173.19, 172.62, 56457696)
    assert row.quote is not None
    assert (row.quote.bid, row.quote.ask) == (172.6, 172.7)


def test_an_empty_snapshot_leaves_all_unknown() -> None:
    row = snapshot("AAPL", {"latestTrade": None, "dailyBar": {}})
    assert (row.last, row.last_at, row.quote, row.day_open, row.previous_close) == (None, None, None, None, None)
