"""Files that cannot be read in exactly one way: each is refused with its line and what to do, in one sentence."""

import gzip
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from qv_desktop.adapters.files import content, sheet
from qv_desktop.adapters.files.reading import understood
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.imports import Reading
from qv_desktop.domain.market import Timeframe
from tests.adapters.files.written import DAILY, THREE_DAYS, put, read

MINUTES = "time,open,high,low,close,volume\n"
REFUSED = [
    ("ambiguous dates", DAILY + "03/04/2020,1,2,1,2,5\n03/05/2020,1,2,1,2,5\n", r"line 2: “03/04/2020,.*--dates mdy"),
    ("dates of two orders", DAILY + "25/12/2020,1,2,1,2,5\n12/28/2020,1,2,1,2,5\n", r"line 3: .*“12/28/2020”.* no day"),
    ("a day that does not exist", DAILY + THREE_DAYS + "2020-02-30,1,2,1,2,5\n", r"line 5: .*“2020-02-30”"),
    ("going back", DAILY + THREE_DAYS + "2020-01-04,1,2,1,2,5\n", r"line 5: .*earlier.*sort"),
    ("two symbols one after the other", DAILY + THREE_DAYS + THREE_DAYS, r"line 5: .*another symbol.*add a column symbol"),
    ("a time with two values", DAILY + THREE_DAYS + "2020-01-06,1,2,1,2,5\n", r"line 5: .*other values"),
    ("high below low", DAILY + "2020-01-02,10,9,12,11,5\n2020-01-03,1,2,1,2,5\n", r"line 2: .*high below its low"),
    ("close above high", DAILY + THREE_DAYS + "2020-01-07,10,12,9,12.5,5\n", r"line 5: .*outside of its high and low"),
    ("open below low", DAILY + THREE_DAYS + "2020-01-07,8,12,9,11,5\n", r"line 5: .*outside of its high and low"),
    ("a negative price", DAILY + THREE_DAYS + "2020-01-07,-1,2,-1,2,5\n", r"line 5: .*not above 0"),
    ("a price of nothing", DAILY + THREE_DAYS + "2020-01-07,0,2,0,2,5\n", r"line 5: .*not above 0"),
    ("a negative volume", DAILY + THREE_DAYS + "2020-01-07,1,2,1,2,-5\n", r"line 5: .*negative volume"),
    ("a missing close", "date,open,high,low,volume\n2020-01-02,1,2,1,5\n", r"no column for close"),
    ("only an adjusted close", "date,open,high,low,adj close,volume\n2020-01-02,1,2,1,2,5\n", r"adjusted close and no close"),
    ("a missing time", "open,high,low,close,volume\n1,2,1,2,5\n", r"no column for the time"),
    ("no header", "2020-01-02,1,2,1,2,5\n2020-01-03,1,2,1,2,5\n", r"no column for open .*its header is: 2020-01-02"),
    ("two closes", "date,open,high,low,close,last,volume\n2020-01-02,1,2,1,2,2,5\n", r"two columns for close"),
    ("a cell that is no number", DAILY + THREE_DAYS + "2020-01-07,1,2,x1,2,5\n", r"line 5: .*no number in column “low”"),
    ("an endless number", DAILY + THREE_DAYS + "2020-01-07,1,inf,1,2,5\n", r"line 5: .*endless number"),
    ("a missing number", DAILY + THREE_DAYS + "2020-01-07,1,,1,2,5\n", r"line 5: .*no high"),
    ("a missing volume", DAILY + THREE_DAYS + "2020-01-07,1,2,1,2,\n", r"line 5: .*no volume"),
    ("a cell too many", DAILY + THREE_DAYS + "2020-01-07,1,2,1,2,1,000\n", r"line 5: .*7 cells where the header has 6"),
    ("a time that is none", DAILY + THREE_DAYS + "yesterday,1,2,1,2,5\n", r"line 5: .*“yesterday”"),
    ("no time at all", DAILY + THREE_DAYS + ",1,2,1,2,5\n", r"line 5: "),
    ("clocks that end", MINUTES + "2020-12-15 09:30,1,2,1,2,5\n2020-12-15 25:31,1,2,1,2,5\n", r"line 3: .*“25:31”"),
    ("a clock on some", MINUTES + "2020-12-15 09:30,1,2,1,2,5\n2020-12-16,1,2,1,2,5\n", r"line 3: .*no clock"),
    ("an offset on some", MINUTES + "2020-12-15 09:30Z,1,2,1,2,5\n2020-12-15 09:31,1,2,1,2,5\n", r"line 3: .*without an offset"),
    ("an hour that exists twice", MINUTES + "2020-11-01 01:30,1,2,1,2,5\n2020-11-01 01:31,1,2,1,2,5\n", r"line 2: .*twice or never"),
    ("an hour that never was", MINUTES + "2020-03-08 02:30,1,2,1,2,5\n2020-03-08 02:31,1,2,1,2,5\n", r"line 2: .*twice or never"),
    ("a second between minutes", MINUTES + "2020-12-15 09:30,1,2,1,2,5\n2020-12-15 09:31,1,2,1,2,5\n2020-12-15 09:32:30,1,2,1,2,5\n",
     r"line 4: .*no start of a bar of 1m"),
    ("weeks", DAILY + "2020-01-06,1,2,1,2,5\n2020-01-13,1,2,1,2,5\n2020-01-20,1,2,1,2,5\n", r"bars of 1W.*import daily"),
    ("months", DAILY + "2020-01-01,1,2,1,2,5\n2020-02-01,1,2,1,2,5\n2020-03-01,1,2,1,2,5\n2020-04-01,1,2,1,2,5\n", r"import daily"),
    ("five minutes", MINUTES + "2020-12-15 09:30,1,2,1,2,5\n2020-12-15 09:35,1,2,1,2,5\n2020-12-15 09:40,1,2,1,2,5\n",
     r"bars of 5m.*import 1-minute"),
    ("one row", DAILY + "2020-01-06,1,2,1,2,5\n", r"too few rows.*--timeframe"),
    ("before 1970", DAILY + "1969-12-30,1,2,1,2,5\n1969-12-31,1,2,1,2,5\n", r"line 2: .*before 1970"),
    ("quotes", "time,bid,ask\n2020-12-15 09:30,1,2\n", r"holds quotes"),
    ("one column", "date\n2020-01-02\n", r"line 1: .*one cell"),
    ("only a header", DAILY, r"no rows"),
    ("nothing", "", r"is empty"),
    ("blanks", "\n\n  \n", r"is empty"),
    ("rubbish", bytes(range(256)) * 40, r"is no text"),
    ("another encoding", DAILY.encode() + b"2020-01-02,1,2,1,2,5\n2020-01-03,1,2,1,2,\xe95\n", r"line 3 is not UTF-8"),
    ("a damaged Parquet file", b"PAR1" + b"\0" * 100, r"damaged Parquet"),
    ("half a packed file", gzip.compress((DAILY + THREE_DAYS).encode())[:-9], r"is damaged"),
    ("prices that may be thousands", 'date;open;high;low;close;volume\n2020-01-02;1,234;1,236;1,233;1,235;5\n',
     r"line 2: .*thousands or decimals"),
    ("prices that were adjusted", "date,adjustment,open,high,low,close,volume\n2020-01-02,split,1,2,1,2,5\n", r"prices are adjusted"),
    ("no symbol in a row", "symbol,date,open,high,low,close,volume\nAAPL,2020-01-02,1,2,1,2,5\n,2020-01-03,1,2,1,2,5\n",
     r"line 3: .*symbol"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "why"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_it_is_refused_with_its_line_in_one_sentence(tmp_path: Path, text: str | bytes, why: str) -> None:
    with pytest.raises(BadInput, match=why) as caught:
        read(tmp_path, text)
    said = str(caught.value)
    assert "\n" not in said
    assert said.endswith(".")


def test_a_file_that_says_no_symbol_needs_one(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="--symbol"):
        read(tmp_path, DAILY + THREE_DAYS, "export.csv")
    assert read(tmp_path, DAILY + THREE_DAYS, "export.csv", symbol="brk.b").symbol == "BRK.B"


def test_minutes_that_look_like_ends_need_a_word(tmp_path: Path) -> None:
    start = datetime(2020, 12, 15, 14, 31, tzinfo=UTC)
    rows = "".join(f"{start + timedelta(minutes=n):%Y-%m-%dT%H:%M:%SZ},1,2,1,2,5\n" for n in range(390))
    with pytest.raises(BadInput, match="--stamps end"):
        read(tmp_path, MINUTES + rows)


def test_dates_without_clocks_are_no_minutes(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="--timeframe 1D"):
        read(tmp_path, DAILY + THREE_DAYS, frame=Timeframe(1, "m"))


def test_an_unknown_zone_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no zone “Mars/Olympus”"):
        read(tmp_path, MINUTES + "2020-12-15 09:30,1,2,1,2,5\n", zone="Mars/Olympus")


def test_the_line_is_that_of_the_file_though_it_has_blank_lines(tmp_path: Path) -> None:
    text = "\n" + DAILY + "\n" + THREE_DAYS.replace("\n", "\n\n") + "2020-01-07,1,2,x,2,5\n"
    number = text.splitlines().index("2020-01-07,1,2,x,2,5") + 1
    with pytest.raises(BadInput, match=f"line {number}: “2020-01-07,1,2,x,2,5”"):
        read(tmp_path, text)


def test_what_unpacks_to_too_much_is_refused_before_it_fills_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "MOST_BYTES", 1 << 22)
    monkeypatch.setattr(content, "PIECE", 1 << 20)
    with pytest.raises(BadInput, match="split it into smaller files"):
        read(tmp_path, DAILY + "2020-01-02,1,2,1,2,5\n" * 400_000, "AAPL.csv.gz")


def test_too_many_rows_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "MOST_ROWS", 2)
    with pytest.raises(BadInput, match="at most 2"):
        read(tmp_path, DAILY + THREE_DAYS)


def test_other_packings_are_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "AAPL.zip", "w") as packed:
        packed.writestr("AAPL.csv", DAILY + THREE_DAYS)
    with pytest.raises(BadInput, match="packed with zip"):
        understood(tmp_path / "AAPL.zip", Reading())


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent.csv"):
        with pytest.raises(BadInput, match="is not a file"):
            understood(path, Reading())
    put(tmp_path, "")
