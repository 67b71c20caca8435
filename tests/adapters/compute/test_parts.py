"""Answers in parts: whole again on the other side, and refused when they are none."""

import msgspec
import pytest

from qv_desktop.adapters.compute.parts import ITEMS, MOST, Unreadable, put_together, size, taken_apart


class Row(msgspec.Struct):
    name: str
    values: list[float]


class Found(msgspec.Struct, tag="found"):
    curve: bytes
    rows: list[Row]
    words: str
    flags: list[bytes]
    pairs: dict[str, float]


def found(rows: int, width: int) -> Found:
    return Found(b"x" * 3 * MOST, [Row(str(i), [float(i)] * width) for i in range(rows)], "w", [b"a", b"b"], {"k": 1.5})


@pytest.mark.parametrize(("rows", "width"), [(0, 1), (1, 1), (ITEMS, 2), (3 * ITEMS + 1, 1), (300, 2000), (3, 100_000)])
def test_an_answer_is_the_same_on_the_other_side(rows: int, width: int) -> None:
    answer = found(rows, width)
    parts = taken_apart(answer)
    assert put_together(parts, Found) == answer
    assert size(parts) > 3 * MOST
    assert all(len(part) <= MOST for field in parts[1:] for part in field)


def test_what_is_no_answer_is_refused() -> None:
    whole = taken_apart(found(3, 1))
    for parts in (
        [], whole[:-1], [*whole, [b""]], [[], *whole[1:]], [whole[0], [b"zz"], *whole[2:]], [*whole[:2], [], *whole[3:]],
        [*whole[:2], [b"\xa1w", b"\xa1w"], *whole[3:]], [whole[0], [b"\x91" * 5000], *whole[2:]],
        [*whole[:2], [b"\xdb\x00\x20\x00\x00" + b"x" * 2**21], *whole[3:]],
    ):  # fmt: skip
        with pytest.raises(Unreadable):
            put_together(parts, Found)
