"""The tick spool: portions survive a restart in order, a torn end is left out, and what does not fit is refused."""

import stat
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from qv_desktop.adapters.db.tick_spool import TickSpool, TimedBar
from qv_desktop.domain.market import Bar, Timeframe, Trade

ROOM = 10_000_000
START = 1_772_460_000_000_000_000


def trades(count: int, first: int = 0) -> list[Trade]:
    return [Trade("BRK.B", START + n, 100.25 + n, 5, f"t{n}", "V", "A", "@ I") for n in range(first, first + count)]


def bars(count: int) -> list[TimedBar]:
    return [
        (Timeframe(1, "s"), Bar("AAPL", START + n, 1, 2, 0.5, 1.5, 10, n, None if n % 2 else 1.25))
        for n in range(count)
    ]


def all_of(spool: TickSpool) -> list[tuple[list[Trade], list[TimedBar]]]:
    found = []
    while (portion := spool.first()) is not None:
        found.append(portion)
        spool.drop_first()
    return found


def test_portions_come_back_in_order_after_a_restart(tmp_path: Path) -> None:
    spool = TickSpool(tmp_path / "spool", ROOM)
    assert spool.keep(trades(12_000), bars(7))
    assert spool.keep(trades(3, 12_000), [])
    again = TickSpool(tmp_path / "spool", ROOM)
    assert again.keep([], bars(2))
    assert again.waiting == 12_012
    assert all_of(again) == [(trades(12_000), bars(7)), (trades(3, 12_000), []), ([], bars(2))]
    assert (again.waiting, again.first(), list((tmp_path / "spool").iterdir())) == (0, None, [])


def test_the_first_portion_stays_until_it_is_dropped(tmp_path: Path) -> None:
    spool = TickSpool(tmp_path, ROOM)
    spool.keep(trades(2), [])
    assert spool.first() == spool.first() == (trades(2), [])
    assert TickSpool(tmp_path, ROOM).waiting == 2


def test_nobody_else_may_read_what_waits(tmp_path: Path) -> None:
    TickSpool(tmp_path / "spool", ROOM).keep(trades(1), [])
    (file,) = (tmp_path / "spool").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("cut", [1, 4, 9, 5_000])
def test_what_a_kill_in_the_middle_of_a_write_tore_off_is_left_out(tmp_path: Path, cut: int) -> None:
    TickSpool(tmp_path, ROOM).keep(trades(12_000), [])
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-cut])
    spool = TickSpool(tmp_path, ROOM)
    spool.keep(trades(1), [])
    with capture_logs() as said:
        assert all_of(spool) == [(trades(10_000), []), (trades(1), [])]
    assert [line["event"] for line in said] == ["spooled_ticks_torn"]


@pytest.mark.parametrize("content", [b"", b"\0" * 64, b"nonsense", b"\xff" * 100])
def test_a_file_of_which_nothing_can_be_read_holds_up_no_other(tmp_path: Path, content: bytes) -> None:
    spool = TickSpool(tmp_path, ROOM)
    spool.keep(trades(5), [])
    (file,) = tmp_path.iterdir()
    file.write_bytes(content)
    spool.keep(trades(1), [])
    assert all_of(TickSpool(tmp_path, ROOM)) == [(trades(1), [])]


def test_a_changed_byte_is_found(tmp_path: Path) -> None:
    TickSpool(tmp_path, ROOM).keep(trades(5), [])
    (file,) = tmp_path.iterdir()
    content = bytearray(file.read_bytes())
    content[40] ^= 1
    file.write_bytes(content)
    assert all_of(TickSpool(tmp_path, ROOM)) == []


def test_more_than_its_room_is_not_kept(tmp_path: Path) -> None:
    spool = TickSpool(tmp_path, 1_000)
    assert spool.keep(trades(5), [])
    assert not spool.keep(trades(40), [])
    assert all_of(spool) == [(trades(5), [])]
    assert spool.keep(trades(5), [])


def test_a_folder_that_cannot_be_written_keeps_nothing_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("in the way")
    spool = TickSpool(tmp_path / "spool", ROOM)
    with capture_logs() as said:
        assert not spool.keep(trades(5), [])
    assert (spool.waiting, spool.first()) == (0, None)
    assert [line["event"] for line in said] == ["ticks_not_spooled", "spooled_ticks_stay"]


def test_a_write_that_fails_half_way_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = TickSpool(tmp_path, ROOM)
    spool.keep(trades(1), [])

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    assert not spool.keep(trades(5), [])
    monkeypatch.undo()
    assert spool.keep(trades(2), [])
    assert all_of(TickSpool(tmp_path, ROOM)) == [(trades(1), []), (trades(2), [])]
