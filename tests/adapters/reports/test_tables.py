"""Tables as files: typed in Parquet, guarded in CSV, never over another file that nobody gave up."""

import asyncio
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qv_desktop.adapters.reports.tables import TableReports
from qv_desktop.domain.errors import BadInput
from tests.builders import NOW

HEAD = ["symbol", "last", "size", "cash", "at", "day", "odd", "none", "halted"]
ROWS = [
    ("=AAPL", 1.5, 100, Decimal("1694.04"), NOW, date(2026, 11, 20), "x", None, True),
    ("MSFT", None, 2, 3, datetime(2026, 11, 20, tzinfo=UTC), None, 7, None, False),
]


def test_columns_of_parquet_keep_their_kinds(tmp_path: Path) -> None:
    file = asyncio.run(TableReports().write("t.parquet", HEAD, ROWS, tmp_path, "parquet"))
    found = pq.read_table(file)
    kinds = dict(zip(found.column_names, found.schema.types, strict=True))
    assert kinds == {
        "symbol": pa.string(), "last": pa.float64(), "size": pa.int64(), "cash": pa.float64(), "at": pa.timestamp("us", "UTC"),
        "day": pa.date32(), "odd": pa.string(), "none": pa.string(), "halted": pa.bool_(),
    }  # fmt: skip
    first = found.to_pylist()[0]
    assert (first["symbol"], first["last"], first["cash"], first["at"]) == ("=AAPL", 1.5, 1694.04, NOW)


def test_numbers_beyond_every_kind_become_texts(tmp_path: Path) -> None:
    file = asyncio.run(TableReports().write("t.parquet", ["n"], [(2**70,)], tmp_path, "parquet"))
    assert pq.read_table(file).to_pylist() == [{"n": str(2**70)}]


def test_a_table_without_rows_is_a_file_with_its_head(tmp_path: Path) -> None:
    assert (
        pq.read_table(asyncio.run(TableReports().write("t.parquet", HEAD, [], tmp_path, "parquet"))).column_names
        == HEAD
    )
    assert asyncio.run(TableReports().write("t.csv", HEAD, [], tmp_path)).read_text().strip() == ",".join(HEAD)


def test_csv_keeps_its_guard_against_formulas(tmp_path: Path) -> None:
    text = asyncio.run(TableReports().write("t.csv", HEAD, ROWS, tmp_path)).read_text()
    assert text.splitlines()[1].startswith("'=AAPL,1.5,100,1694.04,2026-11-20 15:30:00+00:00,2026-11-20,x,,True")


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_file_that_is_there_stays_unless_it_may_be_replaced(tmp_path: Path, form: str) -> None:
    (tmp_path / "t").write_text("before")
    with pytest.raises(BadInput, match="exists already"):
        asyncio.run(TableReports(overwrite=False).write("t", HEAD, ROWS, tmp_path, form))
    assert (tmp_path / "t").read_text() == "before"
    asyncio.run(TableReports().write("t", HEAD, ROWS, tmp_path, form))
    assert b"AAPL" in (tmp_path / "t").read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["t"]


def test_a_link_is_not_followed_though_it_may_be_replaced(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("before")
    (tmp_path / "t.csv").symlink_to(target)
    for overwrite in (True, False):
        with pytest.raises(BadInput):
            asyncio.run(TableReports(overwrite=overwrite).write("t.csv", HEAD, ROWS, tmp_path))
    assert target.read_text() == "before"
