"""Type, colours and the small controls."""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFontMetrics, QRawFont
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from qv_desktop import paths
from qv_desktop.ui import theme


def test_the_shipped_fonts_are_used_and_their_licence_lies_beside_them() -> None:
    families = [QRawFont.fromFont(font()).familyName() for font in (theme.body, theme.strong, theme.mono)]
    assert families == ["Inter", "Inter", "JetBrains Mono"]
    assert QRawFont.fromFont(theme.strong()).weight() == 600
    assert "SIL OPEN FONT LICENSE" in (paths.resources() / "fonts" / "LICENSE-OFL.txt").read_text("utf-8")


def test_figures_have_one_width() -> None:
    for font in (theme.body(), theme.small(), theme.strong(), theme.mono()):
        metrics = QFontMetrics(font)
        assert len({metrics.horizontalAdvance(digit * 10) for digit in "0123456789"}) == 1


def test_dressing_twice_changes_nothing(qapp: QApplication) -> None:
    theme.apply(qapp)
    sheet = qapp.styleSheet()
    theme.apply(qapp)
    assert qapp.styleSheet() == sheet
    assert "$" not in sheet


def test_a_hold_button_fires_after_a_second_and_not_after_a_click(qtbot: QtBot) -> None:
    button = theme.HoldButton("Halt · hold 1 s")
    qtbot.addWidget(button)
    button.show()
    fired: list[int] = []
    button.held.connect(lambda: fired.append(1))
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert fired == []
    qtbot.mousePress(button, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    with qtbot.waitSignal(button.held, timeout=5000):
        pass
    qtbot.mouseRelease(button, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    assert fired == [1]


def test_a_hold_button_takes_the_keyboard_and_a_release_stops_it(qtbot: QtBot) -> None:
    button = theme.HoldButton("Halt · hold 1 s")
    qtbot.addWidget(button)
    button.show()
    button.setFocus()
    qtbot.keyPress(button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: button.progress > 0)
    qtbot.keyRelease(button, Qt.Key.Key_Space)
    assert button.progress == 0
    button.setEnabled(False)
    qtbot.mousePress(button, Qt.MouseButton.LeftButton)
    assert button.progress == 0


def test_segments_are_one_choice(qtbot: QtBot) -> None:
    side = theme.Segmented(["BUY", "SELL"], grounds={"BUY": "buy", "SELL": "sell"})
    qtbot.addWidget(side)
    side.show()
    assert side.choice() == "BUY"
    with qtbot.waitSignal(side.chosen) as chosen:
        qtbot.mouseClick(side.segment("SELL"), Qt.MouseButton.LeftButton)
    assert (chosen.args, side.choice()) == (["SELL"], "SELL")
    with qtbot.assertNotEmitted(side.chosen):
        side.choose("BUY")
    assert side.choice() == "BUY"
