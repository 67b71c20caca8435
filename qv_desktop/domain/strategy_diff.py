"""What differs between two sources, line by line, for reading side by side or one under the other."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

CONTEXT = 3  # lines that are kept around a change

type Change = Literal["same", "removed", "added", "changed", "gap"]


@dataclass(frozen=True, slots=True)
class DiffRow:
    """A row of two columns; a side without a line has no number. ``gap`` stands for ``count`` lines that are the same."""

    change: Change
    left: int | None
    left_text: str
    right: int | None
    right_text: str
    count: int = 0


@dataclass(frozen=True, slots=True)
class UnifiedLine:
    """A line of one column."""

    change: Literal["same", "removed", "added", "gap"]
    left: int | None
    right: int | None
    text: str
    count: int = 0


def compared(old: str, new: str, context: int | None = CONTEXT) -> tuple[DiffRow, ...]:
    """Rows from the first to the last line; runs of same lines beyond ``context`` become a gap, with None nothing does."""
    left, right = old.splitlines(), new.splitlines()
    rows: list[DiffRow] = []
    for tag, a, b, c, d in _steps(left, right):
        if tag == "equal":
            rows += [DiffRow("same", a + i + 1, left[a + i], c + i + 1, right[c + i]) for i in range(b - a)]
        else:
            rows += [_row(left, right, a + i, b, c + i, d) for i in range(max(b - a, d - c))]
    return tuple(rows) if context is None else _folded(rows, context)


def _steps(left: list[str], right: list[str]) -> Iterator[tuple[str, int, int, int, int]]:
    """The matcher's steps; what both begin and end with is taken off first, for the matcher takes long over much of the same."""
    shorter = min(len(left), len(right))
    head = next((i for i in range(shorter) if left[i] != right[i]), shorter)
    tail = next((i for i in range(shorter - head) if left[-1 - i] != right[-1 - i]), shorter - head)
    yield "equal", 0, head, 0, head
    inner = SequenceMatcher(None, left[head : len(left) - tail], right[head : len(right) - tail], autojunk=False)
    for tag, a, b, c, d in inner.get_opcodes():
        yield tag, a + head, b + head, c + head, d + head
    yield "equal", len(left) - tail, len(left), len(right) - tail, len(right)


def _row(left: list[str], right: list[str], i: int, end: int, j: int, stop: int) -> DiffRow:
    was, now = i < end, j < stop
    change: Change = "changed" if was and now else "removed" if was else "added"
    return DiffRow(
        change, i + 1 if was else None, left[i] if was else "", j + 1 if now else None, right[j] if now else ""
    )


def _folded(rows: list[DiffRow], context: int) -> tuple[DiffRow, ...]:
    """Without the same lines that are further than ``context`` from any change."""
    near = [False] * len(rows)
    for place, row in enumerate(rows):
        if row.change != "same":
            for other in range(max(0, place - context), min(len(rows), place + context + 1)):
                near[other] = True
    folded: list[DiffRow] = []
    for row, kept in zip(rows, near, strict=True):
        if kept:
            folded.append(row)
        elif folded and folded[-1].change == "gap":
            folded[-1] = DiffRow("gap", None, "", None, "", folded[-1].count + 1)
        else:
            folded.append(DiffRow("gap", None, "", None, "", 1))
    return tuple(folded)


def unified(rows: tuple[DiffRow, ...]) -> tuple[UnifiedLine, ...]:
    """The same in one column: of each run of changes what was removed, then what was added."""
    lines: list[UnifiedLine] = []
    added: list[UnifiedLine] = []
    for row in rows:
        if row.change in ("same", "gap"):
            lines += added
            added = []
            lines.append(
                UnifiedLine("same" if row.change == "same" else "gap", row.left, row.right, row.right_text, row.count)
            )
            continue
        if row.left is not None:
            lines.append(UnifiedLine("removed", row.left, None, row.left_text))
        if row.right is not None:
            added.append(UnifiedLine("added", None, row.right, row.right_text))
    return tuple(lines + added)


def tally(rows: tuple[DiffRow, ...]) -> tuple[int, int]:
    """How many lines were added, and how many removed; a changed one counts as both."""
    return sum(r.right is not None for r in rows if r.change in ("added", "changed")), sum(
        r.left is not None for r in rows if r.change in ("removed", "changed")
    )
