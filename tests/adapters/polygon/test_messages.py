"""Polygon's recorded messages become our values; what is bad is counted and costs nothing else."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.adapters.polygon.messages import Heard, heard
from qv_desktop.domain.market import Bar, Batch, Quote, Trade


def recorded(path: Path) -> bytes:
    content = json.loads(path.read_bytes())
    return json.dumps(content if isinstance(content, list) else [content]).encode()


def read(*frames: bytes | str) -> tuple[Heard, Batch]:
    found = heard(frames)
    return found, found.batch()


def nothing(batch: Batch) -> bool:
    return batch == Batch([], [], [], [], halts=[], events=batch.events)


def test_recorded_trades_keep_their_stamp_exchange_tape_and_conditions(wire: Path) -> None:
    found, batch = read(recorded(wire / "polygon/client-python_ws/T_AAPL_2.json"))
    assert batch.trades == [Trade("AAPL", 1651684192462000000, 161.87, 300, "5096", "N", "C", "14 41")]
    two, batch = read(recorded(wire / "polygon/client-python_ws/T_AMZN_3.json"))
    assert [trade.id for trade in batch.trades] == ["72815", "799"]
    assert batch.trades[1].conditions == ""
    assert batch.events == 2
    assert found.bad == two.bad == 0


def test_a_recorded_quote_counts_its_round_lots_as_shares(wire: Path) -> None:
    _, batch = read(recorded(wire / "polygon/openapi_ws/stocks_Q.json"))
    assert batch.quotes == [Quote("MSFT", 1536036818784000000, 114.125, 10_000, 114.128, 16_000)]


def test_of_each_symbols_quotes_the_newest_is_kept_over_all_frames_and_every_trade() -> None:
    quotes = [f'{{"ev":"Q","sym":"{symbol}","t":{t},"bp":{t}.5,"ap":{t}.6}}' for t in (1, 2, 3) for symbol in "AB"]
    trades = [f'{{"ev":"T","sym":"A","t":{t},"p":1.5,"s":1,"i":"{t}"}}' for t in (1, 2, 3)]
    found, batch = read(*(f"[{quote},{trade}]" for quote, trade in zip(quotes, trades * 2, strict=True)))
    assert [(quote.symbol, quote.bid) for quote in batch.quotes] == [("A", 3.5), ("B", 3.5)]
    assert [trade.id for trade in batch.trades] == ["1", "2", "3"] * 2
    assert (batch.events, found.messages) == (12, 12)


def test_recorded_bars_are_stamped_by_their_start_and_do_not_guess_their_number_of_trades(wire: Path) -> None:
    _, minute = read(recorded(wire / "polygon/openapi_ws/stocks_AM.json"))
    assert minute.minutes == [Bar("GTE", 1610144640000000000, 0.4488, 0.4489, 0.4486, 0.4486, 4110, 0, 0.4488)]
    _, second = read(recorded(wire / "polygon/openapi_ws/stocks_A.json"))
    assert second.seconds == [Bar("SPCE", 1610144868000000000, 25.39, 25.39, 25.39, 25.39, 200, 0, 25.3981)]


def test_an_exchange_that_is_new_keeps_its_number() -> None:
    _, batch = read('[{"ev":"T","sym":"A","t":1,"p":1.5,"s":1,"x":77,"z":9,"c":[2,900]}]')
    assert (batch.trades[0].exchange, batch.trades[0].tape, batch.trades[0].conditions) == ("77", "", "2 900")


def test_recorded_price_bands_are_no_halt(wire: Path) -> None:
    found, batch = read(recorded(wire / "polygon/openapi_ws/stocks_LULD.json"))
    assert nothing(batch)
    assert (found.messages, found.bad) == (1, 0)


@pytest.mark.parametrize(("t", "ns"), [(1601316752683, 1601316752683000000), (1601316752683746, 1601316752683746000)])
def test_halt_and_resumption_indicators_are_understood_in_milliseconds_and_microseconds(t: int, ns: int) -> None:
    _, batch = read(f'[{{"ev":"LULD","T":"MSFT","i":[17],"t":{t}}},{{"ev":"LULD","T":"MSFT","i":[18],"t":{t}}}]')
    assert [(halt.symbol, halt.at, halt.halted) for halt in batch.halts] == [
        ("MSFT", ns, True),
        ("MSFT", ns, False),
    ]


@pytest.mark.parametrize("name", ["status_connected_0", "status_auth_success_1"])
def test_recorded_statuses_are_kept_apart_from_values(wire: Path, name: str) -> None:
    found, batch = read(recorded(wire / f"polygon/client-python_ws/{name}.json"))
    assert nothing(batch)
    assert batch.events == 0
    assert len(found.statuses) == 1


def test_the_recorded_eviction_is_a_status(wire: Path) -> None:
    found, _ = read(recorded(wire / "polygon/errors_field_reports/ws_max_connections.json"))
    assert found.statuses[0].status == "max_connections"


@pytest.mark.parametrize("name", ["stocks_NOI", "launchpad_stocks_LV", "business_stocks_FMV"])
def test_kinds_that_we_did_not_ask_for_are_passed_over_without_blame(wire: Path, name: str) -> None:
    found, batch = read(recorded(wire / f"polygon/openapi_ws/{name}.json"))
    assert nothing(batch)
    assert (found.statuses, found.bad) == ([], 0)


def test_a_bad_message_costs_only_itself() -> None:
    good = '{"ev":"T","sym":"A","t":1,"p":1.5,"s":1,"i":"1"}'
    bad = ['{"ev":"T","sym":"A","t":1,"p":-1,"s":1}', '{"ev":"T","sym":"","t":1,"p":1,"s":1}', '{"ev":"T"}', "7", "null",
           '{"ev":"Q","sym":"A","t":"now","bp":1}', '{"ev":"AM","sym":"A","s":1e30,"o":1,"h":1,"l":1,"c":1,"v":1}']  # fmt: skip
    found, batch = read(f"[{','.join([good, *bad, good])}]")
    assert len(batch.trades) == 2
    assert found.bad == len(bad)


@pytest.mark.parametrize("frame", [b"", b"\xff\xfe", b"{}", b"null", b"[", b'"text"', b"[[[[", b"[" * 100_000])
def test_a_frame_that_is_none_is_counted(frame: bytes) -> None:
    found, batch = read(frame)
    assert found.bad == 1
    assert nothing(batch)


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: f"[{text}]".encode()))
def test_no_bytes_make_it_raise(frame: bytes) -> None:
    read(frame)


@given(st.data())
def test_no_mutation_of_a_real_frame_makes_it_raise_or_yields_an_absurd_price(data: st.DataObject) -> None:
    frame = bytearray(b'[{"ev":"T","sym":"MSFT","x":4,"i":"12345","z":3,"p":114.125,"s":100,"c":[0,12],"t":1536036818784,"q":3681328},'
                      b'{"ev":"Q","sym":"MSFT","bx":4,"bp":114.125,"bs":100,"ax":7,"ap":114.128,"as":160,"t":1536036818784}]')  # fmt: skip
    for _ in range(data.draw(st.integers(1, 4))):
        frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
    _, batch = read(bytes(frame))
    assert all(0 < trade.price < 1e9 for trade in batch.trades)
    assert all(0 <= quote.bid < 1e9 and 0 <= quote.ask < 1e9 for quote in batch.quotes)


def test_a_print_behind_its_own_minute_s_bar_is_late_and_one_before_it_is_not() -> None:
    minute = b'{"ev":"AM","sym":"A","s":60000,"e":120000,"o":1,"h":1,"l":1,"c":1,"v":9}'
    prints = [b'{"ev":"T","sym":"%b","x":1,"i":"%d","z":1,"p":1,"s":1,"t":%d}' % one
              for one in ((b"A", 1, 119_000), (b"A", 2, 119_500), (b"A", 3, 120_000), (b"B", 4, 119_500))]  # fmt: skip
    found = heard([b"[" + b",".join([prints[0], minute, *prints[1:]]) + b"]"]).batch()
    assert [trade.id for trade in found.trades] == ["1", "2", "3", "4"]
    assert [trade.id for trade in found.late] == ["2"]
