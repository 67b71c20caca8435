"""Settings: the database, Polygon's key, how the screen looks, what runs of strategies may take; accounts are under Connections."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal, cast, get_args

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QFrame, QGridLayout, QHBoxLayout, QLineEdit, QRadioButton, QVBoxLayout, QWidget

from qv_desktop.ui import colors, theme
from qv_desktop.ui.models.layouts import forbid, tint
from qv_desktop.ui.models.run_limits import RunLimits, RunLimitsFields

type Density = Literal["compact", "normal", "comfort"]

DENSITIES: tuple[str, ...] = get_args(Density.__value__)
THEMES: dict[str, colors.Theme] = {"Dark": "dark", "Light": "light", "High contrast": "high-contrast"}
PRICES: dict[str, colors.Prices] = {  # as shown -> as kept
    "US: green up, red down": "us", "East Asia: red up, green down": "east-asia", "Blue up, orange down": "colour-blind",
}  # fmt: skip
KEYS: dict[str, str] = {  # name in the keyring -> label
    "polygon_key": "Polygon key",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SettingsDraft:
    """What the dialog shows and gives back; an empty ``database_url`` is the embedded database, ``keys`` holds only keys typed anew."""

    database_url: str = ""
    density: Density = "normal"
    keys: dict[str, str] = field(default_factory=dict, repr=False)
    theme: colors.Theme = "dark"
    prices: colors.Prices = "us"
    runs: RunLimits = field(default_factory=RunLimits)


class SettingsDialog(QDialog):
    """Says what is to be tested or saved; somebody else does it and says what became of it."""

    test_asked = Signal(str)  # database URL, "" is the embedded one
    saved = Signal(object)  # SettingsDraft
    connections_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self.setMinimumWidth(520)
        self.embedded, self.remote = QRadioButton("On this computer, kept by QuantVision"), QRadioButton("On a server")
        self.url = QLineEdit(placeholderText="postgresql://name:password@host:5432/quantvision")
        self.test = theme.button("Test")
        self.density, self.connections = theme.Segmented([d.title() for d in DENSITIES]), theme.button("Connections…")
        self.theme, self.prices = theme.Segmented(list(THEMES)), theme.Segmented(list(PRICES))
        self.runs = RunLimitsFields()
        self.keys = {name: QLineEdit(echoMode=QLineEdit.EchoMode.Password) for name in KEYS}
        self.save, self._cancel = theme.button("Save", "primary"), theme.button("Cancel", "ghost")
        self._accounts_hint = theme.label("Alpaca accounts, paper and live: keys, OAuth, prices.", "hint")
        self._place = theme.label("Kept in this system's keyring, or in a file that your passphrase locks.", "hint")
        self._result, self._message = theme.label("", "label"), theme.label("", "label")
        self._lay_out()
        self._connect()
        self.show_settings(SettingsDraft())

    def show_settings(self, draft: SettingsDraft, stored: Collection[str] = ()) -> None:
        """Show the settings in force; keys named in ``stored`` are in the keyring and stay unless typed anew."""
        (self.remote if draft.database_url else self.embedded).setChecked(True)
        self.url.setText(draft.database_url)
        self.density.choose(draft.density.title())
        self.theme.choose(_shown(THEMES, draft.theme))
        self.prices.choose(_shown(PRICES, draft.prices))
        self.runs.show_limits(draft.runs)
        for name, line in self.keys.items():
            line.setText(draft.keys.get(name, ""))
            line.setPlaceholderText("stored; type a new one to replace it" if name in stored else "none stored yet")
        self._turn_database()

    def offer_connections(self, reason: str = "") -> None:
        """Let the accounts be opened from here, or say for which ``reason`` they cannot be now."""
        self.connections.setEnabled(not reason)
        self._accounts_hint.setText(reason or "Alpaca accounts, paper and live: keys, OAuth, prices.")

    def draft(self) -> SettingsDraft:
        """The settings as they stand in the dialog."""
        typed = {name: line.text().strip() for name, line in self.keys.items() if line.text().strip()}
        return SettingsDraft(self._url(), cast(Density, self.density.choice().lower()), typed,
                             THEMES[self.theme.choice()], PRICES[self.prices.choice()], self.runs.limits())  # fmt: skip

    def show_test_result(self, good: bool, text: str) -> None:
        """Show what a test of the database found."""
        self.test.setEnabled(True)
        self._result.setText(("✓ " if good else "✗ ") + text)
        tint(self._result, "GOOD" if good else "BAD")

    def forbid(self, why: str) -> None:
        """Why the person may look at the settings and not save them, or nothing."""
        forbid(self.save, why)
        if why:
            self.show_message(why)

    def show_message(self, text: str, *, good: bool = False) -> None:
        """Show one sentence over the buttons, such as why nothing was saved."""
        self._message.setText(text)
        tint(self._message, "GOOD" if good else "BAD")

    def result_text(self) -> str:
        """What the last test said."""
        return self._result.text()

    def message(self) -> str:
        """The sentence over the buttons."""
        return self._message.text()

    def _url(self) -> str:
        return self.url.text().strip() if self.remote.isChecked() else ""

    def _connect(self) -> None:
        self.remote.toggled.connect(self._turn_database)
        self.test.clicked.connect(self._ask_test)
        self.save.clicked.connect(self._ask_save)
        self.connections.clicked.connect(self.connections_asked)
        self._cancel.clicked.connect(self.reject)

    def _turn_database(self) -> None:
        self.url.setEnabled(self.remote.isChecked())
        self._result.setText("")

    def _ask_test(self) -> None:
        if self._usable():
            self.test.setEnabled(False)
            self._result.setText("Asking the database…")
            tint(self._result, "TX1")
            self.test_asked.emit(self._url())

    def _ask_save(self) -> None:
        if self._usable():
            self.show_message("")
            self.saved.emit(self.draft())

    def _usable(self) -> bool:
        good = not self.remote.isChecked() or self._url().startswith(
            ("postgresql://", "postgresql+psycopg://", "postgres://")
        )
        if not good:
            self.show_test_result(False, "Type an address that begins with postgresql://")
            self.url.setFocus()
        return good

    def _lay_out(self) -> None:
        self._result.setWordWrap(True)
        self._message.setWordWrap(True)
        self.url.setAccessibleName("Database address")
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 18)
        column.setSpacing(8)
        for title, part in (("Database", self._database()), ("Accounts", self._accounts()), ("Prices", self._key_fields()),
                            ("Row height", self.density), ("Look", self._look()), ("Strategies’ runs", self.runs)):  # fmt: skip
            column.addWidget(theme.caption(title))
            column.addWidget(part)
            column.addSpacing(8)
        column.addWidget(self._message)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self._cancel)
        buttons.addWidget(self.save)
        column.addLayout(buttons)

    def _database(self) -> QWidget:
        box = QFrame()
        grid = QGridLayout(box)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(6)
        grid.addWidget(self.embedded, 0, 0, 1, 2)
        grid.addWidget(self.remote, 1, 0, 1, 2)
        grid.addWidget(self.url, 2, 0)
        grid.addWidget(self.test, 2, 1)
        grid.addWidget(self._result, 3, 0, 1, 2)
        return box

    def _accounts(self) -> QWidget:
        box = QFrame()
        row = QHBoxLayout(box)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.connections)
        row.addWidget(self._accounts_hint, 1)
        return box

    def _key_fields(self) -> QWidget:
        box = QFrame()
        grid = QGridLayout(box)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(6)
        for place, (name, title) in enumerate(KEYS.items()):
            self.keys[name].setAccessibleName(title)
            grid.addWidget(theme.label(title), place, 0)
            grid.addWidget(self.keys[name], place, 1)
        grid.addWidget(self._place, len(KEYS), 1)
        return box

    def _look(self) -> QWidget:
        self.theme.setAccessibleName("Theme")
        self.prices.setAccessibleName("Colours of prices that rise and fall")
        box = QFrame()
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.theme)
        column.addWidget(self.prices)
        column.addWidget(theme.label("A change shows as soon as it is saved. Buy and sell keep their colours.", "hint"))
        return box


def _shown(choices: Mapping[str, str], kept: str) -> str:
    return next(words for words, value in choices.items() if value == kept)
