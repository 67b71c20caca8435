"""The board under a person's hands: drawings are made, chosen, moved, cloned, removed and brought back."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from qv_desktop.domain.drawings import ANCHORS, MOST, Drawing, Kind, drawn
from qv_desktop.domain.market import SECOND
from qv_desktop.ui.chart.drawing.shapes import shape
from tests.ui.drawing_host import LEFT, NONE, Host, a_host

Key, Modifier = Qt.Key, Qt.KeyboardModifier
SHIFT, CONTROL, ALT = Modifier.ShiftModifier, Modifier.ControlModifier, Modifier.AltModifier


@pytest.fixture
def host(qtbot: QtBot) -> Host:
    return a_host(qtbot)


def middle(host: Host) -> float:
    """A price in the middle of the pane."""
    stage = host.stage()
    assert stage is not None
    return round((stage.scale.low + stage.scale.high) / 2, 2)


def spots(host: Host) -> tuple[QPoint, QPoint, QPoint]:
    """Three places apart."""
    price = middle(host)
    return host.at(200, price), host.at(240, price + 0.5), host.at(220, price - 0.4)


def line(host: Host, id: str = "a", kind: Kind = Kind.TREND) -> Drawing:
    price = middle(host)
    anchors = (
        host.anchor(200, price),
        host.anchor(240, round(price + 0.5, 2)),
        host.anchor(220, round(price - 0.4, 2)),
    )
    return drawn(id, "AAPL", kind, anchors[: ANCHORS[kind]], "Note" if kind is Kind.TEXT else "")


def on_line(host: Host, drawing: Drawing) -> QPoint:
    """A place on a drawing, away from its handles."""
    seen = shape(drawing, host.plane)
    assert seen is not None
    if seen.lines:
        ax, ay, bx, by = seen.lines[0]
        return QPoint(round(ax + 0.3 * (bx - ax)), round(ay + 0.3 * (by - ay)))
    left, top, wide, tall = seen.labels[0].box
    return QPoint(round(left + wide / 2 + 6), round(top + tall / 2))


# making


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.TEXT])
def test_each_kind_is_made_by_a_click_for_each_point(host: Host, kind: Kind) -> None:
    host.board.begin(kind)
    host.click(*spots(host)[: ANCHORS[kind]])
    drawing = host.only()
    assert drawing.kind is kind
    for anchor, spot in zip(drawing.anchors, spots(host), strict=False):
        point = host.plane.point(anchor)
        assert (point.x(), point.y()) == pytest.approx((spot.x(), spot.y()), abs=2)
    assert host.board.tool == "cursor"
    assert host.board.selected == drawing
    assert host.left == []


@pytest.mark.parametrize("kind", [Kind.TREND, Kind.RECTANGLE, Kind.MEASURE])
def test_press_drag_and_release_makes_the_same(host: Host, kind: Kind) -> None:
    a, b, _ = spots(host)
    host.board.begin(kind)
    host.drag(a, QPoint(a.x() + 30, a.y()), b)
    assert host.only().kind is kind
    assert len(set(host.only().anchors)) == 2


def test_a_channel_is_dragged_and_then_clicked(host: Host) -> None:
    a, b, c = spots(host)
    host.board.begin("channel")
    host.drag(a, b)
    assert host.kept == {}
    host.click(c)
    assert len(host.only().anchors) == 3


def test_points_stand_on_bars_and_ticks(host: Host) -> None:
    host.board.begin("trend")
    a, b, _ = spots(host)
    host.click(a + QPoint(1, 0), b + QPoint(-1, 1))
    assert host.series is not None
    for anchor in host.only().anchors:
        assert anchor.at in host.series.starts
        assert anchor.price == round(anchor.price, 2)


def test_a_point_in_the_future_stays_there(host: Host) -> None:
    host.board.begin("vertical")
    spot = host.at(302, middle(host))
    host.click(spot)
    assert host.series is not None
    assert host.only().anchors[0].at > host.series.live.start + 300 * SECOND


def test_double_clicks_make_one_drawing(host: Host) -> None:
    a, b, _ = spots(host)
    host.board.begin("trend")
    for spot in (a, b):
        QTest.mouseClick(host, LEFT, NONE, spot)
        QTest.mouseDClick(host, LEFT, NONE, spot)
    assert len(set(host.only().anchors)) == 2
    assert host.left == []


def test_a_double_click_with_a_kept_tool_makes_one_line(host: Host) -> None:
    host.board.begin("horizontal", kept=True)
    spot = spots(host)[0]
    QTest.mousePress(host, LEFT, NONE, spot)
    QTest.mouseRelease(host, LEFT, NONE, spot)
    QTest.mouseDClick(host, LEFT, NONE, spot)
    assert host.only().kind is Kind.HORIZONTAL


def test_a_kept_tool_stays_in_hand_until_esc(host: Host) -> None:
    said: list[str] = []
    host.board.tool_changed.connect(said.append)
    host.board.begin("horizontal", kept=True)
    host.click(*spots(host))
    assert len(host.board.drawings) == 3
    assert (host.board.tool, host.board.selected) == ("horizontal", None)
    host.type(Key.Key_Escape)
    assert (host.board.tool, said[-1]) == ("cursor", "cursor")


def test_esc_gives_up_what_is_being_made(host: Host) -> None:
    host.board.begin("trend")
    host.click(spots(host)[0])
    host.type(Key.Key_Escape)
    host.click(spots(host)[1])
    assert (host.board.drawings, host.told, host.left) == ((), [], ["press"])


def test_what_is_being_made_is_seen(host: Host) -> None:
    before = host.grab().toImage()
    host.board.begin("rectangle")
    QTest.mousePress(host, LEFT, NONE, spots(host)[0])
    host.hover(spots(host)[1])
    assert host.grab().toImage() != before
    assert host.told == []


def test_shift_keeps_a_line_level_upright_or_at_45_degrees(host: Host) -> None:
    a = host.at(200, middle(host))
    ways = {"level": QPoint(120, 9), "upright": QPoint(6, -90), "slanted": QPoint(90, 80)}
    for way in ways.values():
        host.board.begin("trend")
        host.drag(a, a + way, held=SHIFT)
    level, upright, slanted = host.board.drawings
    assert level.anchors[0].price == level.anchors[1].price
    assert upright.anchors[0].at == upright.anchors[1].at
    one, other = (host.plane.point(anchor) for anchor in slanted.anchors)
    assert other.y() - one.y() == pytest.approx(other.x() - one.x(), abs=1.5)


def test_the_magnet_takes_the_price_of_the_nearest_bar_when_it_is_near(host: Host) -> None:
    assert host.series is not None
    bar = host.series.bar(220)
    high = host.at(220, bar.high)
    for pull, magnet, expected in ((-10, True, True), (-10, False, False), (-14, True, False)):
        if host.board.magnet != magnet:
            host.board.toggle_magnet()
        host.board.begin("horizontal")
        host.click(high + QPoint(0, pull))
        assert (host.board.drawings[-1].anchors[0].price == bar.high) is expected


def test_a_text_is_typed_where_it_stands_and_edited_by_a_double_click(host: Host) -> None:
    host.board.begin("text")
    host.click(spots(host)[0])
    entry = host.findChild(QLineEdit, "drawing_text")
    assert entry is not None
    assert entry.isVisible()
    assert host.kept == {}
    QTest.keyClicks(entry, "Earnings ")
    QTest.keyClick(entry, Key.Key_Return)
    assert (host.only().text, entry.isVisible()) == ("Earnings", False)
    QTest.mouseDClick(host, LEFT, NONE, on_line(host, host.only()))
    assert entry.text() == "Earnings"
    QTest.keyClicks(entry, "Split")
    QTest.keyClick(entry, Key.Key_Escape)
    assert host.only().text == "Earnings"
    QTest.mouseDClick(host, LEFT, NONE, on_line(host, host.only()))
    QTest.keyClicks(entry, "Split")
    host.click(QPoint(300, 300))  # going elsewhere keeps it
    assert host.only().text == "Split"
    QTest.mouseDClick(host, LEFT, NONE, on_line(host, host.only()))
    entry.clear()
    QTest.keyClick(entry, Key.Key_Return)
    assert host.board.drawings == ()
    host.type(Key.Key_Z, CONTROL)
    assert host.only().text == "Split"


def test_an_empty_text_is_no_drawing(host: Host) -> None:
    host.board.begin("text")
    host.click(spots(host)[0])
    entry = host.findChild(QLineEdit, "drawing_text")
    assert entry is not None
    QTest.keyClick(entry, Key.Key_Return)
    assert host.told == []


# choosing and moving


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_is_chosen_by_a_click_on_it_and_left_by_one_beside_it(host: Host, kind: Kind) -> None:
    host.put(line(host, kind=kind))
    spot = on_line(host, line(host, kind=kind))
    host.click(spot)
    assert host.board.selected == line(host, kind=kind)
    assert host.left == []
    host.click(QPoint(20, 60))
    assert (host.board.selected, host.left, host.told) == (None, ["press"], [])


@pytest.mark.parametrize("kind", [Kind.TREND, Kind.CHANNEL, Kind.RECTANGLE, Kind.FIBONACCI, Kind.MEASURE, Kind.TEXT])
def test_the_whole_is_dragged_by_bars_and_ticks(host: Host, kind: Kind) -> None:
    before = line(host, kind=kind)
    host.put(before)
    start = on_line(host, before)
    host.drag(start, start + QPoint(1, 1), start + QPoint(60, 30))
    after = host.only()
    assert host.told == [f"changed {kind}"]
    spacing = host.plane.spacing
    bars = [host.plane.bars_between(a, b) for a, b in zip(before.anchors, after.anchors, strict=True)]
    assert bars == [round(60 / spacing)] * len(bars)
    change = {round(b.price - a.price, 6) for a, b in zip(before.anchors, after.anchors, strict=True)}
    assert len(change) == 1
    assert change.pop() < 0
    assert all(anchor.price == round(anchor.price, 2) for anchor in after.anchors)


def test_a_handle_is_dragged_alone(host: Host) -> None:
    before = line(host)
    host.put(before)
    _, b, c = spots(host)
    host.drag(b, QPoint(b.x() + 5, b.y()), c)
    after = host.only()
    assert after.anchors[0] == before.anchors[0]
    assert after.anchors[1].at == host.anchor(220, 0).at


def test_a_level_line_goes_to_the_pointer_and_takes_a_bars_price_with_the_magnet(host: Host) -> None:
    assert host.series is not None
    host.put(line(host, kind=Kind.HORIZONTAL))
    host.board.toggle_magnet()
    start = host.at(260, middle(host))
    host.drag(start, host.at(270, host.series.bar(270).low) + QPoint(0, 4))
    assert host.only().anchors[0].price == host.series.bar(270).low


def test_a_click_does_not_move_what_it_chooses(host: Host) -> None:
    host.put(line(host))
    start = on_line(host, line(host))
    host.drag(start, start + QPoint(2, 2))
    assert host.told == []


def test_the_inside_of_a_rectangle_lets_the_chart_through_until_it_is_chosen(host: Host) -> None:
    box = line(host, kind=Kind.RECTANGLE)
    host.put(box)
    inside = (spots(host)[0] + spots(host)[1]) / 2
    host.click(inside)
    assert (host.board.selected, host.left) == (None, ["press"])
    host.click(on_line(host, box))
    host.drag(inside, inside + QPoint(40, 0))
    assert host.told == ["changed rectangle"]


def test_the_topmost_is_taken(host: Host) -> None:
    host.put(line(host, "a"), line(host, "b"))
    host.click(on_line(host, line(host)))
    assert host.board.selected is not None
    assert host.board.selected.id == "b"


def test_a_locked_drawing_is_chosen_but_neither_moved_nor_removed(host: Host) -> None:
    said: list[str] = []
    host.board.refused.connect(said.append)
    host.put(replace(line(host), locked=True))
    start = on_line(host, line(host))
    host.drag(start, start + QPoint(50, 50))
    assert host.board.selected is not None
    assert host.left == ["press"]  # the chart pans
    host.type(Key.Key_Delete)
    host.type(Key.Key_Up)
    assert host.told == []
    assert [words.split(";")[1] for words in said] == [
        " unlock it first, then remove it.",
        " unlock it first, then move it.",
    ]


@pytest.mark.parametrize("held", [ALT, CONTROL])
def test_a_drag_with_alt_or_control_clones(host: Host, held: Modifier) -> None:
    host.put(line(host))
    start = on_line(host, line(host))
    host.drag(start, start + QPoint(0, 40), held=held)
    first, second = host.board.drawings
    assert first == line(host)
    assert second.anchors[0].price < first.anchors[0].price
    assert host.board.selected == second
    assert set(host.kept.values()) == {first, second}


def test_a_click_with_control_clones_nothing(host: Host) -> None:
    host.put(line(host))
    host.click(on_line(host, line(host)), held=CONTROL)
    assert host.told == []


def test_copy_and_paste_make_more_a_little_aside(host: Host) -> None:
    host.put(line(host))
    host.type(Key.Key_V, CONTROL)
    assert host.left == ["key"]  # nothing was copied
    host.click(on_line(host, line(host)))
    host.type(Key.Key_C, CONTROL)
    host.type(Key.Key_V, CONTROL)
    host.type(Key.Key_V, CONTROL)
    assert len({drawing.anchors for drawing in host.board.drawings}) == 3
    assert host.board.selected == host.board.drawings[-1]


def test_a_copy_is_pasted_on_another_symbol(host: Host) -> None:
    host.put(line(host))
    host.click(on_line(host, line(host)))
    host.type(Key.Key_C, CONTROL)
    host.board.show("MSFT", [])
    host.type(Key.Key_V, CONTROL)
    assert [drawing.symbol for drawing in host.board.drawings] == ["MSFT"]


def test_arrows_nudge_by_a_bar_and_a_tick_and_are_undone_together(host: Host) -> None:
    before = line(host)
    host.put(before)
    host.type(Key.Key_Right)
    assert host.left == ["key"]  # nothing chosen: the chart's own key
    host.click(on_line(host, before))
    host.type(Key.Key_Right)
    assert host.only().anchors[0] == host.anchor(201, before.anchors[0].price)
    host.type(Key.Key_Up)
    host.type(Key.Key_Down, SHIFT)
    assert host.only().anchors[0].price == pytest.approx(before.anchors[0].price - 0.09)
    host.type(Key.Key_Left, CONTROL)
    assert host.left == ["key", "key"]  # a page of the chart
    host.type(Key.Key_Z, CONTROL)
    assert host.only() == before


# the quick measure


@pytest.mark.parametrize("dragged", [True, False])
def test_shift_on_empty_ground_measures_until_the_next_click_and_stores_nothing(host: Host, dragged: bool) -> None:
    before = host.grab().toImage()
    start, end, elsewhere = QPoint(100, 120), QPoint(260, 200), QPoint(40, 60)
    if dragged:
        host.drag(start, end, held=SHIFT)
    else:
        host.click(start, held=SHIFT)
        host.hover(QPoint(200, 150))
        host.click(end)
    assert host.grab().toImage() != before
    assert host.left == []
    host.click(elsewhere)
    assert host.grab().toImage() == before
    assert (host.told, host.left) == ([], ["press"])
    assert not host.board.steps.can_undo


def test_shift_on_a_drawing_does_not_measure(host: Host) -> None:
    host.put(line(host))
    host.click(on_line(host, line(host)), held=SHIFT)
    assert host.board.selected == line(host)


# removing, undoing, hiding


def test_del_removes_the_chosen_and_undo_brings_it_back(host: Host) -> None:
    host.put(line(host))
    host.type(Key.Key_Delete)
    assert host.left == ["key"]
    host.click(on_line(host, line(host)))
    host.type(Key.Key_Delete)
    assert (host.board.drawings, host.kept) == ((), {})
    host.type(Key.Key_Z, CONTROL)
    assert host.only() == line(host)
    host.type(Key.Key_Y, CONTROL)
    assert host.kept == {}
    host.type(Key.Key_Z, CONTROL)
    host.type(Key.Key_Z, CONTROL | SHIFT)
    assert host.kept == {}


def test_clearing_is_one_step_and_spares_what_is_locked(host: Host) -> None:
    locked = replace(line(host, "l"), locked=True)
    host.put(*(line(host, str(i)) for i in range(20)), locked)
    host.board.clear()
    assert list(host.kept.values()) == [locked]
    host.type(Key.Key_Z, CONTROL)
    assert len(host.kept) == len(host.board.drawings) == 21


def test_a_hundred_and_fifty_steps_go_back_and_forth(host: Host) -> None:
    for number in range(150):
        host.board.commit({"a": replace(line(host), width=1 + number % 3, text=str(number))})
    for number in range(148, -1, -1):
        host.type(Key.Key_Z, CONTROL)
        assert host.only().text == str(number)
    host.type(Key.Key_Z, CONTROL)
    assert host.kept == {}
    for _ in range(150):
        host.type(Key.Key_Y, CONTROL)
    assert host.only().text == "149"
    host.type(Key.Key_Z, CONTROL)
    host.board.commit({"b": line(host, "b")})
    assert not host.board.steps.can_redo


def test_each_symbol_has_its_own_steps(host: Host) -> None:
    host.board.commit({"a": line(host)})
    host.board.show("MSFT", [])
    assert not host.board.steps.can_undo
    host.board.show("AAPL", [line(host)])
    assert host.board.steps.can_undo


def test_undo_of_what_another_chart_removed_already_tells_nothing(host: Host) -> None:
    host.board.commit({"a": line(host)})
    host.put()
    host.told.clear()
    host.type(Key.Key_Z, CONTROL)
    assert host.told == []


def test_hidden_drawings_are_neither_seen_nor_hit_and_come_back(host: Host) -> None:
    bare = host.grab().toImage()
    host.put(line(host))
    seen = host.grab().toImage()
    assert seen != bare
    host.type(Key.Key_H, CONTROL | ALT)
    assert host.grab().toImage() == bare
    host.click(on_line(host, line(host)))
    assert host.left == ["press"]
    host.type(Key.Key_H, CONTROL | ALT)
    assert host.grab().toImage() == seen
    host.type(Key.Key_H, CONTROL | ALT)
    host.board.begin("trend")  # who draws wants to see
    assert not host.board.hidden


def test_one_too_many_is_refused_with_what_to_do(host: Host) -> None:
    said: list[str] = []
    host.board.refused.connect(said.append)
    host.put(*(line(host, str(i)) for i in range(MOST)))
    assert not host.board.commit({"more": line(host, "more")})
    assert "remove some first" in said[0]
    assert host.told == []


# keys and neighbours


@pytest.mark.parametrize(
    ("key", "tool"),
    [
        (Key.Key_T, "trend"),
        (Key.Key_H, "horizontal"),
        (Key.Key_V, "vertical"),
        (Key.Key_C, "cross"),
        (Key.Key_F, "fibonacci"),
    ],
)
def test_alt_and_a_letter_choose_a_tool(host: Host, key: Key, tool: str) -> None:
    host.type(key, ALT)
    assert host.board.tool == tool


def test_keys_of_others_are_left_to_the_chart(host: Host) -> None:
    assert not any(
        host.board.key(key, held)
        for key, held in (
            (Key.Key_R, ALT),
            (Key.Key_T, NONE),
            (Key.Key_S, CONTROL),
            (Key.Key_Escape, NONE),
            (Key.Key_Up, CONTROL),
            (0x410, NONE),
            (0x01FFFFFF, NONE),
        )
    )


def test_presses_on_the_axes_are_left_to_the_chart(host: Host) -> None:
    host.put(line(host, kind=Kind.HORIZONTAL))
    host.board.begin("trend")
    stage = host.stage()
    assert stage is not None
    host.click(
        QPoint(stage.panes.width + 10, 100), QPoint(100, stage.panes.bottom + 5), QPoint(100, stage.panes.floor + 10)
    )
    assert host.left == ["press"] * 3


def test_without_a_plane_or_a_symbol_nothing_is_taken(qtbot: QtBot) -> None:
    host = a_host(qtbot)
    host.board.show("", [])
    host.board.begin("trend")
    assert host.board.tool == "cursor"
    host.board.plane = None
    assert not host.board.press(QPointF(100, 100), NONE)
    assert not host.board.move(QPointF(100, 100), NONE)
    assert not host.board.release(QPointF(100, 100), NONE)
    assert not host.board.double_click(QPointF(100, 100), NONE)
    assert host.board.cursor(QPointF(100, 100)) is None


def test_what_comes_in_does_not_disturb_a_drag(host: Host) -> None:
    host.put(line(host))
    start = on_line(host, line(host))
    QTest.mousePress(host, LEFT, NONE, start)
    host.hover(start + QPoint(30, 30))
    host.board.show("AAPL", [line(host, "other"), replace(line(host), color="WARN")])
    host.hover(start + QPoint(60, 30))
    host.board.show("AAPL", [line(host, "other")])  # another chart even removed it
    QTest.mouseRelease(host, LEFT, NONE, start + QPoint(60, 30))
    moved = host.kept["a"]
    assert moved.anchors[0].at == host.anchor(200 + round(60 / host.plane.spacing), 0).at
    assert {drawing.id for drawing in host.board.drawings} == {"a", "other"}


def test_another_symbol_takes_the_drawing_out_of_the_hand(host: Host) -> None:
    host.put(line(host))
    start = on_line(host, line(host))
    QTest.mousePress(host, LEFT, NONE, start)
    host.hover(start + QPoint(30, 30))
    host.board.show("MSFT", [])
    QTest.mouseRelease(host, LEFT, NONE, start + QPoint(60, 30))
    assert (host.told, host.board.selected) == ([], None)


def test_a_drawing_that_is_gone_is_no_longer_chosen(host: Host) -> None:
    host.put(line(host))
    host.click(on_line(host, line(host)))
    host.put()
    assert host.board.selected is None


def test_the_pointer_says_what_a_press_would_do(host: Host) -> None:
    host.put(line(host))
    host.board.plane = host.plane
    spot, handle, empty = (QPointF(at) for at in (on_line(host, line(host)), spots(host)[0], QPoint(20, 60)))
    shapes = [host.board.cursor(at) for at in (spot, handle, empty)]
    assert shapes == [Qt.CursorShape.PointingHandCursor, Qt.CursorShape.SizeAllCursor, None]
    host.board.begin("trend")
    assert host.board.cursor(spot) is Qt.CursorShape.CrossCursor
    host.type(Key.Key_Escape)
    start = spot.toPoint()
    QTest.mousePress(host, LEFT, NONE, start)
    host.hover(start + QPoint(30, 30))
    assert host.board.cursor(spot) is Qt.CursorShape.ClosedHandCursor


def test_what_is_under_the_pointer_lights_up_and_goes_out(host: Host) -> None:
    host.put(line(host))
    before = host.grab().toImage()
    host.hover(on_line(host, line(host)))
    assert host.grab().toImage() != before
    host.board.leave()
    assert host.grab().toImage() == before


def test_painting_leaves_the_painter_and_what_is_beside_the_pane_alone(host: Host) -> None:
    bare = host.grab().toImage()
    host.put(*(line(host, kind.value, kind) for kind in Kind))
    drawn_on: QImage = host.grab().toImage()
    stage = host.stage()
    assert stage is not None
    floor, width = stage.panes.floor, stage.panes.width
    assert drawn_on.copy(0, floor, 900, 520 - floor) == bare.copy(0, floor, 900, 520 - floor)
    assert drawn_on.copy(width, 0, 900 - width, 520) == bare.copy(width, 0, 900 - width, 520)
    assert drawn_on.copy(0, 0, width, floor) != bare.copy(0, 0, width, floor)


def test_many_drawings_look_as_few_do(host: Host) -> None:
    """Many are painted once and copied: thirty lines of one price are one line to the eye."""
    bare = host.grab().toImage()
    host.put(line(host, "one", Kind.HORIZONTAL))
    few = host.grab().toImage()
    host.put(*(line(host, str(i), Kind.HORIZONTAL) for i in range(30)))
    assert host.grab().toImage() == few != bare
    host.put()
    assert host.grab().toImage() == bare


def test_one_of_many_leaves_its_place_while_it_is_dragged(host: Host) -> None:
    bare = host.grab().toImage()
    one = line(host, "one", Kind.HORIZONTAL)
    host.put(one, *(line(host, str(i), Kind.VERTICAL) for i in range(30)))
    start = on_line(host, one)
    assert host.grab().toImage().pixel(start) != bare.pixel(start)
    QTest.mousePress(host, LEFT, NONE, start)
    host.hover(start + QPoint(0, 50))
    held = host.grab().toImage()
    assert held.pixel(start) == bare.pixel(start)
    assert held.pixel(start + QPoint(0, 50)) != bare.pixel(start + QPoint(0, 50))
