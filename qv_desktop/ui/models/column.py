"""What a table is declared of: its columns, and what stands above a section of its rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Column[R]:
    """One column: what it shows of a row, how it sorts, and how it looks. Colours are tokens or ``#rrggbb``."""

    title: str
    text: Callable[[R], str]
    key: Callable[[R], object] | None = None  # sorts by this value, unknown (None) last; without it by the text
    raw: Callable[[R], object] | None = None  # is copied and exported, where that is not what the column sorts by
    right: bool = False
    color: Callable[[R], str | None] | None = None
    chip: Callable[[R], str | None] | None = None  # key of theme.CHIPS: drawn as a chip
    bar: Callable[[R], float | None] | None = None  # from 0 to 1: drawn as a bar before the text
    width: int = 80
    bold: bool = False
    mono: bool = False
    tip: Callable[[R], str] | None = None
    shown: bool = True
    ground: Callable[[R], str | None] | None = None
    whole: bool = False  # is never cut, as figures and symbols are not
    stretch: bool = False  # takes the room that is left
    aging: bool = False  # its text or colour changes with the time alone
    total: Callable[[Sequence[R]], str] | None = None  # what stands in the head of a section, of all its rows


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a section: its title with the number of its rows, and the totals by column."""

    title: str
    totals: tuple[str, ...]
