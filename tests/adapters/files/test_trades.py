"""Ticks: prices and sizes with their times, known by their ids or by their order."""

from pathlib import Path

import pytest

from qv_desktop.domain.errors import BadInput
from tests.adapters.files.written import read

FLAT = (
    "ticker,conditions,correction,exchange,id,participant_timestamp,price,sequence_number,sip_timestamp,size,tape,trf_id\n"
    'AAPL,"12,37",0,11,71,1608042600000000001,120.5,9,1608042600000000123,100,3,0\n'
    "AAPL,,0,4,72,1608042600000000002,120.51,10,1608042600000000124,7.5,3,202\n"
)


def test_trades_keep_their_ids_and_the_tapes_time(tmp_path: Path) -> None:
    found = read(tmp_path, FLAT, "2020-12-15.csv")
    assert (found.frame, found.symbol, len(found.bars)) == (None, "AAPL", 0)
    assert list(found.trades) == [
        ("AAPL", 1608042600000000123, 120.5, 100, "71", "11", "3", "12 37"),
        ("AAPL", 1608042600000000124, 120.51, 7.5, "72", "4", "3", ""),
    ]


def test_trades_without_ids_are_known_by_time_and_order_and_that_is_said(tmp_path: Path) -> None:
    text = "time,price,volume\n2020-12-15 09:30:00.5,10,1\n2020-12-15 09:30:00.5,10,1\n2020-12-15 09:30:00.75,10,2\n"
    found = read(tmp_path, text)
    assert [(trade.id, trade.size) for trade in found.trades] == [
        ("1608042600500000000-0", 1), ("1608042600500000000-1", 1), ("1608042600750000000-0", 2)]  # fmt: skip
    assert any("no trade ids" in line for line in found.understood)
    assert [trade.id for trade in read(tmp_path, text).trades] == [trade.id for trade in found.trades]


@pytest.mark.parametrize(("rows", "why"), [
    ("2020-12-15 09:30:00,0,1\n", "line 2: .*no price above 0"),
    ("2020-12-15 09:30:00,1,-1\n", "line 2: .*no size"),
    ("2020-12-15 09:30:00,1,\n", "line 2: .*no size"),
    ("2020-12-15 09:30:01,1,1\n2020-12-15 09:30:02,1,1\n2020-12-15 09:30:00,1,1\n", "line 4: "),
    ("2020-12-15,1,1\n", "needs its time"),
])  # fmt: skip
def test_trades_that_no_exchange_printed_are_refused(tmp_path: Path, rows: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        read(tmp_path, "time,price,size\n" + rows)


def test_single_trades_and_slices_are_the_same(tmp_path: Path) -> None:
    trades = read(tmp_path, FLAT).trades
    assert [trades[0], trades[-1]] == trades[:] == list(trades)
    with pytest.raises(IndexError):
        trades[2]
