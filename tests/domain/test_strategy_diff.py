"""Two sources compared: every line of both is in the rows, in order, and only what differs is marked."""

from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.domain.strategy_diff import compared, tally, unified

LINES = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=25).map("\n".join)


@given(LINES, LINES)
def test_both_texts_can_be_read_back_from_the_rows(old: str, new: str) -> None:
    rows = compared(old, new, context=None)
    assert [row.left_text for row in rows if row.left is not None] == old.splitlines()
    assert [row.right_text for row in rows if row.right is not None] == new.splitlines()
    assert [row.left for row in rows if row.left is not None] == list(range(1, len(old.splitlines()) + 1))
    assert (tally(rows) == (0, 0)) == (old.splitlines() == new.splitlines())


@given(LINES, LINES)
def test_one_column_says_the_same_as_two_and_folding_loses_no_change(old: str, new: str) -> None:
    whole, folded = compared(old, new, context=None), compared(old, new)
    assert tally(whole) == tally(folded)
    assert sum(row.count or 1 for row in folded) == len(whole)
    lines = unified(whole)
    assert [line.text for line in lines if line.change in ("same", "removed")] == old.splitlines()
    assert [line.text for line in lines if line.change in ("same", "added")] == new.splitlines()


def test_far_same_lines_are_a_gap_that_says_how_many() -> None:
    old = "\n".join(map(str, range(20)))
    rows = compared(old, old.replace("10", "ten"))
    assert [(row.change, row.count) for row in rows if row.change in ("gap", "changed")] == [
        ("gap", 7), ("changed", 0), ("gap", 6)]  # fmt: skip
