"""Risk limits as a person reads and types them."""

from dataclasses import replace
from decimal import Decimal

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from qv_desktop.domain.limits import Limits
from qv_desktop.ui.limits_dialog import LimitsDialog


def dialog(qtbot: QtBot, limits: Limits = Limits(), reason: str = "") -> LimitsDialog:  # noqa: B008 - frozen
    shown = LimitsDialog(limits, reason)
    shown.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(shown)
    shown.show()
    return shown


def test_fractions_are_percent_and_what_is_not_touched_stays_as_it_is(qtbot: QtBot) -> None:
    shown = dialog(qtbot)
    texts = {name: field.text() for name, field in shown.fields.items()}
    assert (texts["order_value"], texts["position_fraction"], texts["collar"]) == ("100,000", "25", "10")
    with qtbot.waitSignal(shown.saved) as saved:
        shown.save.click()
    assert saved.args == [Limits()]
    shown.fields["position_fraction"].setText("12.5")
    shown.fields["order_value"].setText("250,000")
    with qtbot.waitSignal(shown.saved) as saved:
        shown.save.click()
    assert saved.args == [replace(Limits(), position_fraction=Decimal("0.125"), order_value=Decimal(250_000))]


@pytest.mark.parametrize(("name", "text"), [
    ("order_value", ""), ("order_value", "-1"), ("daily_loss", "NaN"), ("collar", "Infinity"), ("orders_per_minute", "1.5"),
])  # fmt: skip
def test_what_is_no_limit_is_said_and_not_saved(qtbot: QtBot, name: str, text: str) -> None:
    shown = dialog(qtbot)
    shown.fields[name].setText(text)
    with qtbot.assertNotEmitted(shown.saved, wait=20):
        shown.save.click()
    assert shown.message().startswith(shown.fields[name].accessibleName())
    assert shown.fields[name].property("bad")


def test_whoever_may_not_change_them_reads_them_and_why(qtbot: QtBot) -> None:
    shown = dialog(qtbot, reason="Your role, Viewer, lacks “risk: change”; ask an Admin.")
    assert not any(field.isEnabled() for field in (*shown.fields.values(), shown.save))
    assert "Viewer" in shown.save.toolTip()
