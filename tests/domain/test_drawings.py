"""Drawings as values: they move, are checked, and come back from what is stored of them."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.domain.drawings import (
    ANCHORS,
    COLORS,
    DASHES,
    EARLIEST,
    FIBONACCI,
    LATEST,
    MOST_PRICE,
    MOST_TEXT,
    Anchor,
    Drawing,
    Kind,
    body,
    checked,
    cloned,
    drawn,
    from_body,
    moved,
    shifted,
    tidy,
)
from qv_desktop.domain.errors import BadInput

anchors = st.builds(Anchor, st.integers(EARLIEST, LATEST), st.floats(-MOST_PRICE, MOST_PRICE))
letters = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), max_size=MOST_TEXT)


@st.composite
def drawings(draw: st.DrawFn) -> Drawing:
    kind = draw(st.sampled_from(Kind))
    levels = tuple(draw(st.lists(st.floats(-10, 10), max_size=8))) if kind is Kind.FIBONACCI else ()
    held = tuple(draw(anchors) for _ in range(ANCHORS[kind]))
    return Drawing("id", "AAPL", kind, held, draw(st.sampled_from(COLORS)), draw(st.integers(1, 3)),
                   draw(st.sampled_from(DASHES)), draw(letters), levels, draw(st.booleans()), draw(st.booleans()))  # fmt: skip


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(list(body(
        drawn("i", "A", Kind.TREND, (Anchor(0, 1.0),) * 2)))) | st.text(max_size=4), inner, max_size=6), max_leaves=20)  # fmt: skip


def a_line(kind: Kind = Kind.TREND) -> Drawing:
    return drawn("d1", "AAPL", kind, tuple(Anchor(i * 1000, 100.0 + i) for i in range(ANCHORS[kind])))


@given(drawings())
def test_a_drawing_comes_back_from_json_as_it_was(drawing: Drawing) -> None:
    assert from_body("id", "AAPL", str(drawing.kind), json.loads(json.dumps(body(drawing)))) == checked(drawing)


@given(json_values, st.sampled_from([*Kind, "circle", ""]))
def test_whatever_is_stored_is_read_in_full_or_not_at_all(value: object, kind: str) -> None:
    read = from_body("id", "AAPL", kind, value)
    assert read is None or read == checked(read)


@pytest.mark.parametrize(
    "change",
    [
        {"anchors": [[0, 1.0]]},
        {"anchors": [[0, 1.0], [0, None]]},
        {"anchors": [[0, 1.0], [0, "NaN"]]},
        {"anchors": [[0.5, 1.0], [0, 1.0]]},
        {"anchors": [[10**30, 1.0], [0, 1.0]]},
        {"width": 9},
        {"dash": ["solid"]},
        {"color": "url(x)"},
        {"text": "x" * 201},
    ],
)
def test_a_body_that_is_not_right_is_not_guessed_at(change: dict[str, object]) -> None:
    line = a_line()
    assert from_body("d1", "AAPL", "trend", body(line)) == line
    assert from_body("d1", "AAPL", "trend", {**body(line), **change}) is None


def test_a_body_of_an_older_program_takes_the_usual_for_what_it_lacks() -> None:
    read = from_body("d1", "AAPL", "fibonacci", {"anchors": [[0, 100], [1000, 101]], "later": 1})
    assert read == a_line(Kind.FIBONACCI)
    assert read is not None
    assert read.levels == FIBONACCI


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (replace(a_line(), symbol=""), "needs a symbol"),
        (replace(a_line(), anchors=(Anchor(0, 1.0),)), "needs 2 points"),
        (replace(a_line(), anchors=(Anchor(0, float("nan")),) * 2), "no price"),
        (replace(a_line(), anchors=(Anchor(0, float("inf")),) * 2), "no price"),
        (replace(a_line(), anchors=(Anchor(LATEST + 1, 1.0),) * 2), "1900 to 2200"),
        (replace(a_line(), width=0), "1 to 3 px"),
        (replace(a_line(), color="pink"), "colour of the theme"),
        (replace(a_line(), levels=(float("nan"),)), "levels"),
        (replace(a_line(), text="x" * (MOST_TEXT + 1)), "shorten it to 200"),
        (replace(a_line(), text="a\x00b"), "type it anew"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_what_to_do(wrong: Drawing, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        checked(wrong)


def test_a_text_is_kept_on_one_line() -> None:
    assert tidy("  Earnings\n\t beat ") == "Earnings beat"


@given(drawings(), anchors, st.data())
def test_moving_a_handle_moves_that_one_alone(drawing: Drawing, to: Anchor, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(drawing.anchors) - 1))
    after = moved(drawing, index, to)
    assert after.anchors[index] == to
    assert [a for i, a in enumerate(after.anchors) if i != index] == [
        a for i, a in enumerate(drawing.anchors) if i != index
    ]
    assert replace(after, anchors=drawing.anchors) == drawing


def test_a_rectangle_is_also_held_at_its_two_other_corners() -> None:
    box = a_line(Kind.RECTANGLE)
    assert moved(box, 2, Anchor(-5, 90.0)).anchors == (Anchor(-5, 100.0), Anchor(1000, 90.0))
    assert moved(box, 3, Anchor(-5, 90.0)).anchors == (Anchor(0, 90.0), Anchor(-5, 101.0))


def test_shifting_takes_every_anchor_along() -> None:
    after = shifted(a_line(Kind.CHANNEL), lambda anchor: Anchor(anchor.at + 7, anchor.price - 1))
    assert after.anchors == (Anchor(7, 99.0), Anchor(1007, 100.0), Anchor(2007, 101.0))


def test_a_clone_has_its_own_name_and_is_free_to_move() -> None:
    line = replace(a_line(), locked=True, hidden=True, color="WARN")
    assert cloned(line, "d2") == replace(line, id="d2", locked=False, hidden=False)
