"""The ticket's presets: a button that says what the fields were filled from, and its menu."""

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget

from qv_desktop.domain.ticket_presets import STANDARD, TicketPreset
from qv_desktop.ui.models.menu_button import entry, menu_button

_WIDE = 92  # px
_LAST, _STANDARD = "Last used", "Standard"


class PresetMenu(QWidget):
    """Emits ``applied(TicketPreset)``, ``save_asked()`` and ``delete_asked(str)``."""

    applied = Signal(object)
    save_asked = Signal()
    delete_asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._named: Mapping[str, TicketPreset] = {}
        self._last: TicketPreset | None = None
        self._symbol = ""
        self._name, self._used = _STANDARD, STANDARD  # what the fields were filled from
        self.button = menu_button("", "Presets of the ticket", self._fill)
        self.button.setFixedWidth(_WIDE)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.button)
        self.show_fields(STANDARD)

    def show_presets(self, named: Mapping[str, TicketPreset]) -> None:
        """The presets that have names."""
        self._named = dict(named)

    def fill_for(self, symbol: str, last: TicketPreset | None) -> None:
        """Another symbol: its last one fills the fields, or the standard where nothing was sent yet."""
        self._symbol, self._last = symbol, last
        self._apply(*((_STANDARD, STANDARD) if last is None else (_LAST, last)))

    def remember(self, symbol: str, last: TicketPreset) -> None:
        """What was just sent is what was last used."""
        self._symbol, self._last = symbol, last

    def show_fields(self, now: TicketPreset) -> None:
        """What stands in the fields: the button says when that is no longer the preset."""
        text = self._name if now == self._used else f"{self._name} *"
        metrics = QFontMetrics(self.button.font())
        self.button.setText(metrics.elidedText(text, Qt.TextElideMode.ElideRight, _WIDE - 28) + " ▾")
        origin = f"last used in {self._symbol}" if self._name == _LAST else f"“{self._name}”"
        changed = "" if now == self._used else ", changed since"
        tip = f"Filled from {origin}{changed}. Presets: {words(self._used)}"
        self.button.setToolTip(tip)
        self.button.setAccessibleDescription(tip)

    @property
    def names(self) -> list[str]:
        """The names that are taken."""
        return list(self._named)

    def _apply(self, name: str, preset: TicketPreset) -> None:
        self._name, self._used = name, preset
        self.applied.emit(preset)

    def _fill(self, menu: QMenu) -> None:
        why = "" if self._last else f"Nothing was sent in {self._symbol or 'this symbol'} yet."
        entry(
            menu,
            f"Last used in {self._symbol}" if self._symbol else _LAST,
            lambda: self._apply(_LAST, self._last or STANDARD),
            why,
        )
        entry(menu, f"Standard: {words(STANDARD)}", partial(self._apply, _STANDARD, STANDARD))
        for name, preset in self._named.items():
            entry(menu, f"{name}: {words(preset)}", partial(self._apply, name, preset))
        menu.addSeparator()
        entry(menu, "Save as preset…", self.save_asked.emit)
        if self._named:
            gone = menu.addMenu("Delete")
            for name in self._named:
                entry(gone, name, partial(self.delete_asked.emit, name))


def words(preset: TicketPreset) -> str:
    """The preset in a few words, such as ``100 shares, Limit, Day``."""
    measures = {
        "notional": f"${preset.quantity}",
        "equity": f"{preset.quantity}% of equity",
        "risk": f"${preset.quantity} at risk",
    }
    exits = {"take profit": preset.take_profit, "stop loss": preset.stop_loss, "loss limit": preset.loss_limit}
    parts = [
        measures.get(preset.sizing, f"{preset.quantity} shares"),
        preset.kind,
        preset.life,
        "ext. hours" if preset.extended else "",
    ]
    return ", ".join(filter(None, (*parts, *(f"{name} {text}" for name, text in exits.items() if text))))
