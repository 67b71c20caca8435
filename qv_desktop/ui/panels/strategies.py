"""The strategies panel: what there is at which version, an editor for its source, its history, and the way to a backtest."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QMenu, QStackedWidget, QWidget

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.strategies import SourceDraft, Strategy
from qv_desktop.domain.strategy_diff import DiffRow
from qv_desktop.domain.strategy_source import Problem, retitled
from qv_desktop.ui import theme
from qv_desktop.ui.models.confirm_bar import ConfirmBar
from qv_desktop.ui.models.layouts import Bar, divider, forbid, stacked, tint
from qv_desktop.ui.models.menu_button import menu_button
from qv_desktop.ui.models.side_by_side import SideBySide
from qv_desktop.ui.models.source_files import ask_open, ask_save
from qv_desktop.ui.models.source_page import SourcePage
from qv_desktop.ui.models.strategy_columns import Badge, strategy_columns
from qv_desktop.ui.models.strategy_head import CODE, VERSIONS, StrategyHead
from qv_desktop.ui.models.strategy_menu import NONE, MenuDeeds, MenuSight, fill
from qv_desktop.ui.models.strategy_naming import StrategyNaming
from qv_desktop.ui.models.superseded_bar import SupersededBar
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import TableModel
from qv_desktop.ui.models.typed_sources import TypedSources
from qv_desktop.ui.models.versions_page import VersionsPage

EMPTY = "No strategies yet; the built-in ones appear once the database is ready."
_BUILT_IN = "Ships with the program and stays as it is; clone it to change it"


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
    file_saved = Signal(object, str, str)  # Path, strategy's name, source

    def __init__(self) -> None:
        super().__init__()
        self._all: list[Strategy] = []
        self._typed = TypedSources()
        self._shown: Strategy | None = None
        self._wanted = ""  # name that is to be chosen as soon as it is there
        self._lacking: dict[str, str] = {}
        self._badges: dict[str, Badge] = {}  # hash of a source -> what a check of it found
        self._archived = False  # whether archived ones are in view
        self._model: TableModel[Strategy] = TableModel(
            strategy_columns(self._typed.ids, self._badges), key=lambda s: s.name
        )
        self.table: Table[Strategy] = Table(self._model, empty=EMPTY)
        self.table.setAccessibleName("Strategies")
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.page, self.history, self.superseded = SourcePage(), VersionsPage(), SupersededBar()
        self.source = self.page.editor
        self.naming, self.asking = StrategyNaming(), ConfirmBar(keep="Keep editing")
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
        self._splitter = SideBySide(left, self._reader(), (2, 5))
        self.said.setContentsMargins(10, 3, 10, 3)
        self.said.setWordWrap(True)
        self.said.hide()
        stacked(self, self._splitter, self.naming, self.asking, self.said).setStretch(0, 1)

    def _reader(self) -> QWidget:
        reader = QWidget()
        self.head = StrategyHead()
        self._stack = QStackedWidget()
        self._stack.addWidget(self.page)
        self._stack.addWidget(self.history)
        stacked(reader, self.head, self.superseded, divider(), self._stack).setStretch(3, 1)
        return reader

    def _connect(self) -> None:
        self.table.row_chosen.connect(self._choose)
        self.table.row_opened.connect(self._ask_for)
        self.head.backtest_asked.connect(self._ask)
        self.head.page_chosen.connect(self._show_page)
        self.head.deploy_asked.connect(self._ask_deploy)
        self._new.clicked.connect(lambda: self._ask_new("signals"))
        self._clone.clicked.connect(self._ask_clone)
        self.naming.created.connect(self.create_asked)
        self.naming.cloned.connect(self.clone_asked)
        self.naming.retitled.connect(self._retitle)
        self.naming.wrong.connect(self.show_failed)
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
        if shown.id in self._typed.ids or self.page.unsaved:
            self.head.show_strategy(self._shown)
            self.page.show_saved(shown.source)
        elif shown.source != before.source:
            self._show_source(shown)
        else:
            self.head.show_strategy(self._shown)
        if shown.version != before.version and self.head.pages.choice() == VERSIONS:
            self.versions_asked.emit(shown)

    def show_drafts(self, drafts: Sequence[SourceDraft]) -> None:
        """What the person had typed and not saved when the program ended; what is typed by now is newer."""
        saved = {strategy.id: strategy.source.rstrip("\n") for strategy in self._all}
        known = [draft for draft in drafts if draft.strategy in saved]
        fresh = self._typed.take_up([draft for draft in known if saved[draft.strategy] != draft.source.rstrip("\n")])
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
            self.head.show_strategy(self._shown)
        more = self._typed.settle(saved)
        if more is not None:
            self.draft_typed.emit(saved.id, more.base, more.source)
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

    def show_look_aheads(self, badges: Mapping[str, Badge]) -> None:
        """What checks for a look ahead found, by the hash of the source; the column comes into view with the first of them."""
        if badges and not self._badges:
            self.table.setColumnHidden(
                self._model.columns.index(next(c for c in self._model.columns if c.title == "Look-ahead")), False
            )
        self._badges.update(badges)
        self.table.viewport().update()

    def show_file(self, stem: str, source: str) -> None:
        """A file was read: of a strategy that can be changed it becomes the text, else it asks for a new one's name."""
        if self._shown is not None and not self._why_not_change():
            self.source.replace_all(source)
            self.head.choose(CODE)
            self._say(f"The text of {stem}.py is in the editor; save it to make it a version.")
        else:
            self.naming.ask_source(stem, source, self._names())

    def show_done(self, sentence: str) -> None:
        """That something was done."""
        self._say(sentence)

    def show_failed(self, sentence: str) -> None:
        """Why something was not done; what is typed stays."""
        self._say(sentence, "BAD")

    def forbid(self, lacking: Mapping[str, str]) -> None:
        """Why the person may not ``backtest``, ``create``, ``change``, ``archive`` or ``export``; what is absent is allowed."""
        self.page.flush()
        could = not self._why_not_change()
        self._lacking = dict(lacking)
        if could == bool(self._why_not_change()) and self._typed.of(self._shown) is not None:
            self._show_source(self._shown)  # what cannot be saved must not look like what is
        self._judge()

    def flush(self) -> None:
        """Say at once what was typed a moment ago: the program may end."""
        self.page.flush()

    def unsaved(self) -> list[str]:
        """Names of the strategies with changes that are not saved."""
        typed = set(self._typed.ids) | ({self._shown.id} if self._shown is not None and self.page.unsaved else set())
        return [strategy.name for strategy in self._all if strategy.id in typed]

    def ask_leave(self, leave: Callable[[], None]) -> None:
        """Ask before the program ends with changes that are not saved: they are kept as a draft either way."""
        names = self.unsaved()
        few = ", ".join(names[:3]) + ("…" if len(names) > 3 else "")
        self.asking.ask(f"Not saved: {few}. It is kept as your draft.", "Leave", leave)

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
            if strategy.name in self.unsaved():
                self._say(
                    f"The backtest takes v{strategy.version} as it is saved, without what you have typed since.", "WARN"
                )
            self.backtest_asked.emit(strategy.name)

    def _show_source(self, strategy: Strategy | None) -> None:
        self.page.flush()
        self._typed.note(self._shown, self.page.note.text())
        self._shown = strategy
        self.superseded.hide()
        self.asking.dismiss()
        self._say("")
        typed = None if self._why_not_change() else self._typed.of(strategy)
        self.page.show_source(
            strategy.source if strategy else "", typed.source if typed else None, typed.note if typed else ""
        )
        self.head.show_strategy(self._shown)
        self._judge()
        if strategy is not None and typed is not None and typed.base < strategy.version:
            self._newest = strategy
            self.superseded.tell(
                f"You typed this on version {typed.base}, and {strategy.author} has saved version {strategy.version} since."
            )
        if strategy is not None and self.head.pages.choice() == VERSIONS:
            self.versions_asked.emit(strategy)

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
            base = self._typed.keep(strategy, source, self.page.note.text())
            self.draft_typed.emit(strategy.id, base, source)
        elif self._typed.drop(strategy):
            self.superseded.hide()
            self.draft_dropped.emit(strategy.id)
        self.table.viewport().update()  # the mark of what is not saved

    def _save(self) -> None:
        if self._shown is not None:
            typed = self._typed.of(self._shown)
            base = typed.base if typed is not None else self._shown.version
            self.save_asked.emit(self._shown, self.page.text(), self.page.note.text(), base)

    def _save_on_top(self) -> None:
        if self._newest is not None:
            self.save_asked.emit(self._newest, self.page.text(), self.page.note.text(), self._newest.version)

    def _compare_theirs(self) -> None:
        self.head.choose(VERSIONS)
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
        self._typed.drop(strategy)
        self.draft_dropped.emit(strategy.id)
        self.page.note.clear()
        self._shown = None  # nothing of it is to be remembered
        self._show_source(newest if newest.version >= strategy.version else strategy)
        self.table.viewport().update()

    def _open_version(self, version: Strategy) -> None:
        self.head.choose(CODE)
        self.source.replace_all(version.source)
        self.page.note.setText(f"As in v{version.version}")

    # ---- new ones

    def _ask_new(self, kind: str) -> None:
        self.asking.dismiss()
        self.naming.ask_new(kind, self._names())

    def _ask_clone(self) -> None:
        if self._shown is not None:
            self.asking.dismiss()
            self.naming.ask_clone(self._shown, self._names())

    def _ask_title(self) -> None:
        if self._shown is not None:
            self.naming.ask_title(self._shown)

    def _names(self) -> list[str]:
        return [strategy.name for strategy in self._all]

    def _retitle(self, title: str) -> None:
        """The title is part of the source: it changes there, and is saved with it."""
        try:
            self.source.replace_all(retitled(self.page.text(), title))
        except BadInput as error:
            self.show_failed(f"The title was not changed: {error}")
            return
        self.page.note.setText(self.page.note.text() or "Another title")
        self.head.choose(CODE)

    # ---- the menu

    def _fill(self, menu: QMenu) -> None:
        shown = self._shown
        typed = shown is not None and shown.id in self._typed.ids
        sight = MenuSight(shown, typed, self._archived, self._why_not_change(), self._lacking)
        open_file = partial(ask_open, self, self.file_opened.emit)
        deeds = MenuDeeds(self._ask_new, self._ask_clone, self._ask_title, open_file, self._ask_save_file,
                          self.archive_asked.emit, self._toggle_archived)  # fmt: skip
        fill(menu, sight, deeds)
        self.table.offer_export(menu)

    def _toggle_archived(self) -> None:
        self._archived = not self._archived
        self.show_strategies(self._all)

    def _ask_save_file(self) -> None:
        if self._shown is not None:
            name, source = self._shown.name, self.page.text()
            ask_save(self, name, lambda file: self.file_saved.emit(file, name, source))

    # ---- eyes

    def _why_not_change(self) -> str:
        if self._shown is not None and self._shown.built_in:
            return _BUILT_IN
        if self._shown is not None and self._shown.archived:
            return "Archived; bring it back to change it"
        return self._lacking.get("change", "") or ("" if self._shown is not None else NONE)

    def _judge(self) -> None:
        """Grey out what cannot be done, each with its reason."""
        none = "" if self._shown is not None else NONE
        self.head.forbid_deploy(self._lacking.get("deploy", ""))
        self.head.forbid_backtest(self._lacking.get("backtest", ""))
        forbid(self._new, self._lacking.get("create", ""))
        forbid(self._clone, self._lacking.get("create", "") or none)
        why = self._why_not_change()
        self.page.forbid(why)
        self.history.forbid(why)

    def _say(self, sentence: str, ink: str = "TX1") -> None:
        tint(self.said, ink)
        self.said.setText(sentence)
        self.said.setVisible(bool(sentence))
