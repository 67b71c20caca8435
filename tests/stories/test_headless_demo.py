"""The headless proof: the real program tells its whole story, and everything it claims is looked at again."""

import csv
import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QImage

from qv_desktop.adapters.db.server import Server
from tests.stories.program import PATIENCE, SHARED, a_home, number, ran, rows, running, server_of, summary

REPLAY = SHARED / "market" / "SPY_1min_2020-12-15_18.csv.gz"
SECONDS = "15"
PANELS = {"watchlist", "tape", "chart", "ticket", "orders", "positions", "fills", "risk", "reconciliation", "audit", "strategies",
          "backtests", "alerts", "log"}  # fmt: skip
KEYS = {"window_s", "ticks_received", "ticks_stored", "bars", "orders", "fills", "positions", "breaks", "audit_entries",
        "audit_verified", "feed_latency_ms", "gui_lag_ms", "screenshots", "reports"}  # fmt: skip
KEPT = ("instruments", "bars", "trades", "orders", "order_events", "fills", "positions", "account_snapshots", "users", "sessions",
        "audit_log", "strategies", "strategy_versions", "backtests", "reconciliation_runs", "risk_events")  # fmt: skip


@dataclass(frozen=True)
class Told:
    """One finished run: its exit code, what it wrote on standard error, its home and its proof."""

    code: int
    errors: str
    home: Path
    left: int | None  # the process id of a database server that outlived it

    @property
    def out(self) -> Path:
        """Where the proof lies."""
        return self.home / "out"

    @property
    def summary(self) -> dict[str, Any]:
        """The figures."""
        return summary(self.out)


@pytest.fixture(scope="module")
def tellings() -> Iterator[dict[str, Told]]:
    """The synthetic market and, where the recording is there, its replay: side by side, for most of a story is waiting."""
    told = {}
    with ExitStack() as stack:
        started = {}
        for name, words in {"synthetic": [], "replay": ["--replay", str(REPLAY)]}.items():
            if words and not REPLAY.is_file():
                continue
            home = stack.enter_context(a_home())
            line = ["demo", "--headless", "--for", SECONDS, "--out", str(home / "out"), *words]
            started[name] = home, stack.enter_context(running(home, *line))
        for name, (home, process) in started.items():
            errors = process.communicate(timeout=PATIENCE)[1]
            told[name] = Told(process.returncode, errors, home, server_of(home / "demo" / "postgres"))
        yield told


@pytest.fixture(params=["synthetic", "replay"])
def told(request: pytest.FixtureRequest, tellings: dict[str, Told]) -> Told:
    """One of the two."""
    if request.param not in tellings:
        pytest.skip("the recorded minutes are not beside this checkout")
    return tellings[request.param]


@pytest.fixture(scope="module")
def database(tellings: dict[str, Told]) -> Iterator[str]:
    """The database that the synthetic story left behind, opened again."""
    server = Server(tellings["synthetic"].home / "demo" / "postgres")
    yield server.start()
    server.stop()


def test_every_stage_happened_and_nothing_was_complained_of(told: Told) -> None:
    assert told.code == 0, told.errors
    assert told.errors == ""
    assert all(told.summary["stages"].values()), told.summary["stages"]
    assert len(told.summary["stages"]) >= 10


def test_the_summary_has_every_figure_and_each_makes_sense(told: Told) -> None:
    figures = told.summary
    assert figures.keys() >= KEYS
    assert 0 < figures["window_s"] < PATIENCE
    assert figures["ticks_received"] > 100
    assert figures["ticks_stored"] == figures["ticks_received"]
    assert all(figures[name] > 0 for name in ("bars", "orders", "fills", "positions", "audit_entries"))
    assert figures["breaks"] == 0
    assert figures["audit_verified"] is True
    for name in ("feed_latency_ms", "gui_lag_ms"):
        assert 0 <= figures[name]["p50"] <= figures[name]["p99"]


def test_pictures_of_the_window_and_of_each_panel_show_something(told: Told) -> None:
    names = told.summary["screenshots"]
    assert {f"panel-{name}.png" for name in PANELS} <= set(names)
    windows = [name for name in names if name.startswith("window-")]
    assert windows
    for name in names:
        picture = QImage(str(told.out / name))
        assert not picture.isNull(), name
        assert colours(picture) > (500 if name in windows else 40), name
    assert {QImage(str(told.out / name)).size().toTuple() for name in windows} == {(1600, 900)}


def test_the_reconciliation_report_can_be_read_in_each_of_its_forms(told: Told) -> None:
    files = {Path(name).suffix: told.out / name for name in told.summary["reports"]}
    assert files.keys() == {".csv", ".json", ".html", ".pdf", ".xlsx"}
    with files[".csv"].open(encoding="utf-8", newline="") as lines:
        table = list(csv.reader(lines))
    assert table
    assert len({len(line) for line in table if line}) <= 2  # a head and a table at most
    report = json.loads(files[".json"].read_text(encoding="utf-8"))
    assert report["breaks"] == []
    assert files[".pdf"].read_bytes().startswith(b"%PDF-")
    page = Page()
    page.feed(files[".html"].read_text(encoding="utf-8"))
    assert page.open == []
    assert "Reconciliation" in page.text


def test_the_same_report_lies_in_the_export_folder(told: Told) -> None:
    exported = {path.name for path in (told.home / "demo" / "exports").iterdir()}
    assert set(told.summary["reports"]) <= exported


def test_the_whole_story_is_in_the_database(tellings: dict[str, Told], database: str) -> None:
    figures = tellings["synthetic"].summary
    empty = [table for table in KEPT if not number(database, table)]
    assert empty == []
    assert number(database, "orders") == figures["orders"]
    assert number(database, "fills") >= figures["fills"]
    assert number(database, "trades") >= figures["ticks_stored"]  # the stream goes on while the pictures are taken
    assert number(database, "positions", "quantity <> 0") >= 4
    assert number(database, "reconciliation_breaks", "kind <> 'not compared'") == 0


def test_every_order_has_its_intent_before_its_events_and_its_fills_add_up(database: str) -> None:
    strangers = """SELECT client_order_id FROM orders WHERE client_order_id NOT IN
                   (SELECT object_id FROM audit_log WHERE action IN ('order.submit', 'order.adopt'))"""
    assert rows(database, strangers) == []
    differing = """SELECT o.client_order_id, o.filled, sum(f.quantity) FROM orders o JOIN fills f USING (client_order_id)
                   GROUP BY 1, 2 HAVING o.filled <> sum(f.quantity)"""
    assert rows(database, differing) == []
    held = """SELECT p.symbol, p.quantity, sum(CASE f.side WHEN 'buy' THEN f.quantity ELSE -f.quantity END)
              FROM positions p JOIN fills f USING (account, symbol) GROUP BY 1, 2"""
    assert len(rows(database, held)) >= 4
    assert [row for row in rows(database, held) if row[1] != row[2]] == []
    assert number(database, "orders", "status = 'refused'") >= 2


def test_no_database_server_outlives_the_program(told: Told) -> None:
    assert told.left is None


def test_the_audit_trail_can_be_verified_afterwards_without_a_window(told: Told) -> None:
    done = ran(told.home, "audit", "verify", "--demo")
    assert done.returncode == 0, done.stderr
    assert "whole" in done.stdout


def colours(picture: QImage) -> int:
    """How many different colours ``picture`` has."""
    plain = picture.convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(plain.constBits(), dtype=np.uint32)
    return len(np.unique(pixels))


class Page(HTMLParser):
    """Checks that every opened element is closed; ``open`` holds those that are not."""

    EMPTY = frozenset({"meta", "br", "hr", "img", "link", "input", "col"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One more."""
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """One less; the innermost is meant."""
        assert self.open, tag
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """What a reader sees."""
        self.text += data
