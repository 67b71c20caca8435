"""The scanner: a rule in words over the known symbols, what matches it now, and why."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QMenu, QSizePolicy, QWidget

from qv_desktop.domain.scans import PRESETS, Match, Scan
from qv_desktop.ui import format as fmt
from qv_desktop.ui import theme
from qv_desktop.ui.models.confirm_bar import ConfirmBar
from qv_desktop.ui.models.flashes import Flashes
from qv_desktop.ui.models.layouts import Bar, divider, forbid, stacked, tint
from qv_desktop.ui.models.menu_button import entry, menu_button
from qv_desktop.ui.models.name_bar import NameBar
from qv_desktop.ui.models.rule_field import RuleField
from qv_desktop.ui.models.scan_columns import Found, columns
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import TableModel

EVERYTHING = "All known symbols"
FLASH_MS = 1_500
WIDE = 800  # px, from which the column of reasons is on the screen
_PRESETS = {scan.name: scan for scan in PRESETS}


class ScannerPanel(QWidget):
    """Emits ``scan_changed(Scan)`` when what is to be looked for changes: at Enter in the rule, and with universe or alert at once.

    ``rule_edited`` comes with every key; whoever reads rules answers with ``show_rule_error``, empty when the rule is good.
    """

    name = "scanner"
    title = "Scanner"

    scan_chosen = Signal(str)
    scan_changed = Signal(object)  # Scan
    rule_edited = Signal(str)
    save_asked = Signal(object)  # Scan
    delete_asked = Signal(str)
    symbol_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scans: dict[str, Scan] = dict(_PRESETS)  # name -> as kept
        self._kept: frozenset[str] = frozenset()  # names of the person's own
        self._shown = PRESETS[0]
        self._since: dict[str, datetime] = {}  # symbol -> since when it has matched
        self._error: tuple[str, int] = ("", 0)
        self._lacking = ""  # why the person may not keep scans
        self._flashes = Flashes(FLASH_MS)
        self._flashes.setParent(self)  # its timer ends with the panel
        self.model: TableModel[Found] = TableModel(columns(self._flashes), key=lambda f: f.match.symbol, parent=self)
        self.table = Table(
            self.model, empty="Nothing matches yet.\nChoose a scan above, or type a rule and press Enter."
        )
        self.scans, self.universe, self.rule = QComboBox(), QComboBox(), RuleField()
        self.alert = QCheckBox("Alert")
        self.save, self.more = theme.button("Save"), menu_button("⋯", "More about scans", self._fill)
        self.wrong, self.status, self.why = theme.label("", "hint"), theme.label("", "hint"), theme.label("", "label")
        self.naming, self.confirming = NameBar(), ConfirmBar()
        self._arrange()
        self._connect()
        self.show_universes(())
        self.show_scans((), self._shown.name)

    # ---- what is shown

    def show_scans(self, scans: Sequence[Scan], chosen: str) -> None:
        """The person's kept scans, with the shipped ones after them; the rule on the screen becomes that of ``chosen``."""
        self._kept = frozenset(scan.name for scan in scans if _PRESETS.get(scan.name) != scan)
        self._scans = {s.name: s for s in scans if s.name in self._kept} | {
            n: s for n, s in _PRESETS.items() if n not in self._kept
        }
        self.scans.clear()
        self.scans.addItems([name for name in self._scans if name in self._kept])
        if self._kept:
            self.scans.insertSeparator(self.scans.count())
        self.scans.addItems([name for name in self._scans if name not in self._kept])
        self._show(self._scans.get(chosen, PRESETS[0]))

    def show_universes(self, names: Sequence[str]) -> None:
        """The watchlists that a scan can look through."""
        wanted = self.universe.currentData() or ""
        self.universe.clear()
        self.universe.addItem(EVERYTHING, "")
        for name in names:
            self.universe.addItem(name, name)
        self._turn_to(wanted)

    def _turn_to(self, universe: str) -> None:
        """A list that is gone stays on the screen as what it is: another choice would look like the scan's own."""
        if self.universe.findData(universe) < 0:
            self.universe.addItem(f"{universe} (gone)", universe)
        self.universe.setCurrentIndex(self.universe.findData(universe))

    def show_rule_error(self, sentence: str, column: int = 0) -> None:
        """Why the rule cannot be read and where (characters from 0); nothing when it can."""
        self._error = (sentence, column)
        self.rule.show_wrong(bool(sentence))
        self.wrong.setText(sentence)
        self.wrong.setVisible(bool(sentence))
        self._judge()

    def show_matches(self, matches: Sequence[Match], entered: Collection[str], looked_at: int, at: datetime) -> None:
        """What matches, best first, out of ``looked_at`` symbols at ``at``; ``entered`` are newcomers, which flash."""
        for symbol in entered:
            self._flashes.start(symbol, theme.ACCENT)
        self._since = {m.symbol: at if m.symbol in entered else self._since.get(m.symbol, at) for m in matches}
        self.model.replace([Found(m, self._since[m.symbol], rank) for rank, m in enumerate(matches, 1)])
        count = f"{len(matches):,} of {looked_at:,} symbol{'' if looked_at == 1 else 's'} match{'es' if len(matches) == 1 else ''}"
        self.status.setText(f"{count} · scanned {fmt.clock(at)}")
        self._show_why()

    def show_nothing(self) -> None:
        """No scan runs."""
        self._since.clear()
        self.model.replace(())
        self.status.setText("")

    def show_chosen(self, symbol: str) -> None:
        """Select the row of ``symbol``, if it matches, without saying so."""
        self.table.blockSignals(True)
        self.table.select_key(symbol)
        self.table.blockSignals(False)

    def set_flashing(self, on: bool) -> None:
        """Whether newcomers flash; off for people who asked for less motion."""
        self._flashes.on = on

    def forbid(self, lacking: Mapping[str, str]) -> None:
        """Why the person may not ``change`` scans or ``export`` tables; what is absent is allowed."""
        self._lacking = lacking.get("change", "")
        self.table.forbid_export(lacking.get("export", ""))
        self._judge()

    def draft(self) -> Scan:
        """The scan as it stands on the screen."""
        return replace(self._shown, rule=self.rule.text().strip(), universe=self.universe.currentData() or "",
                       alert=self.alert.isChecked())  # fmt: skip

    # ---- what the person does

    def _connect(self) -> None:
        self._flashes.faded.connect(lambda: self.model.refresh(0))
        self.scans.textActivated.connect(self._choose)
        self.universe.activated.connect(self._change)
        self.alert.clicked.connect(self._change)
        self.rule.edited.connect(self._edit)
        self.rule.entered.connect(self._enter)
        self.save.clicked.connect(lambda: self.save_asked.emit(self.draft()))
        self.table.row_chosen.connect(lambda found: self.symbol_chosen.emit(found.match.symbol))
        self.table.selectionModel().selectionChanged.connect(self._show_why)
        self.table.row_opened.connect(lambda found: self.symbol_chosen.emit(found.match.symbol))

    def _choose(self, name: str) -> None:
        self._show(self._scans[name])
        self.scan_chosen.emit(name)

    def _edit(self, text: str) -> None:
        self._judge()
        self.rule_edited.emit(text)

    def _enter(self) -> None:
        """Look by the new rule; one that cannot be read puts the cursor where it goes wrong."""
        if self._error[0]:
            self.rule.setCursorPosition(self._error[1])
        else:
            self._change()

    def _change(self) -> None:
        self._judge()
        if not self._error[0]:
            self.scan_changed.emit(self.draft())

    def _fill(self, menu: QMenu) -> None:
        name, wrong = self._shown.name, self._error[0] and "The rule cannot be read yet"
        entry(menu, "Save as…", self._ask_name, self._lacking or wrong)
        entry(
            menu,
            "Undo changes",
            lambda: self._choose(name),
            "" if self.draft() != self._shown else "Nothing was changed",
        )
        entry(
            menu,
            f"Delete “{name}”…",
            self._ask_delete,
            self._lacking or ("" if name in self._kept else "Shipped scans stay"),
        )
        menu.addSeparator()
        self.table.offer_export(menu)

    def _ask_name(self) -> None:
        self.naming.ask_name(
            "Save as", "Save", lambda name: self.save_asked.emit(replace(self.draft(), name=name)), taken=self._kept
        )

    def _ask_delete(self) -> None:
        name = self._shown.name
        self.confirming.ask(f"Delete the scan “{name}”?", "Delete", lambda: self.delete_asked.emit(name))

    def _show(self, scan: Scan) -> None:
        """Turn to ``scan``; matches of another one go."""
        if scan.name != self._shown.name:
            self.show_nothing()
        self._shown = scan
        self.scans.setCurrentText(scan.name)
        self.rule.setText(scan.rule)
        self.rule.setCursorPosition(0)
        self._turn_to(scan.universe)
        self.alert.setChecked(scan.alert)
        self.show_rule_error("")

    def _show_why(self) -> None:
        """The reasons of the chosen match, where there is no room for their column."""
        chosen = self.table.selected()
        self.why.setText(f"{chosen[0].match.symbol}: {chosen[0].why}" if len(chosen) == 1 else "")
        self.why.setVisible(bool(self.why.text()) and self.width() < WIDE)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_why()

    def _judge(self) -> None:
        changed = self.draft() != self._shown
        wrong = "The rule cannot be read yet" if self._error[0] else "" if changed else "Nothing was changed"
        forbid(self.save, self._lacking or wrong)
        forbid(self.alert, self._lacking)

    def _arrange(self) -> None:
        for part, name in ((self.scans, "Scan"), (self.universe, "Symbols to look through"), (self.table, "Matches"),
                           (self.alert, "Alert me of newcomers")):  # fmt: skip
            part.setAccessibleName(name)
        for combo in (self.scans, self.universe):
            combo.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            combo.setMinimumContentsLength(8)
            combo.setMaximumWidth(320)
        self.alert.setToolTip("Tell me when a symbol begins to match, also while another scan is shown")
        self.more.setFixedWidth(28)
        tint(self.wrong, "BAD")
        self.wrong.setWordWrap(True)
        self.wrong.setContentsMargins(10, 0, 10, 4)
        self.why.setContentsMargins(10, 2, 10, 2)
        self.why.setWordWrap(True)
        self.why.hide()
        foot = Bar(self.status, None)
        foot.setFixedHeight(26)
        stacked(self, Bar(self.scans, self.universe, self.alert, None), Bar(self.rule, self.save, self.more), self.wrong, divider(),
                self.table, self.why, self.naming, self.confirming, foot).setStretch(4, 1)  # fmt: skip
