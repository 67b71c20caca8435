"""Layouts of bars that other programs write: each is understood, and says how."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qv_desktop.adapters.files.reading import understood
from qv_desktop.domain.imports import Imported, Reading
from qv_desktop.domain.market import Timeframe, bar_start, ns
from tests.adapters.files.written import DAILY, THREE_DAYS, bars, local, put, read

SAME = [
    ("iso dates", DAILY + THREE_DAYS),
    ("a byte-order mark", "\ufeff" + DAILY + THREE_DAYS),
    ("windows line ends", (DAILY + THREE_DAYS).replace("\n", "\r\n")),
    ("semicolons", (DAILY + THREE_DAYS).replace(",", ";")),
    ("tabs", (DAILY + THREE_DAYS).replace(",", "\t")),
    ("bars between", (DAILY + THREE_DAYS).replace(",", "|")),
    ("blank lines", "\n" + (DAILY + THREE_DAYS).replace("\n2020-01-06", "\n\n2020-01-06") + "\n\n"),
    ("newest first", DAILY + "".join(reversed(THREE_DAYS.splitlines(keepends=True)))),
    ("an index without a name", ",date,open,high,low,close,volume\n0,2020-01-02,10,12,9,11,1000\n1,2020-01-03,11,13,10,12,1100.0\n"
                                "2,2020-01-06,12,14,11,13,1200.0\n"),
    ("dates as an index without a name", "," + (DAILY + THREE_DAYS).partition(",")[2]),
    ("another order and case", "VOLUME,Close,LOW,High,Open,Date\n1000,11,9,12,10,2020-01-02\n1100,12,10,13,11,2020-01-03\n"
                               "1200,13,11,14,12,2020-01-06\n"),
    ("letters", "t,o,h,l,c,v\n" + THREE_DAYS),
    ("an adjusted close", "Date,Open,High,Low,Close,Adj Close,Volume\n2020-01-02,10,12,9,11,5.5,1000\n2020-01-03,11,13,10,12,6,1100\n"
                          "2020-01-06,12,14,11,13,6.5,1200\n"),
    ("M/D/Y with dollars and the newest first", "Date,Close/Last,Volume,Open,High,Low\n01/06/2020,$13,1200,$12,$14,$11\n"
                                                "01/03/2020,$12,1100,$11,$13,$10\n01/02/2020,$11,1000,$10,$12,$9\n12/31/2019,,,,,\n"),
    ("thousands in quotes", 'date,open,high,low,close,volume\n2020-01-02,10,12,9,11,"1,000"\n2020-01-03,11,13,10,12,"1,100"\n'
                            '2020-01-06,12,14,11,13,"1,200"\n'),
    ("decimal commas", "date;open;high;low;close;volume\n02.01.2020;10,0;12,00;9,0;11,0;1000\n03.01.2020;11,0;13,0;10,0;12,0;1100\n"
                       "06.01.2020;12,0;14,0;11,0;13,0;1200\n31.01.2019;;;;;\n"),
    ("compact dates and brackets", "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\n"
                                   "AAPL.US,D,20200102,000000,10,12,9,11,1000,0\nAAPL.US,D,20200103,000000,11,13,10,12,1100,0\n"
                                   "AAPL.US,D,20200106,000000,12,14,11,13,1200,0\n"),
    ("numbered names", "timestamp,1. open,2. high,3. low,4. close,5. volume\n" + THREE_DAYS),
    ("named months", "Date,Price,Open,High,Low,Vol.,Change %\n\"Jan 06, 2020\",13,12,14,11,1.2K,1%\n\"Jan 03, 2020\",12,11,13,10,1.1K,1%\n"
                     "\"Jan 02, 2020\",11,10,12,9,1K,1%\n"),
    ("times with offsets", "Date,Open,High,Low,Close,Volume,Dividends,Stock Splits\n2020-01-02 00:00:00-05:00,10,12,9,11,1000,0.0,0.0\n"
                           "2020-01-03 00:00:00-05:00,11,13,10,12,1100,0.0,0.0\n2020-01-06 00:00:00-05:00,12,14,11,13,1200,0.0,0.0\n"),
    ("midnights of UTC", "date,open,high,low,close,volume\n2020-01-02T00:00:00Z,10,12,9,11,1000\n2020-01-03T00:00:00Z,11,13,10,12,1100\n"
                         "2020-01-06T00:00:00Z,12,14,11,13,1200\n"),
    ("milliseconds of New York's midnights", "t,o,h,l,c,v\n1577941200000,10,12,9,11,1000\n1578027600000,11,13,10,12,1100\n"
                                             "1578286800000,12,14,11,13,1200\n"),
    ("a row that stands there twice", DAILY + THREE_DAYS + "2020-01-06,12,14,11,13,1200\n"),
]  # fmt: skip


def is_the_three_days(found: Imported) -> bool:
    rows = [(local(bar), bar.open, bar.high, bar.low, bar.close, bar.volume, bar.vwap) for bar in found.bars]
    return found.symbol == "AAPL" and found.frame == Timeframe(1, "D") and rows == [
        ("2020-01-02 00:00:00", 10, 12, 9, 11, 1000, None), ("2020-01-03 00:00:00", 11, 13, 10, 12, 1100, None),
        ("2020-01-06 00:00:00", 12, 14, 11, 13, 1200, None),
    ]  # fmt: skip


@pytest.mark.parametrize("text", [text for _, text in SAME], ids=[name for name, _ in SAME])
def test_the_same_three_days_are_found_in_every_layout(tmp_path: Path, text: str) -> None:
    told = {"dates": "mdy"} if "01/06/2020" in text and "12/31" not in text else {}
    found = read(tmp_path, text, frame=Timeframe(1, "D"), **told)
    assert is_the_three_days(found), (bars(found), found.understood)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_other_encodings_with_a_mark_are_read(tmp_path: Path, encoding: str) -> None:
    assert is_the_three_days(read(tmp_path, (DAILY + THREE_DAYS).encode(encoding)))


def test_a_packed_file_is_read_and_its_hash_is_that_of_the_file(tmp_path: Path) -> None:
    import hashlib

    file = put(tmp_path, DAILY + THREE_DAYS, "AAPL.csv.gz")
    found = understood(file, Reading())
    assert is_the_three_days(found)
    assert found.digest == hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.mark.parametrize("stamps", [
    ["2020-12-15 09:30", "2020-12-15 09:31", "2020-12-15 09:32"],
    ["2020-12-15 09:30:00", "2020-12-15 09:31:00", "2020-12-15 09:32:00"],
    ["12/15/2020 9:30", "12/15/2020 9:31", "12/15/2020 9:32"],
    ["12/15/2020 9:30 AM", "12/15/2020 9:31 AM", "12/15/2020 9:32 AM"],
    ["2020-12-15T14:30:00Z", "2020-12-15T14:31:00Z", "2020-12-15T14:32:00Z"],
    ["2020-12-15T09:30:00.000-0500", "2020-12-15T09:31:00.000-0500", "2020-12-15T09:32:00.000-0500"],
    ["1608042600", "1608042660", "1608042720"],
    ["1608042600000", "1608042660000", "1608042720000"],
    ["1608042600000000", "1608042660000000", "1608042720000000"],
    ["1608042600000000000", "1608042660000000000", "1608042720000000000"],
    ["1608042600.0", "1608042660.0", "1608042720.0"],
    ["20201215 093000", "20201215 093100", "20201215 093200"],
])  # fmt: skip
def test_a_minute_is_the_same_however_it_is_written(tmp_path: Path, stamps: list[str]) -> None:
    text = "datetime,open,high,low,close,volume\n" + "".join(f"{stamp},1,2,1,2,5\n" for stamp in stamps)
    found = read(tmp_path, text, "SPY_1min.csv")
    assert found.frame == Timeframe(1, "m")
    assert [local(bar) for bar in found.bars] == [f"2020-12-15 09:3{n}:00" for n in range(3)]


def test_day_and_clock_may_stand_in_two_columns(tmp_path: Path) -> None:
    text = "Date,Time,Open,High,Low,Close,Volume\n12/15/2020,09:30,1,2,1,2,5\n12/15/2020,09:31,1,2,1,2,5\n"
    assert [local(bar) for bar in read(tmp_path, text).bars] == ["2020-12-15 09:30:00", "2020-12-15 09:31:00"]


def test_a_time_without_offset_is_new_yorks_and_that_is_said(tmp_path: Path) -> None:
    text = "time,open,high,low,close,volume\n2020-12-15 14:30,1,2,1,2,5\n2020-12-15 14:31,1,2,1,2,5\n"
    assert any("taken as New York time" in line for line in read(tmp_path, text).understood)
    other = read(tmp_path, text, zone="UTC")
    assert local(other.bars[0]) == "2020-12-15 09:30:00"
    assert any("UTC time, as said" in line for line in other.understood)


def test_what_a_person_says_settles_month_and_day(tmp_path: Path) -> None:
    text = DAILY + "03/04/2020,1,2,1,2,5\n03/05/2020,1,2,1,2,5\n"
    assert local(read(tmp_path, text, dates="mdy").bars[0]) == "2020-03-04 00:00:00"
    days = read(tmp_path, text, dates="dmy", frame=Timeframe(1, "D"))
    assert local(days.bars[0]) == "2020-04-03 00:00:00"


def test_an_adjusted_close_is_not_taken_for_the_close_and_is_told(tmp_path: Path) -> None:
    found = read(tmp_path, dict(SAME)["an adjusted close"])
    assert found.bars[0].close == 11
    assert any("Adj Close" in line and "not kept" in line for line in found.understood)


def test_counts_and_averages_are_kept_where_the_file_has_them(tmp_path: Path) -> None:
    text = ("ticker,volume,open,close,high,low,window_start,transactions,vwap\nAAPL,5,1,2,2,1,1608042600000000000,3,1.5\n"
            "AAPL,5,1,2,2,1,1608042660000000000,4,\nMSFT,5,1,2,2,1,1608042600000000000,5,1.25\n")  # fmt: skip
    found = read(tmp_path, text, "2020-12-15.csv", frame=Timeframe(1, "m"))
    assert found.symbol == ""
    assert [(bar.symbol, bar.count, bar.vwap) for bar in found.bars] == [
        ("AAPL", 3, 1.5),
        ("AAPL", 4, None),
        ("MSFT", 5, 1.25),
    ]
    only = read(tmp_path, text, "2020-12-15.csv", symbol="msft", frame=Timeframe(1, "m"))
    assert [bar.symbol for bar in only.bars] == ["MSFT"]
    assert only.symbol == "MSFT"


def test_rows_of_several_symbols_may_lie_mixed_by_time(tmp_path: Path) -> None:
    text = "symbol,time,open,high,low,close,volume\n" + "".join(
        f"{symbol},2020-12-15 09:3{n},1,2,1,2,{n}\n" for n in range(3) for symbol in ("B", "A"))  # fmt: skip
    found = read(tmp_path, text, "all.csv")
    assert [(bar.symbol, bar.volume) for bar in found.bars] == [(s, n) for s in ("B", "A") for n in range(3)]


def test_bars_said_to_be_stamped_with_their_end_start_earlier(tmp_path: Path) -> None:
    start = datetime(2020, 12, 15, 14, 31, tzinfo=UTC)
    rows = "".join(f"{start + timedelta(minutes=n):%Y-%m-%dT%H:%M:%SZ},1,2,1,2,5\n" for n in range(390))
    found = read(tmp_path, "time,open,high,low,close,volume\n" + rows, stamps="end")
    assert (local(found.bars[0]), local(found.bars[-1])) == ("2020-12-15 09:30:00", "2020-12-15 15:59:00")


def test_an_open_that_rounding_put_outside_widens_the_bar_and_is_told(tmp_path: Path) -> None:
    found = read(tmp_path, DAILY + "2020-01-02,10.000001,10,9,9.5,5\n2020-01-03,10,11,9,10,5\n")
    assert found.bars[0].high == 10.000001
    assert any("1 bars had open or close outside" in line for line in found.understood)


def test_rows_without_any_price_are_left_out_and_counted(tmp_path: Path) -> None:
    found = read(tmp_path, DAILY + THREE_DAYS + "2020-01-07,null,null,null,null,null\n")
    assert len(found.bars) == 3
    assert "1 rows without any price are left out" in found.understood


def test_parquet_of_typed_columns_is_read(tmp_path: Path) -> None:
    stamps = [datetime(2020, 12, 15, 14, 30 + n, tzinfo=UTC) for n in range(3)]
    columns = {"Open": [1.0] * 3, "High": [2] * 3, "Low": [1.0] * 3, "Close": [2.0] * 3, "Volume": [5, 6, 7]}
    for zone in ("UTC", "America/New_York"):
        table = pa.table({"Datetime": pa.array(stamps, pa.timestamp("us", zone)), **columns})
        pq.write_table(table, tmp_path / "SPY.parquet")
        found = understood(tmp_path / "SPY.parquet", Reading())
        assert [bar.start for bar in found.bars] == [ns(stamp) for stamp in stamps]
        assert [bar.volume for bar in found.bars] == [5, 6, 7]


def test_parquet_of_dates_of_another_programs_index_is_read(tmp_path: Path) -> None:
    days = [date(2020, 1, 2), date(2020, 1, 3), date(2020, 1, 6)]
    table = pa.table({"open": [10.0, 11, 12], "high": [12.0, 13, 14], "low": [9.0, 10, 11], "close": [11.0, 12, 13],
                      "volume": [1000, 1100, 1200], "__index_level_0__": pa.array(days, pa.date32())})  # fmt: skip
    pq.write_table(table, tmp_path / "AAPL.parquet")
    assert is_the_three_days(understood(tmp_path / "AAPL.parquet", Reading()))


def test_days_are_stamped_as_everywhere_in_the_program(tmp_path: Path) -> None:
    rows = "".join(f"2020-{month:02}-{day:02},1,2,1,2,5\n" for month in (3, 7, 11) for day in (2, 3, 4, 5, 6))
    found = read(tmp_path, DAILY + rows)
    assert all(bar_start(bar.start + 1, Timeframe(1, "D")) == bar.start for bar in found.bars)
