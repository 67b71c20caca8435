"""Market data's own state: the feeds, the holes in them and how they are filled, and what is asked of vendors' histories."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QPushButton, QScrollArea, QSplitter, QVBoxLayout, QWidget

from qv_desktop.domain.history import HistoryRequest, RequestState
from qv_desktop.domain.market import FeedState, Gap
from qv_desktop.ui import format as fmt
from qv_desktop.ui import theme
from qv_desktop.ui.models.ages import hue
from qv_desktop.ui.models.layouts import Bar, forbid
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import Column, TableModel

FEEDS, LEAST = 150, 130  # px of the feeds, and of holes and requests at least
SIDE_BY_SIDE = 760  # px, from which holes and requests stand beside each other
_FEED_CHIPS: dict[FeedState, str] = {
    "live": "good", "quiet": "good", "connecting": "info", "authenticating": "info", "backfilling": "warning", "mute": "failed",
    "evicted": "failed", "backing off": "failed", "off": "draft",
}  # fmt: skip
_REQUEST_CHIPS: dict[RequestState, str] = {
    "waiting": "draft", "asking": "info", "done": "good", "failed": "failed", "cancelled": "draft",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A feed as it stands: counts are of this sitting, ``age`` is seconds since its last message (None: none yet)."""

    feed: str
    state: FeedState
    detail: str = ""
    in_force: bool = False  # whether the prices on the screen are this feed's
    messages_per_second: float = 0.0
    age: float | None = None
    reconnects: int = 0
    gaps: int = 0
    bad: int = 0  # messages that could not be read


@dataclass(frozen=True, slots=True)
class Hole:
    """A gap as a row; one gap stays one row while it is filled."""

    gap: Gap

    @property
    def key(self) -> tuple[str, object, tuple[str, ...]]:
        """A gap is known by its feed, start and symbols."""
        return self.gap.feed, self.gap.start, self.gap.symbols

    @property
    def seconds(self) -> float | None:
        """How long it lasted, None while it lasts."""
        return None if self.gap.end is None else (self.gap.end - self.gap.start).total_seconds()


class DataPanel(QWidget):
    """Emits ``fill_asked(Gap)`` for the chosen hole and ``cancel_asked(int)`` for the chosen request's id."""

    name = "data"
    title = "Data"

    fill_asked = Signal(object)  # Gap
    cancel_asked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.feeds: TableModel[FeedRow] = TableModel(_FEEDS, key=lambda f: f.feed, parent=self)
        self.holes: TableModel[Hole] = TableModel(_HOLES, key=lambda h: h.key, parent=self)
        self.model: TableModel[HistoryRequest] = TableModel(_REQUESTS, key=lambda r: r.id, parent=self)
        self.feed_table = Table(self.feeds, empty="No feed is set up. Enter a vendor's key in the settings.")
        self.hole_table = Table(self.holes, empty="No holes. What a feed leaves out stands here until it is filled.")
        self.table = Table(self.model, empty="Nothing is asked of a vendor's history now.")
        self.fill, self.cancel = theme.button("Fill now"), theme.button("Cancel")
        self.feed_count, self.hole_count, self.request_count = (theme.label("", "hint") for _ in range(3))
        self._lower = QSplitter(Qt.Orientation.Horizontal)
        self._arrange()
        self._connect()
        self._judge()

    def show_feeds(self, feeds: Sequence[FeedRow]) -> None:
        """One row for each feed."""
        if {f.feed for f in feeds} == {f.feed for f in self.feeds.rows()}:
            self.feeds.upsert(feeds)
        else:
            self.feeds.replace(feeds)
        source = next((f.feed for f in feeds if f.in_force), "")
        self.feed_count.setText(f"Prices from {source}" if source else "No prices")

    def show_gaps(self, gaps: Sequence[Gap]) -> None:
        """Holes, newest first."""
        self.holes.replace([Hole(gap) for gap in gaps])
        unfilled = sum(gap.filled_at is None for gap in gaps)
        self.hole_count.setText(f"{unfilled} of {len(gaps)} unfilled" if gaps else "none")
        self._judge()

    def show_requests(self, requests: Sequence[HistoryRequest]) -> None:
        """Questions to vendors' histories, newest first."""
        self.model.replace(requests)
        under_way = sum(_under_way(r) for r in requests)
        self.request_count.setText(f"{under_way} under way" if under_way else "none under way")
        self._judge()

    def _connect(self) -> None:
        self.fill.clicked.connect(self._ask_fill)
        self.cancel.clicked.connect(self._ask_cancel)
        self.hole_table.row_opened.connect(lambda _: self._ask_fill())
        self.table.delete_asked.connect(lambda _: self._ask_cancel())
        self.hole_table.selectionModel().selectionChanged.connect(self._judge)
        self.table.selectionModel().selectionChanged.connect(self._judge)

    def _ask_fill(self) -> None:
        for gap in self._fillable():
            self.fill_asked.emit(gap)

    def _ask_cancel(self) -> None:
        for request in self._cancellable():
            self.cancel_asked.emit(request.id)

    def _fillable(self) -> list[Gap]:
        return [h.gap for h in self.hole_table.selected() if h.gap.filled_at is None and h.gap.end is not None]

    def _cancellable(self) -> list[HistoryRequest]:
        return [r for r in self.table.selected() if _under_way(r)]

    def _judge(self) -> None:
        forbid(self.fill, "" if self._fillable() else "Choose a hole that has ended and is not filled yet")
        forbid(self.cancel, "" if self._cancellable() else "Choose a request that is under way")

    def _arrange(self) -> None:
        for table, name in (
            (self.feed_table, "Feeds"),
            (self.hole_table, "Holes in the feeds"),
            (self.table, "Requests to vendors"),
        ):
            table.setAccessibleName(name)
        whole = QSplitter(Qt.Orientation.Vertical)
        for splitter in (whole, self._lower):
            splitter.setHandleWidth(4)
            splitter.setChildrenCollapsible(False)
        whole.addWidget(_section("Feeds", self.feed_count, None, self.feed_table))
        self._lower.addWidget(_section("Holes", self.hole_count, self.fill, self.hole_table))
        self._lower.addWidget(_section("Requests", self.request_count, self.cancel, self.table))
        whole.addWidget(self._lower)
        whole.setStretchFactor(0, 0)
        whole.setStretchFactor(1, 1)
        whole.setSizes([FEEDS, 1_000])
        self._whole = whole
        scroll = QScrollArea()  # in a low panel the parts keep their rows and scroll
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(whole)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 4)
        column.addWidget(scroll)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() >= SIDE_BY_SIDE
        self._lower.setOrientation(Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical)
        self._whole.setMinimumHeight(FEEDS + LEAST if wide else FEEDS + 2 * LEAST)


def _section(title: str, count: QWidget, button: QPushButton | None, table: QWidget) -> QWidget:
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addWidget(
        Bar(theme.label(title, "value"), count, None, button)
        if button
        else Bar(theme.label(title, "value"), count, None)
    )
    column.addWidget(table, 1)
    return box


def _under_way(request: HistoryRequest) -> bool:
    return request.state in ("waiting", "asking")


def _filled(hole: Hole) -> str:
    if hole.gap.filled_at is not None:
        return fmt.clock(hole.gap.filled_at)
    return "open" if hole.gap.end is None else "unfilled"


_FEEDS: list[Column[FeedRow]] = [
    Column("Feed", lambda f: f.feed, width=92, bold=True),
    Column("State", lambda f: f.state, chip=lambda f: _FEED_CHIPS[f.state], width=98),
    Column("Prices", lambda f: "● in force" if f.in_force else "", width=70, color=lambda f: "GOOD"),
    Column("Msg/s", lambda f: f"{f.messages_per_second:,.0f}", key=lambda f: f.messages_per_second, right=True, width=58),
    Column("Age", lambda f: fmt.age(f.age), key=lambda f: f.age, right=True, width=46, color=lambda f: hue(f.age)),
    Column("Reconnects", lambda f: f"{f.reconnects:,}", key=lambda f: f.reconnects, right=True, width=80, color=lambda f: "TX1"),
    Column("Gaps", lambda f: f"{f.gaps:,}", key=lambda f: f.gaps, right=True, width=46, color=lambda f: "WARN" if f.gaps else "TX1"),
    Column("Bad", lambda f: f"{f.bad:,}", key=lambda f: f.bad, right=True, width=46, color=lambda f: "WARN" if f.bad else "TX1",
           tip=lambda f: "Messages that could not be read"),
    Column("Detail", lambda f: f.detail, width=160, color=lambda f: "TX1", stretch=True, tip=lambda f: f.detail),
]  # fmt: skip
_HOLES: list[Column[Hole]] = [
    Column("Filled", _filled, key=lambda h: h.gap.filled_at, width=74,
           chip=lambda h: "good" if h.gap.filled_at else "failed" if h.gap.end is None else "warning"),
    Column("Feed", lambda h: h.gap.feed, width=62),
    Column("From ET", lambda h: fmt.clock(h.gap.start), key=lambda h: h.gap.start, width=72, tip=lambda h: h.gap.start.isoformat()),
    Column("To", lambda h: fmt.clock(h.gap.end), key=lambda h: h.gap.end, width=72,
           tip=lambda h: h.gap.end.isoformat() if h.gap.end else "The feed is still out"),
    Column("Seconds", lambda h: fmt.price(h.seconds, 1), key=lambda h: h.seconds, right=True, width=66),
    Column("Symbols", lambda h: f"{len(h.gap.symbols):,}", key=lambda h: len(h.gap.symbols), right=True, width=66,
           tip=lambda h: ", ".join(h.gap.symbols[:60])),
    Column("Reason", lambda h: h.gap.reason, width=86, color=lambda h: "TX1", stretch=True, tip=lambda h: h.gap.reason),
]  # fmt: skip
_REQUESTS: list[Column[HistoryRequest]] = [
    Column("State", lambda r: r.state, chip=lambda r: _REQUEST_CHIPS[r.state], width=76),
    Column("Asked for", lambda r: r.label, width=96, bold=True),
    Column("Vendor", lambda r: r.vendor, width=64, color=lambda r: "TX1"),
    Column("Progress", lambda r: f"{r.fraction:.0%}", key=lambda r: r.fraction, bar=lambda r: r.fraction, right=True, width=110,
           color=lambda r: "BAD" if r.state == "failed" else "TX2" if r.state == "cancelled" else None),
    Column("Detail", lambda r: r.detail, width=110, color=lambda r: "BAD" if r.state == "failed" else "TX1", stretch=True,
           tip=lambda r: r.detail),
    Column("Asked ET", lambda r: fmt.clock(r.asked_at), key=lambda r: r.asked_at, width=74, color=lambda r: "TX2", right=True),
]  # fmt: skip
