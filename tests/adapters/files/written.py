"""Files for the reader, as other programs write them."""

import gzip
from pathlib import Path

from qv_desktop.adapters.files.reading import understood
from qv_desktop.domain.imports import Imported, Reading
from qv_desktop.domain.market import Bar, ns, utc

DAILY = "date,open,high,low,close,volume\n"
THREE_DAYS = "2020-01-02,10,12,9,11,1000\n2020-01-03,11,13,10,12,1100\n2020-01-06,12,14,11,13,1200\n"


def put(folder: Path, text: str | bytes, name: str = "AAPL_daily.csv") -> Path:
    """The file that holds ``text``."""
    file = folder / name
    content = text.encode() if isinstance(text, str) else text
    file.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return file


def read(folder: Path, text: str | bytes, name: str = "AAPL_daily.csv", **told: object) -> Imported:
    """What a file with ``text`` is understood as."""
    return understood(put(folder, text, name), Reading(**told))  # type: ignore[arg-type]


def bars(found: Imported) -> list[Bar]:
    """All of them."""
    return list(found.bars[:])


def local(bar: Bar) -> str:
    """When it starts, on New York's clock."""
    from qv_desktop.domain.market import NEW_YORK

    return f"{utc(bar.start).astimezone(NEW_YORK):%Y-%m-%d %H:%M:%S}"


__all__ = ["DAILY", "THREE_DAYS", "bars", "local", "ns", "put", "read"]
