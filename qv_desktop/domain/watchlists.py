"""Watchlists as files: the symbols that a text names, and the text of a list."""

import csv
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import StringIO

from qv_desktop.domain.errors import BadInput

MOST, LONGEST_NAME, LARGEST = 500, 40, 1_000_000  # symbols, characters of a name, characters of a file
_HEADS = ("symbol", "symbols", "ticker")
_SYMBOL = re.compile(r"(?:[A-Z_]+:)?\$?([A-Z][A-Z0-9]{0,9}(?:[./-][A-Z0-9]{1,4})?)")


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: symbols added, those that the list already had, and what is no symbol that we know, as it was written."""

    added: tuple[str, ...]
    already: tuple[str, ...]
    unknown: tuple[str, ...]

    def __str__(self) -> str:
        parts = [f"{len(self.added)} symbols added" if len(self.added) != 1 else "1 symbol added"]
        if self.already:
            parts.append(f"{len(self.already)} already in the list")
        if self.unknown:
            more = f" and {len(self.unknown) - 5} more" if len(self.unknown) > 5 else ""
            parts.append(f"{len(self.unknown)} unknown: {', '.join(self.unknown[:5])}{more}")
        return f"{'; '.join(parts)}."


def checked_name(name: str, others: Iterable[str]) -> str:
    """``name`` without stray blanks. Raises BadInput when it is empty, too long, or taken in any case of letters."""
    tidy = name.strip()
    if not 0 < len(tidy) <= LONGEST_NAME or not tidy.isprintable():
        raise BadInput(f"Give the list a name of up to {LONGEST_NAME} characters.")
    if tidy.casefold() in (other.casefold() for other in others):
        raise BadInput(f"There is a list “{tidy}” already; choose another name.")
    return tidy


def checked_size(count: int) -> None:
    """Raises BadInput when a list would hold more than 500 symbols."""
    if count > MOST:
        raise BadInput(
            f"A list holds {MOST} symbols at most and would have {count:,}; take some out, or make another list."
        )


def read(text: str, known: Callable[[str], bool]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The known symbols that ``text`` names, in its order and each once; and what it names that is not known, as written.

    One symbol per line, or several with commas, semicolons or blanks between; a table whose first line has a column “symbol”;
    EXCHANGE:SYMBOL; lines or pieces that begin with # are sections or comments. Raises BadInput for what is no such text.
    """
    if len(text) > LARGEST or "\0" in text:
        raise BadInput("This is no list of symbols; choose a text or CSV file with one symbol on each line.")
    named: dict[str, None] = {}
    strange: dict[str, None] = {}
    for piece in _pieces(text.removeprefix("\ufeff")):
        symbol = _known(piece, known)
        (strange if symbol is None else named)[symbol or piece] = None
    if not named and not strange:
        raise BadInput("The file names no symbol; it should have one on each line.")
    return tuple(named), tuple(strange)


def _pieces(text: str) -> list[str]:
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return []
    mark = next((mark for mark in ("\t", ";", ",") if mark in lines[0]), ",")
    head = [cell.strip().strip('"').lower() for cell in lines[0].split(mark)]
    column = next((index for index, cell in enumerate(head) if cell in _HEADS), None)
    if column is None:
        return [word for line in lines for cell in re.split(r"[,;\t]", line) for word in _words(cell)]
    cells = (row[column].strip() for row in _rows(lines[1:], mark) if len(row) > column)
    return [cell for cell in cells if cell and not cell.startswith("#")]


def _rows(lines: list[str], mark: str) -> list[list[str]]:
    try:
        return list(csv.reader(StringIO("\n".join(lines)), delimiter=mark))
    except csv.Error as error:
        raise BadInput(f"The table cannot be read ({error}); save it again as CSV.") from None


def _words(cell: str) -> list[str]:
    """A section's title is one piece with its blanks, and names nothing."""
    return [] if cell.strip().startswith("#") else [word.strip("\"'") for word in cell.split()]


def _known(piece: str, known: Callable[[str], bool]) -> str | None:
    """The symbol of ``piece``, also when it writes a share class another way: BRK/B or BRK-B for BRK.B."""
    found = _SYMBOL.fullmatch(piece.strip().upper())
    if not found:
        return None
    spellings = (found[1], re.sub(r"[/-]", ".", found[1]))
    return next((symbol for symbol in spellings if known(symbol)), None)


def written(symbols: Iterable[str]) -> str:
    """The text of a list: a header, then one symbol per line."""
    return "".join(f"{line}\n" for line in ("symbol", *symbols))
