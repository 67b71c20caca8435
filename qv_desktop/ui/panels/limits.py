"""The limits editor: for whom limits are set, what counts and who set it, versions, what waits for a second person, restricted symbols."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QTabWidget, QWidget

from qv_desktop.domain.limit_changes import LimitBook, Proposal, about, changes, hindered, scope_words
from qv_desktop.domain.limits import NAMES, Scope, ScopedLimits
from qv_desktop.ui import theme
from qv_desktop.ui.models.layouts import stacked
from qv_desktop.ui.models.limit_columns import ProposalRow, VersionRow
from qv_desktop.ui.models.limit_pages import ProposalsPage, RestrictedPage, VersionsPage
from qv_desktop.ui.models.limits_page import LimitsPage, Value
from qv_desktop.ui.models.scope_tree import ScopeTree

_NARROW, _TREE = 640, (176, 128)  # px; the tree's width where there is room, and where there is not
LIMITS, VERSIONS, WAITING, RESTRICTED = range(4)


class LimitsPanel(QWidget):
    """Emits what is wanted of limits; whoever keeps them answers with ``show_book``, ``show_saved`` or ``show_failed``."""

    name = "limits"
    title = "Limits"

    save_asked = Signal(object, str, object, str, int)  # Scope, of, all its limits by name, reason, version looked at
    decision_asked = Signal(str, object)  # approve, decline or withdraw; Proposal
    restrict_asked = Signal(str, str, str, object)  # symbol, user or "", reason, until
    lift_asked = Signal(object)  # Restriction
    history_asked = Signal(object, str)  # Scope, of

    def __init__(self) -> None:
        super().__init__()
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self._book, self._account, self._me = LimitBook(), "", ""
        self._names: dict[tuple[Scope, str], str] = {}
        self.scopes, self.page, self.versions = ScopeTree(), LimitsPage(), VersionsPage()
        self.proposals, self.restricted = ProposalsPage(), RestrictedPage()
        self.proposals.now = self.restricted.now = lambda: self.now()
        self.proposals.why_not = lambda one: hindered(one, self._book, self._me, self.now())
        self.tabs = QTabWidget()
        self._arrange()
        self._connect()

    # ---- in

    def show_book(
        self,
        book: LimitBook,
        account: str,
        me: str,
        users: Sequence[str] = (),
        strategies: Sequence[str] = (),
        account_name: str = "",
    ) -> None:
        """All limits; ``account`` is this desk's, called ``account_name``; ``users`` and ``strategies`` are offered beside those that
        have limits."""
        self._book, self._account, self._me = book, account, me
        self._names = {(Scope.ACCOUNT, account): account_name} if account_name else {}
        keys = {(one.scope, one.of) for one in book.versions if one.scope is not Scope.FIRM}
        keys |= {(Scope.USER, name.lower()) for name in users} | {(Scope.STRATEGY, name) for name in strategies}
        if account:
            keys.add((Scope.ACCOUNT, account))
        if me:
            keys.add((Scope.USER, me.lower()))
        self._names[Scope.USER, me.lower()] = f"{me} (you)"
        marked: dict[tuple[Scope, str], int] = {
            (one.scope, one.of): len(one.values) for one in book.versions if one.scope is not Scope.FIRM
        }
        self.scopes.show_scopes(keys, marked, self._names)
        self.page.show_book(book, account, me, {**self._names, (Scope.USER, me.lower()): me})
        self._show_proposals()
        waiting = {p.lifts for p in book.proposals if p.lifts is not None and p.open(self.now())}
        held = sorted(book.restrictions, key=lambda r: (not r.holds(self.now()), -r.id))
        self.restricted.show_restrictions(held, waiting, sorted({name.lower() for name in [*users, me] if name}))
        count = sum(r.holds(self.now()) for r in held)
        self.tabs.setTabText(RESTRICTED, f"Restricted · {count}" if count else "Restricted")
        if self.tabs.currentIndex() == VERSIONS:
            self.history_asked.emit(*self.scopes.current())

    def show_history(self, scope: Scope, of: str, versions: Sequence[tuple[ScopedLimits, str]]) -> None:
        """Every version of a scope with its reason, oldest first."""
        if (scope, of) != self.scopes.current():
            return
        before: dict[str, Value] = {}
        rows: list[VersionRow] = []
        for one, reason in versions:
            after = {name: value for name, value in one.values.items() if name in NAMES}
            rows.append(VersionRow(one, reason, tuple(changes(before, after))))
            before = after
        self.versions.show_versions(scope_words(scope, of, self._names.get((scope, of), "")), rows[::-1])

    def show_saved(self, sentence: str) -> None:
        """What became of the limits that were typed."""
        self.page.show_saved(sentence)

    def show_done(self, sentence: str) -> None:
        """What became of a decision, or of the restricted list."""
        if self.tabs.currentIndex() == RESTRICTED:
            self.restricted.show_done(sentence)
        else:
            self.proposals.say(sentence, good=True)

    def show_failed(self, sentence: str) -> None:
        """Why what was asked for was not done; what was typed stays."""
        page = (self.page, self.versions, self.proposals, self.restricted)[self.tabs.currentIndex()]
        page.say(sentence)

    def tick(self) -> None:
        """Proposals and restrictions end by themselves."""
        self.proposals.model.refresh()
        self.restricted.model.refresh()
        self.proposals.judge()

    def forbid(self, lacking: Mapping[str, str]) -> None:
        """Why the person may not ``change`` limits or ``export``; what is absent is allowed."""
        why = lacking.get("change", "")
        for part in (self.scopes, self.page, self.proposals, self.restricted):
            part.forbid(why)
        for table in (self.page.table, self.versions.table, self.proposals.table, self.restricted.table):
            table.forbid_export(lacking.get("export", ""))

    def about(self, proposal: Proposal) -> str:
        """What a proposal would do, for a question about it."""
        return f"{about(proposal, self._book.restrictions)}: {'; '.join(self._changes(proposal))}."

    # ---- within

    def _show_proposals(self) -> None:
        now = self.now()
        every = sorted(self._book.proposals, key=lambda p: (not p.open(now), -p.id))
        rows = [ProposalRow(p, about(p, self._book.restrictions), tuple(self._changes(p))) for p in every]
        self.proposals.show_proposals(rows, self._me)
        count = sum(p.open(now) for p in every)
        self.tabs.setTabText(WAITING, f"Waiting · {count}" if count else "Waiting")

    def _changes(self, proposal: Proposal) -> list[str]:
        if proposal.lifts is not None:
            return ["the symbol may be traded again"]
        if proposal.decision or not proposal.open(self.now()):
            count = len(proposal.values)
            return [f"{count} limit{'' if count == 1 else 's'}, on version {proposal.base}"]
        return changes(self._book.version(proposal.scope, proposal.of).values, proposal.values)

    def _connect(self) -> None:
        self.scopes.chosen.connect(self._choose)
        self.scopes.failed.connect(self.page.say)
        self.page.save_asked.connect(self.save_asked)
        self.proposals.decision_asked.connect(self.decision_asked)
        self.restricted.restrict_asked.connect(self.restrict_asked)
        self.restricted.lift_asked.connect(self.lift_asked)
        self.tabs.currentChanged.connect(self._turned)

    def _choose(self, scope: Scope, of: str) -> None:
        self.page.choose(scope, of)
        if self.tabs.currentIndex() == VERSIONS:
            self.history_asked.emit(scope, of)

    def _turned(self, page: int) -> None:
        if page == VERSIONS:
            self.history_asked.emit(*self.scopes.current())

    def _arrange(self) -> None:
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setFont(theme.body())
        for page, words in (
            (self.page, "Limits"),
            (self.versions, "History"),
            (self.proposals, "Waiting"),
            (self.restricted, "Restricted"),
        ):
            self.tabs.addTab(page, words)
        self._split = QSplitter()
        self._split.setHandleWidth(1)
        self._split.setChildrenCollapsible(False)
        self._split.addWidget(self.scopes)
        self._split.addWidget(self.tabs)
        self._split.setStretchFactor(1, 1)
        self._split.setSizes([_TREE[0], 10_000])
        self.scopes.setMinimumWidth(110)
        stacked(self, self._split)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is little room the tree gives way to the limits."""
        super().resizeEvent(event)
        if (self.width() < _NARROW) != (event.oldSize().width() < _NARROW) or not event.oldSize().isValid():
            self._split.setSizes([_TREE[self.width() < _NARROW], 10_000])
