"""What a person types to see fewer rows: words, ``column:word`` and ``column>number``, all of which must hold."""

import re
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from qv_desktop.ui.models.column import Column

type Passes[R] = Callable[[R], bool]

HELP = (
    "Words in any column; column:word in one (symbol:aapl); column>number, as in qty>100 or limit<=50. All must hold."
)
_PART = re.compile(r'([^\s:<>=]*)(:|>=|<=|>|<|=)("[^"]*"|\S+)')
_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    ">": lambda a, b: a > b, "<": lambda a, b: a < b, ">=": lambda a, b: a >= b, "<=": lambda a, b: a <= b,
    "=": lambda a, b: a == b,
}  # fmt: skip


def passing[R](text: str, columns: Sequence[Column[R]]) -> Passes[R] | None:
    """Whether a row passes ``text``; None when every row does. A part that names no column is looked for as it stands."""
    parts = [_part(word, columns) for word in re.findall(r'\S*"[^"]*"|\S+', text)]
    if not parts:
        return None
    return lambda row: all(part(row) for part in parts)


def _part[R](word: str, columns: Sequence[Column[R]]) -> Passes[R]:
    found = _PART.fullmatch(word)
    named = [] if found is None else _named(found[1], found[2], columns)
    if found is None or not named:
        return _in_any(word.strip('"').casefold(), columns)
    sign, wanted = found[2], found[3].strip('"')
    if sign == ":":
        return _in_any(wanted.casefold(), named)
    number = _number(wanted)
    if number is None:
        return _in_any(word.casefold(), columns)
    return lambda row: any(_holds(column, row, _COMPARED[sign], number) for column in named)


def _named[R](name: str, sign: str, columns: Sequence[Column[R]]) -> list[Column[R]]:
    """The column whose title is, or begins with, ``name``; a sign without a name means every column of numbers."""
    if not name:
        return [] if sign == ":" else [column for column in columns if column.right]
    wanted = _tidy(name)
    return [c for c in columns if _tidy(c.title) == wanted][:1] or [
        c for c in columns if _tidy(c.title).startswith(wanted)
    ][:1]


def _tidy(title: str) -> str:
    return re.sub(r"[^a-z0-9%]", "", title.casefold())


def _in_any[R](word: str, columns: Sequence[Column[R]]) -> Passes[R]:
    texts = [column.text for column in columns]
    return lambda row: any(word in text(row).casefold() for text in texts)


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text.replace(",", "").replace("$", "").replace("\N{MINUS SIGN}", "-"))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _holds[R](column: Column[R], row: R, compared: Callable[[Any, Any], bool], number: Decimal) -> bool:
    value = (column.raw or column.key or column.text)(row)
    return isinstance(value, (int, float, Decimal)) and compared(value, number)
