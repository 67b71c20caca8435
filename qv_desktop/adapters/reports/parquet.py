"""A table as Parquet: numbers stay numbers, days and times stay what they are, everything else is text."""

import io
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any


def parquet(head: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    """A whole file; None is null, times are in UTC, to the microsecond."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = list(zip(*rows, strict=True)) if rows else [()] * len(head)
    table = pa.Table.from_arrays([_column(list(column)) for column in columns], names=list(head))
    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd")
    return out.getvalue()


def _column(values: list[object]) -> Any:
    import pyarrow as pa

    kinds = {type(value) for value in values if value is not None}
    kind = _kind(kinds)
    if kind is None:
        return pa.array([None if value is None else str(value) for value in values], pa.string())
    if kind == pa.float64():
        values = [None if value is None else float(value) for value in values]  # type: ignore[arg-type]  # only numbers come here
    try:
        return pa.array(values, kind)
    except (pa.ArrowException, OverflowError):
        return pa.array([None if value is None else str(value) for value in values], pa.string())


def _kind(kinds: set[type]) -> Any:
    """The one type that holds these, or None for text."""
    import pyarrow as pa

    if kinds == {bool}:
        return pa.bool_()
    if kinds == {int}:
        return pa.int64()
    if kinds and kinds <= {int, float, Decimal}:
        return pa.float64()
    if kinds == {datetime}:
        return pa.timestamp("us", "UTC")
    return pa.date32() if kinds == {date} else None
