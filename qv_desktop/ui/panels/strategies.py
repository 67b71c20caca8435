"""The strategies panel: what there is at which version, an editor for its source, its history, and the way to a backtest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QFileDialog, QLabel, QMenu, QSplitter, QStackedWidget, QWidget

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.strategies import SourceDraft, Strategy, free_name, tidy_name
from qv_desktop.domain.strategy_diff import DiffRow
from qv_desktop.domain.strategy_source import Problem, retitled
from qv_desktop.domain.strategy_template import template
from qv_desktop.ui import theme
from qv_desktop.ui.models.confirm_bar import ConfirmBar
from qv_desktop.ui.models.layouts import Bar, divider, forbid, stacked, tint
from qv_desktop.ui.models.menu_button import entry, menu_button
from qv_desktop.ui.models.name_bar import NameBar
from qv_desktop.ui.models.source_page import SourcePage
from qv_desktop.ui.models.strategy_columns import kind, knob, strategy_columns
from qv_desktop.ui.models.superseded_bar import SupersededBar
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import TableModel
from qv_desktop.ui.models.versions_page import VersionsPage

EMPTY = "No strategies yet; the built-in ones appear once the database is ready."
_TEST_TIP = "Set the backtest panel to this strategy (double-click does the same)"
_BUILT_IN = "Ships with the program and stays as it is; clone it to change it"
LIST_WIDE = 380  # px
SIDE_BY_SIDE = 760  # px of width from which the source stands beside the list
CODE, VERSIONS = "Code", "Versions"


@dataclass(frozen=True, slots=True)
class Typed:
    """What a person has typed of one strategy and not saved."""

    base: int
    source: str
    note: str = ""


class StrategiesPanel(QWidget):
    """Emits what is wanted of strategies; whoever keeps them answers with ``show_…``. What is typed is kept when another is chosen."""

    name = "strategies"
    title = "Strategies"

    chosen = Signal(str)
    backtest_asked = Signal(str)
    deploy_asked = Signal(str)
    refresh_asked = Signal()
    create_asked = Signal(str, str)  # name, source
    clone_asked = Signal(object, str)  # Strategy, name
    archive_asked = Signal(object, bool)  # Strategy, whether out of sight
    save_asked = Signal(
        object, str, str, int
    )  # Strategy as shown, source, note, the version that the text goes on from
    draft_typed = Signal(str, int, str)  # strategy's id, that version, source
    draft_dropped = Signal(str)
    lint_asked = Signal(str)
    versions_asked = Signal(object)
    compare_asked = Signal(str, str)
    file_opened = Signal(object)  # Path
    leave_asked = Signal()
    file_saved = Signal(object, str, str)  # Path, strategy's name, source

    def __init__(self) -> None:
        super().__init__()
        self._all: list[Strategy] = []
        self._typed: dict[str, Typed] = {}  # strategy's id -> what is not saved of it
        self._shown: Strategy | None = None
        self._wanted = ""  # name that is to be chosen as soon as it is there
        self._lacking: dict[str, str] = {}
        self._archived = False  # whether archived ones are in view
        self._model: TableModel[Strategy] = TableModel(strategy_columns(self._typed.keys()), key=lambda s: s.name)
        self.table: Table[Strategy] = Table(self._model, empty=EMPTY)
        self.table.setAccessibleName("Strategies")
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.page, self.history, self.superseded = SourcePage(), VersionsPage(), SupersededBar()
        self.source = self.page.editor
        self.naming, self.asking = NameBar(), ConfirmBar(keep="Keep editing")
        self.said = theme.label("", "hint")
        self._newest: Strategy | None = None  # what somebody else saved meanwhile
        self._build()
        self._connect()
        self._show_source(None)

    # ---- building

    def _build(self) -> None:
        self._new, self._clone = theme.button("New…"), theme.button("Clone…")
        self._more = menu_button("⋯", "More about strategies", self._fill)
        self._more.setFixedWidth(28)
        top = Bar(self._new, self._clone, None, self._more, yielding=(self._clone, self._new))
        left = QWidget()
        stacked(left, top, divider(), self.table).setStretch(2, 1)
        self._splitter = QSplitter(Qt.Orientation.Vertical)
        self._splitter.setHandleWidth(4)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.addWidget(left)
        self._splitter.addWidget(self._reader())
        self._splitter.setStretchFactor(0, 2)
        self._splitter.setStretchFactor(1, 5)
        self.said.setContentsMargins(10, 3, 10, 3)
        self.said.setWordWrap(True)
        self.said.hide()
        stacked(self, self._splitter, self.naming, self.asking, self.said).setStretch(0, 1)

    def _reader(self) -> QWidget:
        reader = QWidget()
        self._heading, self._hash, self._mark = QLabel(), QLabel(), QLabel()
        self._heading.setFont(theme.bold())
        self._heading.setMinimumWidth(40)
        self._hash.setFont(theme.mono())
        for label, (ground, ink) in ((self._hash, theme.CHIPS["filled"]), (self._mark, theme.CHIPS["held"])):
            label.setFixedHeight(18)
            label.setStyleSheet(f"background:{ground}; color:{ink}; border-radius:3px; padding:1px 6px;")
        self._mark.setFont(theme.small_bold())
        self._pages = theme.Segmented([CODE, VERSIONS])
        self._pages.setFixedWidth(140)
        self._test = theme.button("Backtest")
        self._test.setToolTip(_TEST_TIP)
        self.deploy = theme.button("Deploy this version…")
        self._head = Bar(self._heading, self._mark, self._hash, None, self._pages, self._test, self.deploy,
                         yielding=(self._hash, self._mark, self.deploy))  # fmt: skip
        self._knobs = theme.label("", "hint")
        self._knobs.setWordWrap(True)
        self._knobs.setContentsMargins(10, 0, 10, 4)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.page)
        self._stack.addWidget(self.history)
        stacked(reader, self._head, self._knobs, self.superseded, divider(), self._stack).setStretch(4, 1)
        return reader

    def _connect(self) -> None:
        self.table.row_chosen.connect(self._choose)
        self.table.row_opened.connect(self._ask_for)
        self._test.clicked.connect(self._ask)
        self.deploy.clicked.connect(self._ask_deploy)
        self._new.clicked.connect(lambda: self._ask_new("signals"))
        self._clone.clicked.connect(self._ask_clone)
        self._pages.chosen.connect(self._show_page)
        self.page.typed.connect(self._keep)
        self.page.lint_asked.connect(self.lint_asked)
        self.page.save_asked.connect(self._save)
        self.page.discard_asked.connect(self._ask_discard)
        self.page.unsaved_changed.connect(lambda _: self._judge())
        self.history.compared.connect(self.compare_asked)
        self.history.opened.connect(self._open_version)
        self.superseded.compare_asked.connect(self._compare_theirs)
        self.superseded.save_asked.connect(self._save_on_top)
        self.superseded.take_asked.connect(self._drop)

    # ---- in

    def show_strategies(self, strategies: Sequence[Strategy]) -> None:
        """All strategies, newest versions, archived ones too; the first is shown until one is chosen."""
        self._all = list(strategies)
        self._show_rows()
        wanted = self._wanted or (self._shown.name if self._shown is not None else "")
        rows = self._model.rows()
        shown = next((s for s in rows if s.name == wanted), rows[0] if rows else None)
        if shown is not None and shown.name == self._wanted:
            self._wanted = ""
        self._show_newer(shown)
        if shown is not None:
            self.table.select_key(shown.name)

    def _show_rows(self) -> None:
        self._model.replace([s for s in self._all if self._archived or not s.archived])

    def _show_newer(self, shown: Strategy | None) -> None:
        """The same strategy again: what is typed of it stays as it is."""
        before = self._shown
        if before is None or shown is None or before.id != shown.id:
            self._show_source(shown)
            return
        self._shown = shown
        if shown.id in self._typed or self.page.unsaved:
            self._show_head()
            self.page.show_saved(shown.source)
        elif shown.source != before.source:
            self._show_source(shown)
        else:
            self._show_head()
        if shown.version != before.version and self._pages.choice() == VERSIONS:
            self.versions_asked.emit(shown)

    def show_drafts(self, drafts: Sequence[SourceDraft]) -> None:
        """What the person had typed and not saved when the program ended; what is typed by now is newer."""
        fresh = {d.strategy: Typed(d.base, d.source) for d in drafts if d.strategy not in self._typed}
        self._typed.update(fresh)
        self._show_rows()
        if self._shown is not None and self._shown.id in fresh:
            self._show_source(self._shown)
        self._judge()

    def show_saved(self, saved: Strategy) -> None:
        """A version is stored; the text is no draft any more, unless more was typed meanwhile."""
        if self._shown is not None and self._shown.id == saved.id:
            self.page.flush()
            self._shown = saved
            self.superseded.hide()
            self.page.show_saved(saved.source)
            if not self.page.unsaved:
                self.page.note.clear()
            self._show_head()
        typed = self._typed.get(saved.id)
        if typed is not None and typed.source.rstrip("\n") == saved.source.rstrip("\n"):
            del self._typed[saved.id]
        elif typed is not None:  # it goes on from what was saved
            self._typed[saved.id] = Typed(saved.version, typed.source, typed.note)
            self.draft_typed.emit(saved.id, saved.version, typed.source)
        self._say(f"{saved.name} v{saved.version} is saved.")
        self._judge()

    def show_made(self, made: Strategy) -> None:
        """A new strategy is there: it is shown next."""
        self._wanted = made.name
        self._say(f"{made.name} is made.")
        if any(strategy.name == made.name for strategy in self._all):
            self.show_strategies(self._all)

    def show_superseded(self, sentence: str, newest: Strategy) -> None:
        """Somebody else saved meanwhile; what was typed is still there."""
        if self._shown is not None and self._shown.id == newest.id:
            self._newest = newest
            self.superseded.tell(sentence)

    def show_problems(self, source: str, problems: Sequence[Problem]) -> None:
        """What is to be said about a text; of one that is typed no more, nothing."""
        if source == self.page.text():
            self.page.show_problems(problems)

    def show_versions(self, versions: Sequence[Strategy]) -> None:
        """Every version of the strategy that is shown, newest first."""
        if self._shown is not None and versions and versions[0].id == self._shown.id:
            self.history.show_versions(versions, self.page.text() if self.page.unsaved else None)

    def show_difference(self, rows: Sequence[DiffRow]) -> None:
        """What differs between the two texts that were asked for."""
        self.history.show_rows(rows)

    def show_file(self, stem: str, source: str) -> None:
        """A file was read: of a strategy that can be changed it becomes the text, else it asks for a new one's name."""
        if self._shown is not None and not self._why_not_change():
            self.source.replace_all(source)
            self._pages.choose(CODE)
            self._show_page(CODE)
            self._say(f"The text of {stem}.py is in the editor; save it to make it a version.")
        else:
            self._name_new(stem, source)

    def show_done(self, sentence: str) -> None:
        """That something was done."""
        self._say(sentence)

    def show_failed(self, sentence: str) -> None:
        """Why something was not done; what is typed stays."""
        self._say(sentence, "BAD")

    def forbid(self, lacking: Mapping[str, str]) -> None:
        """Why the person may not ``backtest``, ``create``, ``change``, ``archive`` or ``export``; what is absent is allowed."""
        self._lacking = dict(lacking)
        self._judge()

    def flush(self) -> None:
        """Say at once what was typed a moment ago: the program may end."""
        self.page.flush()

    def unsaved(self) -> list[str]:
        """Names of the strategies with changes that are not saved."""
        typed = set(self._typed) | ({self._shown.id} if self._shown is not None and self.page.unsaved else set())
        return [strategy.name for strategy in self._all if strategy.id in typed]

    def ask_leave(self) -> None:
        """Ask before the program ends with changes that are not saved: they are kept as a draft either way."""
        names = self.unsaved()
        few = ", ".join(names[:3]) + ("…" if len(names) > 3 else "")
        self.asking.ask(f"Not saved: {few}. It is kept as your draft.", "Leave", self.leave_asked.emit)

    # ---- choosing

    def _choose(self, strategy: Strategy | None) -> None:
        if strategy is not None and (self._shown is None or strategy.id != self._shown.id):
            self._show_source(strategy)
            self.chosen.emit(strategy.name)

    def _ask(self) -> None:
        if self._shown is not None:
            self._ask_for(self._shown)

    def _ask_deploy(self) -> None:
        if self._shown is not None:
            self.deploy_asked.emit(self._shown.name)

    def _ask_for(self, strategy: Strategy) -> None:
        if not self._lacking.get("backtest"):
            self.backtest_asked.emit(strategy.name)

    def _show_source(self, strategy: Strategy | None) -> None:
        self.page.flush()
        self._remember_note()
        self._shown = strategy
        self.superseded.hide()
        self.asking.dismiss()
        self._say("")
        typed = self._typed.get(strategy.id) if strategy is not None else None
        self.page.show_source(
            strategy.source if strategy else "", typed.source if typed else None, typed.note if typed else ""
        )
        self._show_head()
        self._judge()
        if strategy is not None and typed is not None and typed.base < strategy.version:
            self._newest = strategy
            self.superseded.tell(
                f"You typed this on version {typed.base}, and {strategy.author} has saved version {strategy.version} since."
            )
        if strategy is not None and self._pages.choice() == VERSIONS:
            self.versions_asked.emit(strategy)

    def _show_head(self) -> None:
        strategy = self._shown
        for widget in (self._head, self._knobs):
            widget.setVisible(strategy is not None)
        if strategy is None:
            return
        self._heading.setText(f"{strategy.name} v{strategy.version}")
        self._heading.setToolTip(f"{strategy.title} · {strategy.author} · {strategy.note}".rstrip(" ·"))
        self._hash.setText(f"sha {strategy.code_hash[:8]}")
        self._hash.setToolTip(f"SHA-256 of the source: {strategy.code_hash}")
        self._mark.setText(kind(strategy))
        self._head.want(self._mark, bool(kind(strategy)))
        self._knobs.setText(" · ".join(knob(p) for p in strategy.parameters) or "No parameters")

    def _show_page(self, page: str) -> None:
        self._stack.setCurrentIndex(0 if page == CODE else 1)
        if page == VERSIONS and self._shown is not None:
            self.page.flush()
            self.versions_asked.emit(self._shown)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh_asked.emit()

    # ---- writing

    def _keep(self, source: str) -> None:
        """What is typed is a draft, until it is what is saved."""
        strategy = self._shown
        if strategy is None or self._why_not_change():
            return
        if self.page.unsaved:
            before = self._typed.get(strategy.id)
            base = before.base if before else strategy.version
            self._typed[strategy.id] = Typed(base, source, self.page.note.text())
            self.draft_typed.emit(strategy.id, base, source)
        elif self._typed.pop(strategy.id, None) is not None:
            self.superseded.hide()
            self.draft_dropped.emit(strategy.id)
        self.table.viewport().update()  # the mark of what is not saved

    def _remember_note(self) -> None:
        typed = self._typed.get(self._shown.id) if self._shown is not None else None
        if typed is not None and self._shown is not None:
            self._typed[self._shown.id] = Typed(typed.base, typed.source, self.page.note.text())

    def _save(self) -> None:
        if self._shown is not None:
            typed = self._typed.get(self._shown.id)
            base = typed.base if typed is not None else self._shown.version
            self.save_asked.emit(self._shown, self.page.text(), self.page.note.text(), base)

    def _save_on_top(self) -> None:
        if self._newest is not None:
            self.save_asked.emit(self._newest, self.page.text(), self.page.note.text(), self._newest.version)

    def _compare_theirs(self) -> None:
        self._pages.choose(VERSIONS)
        self._show_page(VERSIONS)
        if self._newest is not None:
            self.history.show_versions([self._newest], self.page.text())
            self.history.compare_mine()

    def _ask_discard(self) -> None:
        self.asking.ask("Give up what you typed?", "Discard", self._drop)

    def _drop(self) -> None:
        """Back to what is saved."""
        strategy = self._shown
        if strategy is None:
            return
        newest = self._newest if self._newest is not None and self._newest.id == strategy.id else strategy
        self._typed.pop(strategy.id, None)
        self.draft_dropped.emit(strategy.id)
        self.page.note.clear()
        self._shown = None  # nothing of it is to be remembered
        self._show_source(newest if newest.version >= strategy.version else strategy)
        self.table.viewport().update()

    def _open_version(self, version: Strategy) -> None:
        self._pages.choose(CODE)
        self._show_page(CODE)
        self.source.replace_all(version.source)
        self.page.note.setText(f"As in v{version.version}")

    # ---- new ones

    def _ask_new(self, what: str) -> None:
        self._name_new("my_strategy" if what == "signals" else "my_rotation", template(what))

    def _name_new(self, wanted: str, source: str) -> None:
        taken = frozenset(strategy.name for strategy in self._all)
        self.asking.dismiss()
        self.naming.ask_name(
            "Name", "Create", lambda name: self._named(name, lambda tidy: self.create_asked.emit(tidy, source)),
            old=free_name(_as_name(wanted), taken), taken=taken)  # fmt: skip

    def _ask_clone(self) -> None:
        of = self._shown
        if of is not None:
            taken = frozenset(strategy.name for strategy in self._all)
            self.asking.dismiss()
            self.naming.ask_name("Name", "Clone", lambda name: self._named(name, lambda tidy: self.clone_asked.emit(of, tidy)),
                                 old=free_name(f"my_{of.name}", taken), taken=taken)  # fmt: skip

    def _named(self, name: str, done: object) -> None:
        try:
            tidy = tidy_name(name)
        except BadInput as error:
            self.show_failed(str(error))
            return
        self._say("")
        if callable(done):
            done(tidy)

    def _ask_title(self) -> None:
        if self._shown is not None:
            self.naming.ask_name("Title", "Put it in", self._retitle, old=self._shown.title)

    def _retitle(self, title: str) -> None:
        """The title is part of the source: it changes there, and is saved with it."""
        try:
            self.source.replace_all(retitled(self.page.text(), title))
        except BadInput as error:
            self.show_failed(f"The title was not changed: {error}")
            return
        self.page.note.setText(self.page.note.text() or "Another title")
        self._pages.choose(CODE)
        self._show_page(CODE)

    # ---- the menu

    def _fill(self, menu: QMenu) -> None:
        shown, create = self._shown, self._lacking.get("create", "")
        none = "" if shown is not None else "Choose a strategy first"
        entry(menu, "New for one symbol…", lambda: self._ask_new("signals"), create)
        entry(menu, "New for a universe…", lambda: self._ask_new("weights"), create)
        entry(menu, "Clone…", self._ask_clone, create or none)
        entry(menu, "Rename title…", self._ask_title, none or self._why_not_change())
        menu.addSeparator()
        entry(
            menu,
            "Open a .py file…",
            lambda: self._dialog(QFileDialog.AcceptMode.AcceptOpen),
            create and self._lacking.get("change", ""),
        )
        entry(
            menu,
            "Save as .py file…",
            lambda: self._dialog(QFileDialog.AcceptMode.AcceptSave),
            self._lacking.get("export", "") or none,
        )
        menu.addSeparator()
        self._fill_archive(menu, shown, none)
        self.table.offer_export(menu)

    def _fill_archive(self, menu: QMenu, shown: Strategy | None, none: str) -> None:
        gone = shown is not None and shown.archived
        why = self._lacking.get("archive", "") or none
        if shown is not None and shown.id in self._typed and not gone:
            why = why or "Save or discard what you typed first"
        if shown is not None:
            entry(menu, "Bring back" if gone else "Archive", lambda: self.archive_asked.emit(shown, not gone), why)
        entry(menu, "Hide archived ones" if self._archived else "Show archived ones", self._toggle_archived)
        menu.addSeparator()

    def _toggle_archived(self) -> None:
        self._archived = not self._archived
        self.show_strategies(self._all)

    def _dialog(self, mode: QFileDialog.AcceptMode) -> None:
        """A file dialog that does not stop the program."""
        saving = mode is QFileDialog.AcceptMode.AcceptSave
        dialog = QFileDialog(self, "Save the source" if saving else "Open a strategy's source")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(mode)
        dialog.setNameFilter("Python (*.py)")
        if saving and self._shown is not None:
            name, source = self._shown.name, self.page.text()
            dialog.setDefaultSuffix("py")
            dialog.selectFile(f"{name}.py")
            dialog.fileSelected.connect(lambda file: self.file_saved.emit(Path(file), name, source))
        else:
            dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
            dialog.fileSelected.connect(lambda file: self.file_opened.emit(Path(file)))
        dialog.open()

    # ---- eyes

    def _why_not_change(self) -> str:
        if self._shown is not None and self._shown.built_in:
            return _BUILT_IN
        if self._shown is not None and self._shown.archived:
            return "Archived; bring it back to change it"
        return self._lacking.get("change", "") or ("" if self._shown is not None else "Choose a strategy first")

    def _judge(self) -> None:
        """Grey out what cannot be done, each with its reason."""
        none = "" if self._shown is not None else "Choose a strategy first"
        forbid(self._test, self._lacking.get("backtest", ""))
        self._test.setToolTip(self._lacking.get("backtest", "") or _TEST_TIP)
        forbid(self._new, self._lacking.get("create", ""))
        forbid(self._clone, self._lacking.get("create", "") or none)
        why = self._why_not_change()
        self.page.forbid(why)
        self.history.forbid(why)
        forbid(self.deploy, self._lacking.get("deploy", "") or none)
        self._test.setVisible(self._shown is not None)

    def _say(self, sentence: str, ink: str = "TX1") -> None:
        tint(self.said, ink)
        self.said.setText(sentence)
        self.said.setVisible(bool(sentence))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() >= SIDE_BY_SIDE and self.height() < self.width()
        wanted = Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical
        if self._splitter.orientation() is not wanted:
            self._splitter.setOrientation(wanted)
            self._splitter.setSizes([LIST_WIDE, self.width() - LIST_WIDE] if wide else [1000, 2000])


def _as_name(stem: str) -> str:
    """A file's or another name as near as a strategy's can be."""
    kept = "".join(each if each.isascii() and (each.isalnum() or each == "_") else "_" for each in stem.lower()).strip(
        "_"
    )
    return kept if kept[:1].isalpha() else f"s_{kept}".rstrip("_")
