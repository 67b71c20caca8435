"""Imports and exports over a real database: once, without overwriting, recorded, and back again the same."""

import asyncio
import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from qv_desktop.adapters.db.actions import ActionStore
from qv_desktop.adapters.db.bars import BarStore
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.ticks import TickStore
from qv_desktop.adapters.files.reading import MarketFiles
from qv_desktop.adapters.reports.tables import TableReports
from qv_desktop.domain.access import Role
from qv_desktop.domain.audit import Actor
from qv_desktop.domain.errors import BadInput, NotPermitted
from qv_desktop.domain.events import BarsAmended, Event
from qv_desktop.domain.history import Span, missing
from qv_desktop.domain.imports import Imported, Reading, Stored
from qv_desktop.domain.market import SECOND, Action, Bar, Timeframe, bar_start, ns
from qv_desktop.services.exports import Exports
from qv_desktop.services.imports import Imports
from qv_desktop.services.login import Login
from qv_desktop.services.ports.callbacks import Publish
from tests import fakes
from tests.builders import NOW, a_session

DAY, MINUTE = Timeframe(1, "D"), Timeframe(1, "m")
PERSON = Actor("os:trader", "system", host="desk")
ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)


class Desk:
    """The services over one database, with the stores and the trail to look at."""

    def __init__(self, database: Database, login: Login | None = None, publish: Publish = lambda event: None) -> None:
        self.bars, self.ticks, self.actions = BarStore(database), TickStore(database), ActionStore(database)
        self.trail = fakes.Trail()
        self.imports = Imports(
            MarketFiles(), self.bars, self.ticks, self.actions, lambda: NOW, self.trail, login, PERSON, publish
        )

    def stored(self, found: Imported, *, replace: bool = False) -> Stored:
        return asyncio.run(self.imports.store(found, replace=replace))

    def kept(self, symbol: str, frame: Timeframe) -> list[Bar]:
        return asyncio.run(self.bars.bars(symbol, frame, ALWAYS, NOW))


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def a_file(folder: Path, rows: str, name: str, head: str = "date,open,high,low,close,volume") -> Path:
    file = folder / name
    file.write_text(f"{head}\n{rows}", encoding="utf-8")
    return file


def days(first: int, count: int, close: float = 11) -> str:
    return "".join(f"2020-06-{first + n:02},10,12,9,{close},{1000 + n}\n" for n in range(count))


def understood(desk: Desk, file: Path, **told: object) -> Imported:
    return asyncio.run(desk.imports.understood(file, Reading(**told)))  # type: ignore[arg-type]


def test_a_file_is_stored_once_and_nobody_need_be_asked_for_its_span(desk: Desk, tmp_path: Path) -> None:
    found = understood(desk, a_file(tmp_path, days(1, 5), "ONCE.csv"))
    assert desk.stored(found) == Stored(5, 0, 0, 0, 0)
    assert desk.stored(found) == Stored(0, 0, 5, 0, 0)
    assert desk.kept("ONCE", DAY) == list(found.bars)
    after = bar_start(found.bars[-1].start + 30 * 3600 * SECOND, DAY)
    wanted = Span(found.bars[0].start, after)
    assert missing(wanted, asyncio.run(desk.bars.covered("ONCE", DAY))) == []


def test_stored_bars_with_other_values_stay_unless_the_person_says_otherwise(desk: Desk, tmp_path: Path) -> None:
    desk.stored(understood(desk, a_file(tmp_path, days(1, 5), "OTHER.csv")))
    contrary = understood(desk, a_file(tmp_path, days(3, 5, close=11.5), "OTHER.csv"))
    assert desk.stored(contrary) == Stored(2, 0, 0, 3, 0)
    assert [bar.close for bar in desk.kept("OTHER", DAY)] == [11] * 5 + [11.5] * 2
    assert desk.stored(contrary, replace=True) == Stored(0, 3, 2, 0, 0)
    assert [bar.close for bar in desk.kept("OTHER", DAY)] == [11] * 2 + [11.5] * 5


def test_a_file_that_knows_less_of_a_bar_takes_nothing_from_it(desk: Desk, tmp_path: Path) -> None:
    found = understood(desk, a_file(tmp_path, days(1, 2), "LESS.csv"))
    known = [Bar(b.symbol, b.start, b.open, b.high, b.low, b.close, b.volume, 7, 10.5) for b in found.bars]
    asyncio.run(desk.bars.save(DAY, known, "vendor"))
    assert desk.stored(found, replace=True) == Stored(0, 0, 2, 0, 0)
    assert desk.kept("LESS", DAY) == known


def test_many_rows_go_in_portions_with_progress(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qv_desktop.services.imports.PORTION", 2)
    told: list[float] = []
    found = understood(desk, a_file(tmp_path, days(1, 5), "MANY.csv"))
    asyncio.run(desk.imports.store(found, lambda fraction, _: told.append(fraction)))
    assert told == [0.4, 0.8, 1.0]
    assert len(desk.kept("MANY", DAY)) == 5


def test_a_hole_of_weeks_is_not_said_to_be_complete(desk: Desk, tmp_path: Path) -> None:
    rows = days(1, 3) + "".join(f"2020-07-{n:02},10,12,9,11,5\n" for n in (6, 7, 8))
    stored = desk.stored(understood(desk, a_file(tmp_path, rows, "HOLE.csv")))
    assert len(asyncio.run(desk.bars.covered("HOLE", DAY))) == 2
    assert stored.notes == ("1 holes of more than a week; charts ask a vendor for them",)


def test_the_day_under_way_is_not_said_to_be_complete(desk: Desk, tmp_path: Path) -> None:
    rows = "2026-11-18,10,12,9,11,5\n2026-11-19,10,12,9,11,5\n2026-11-20,10,12,9,11,5\n"
    desk.stored(understood(desk, a_file(tmp_path, rows, "TODAY.csv")))
    (span,) = asyncio.run(desk.bars.covered("TODAY", DAY))
    assert span.end == bar_start(ns(NOW), DAY)


def test_a_time_in_the_future_is_refused(desk: Desk, tmp_path: Path) -> None:
    rows = "2026-11-23,10,12,9,11,5\n2026-11-24,10,12,9,11,5\n"
    with pytest.raises(BadInput, match="in the future"):
        desk.stored(understood(desk, a_file(tmp_path, rows, "SOON.csv")))
    assert desk.kept("SOON", DAY) == []


def test_actions_are_added_and_a_vendors_own_stay(desk: Desk, tmp_path: Path) -> None:
    vendors = Action("PAYS", date(2020, 6, 2), "dividend", 0.5)
    asyncio.run(desk.actions.save_actions("PAYS", [vendors], NOW))
    rows = "2020-06-01,10,12,9,11,5,0,1\n2020-06-02,10,12,9,11,5,0.49,1\n2020-06-03,10,12,9,11,5,0.25,1\n"
    found = understood(desk, a_file(tmp_path, rows, "PAYS.csv", "date,open,high,low,close,volume,dividend,split"))
    assert desk.stored(found).actions == 1
    assert desk.stored(found).actions == 0
    fresh = Action("PAYS", date(2020, 6, 3), "dividend", 0.25)
    assert asyncio.run(desk.actions.actions("PAYS")) == (NOW, [vendors, fresh])


def test_actions_of_a_file_leave_the_vendor_to_be_asked(desk: Desk, tmp_path: Path) -> None:
    rows = "2020-06-01,10,12,9,11,5,0\n2020-06-02,10,12,9,11,5,0.49\n"
    desk.stored(understood(desk, a_file(tmp_path, rows, "FILED.csv", "date,open,high,low,close,volume,dividend")))
    asked, known = asyncio.run(desk.actions.actions("FILED"))
    assert asked == ALWAYS
    assert [one.amount for one in known] == [0.49]


def test_prices_divided_by_a_split_that_the_store_knows_are_multiplied_back(desk: Desk, tmp_path: Path) -> None:
    asyncio.run(desk.actions.save_actions("DIVS", [Action("DIVS", date(2020, 6, 3), "split", 4.0)], NOW))
    found = understood(desk, a_file(tmp_path, days(1, 4), "DIVS.csv"))
    stored = desk.stored(found)
    assert [bar.close for bar in desk.kept("DIVS", DAY)] == [44, 44, 11, 11]
    assert "split 4:1 of 2020-06-03" in stored.notes[0]
    assert desk.stored(found).same == 4


def test_ticks_are_stored_once(desk: Desk, tmp_path: Path) -> None:
    rows = "".join(f"2020-12-15 09:30:00.{n},10.5,{n}\n" for n in range(1, 6))
    found = understood(desk, a_file(tmp_path, rows, "TICK.csv", "time,price,size"))
    assert desk.stored(found) == Stored(5, 0, 0, 0, 0)
    assert desk.stored(found) == Stored(0, 0, 5, 0, 0)
    assert asyncio.run(desk.ticks.trades("TICK", 0, ns(NOW))) == list(found.trades)


def test_an_import_is_recorded_with_file_hash_rows_and_span(desk: Desk, tmp_path: Path) -> None:
    found = understood(desk, a_file(tmp_path, days(1, 5), "WHO.csv"))
    desk.stored(found)
    (entry,) = desk.trail.rows
    draft = entry.draft
    assert (draft.actor, draft.action, draft.object_type, draft.object_id, draft.outcome) == (
        PERSON, "data.imported", "bars", "WHO", "ok")  # fmt: skip
    told = json.loads(draft.after)
    assert (told["file"], told["sha256"], told["rows"], told["new"]) == ("WHO.csv", found.digest, 5, 5)
    assert told["from"].startswith("2020-06-01")
    assert told["to"].startswith("2020-06-05")


def test_a_viewer_may_neither_import_nor_export(database: Database, tmp_path: Path) -> None:
    users = fakes.Users(session=a_session(Role.VIEWER))
    login = Login(users, fakes.Trail(), lambda: NOW, "host")
    asyncio.run(login.sign_in("demo", "right"))
    desk = Desk(database, login)
    with pytest.raises(NotPermitted):
        understood(desk, a_file(tmp_path, days(1, 2), "NO.csv"))
    exports = Exports(TableReports(), login, desk.trail, lambda: NOW, tmp_path)
    with pytest.raises(NotPermitted):
        asyncio.run(exports.bars("NO", DAY, [Bar("NO", 0, 1, 1, 1, 1, 1)]))


@pytest.mark.parametrize("form", ["csv", "parquet"])
@pytest.mark.parametrize("frame", [DAY, MINUTE])
def test_what_is_exported_and_imported_again_is_the_same(
    desk: Desk, tmp_path: Path, form: str, frame: Timeframe
) -> None:
    symbol = f"R{form[0].upper()}{frame.unit.upper()}"
    first = datetime(2020, 10, 28, 4 if frame is DAY else 14, tzinfo=UTC)
    starts = sorted({bar_start(ns(first) + n * frame.seconds * SECOND, frame) for n in range(20)})
    bars = [
        Bar(symbol, start, 10.1, 12.3 + n / 7, 9.9, 11.1, 1000.5 + n, n % 3, 10.2 if n % 2 else None)
        for n, start in enumerate(starts)
    ]
    asyncio.run(desk.bars.save(frame, bars, "vendor"))
    exports = Exports(TableReports(), None, desk.trail, lambda: NOW, tmp_path, PERSON)
    file = asyncio.run(exports.bars(symbol, frame, desk.kept(symbol, frame), form))
    found = understood(desk, file)
    assert (found.symbol, found.frame, list(found.bars)) == (symbol, frame, bars)
    assert desk.stored(found) == Stored(0, 0, len(bars), 0, 0)
    assert desk.kept(symbol, frame) == bars


def test_adjusted_bars_do_not_come_back_as_if_they_had_traded_so(desk: Desk, tmp_path: Path) -> None:
    exports = Exports(TableReports(), None, desk.trail, lambda: NOW, tmp_path, PERSON)
    bars = [Bar("ADJ", bar_start(ns(NOW) - n * 86_400 * SECOND, DAY), 1, 1, 1, 1, 1) for n in (3, 2, 1)]
    file = asyncio.run(exports.bars("ADJ", DAY, bars, "csv", "split"))
    with pytest.raises(BadInput, match="prices are adjusted"):
        understood(desk, file)


def test_an_export_is_recorded_and_an_unknown_form_or_nothing_is_refused(desk: Desk, tmp_path: Path) -> None:
    exports = Exports(TableReports(), None, desk.trail, lambda: NOW, tmp_path / "exports", PERSON)
    with pytest.raises(BadInput, match="choose csv or parquet"):
        asyncio.run(exports.bars("X", DAY, [Bar("X", 0, 1, 1, 1, 1, 1)], "xlsx"))
    with pytest.raises(BadInput, match="no bars of X 1D"):
        asyncio.run(exports.bars("X", DAY, []))
    assert desk.trail.rows == []
    asyncio.run(exports.bars("BRK/B", DAY, [Bar("BRK/B", 0, 1, 1, 1, 1, 1)]))
    assert [entry.draft.action for entry in desk.trail.rows] == ["export.bars"]
    assert [path.name for path in (tmp_path / "exports").iterdir()] == ["BRK.B_1D-20261120-153000.csv"]


def test_charts_hear_whose_bars_an_import_changed_and_nothing_of_one_that_changed_none(
    database: Database, tmp_path: Path
) -> None:
    told: list[Event] = []
    desk = Desk(database, publish=told.append)
    found = understood(desk, a_file(tmp_path, days(1, 5), "HEARD.csv"))
    desk.stored(found)
    desk.stored(found)
    assert told == [BarsAmended("HEARD", datetime(2020, 6, 1, 4, tzinfo=UTC), datetime(2020, 6, 6, 4, tzinfo=UTC))]
