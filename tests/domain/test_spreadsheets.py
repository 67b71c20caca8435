"""No cell of a file that we write begins like a formula, wherever a spreadsheet thinks that cells begin."""

import csv
import io
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.domain.spreadsheets import DANGEROUS, neutral

SIGNS = "=+-@＝＋－＠\0"
NASTY = st.text(st.sampled_from(SIGNS + ";\t\r\n \",ab1'"), max_size=20)


@pytest.mark.parametrize(("text", "written"), [
    ("x;=HYPERLINK(1)", "x;'=HYPERLINK(1)"),
    ("x\t=HYPERLINK(1)", "x\t'=HYPERLINK(1)"),
    ("x\n@SUM(1)", "x\n'@SUM(1)"),
    ('x;"=1"', 'x;"\'=1"'),
    ("x; =1", "x; '=1"),
    ("=1;=2", "'=1;'=2"),
    (";-1", ";'-1"),
    ("1 - 2; a = b", "1 - 2; a = b"),
    ("price >= 5, -3", "price >= 5, -3"),
    ("ordinary", "ordinary"),
])  # fmt: skip
def test_what_a_text_is_written_as(text: str, written: str) -> None:
    assert neutral(text) == written


@given(st.lists(st.one_of(NASTY, st.text(max_size=20)), min_size=1, max_size=4))
def test_no_cell_begins_like_a_formula_whether_commas_semicolons_or_tabs_part_them(texts: list[str]) -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerow([neutral(text) for text in texts])
    assert not any(cell.startswith(DANGEROUS) for cell in next(csv.reader(io.StringIO(out.getvalue(), newline=""))))
    for cell in re.split(r"[;\t\r\n]", out.getvalue()):  # as one that knows no quotes would split it
        assert not cell.lstrip(' "').startswith(tuple(SIGNS)), cell


@given(st.text())
def test_only_apostrophes_are_added(text: str) -> None:
    kept = iter(neutral(text))
    assert all(letter in kept for letter in text)  # in this order
    assert neutral(text).replace("'", "") == text.replace("'", "")


def test_a_text_of_nothing_but_tabs_takes_no_longer_for_each_of_them() -> None:
    begun = time.process_time()
    assert neutral("\t" * 300_000 + "x") == "'" + "\t" * 300_000 + "x"
    assert time.process_time() - begun < 5  # seconds of work; looked at from each of them it would be minutes
