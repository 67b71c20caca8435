"""A file's trades: price, size, and what makes each of them one."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qv_desktop.adapters.files.columns import TradeColumns
from qv_desktop.adapters.files.frames import LATEST
from qv_desktop.adapters.files.layout import Layout
from qv_desktop.adapters.files.numbers import Floats, decimal_mark, floats
from qv_desktop.adapters.files.rows import Rows, arranged
from qv_desktop.adapters.files.times import Times
from qv_desktop.domain.errors import BadInput

TEXTS = ("id", "exchange", "tape", "conditions")


def trades(rows: Rows, columns: Layout, when: Times) -> tuple[TradeColumns, list[str]]:
    """Trades and how they were understood. Raises BadInput with the offending line."""
    sheet, roles = rows.sheet, columns.roles
    if when.days:
        raise BadInput(f"{sheet.file.name} has trades with dates and no clocks; a trade needs its time.")
    mark = decimal_mark(sheet, [roles["price"]])
    price, size = floats(sheet, roles["price"], mark), floats(sheet, roles["size"], mark)
    rows, newest_first = arranged(rows)
    _check(rows, price[rows.row], size[rows.row])
    texts: Any = tuple(_texts(rows, roles.get(name), name) for name in TEXTS)
    said = ["trades (ticks)", *(["the newest row comes first: turned round"] if newest_first else [])]
    if texts[0] is None:
        said.append("no trade ids: known by time and order, so trades that a vendor gave before would stand twice")
    return TradeColumns(rows.symbols, rows.code, rows.at, price[rows.row], size[rows.row], _order(rows), texts), said


def _check(rows: Rows, price: Floats, size: Floats) -> None:
    for wrong, why in ((~(price > 0), "has no price above 0; correct it or remove the line."),
                       (~(size >= 0), "has no size of 0 or more; correct it or remove the line."),
                       (rows.at < 0, "is before 1970, from when on prices are kept; remove the lines before that."),
                       (rows.at >= LATEST, "is after the year 2099; correct the time.")):  # fmt: skip
        if wrong.any():
            raise rows.refused(int(np.argmax(wrong)), why)


def _order(rows: Rows) -> NDArray[np.int64]:
    """For each trade, how many of the same symbol and time come before it."""
    new = np.concatenate(([True], ~rows.same | (np.diff(rows.at) != 0)))
    places = np.arange(len(rows.at))
    return places - np.maximum.accumulate(np.where(new, places, 0))


def _texts(rows: Rows, place: int | None, name: str) -> Any:
    """The column in the rows' order; conditions with spaces between them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if place is None:
        return None
    cells = rows.sheet.columns[place]
    if pa.types.is_list(cells.type):
        cells = pc.binary_join(pc.cast(cells, pa.list_(pa.string())), " ")
    cells = pc.cast(cells, pa.string()).take(pa.array(rows.row))
    if name == "conditions":
        cells = pc.utf8_trim_whitespace(pc.replace_substring_regex(cells, r"[\[\],;'\s]+", " "))
    if name == "id" and (cells.null_count or pc.any(pc.equal(cells, "")).as_py()):
        missing = pc.index(pc.equal(pc.fill_null(cells, ""), ""), True).as_py()
        raise rows.refused(missing, "has no trade id though others have; fill it in or remove the column.")
    return cells
