"""Watchlists as files: what other programs write is read, and what is not understood is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.watchlists import Imported, checked_name, checked_size, read, written

KNOWN = {"AAPL", "MSFT", "BRK.B", "F", "NVDA"}


@pytest.mark.parametrize(
    "text",
    [
        "AAPL\nMSFT\nBRK.B\n",
        "\ufeffsymbol\r\nAAPL\r\nMSFT\r\nBRK.B\r\n",
        "aapl, msft ,brk/b",
        "AAPL MSFT\tBRK-B",
        "AAPL;MSFT;BRK.B;AAPL",
        "###Big tech, so to say\nNASDAQ:AAPL,NASDAQ:MSFT,###Others,NYSE:BRK.B".replace(", so to say", ""),
        "# my list\n\n$AAPL\n$MSFT\n\n# more\nBRK.B",
        'Name,Symbol,Last\n"Apple, Inc",AAPL,1\nMicrosoft,MSFT,2\nshort row\nBerkshire,BRK.B,3\n',
        "Ticker;Note\nAAPL;a\nMSFT;b\n;c\nBRK.B;d",
        '"AAPL","MSFT","BRK.B"',
    ],
)
def test_lists_of_many_programs_are_read(text: str) -> None:
    assert read(text, KNOWN.__contains__) == (("AAPL", "MSFT", "BRK.B"), ())


def test_what_is_unknown_is_told_as_it_was_written() -> None:
    assert read("AAPL, XYZW, hello!, BTC/USD, xyzw", KNOWN.__contains__) == (
        ("AAPL",),
        ("XYZW", "hello!", "BTC/USD", "xyzw"),
    )


@pytest.mark.parametrize(("text", "says"), [("", "no symbol"), ("\n\n# only\n", "no symbol"), ("symbol\n", "no symbol"),
                                            ("A\0B", "no list"), ("A" * 1_000_001, "no list"),
                                            ('symbol,note\n"' + "x\n" * 100_000, "cannot be read")])  # fmt: skip
def test_what_is_no_list_is_refused(text: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        read(text, KNOWN.__contains__)


@given(st.lists(st.sampled_from(sorted(KNOWN)), unique=True, min_size=1))
def test_what_is_written_is_read_again(symbols: list[str]) -> None:
    assert read(written(symbols), KNOWN.__contains__) == (tuple(symbols), ())


@given(st.text(max_size=80))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    try:
        named, strange = read(text, KNOWN.__contains__)
    except BadInput:
        return
    assert set(named) <= KNOWN
    assert named or strange


def test_an_import_reads_as_a_sentence() -> None:
    assert str(Imported(("A",), (), ())) == "1 symbol added."
    assert str(Imported((), ("A",), tuple("BCDEFGH"))) == (
        "0 symbols added; 1 already in the list; 7 unknown: B, C, D, E, F and 2 more."
    )


@pytest.mark.parametrize("name", ["", "  ", "x" * 41, "a\nb", "GROWTH "])
def test_bad_names_of_lists_are_refused(name: str) -> None:
    with pytest.raises(BadInput, match=r"name"):
        checked_name(name, ["Growth"])


def test_a_list_has_an_end() -> None:
    checked_size(500)
    with pytest.raises(BadInput, match=r"500 symbols at most and would have 1,200"):
        checked_size(1200)
