"""Another theme is put on in place: what is built already looks as if it had been built in it."""

import asyncio
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from qv_desktop import wiring
from qv_desktop.domain.orders import OrderStatus
from qv_desktop.ui import theme, wardrobe
from qv_desktop.ui.main_window import MainWindow
from qv_desktop.ui.models.json_difference import DifferenceView
from qv_desktop.ui.models.layouts import divider, note, paint_note, pill, tint
from tests.ui.chart_market import FIVE, walk
from tests.ui.trading_values import order


@pytest.fixture
def wearer(qapp: QApplication) -> Iterator[QApplication]:
    """The application, back in the dark at the end."""
    yield qapp
    theme.apply(qapp)


def desk() -> dict[str, QWidget]:
    """A window and its panels, some of which show something: name -> widget."""
    panels = asyncio.run(wiring.panels("test", pause=lambda: asyncio.sleep(0))).by_name()
    window = MainWindow(panels)
    window.resize(1600, 900)
    window.set_environment("PAPER")
    statuses = (OrderStatus.WORKING, OrderStatus.UNRESOLVED, OrderStatus.REJECTED)
    panels["orders"].model.upsert([order(i, status) for i, status in enumerate(statuses)])  # type: ignore[attr-defined]
    panels["chart"].show_history("AAPL", FIVE, walk(200), 229.0)  # type: ignore[attr-defined]
    window.show()
    for _ in range(3):  # sizes hold once all is shown
        QApplication.processEvents()
    return {**panels, "window": window}


def small() -> dict[str, QWidget]:
    """What has colours of its own."""
    said, lines = note(), DifferenceView("what changed")
    said.setText("Something to heed.")
    paint_note(said, "WARN")
    lines.show_lines([("+", "new"), ("-", "gone")])
    word = QLabel("tinted")
    tint(word, "UP")
    return {"note": said, "lines": lines, "pill": pill("Matched 4"), "word": word, "divider": divider()}


def picture(widget: QWidget) -> QImage:
    if widget.parent() is None and not widget.isVisible():
        widget.resize(480, 320)
    return widget.grab().toImage()


@pytest.mark.parametrize("built", [small, desk])
@pytest.mark.parametrize("name", ["light", "high-contrast"])
def test_what_changed_its_theme_looks_like_what_was_built_in_it(
    wearer: QApplication, built: Callable[[], dict[str, QWidget]], name: theme.colors.Theme
) -> None:
    theme.apply(wearer)
    changed = built()
    before = {one: picture(widget) for one, widget in changed.items()}
    theme.apply(wearer, name)
    fresh = built()
    after = {one: picture(widget) for one, widget in changed.items()}
    wanted = {one: picture(widget) for one, widget in fresh.items()}
    assert [one for one in wanted if after[one] == before[one]] == []
    assert [one for one in wanted if after[one] != wanted[one]] == []


def test_the_last_sheet_that_was_worn_counts_and_what_is_gone_is_not_dressed(wearer: QApplication) -> None:
    kept, gone = QLabel(), QLabel()
    theme.wear(kept, lambda: f"color: {theme.UP};")
    theme.wear(kept, lambda: f"color: {theme.DOWN};")
    theme.wear(gone, lambda: f"color: {theme.UP};")
    gone.deleteLater()
    wearer.sendPostedEvents(gone)
    theme.apply(wearer, "light", "colour-blind")
    assert kept.styleSheet() == f"color: {theme.DOWN};"


def test_what_is_worn_keeps_nobody_alive() -> None:
    before = len(wardrobe._worn)
    label = QLabel()
    theme.wear(label, lambda: f"color: {theme.UP};")
    assert len(wardrobe._worn) == before + 1
    del label
    assert len(wardrobe._worn) == before
