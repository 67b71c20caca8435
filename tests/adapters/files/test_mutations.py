"""Damaged files: whatever bytes change, a file is read or refused in a sentence; nothing else may happen."""

import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qv_desktop.adapters.files.reading import understood
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.imports import Reading
from tests.adapters.files.written import DAILY, THREE_DAYS

MINUTES = "Time;O;H;L;C;Vol\n" + "".join(f"12/15/2020 9:{n}:00 AM;1,5;2,5;1,25;2,0;1.200\n" for n in range(30, 36))
TICKS = "t,price,size,id,conditions\n" + "".join(f"16080426{n}.5,10.5,{n},a{n},@ F\n" for n in range(10, 20))
ACTIONS = (
    "day,open,high,low,close,adj close,volume,dividend,split\n2014-06-05,640,650,630,645,92,100,3.29,1\n"
    "2014-06-06,646,650,640,644,92,100,0,1\n2014-06-09,92,94,91,93,93,700,0,7\n"
)
ALPHABET = b",;|\t\"'\n\r\0\xff \x009817.:-+/eE$%nanZTPMam<>(){}[]\xe2\x80\x93"


def mutated(dice: random.Random, content: bytes) -> bytes:
    """One to six small changes."""
    out = bytearray(content)
    for _ in range(dice.randint(1, 6)):
        place = dice.randrange(len(out) + 1)
        match dice.randrange(5):
            case 0:
                out[place : place + 1] = bytes([dice.choice(ALPHABET)])
            case 1:
                out[place:place] = bytes(dice.choices(ALPHABET, k=dice.randint(1, 4)))
            case 2:
                del out[place : place + dice.randint(1, 20)]
            case 3:
                other = dice.randrange(len(out) + 1)
                out[place:place] = out[other : other + dice.randint(1, 40)]
            case _:
                del out[place:]
    return bytes(out)


def survives(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    try:
        found = understood(file, Reading())
    except BadInput as error:
        said = str(error)
        assert said.endswith("."), said
        assert "\n" not in said
    else:
        assert len(found.bars) + len(found.trades) > 0
        assert all(
            bar.low <= bar.open <= bar.high and bar.low <= bar.close <= bar.high and bar.volume >= 0
            for bar in found.bars
        )


@pytest.mark.parametrize(
    "text", [DAILY + THREE_DAYS, MINUTES, TICKS, ACTIONS], ids=["days", "minutes", "ticks", "actions"]
)
def test_a_damaged_text_is_read_or_refused(tmp_path: Path, text: str) -> None:
    dice = random.Random(7)
    for _ in range(1_000):
        survives(tmp_path / "AAPL.csv", mutated(dice, text.encode()))


def test_a_damaged_parquet_file_is_read_or_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"date": ["2020-01-02", "2020-01-03"], "open": [1.0, 1], "high": [2.0, 2], "low": [1.0, 1], "close": [2.0, 2],
                             "volume": [5, 6]}), tmp_path / "whole.parquet")  # fmt: skip
    whole, dice = (tmp_path / "whole.parquet").read_bytes(), random.Random(7)
    for _ in range(300):
        survives(tmp_path / "AAPL.parquet", whole[:4] + mutated(dice, whole[4:]))
