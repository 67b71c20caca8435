"""Alpaca's recorded market data becomes our values."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.adapters.alpaca.price_messages import Heard, heard
from qv_desktop.adapters.alpaca.prices import snapshot
from qv_desktop.adapters.alpaca.stamps import stamp
from qv_desktop.domain.market import Bar, Batch, Correction, Quote, Snapshot, Trade

FOLDER = "alpaca/stream_marketdata_docs_2026"


def frame(wire: Path, name: str) -> bytes:
    content = json.loads((wire / FOLDER / name).read_bytes())
    return json.dumps(content if isinstance(content, list) else [content]).encode()


def read(*frames: bytes | str) -> tuple[Heard, Batch]:
    found = heard(frames)
    return found, found.batch()


def test_recorded_messages_keep_their_nanoseconds(wire: Path) -> None:
    names = ("trade_t.json", "quote_q.json", "bar_b.json", "batch_trades.json")
    trade, quote, bar, trades = (read(frame(wire, name))[1] for name in names)
    assert trade.trades == [Trade("AAPL", 1614009104208000000, 126.55, 1, "96921", "D", "C", "@ I")]
    assert quote.quotes == [Quote("AMD", 1614009105335689322, 87.66, 1, 87.68, 4)]
    assert bar.minutes == [Bar("SPY", 1614021300000000000, 388.985, 389.13, 388.975, 389.12, 49378, 461, 389.062639)]
    assert [trade.at % 1000 for trade in trades.trades] == [225, 809, 730]


def test_amended_minutes_and_the_day_so_far_are_told_from_each_other() -> None:
    bars = [
        f'{{"T":"{kind}","S":"A","t":"2021-02-22T19:15:00Z","o":1,"h":2,"l":1,"c":2,"v":10,"n":3}}' for kind in "bud"
    ]
    _, batch = read(f"[{','.join(bars)}]")
    assert (len(batch.minutes), len(batch.days), batch.events) == (2, 1, 3)
    assert batch.days[0].count == 3


def test_a_recorded_correction_and_a_recorded_cancel_name_the_print_and_what_stands_in_its_place(wire: Path) -> None:
    _, corrected = read(frame(wire, "correction_c.json"))
    at = 1680791106542305024
    right = Trade("EEM", at, 39.1809, 440000, "52983525034326", "M", "B", "  7")
    assert corrected.corrections == [Correction("EEM", at, "52983525033527", "M", "B", right)]
    _, cancelled = read(frame(wire, "cancelerror_x.json"))
    assert cancelled.corrections == [Correction("GOOGL", 1680786942835409580, "465", "D", "C", None)]


def test_a_recorded_halt_says_why(wire: Path) -> None:
    (halt,) = read(frame(wire, "status_s.json"))[1].halts
    assert halt.halted
    assert "Trading Halted" in halt.reason


@pytest.mark.parametrize(
    ("code", "halted"), [("H", True), ("P", True), ("2", True), ("T", False), ("3", False), ("F", None)]
)
def test_only_codes_that_stop_or_resume_trading_are_halts(code: str, halted: bool | None) -> None:
    _, batch = read(f'[{{"T":"s","S":"A","sc":"{code}","t":"2021-02-22T19:15:00Z"}}]')
    assert [halt.halted for halt in batch.halts] == ([] if halted is None else [halted])


@pytest.mark.parametrize("name", ["luld_l.json", "imbalance_i.json", "subscription_full.json"])
def test_kinds_without_a_place_here_are_passed_over_without_blame(wire: Path, name: str) -> None:
    found, batch = read(frame(wire, name))
    assert (batch.events, found.bad) == (0, 0)
    assert batch == Batch([], [], [], (), [], [], [])


def test_recorded_handshakes_and_errors_are_kept_apart(wire: Path) -> None:
    folder = wire / "alpaca/docs_examples/api_references_market_data_api_stock_pricing_data_realtime"
    assert heard([(folder / "01_success_connected.json").read_bytes()]).successes == ["connected"]
    codes = [heard([path.read_bytes()]).errors[0].code for path in sorted(folder.glob("*_error_*.json"))]
    assert codes == [400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 500]


def test_a_bad_message_costs_only_itself() -> None:
    good = '{"T":"q","S":"A","t":"2021-02-22T19:15:00Z","bp":1,"ap":2}'
    bad = [
        '{"T":"q","S":"A","t":"soon"}',
        '{"T":"t","S":"A","t":"2021-02-22T19:15:00Z","p":0,"s":1}',
        "5",
        '{"T":"b","S":"A"}',
    ]
    found, batch = read(f"[{','.join([good, *bad, good])}]")
    assert (batch.events, len(batch.quotes), found.bad) == (2, 1, len(bad))


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: f"[{text}]".encode()))
def test_no_bytes_make_it_raise(content: bytes) -> None:
    read(content)


@given(st.text(max_size=40))
def test_no_time_makes_it_raise(text: str) -> None:
    read(json.dumps([{"T": "q", "S": "A", "t": text, "bp": 1}]))


@pytest.mark.parametrize(
    ("text", "ns"),
    [("2021-02-22T15:51:44.208Z", 1614009104208000000), ("2021-02-22T15:51:44Z", 1614009104000000000),
     ("2021-02-22T15:51:44.000000001Z", 1614009104000000001), ("2021-02-22T10:51:44.5-05:00", 1614009104500000000)],
)  # fmt: skip
def test_times_are_exact_however_they_are_written_and_however_often(text: str, ns: int) -> None:
    assert [stamp(text) for _ in range(3)] == [ns] * 3


@pytest.mark.parametrize(
    "text", ["", "soon", "9999-12-31T23:59:59Z", "1900-01-01T00:00:00Z", "2021-02-22T15:51:44.x5Z"]
)
def test_what_is_no_time_of_this_age_is_refused(text: str) -> None:
    stamp("2021-02-22T15:51:44.1Z")
    with pytest.raises(ValueError, match=r"2021|9999|1900|soon|Invalid|^$|invalid"):
        stamp(text)


def test_a_recorded_snapshot_is_a_watchlist_row(wire: Path) -> None:
    raw = json.loads((wire / "alpaca/openapi_data/get_v2_stocks_snapshots_200_snapshots.json").read_bytes())
    row = snapshot("AAPL", raw["AAPL"])
    # recorded at 6:18 in New York, when the daily bar was still the day before's
    assert (row.last, row.previous_close, row.day_open, row.day_volume) == (172.61, 173.03, None, None)
    assert row.quote is not None
    assert (row.quote.bid, row.quote.ask) == (172.6, 172.7)


def test_an_empty_snapshot_leaves_all_unknown() -> None:
    row = snapshot("AAPL", {"latestTrade": None, "dailyBar": {}})
    assert (row.last, row.last_at, row.quote, row.day_open, row.previous_close) == (None, None, None, None, None)


def test_before_the_open_the_daily_bar_is_yesterdays_and_its_close_the_previous_one() -> None:
    def told(traded: str) -> Snapshot:
        day = {"t": "2026-03-09T04:00:00Z", "o": 9, "h": 12, "l": 8, "c": 11, "v": 500}
        return snapshot(
            "A", {"latestTrade": {"t": traded, "p": 11.5}, "dailyBar": day, "prevDailyBar": {**day, "c": 7}}
        )

    early, same_day = told("2026-03-10T08:05:00Z"), told("2026-03-09T23:30:00Z")
    assert (early.previous_close, early.day_open, early.day_volume) == (11, None, None)
    assert (same_day.previous_close, same_day.day_open, same_day.day_volume) == (7, 9, 500)
