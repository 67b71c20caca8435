"""Two people at two machines work one break queue through their panels, on a real database, and file what came of it."""

import asyncio
import gc
import json
import os
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from qv_desktop.adapters.reports.reconciliation import ReconciliationReports
from qv_desktop.domain.access import Role
from qv_desktop.domain.events import Reconciled
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.reconciliation import Break
from qv_desktop.services.break_reports import BreakReports
from qv_desktop.services.bus import Bus
from qv_desktop.services.clock import Clock as ProgramClock
from qv_desktop.ui import theme
from qv_desktop.ui.panels.reconciliation import ReconciliationPanel
from qv_desktop.ui.paper import pdf
from qv_desktop.ui.tasks import Tasks
from qv_desktop.wiring import Desk
from qv_desktop.wiring.breaks import AGAIN, BreaksWiring
from tests.adapters.db.conftest import Clock
from tests.adapters.db.test_breaks import KO, NVDA, Machine

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture(autouse=True)
def collected_here() -> Iterator[None]:
    """As in the program, no thread collects garbage: windows of tests before may only be taken down where they were made."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


class Seat:
    """The panel at one machine, with all that is behind it."""

    def __init__(self, machine: Machine, panel: ReconciliationPanel, account: str, folder: Path) -> None:
        self.machine, self.panel, self.folder, self.opened = machine, panel, folder, list[str]()
        breaks, self.bus = machine.breaks, Bus()
        reports = BreakReports(machine.store, machine.runs, ReconciliationReports(pdf), breaks._login, breaks._login._trail, machine.clock,
                               lambda: (account, "••••7Q2"), folder)  # fmt: skip
        clock = ProgramClock(wall_ns=lambda: int(machine.clock().timestamp() * 1e9))
        services = SimpleNamespace(login=breaks._login, clock=clock, bus=self.bus, breaks=breaks, break_reports=reports)
        desk = Desk(
            cast(Any, services),
            cast(Any, SimpleNamespace(reconciliation=panel)),
            cast(Any, None),
            Tasks(lambda error: None),
        )
        self.wiring = BreaksWiring(desk, self._opens)

    def _opens(self, url: str) -> bool:
        self.opened.append(url)
        return True

    async def settled(self) -> None:
        while running := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.gather(*running, return_exceptions=True)

    async def does(self, hand: Callable[[], object]) -> None:
        hand()
        await self.settled()

    async def compares(self, *breaks: Break) -> None:
        run = await self.machine.compares(*breaks)
        self.panel.show_run(run)
        await self.does(lambda: self.bus.publish(Reconciled(run)))

    async def looks(self) -> None:
        """A few seconds pass before this window."""
        for _ in range(AGAIN):
            await self.does(self.wiring.tick)

    async def decides(self, action: str, words: str) -> None:
        self.panel.details.buttons[action].click()
        self.panel.reason.field.setText(words)
        await self.does(self.panel.reason.accept)

    def state(self) -> list[tuple[str, str, str]]:
        """What the filters let through, heaviest first; rows leave the screen up to half a second later."""
        kept = [item for item in self.panel.model.all_rows() if self.panel.filters.passes(item)]
        return [(item.key, item.state, item.owner) for item in sorted(kept, key=lambda item: -item.at_risk)]


type Story = Callable[[Seat, Seat], Coroutine[Any, Any, None]]


@pytest.fixture
def told(qtbot: QtBot, qapp: QApplication, postgres_url: str, tmp_path: Path) -> Iterator[Callable[[Story], None]]:
    """Tom, a Trader, sits before the first panel, and Ada, an Admin, before the second."""
    theme.apply(qapp)
    clock, account, panels = Clock(), f"acc-{uuid4().hex[:8]}", [ReconciliationPanel() for _ in range(2)]
    for panel in panels:
        qtbot.addWidget(panel)
        panel.resize(1100, 500)
        panel.show()
    with ExitStack() as stack:
        people = (("Tom", Role.TRADER), ("Ada", Role.ADMIN))
        machines = [Machine(postgres_url, clock, name, role, account) for name, role in people]
        for machine in machines:
            stack.callback(machine.database.close)

        async def tell(story: Story) -> None:
            folder = tmp_path / "exports"
            await story(
                *(Seat(machine, panel, account, folder) for machine, panel in zip(machines, panels, strict=True))
            )

        yield lambda story: asyncio.run(tell(story))


def test_a_break_is_taken_resolved_and_signed_by_two_people_who_see_each_others_changes(
    told: Callable[[Story], None],
) -> None:
    async def story(tom: Seat, ada: Seat) -> None:
        await tom.compares(NVDA, KO)
        assert tom.state() == [("NVDA", "open", ""), ("31ab", "open", "")]
        await tom.does(tom.panel.details.buttons["take"].click)
        await tom.decides("comment", "I asked the broker.")
        await tom.decides("resolve", "booked the fill")
        assert "Tom resolved: booked the fill" in tom.panel.details.story.text()
        await ada.looks()
        assert ada.state()[0] == ("NVDA", "resolved", "Tom")
        assert "Tom said: I asked the broker." in ada.panel.details.story.text()
        await ada.does(ada.panel.details.buttons["sign"].click)
        await tom.looks()
        assert tom.state() == [("31ab", "open", "")]
        await tom.compares(NVDA, KO)
        assert tom.state()[0] == ("NVDA", "open", "Tom")  # it was not settled after all

    told(story)


def test_who_was_slower_hears_it_and_sees_what_the_other_one_did(told: Callable[[Story], None]) -> None:
    async def story(tom: Seat, ada: Seat) -> None:
        await tom.compares(NVDA)
        await ada.looks()
        await ada.decides("carry", "tomorrow")
        await tom.decides("explain", "a split")
        assert "meanwhile" in tom.panel.note.text()
        assert tom.state() == [("NVDA", "carried", "Ada")]
        assert [row.draft.action for row in tom.machine.rows if row.draft.action == "break.explain"] == []

    told(story)


def test_rules_that_one_machine_changes_are_seen_at_the_other(told: Callable[[Story], None]) -> None:
    async def story(tom: Seat, ada: Seat) -> None:
        await ada.does(lambda: (ada.panel.views.choose("Rules"), ada.panel._view()))
        page = ada.panel.rules
        page.fields["price"].setText("0.05")
        page.reason.setText("half a cent of rounding")
        await ada.does(page.save.click)
        assert "rules were changed" in ada.panel.note.text()
        await tom.does(lambda: (tom.panel.views.choose("Rules"), tom.panel._view()))
        assert (tom.panel.rules.fields["price"].text(), tom.panel.rules.set_by.text()) == ("0.05", "Set by Ada.")
        tom.panel.rules.fields["price"].setText("0.5")
        tom.panel.rules.reason.setText("why not")
        await tom.does(tom.panel.rules.save.click)
        assert "reconciliation: approve" in tom.panel.note.text()
        assert (await ada.machine.breaks.rules()).set_by == "Ada"

    told(story)


def test_a_trader_reads_why_a_signature_is_refused(told: Callable[[Story], None]) -> None:
    async def story(tom: Seat, ada: Seat) -> None:
        await tom.compares(NVDA)
        await ada.looks()
        await ada.decides("resolve", "booked")
        await tom.looks()
        await tom.does(tom.panel.details.buttons["sign"].click)
        assert "lacks “reconciliation: approve”" in tom.panel.note.text()
        assert not ada.panel.details.buttons["sign"].isEnabled()

    told(story)


def test_the_history_shows_runs_with_their_reports_and_opens_them(told: Callable[[Story], None]) -> None:
    async def story(tom: Seat, ada: Seat) -> None:
        await tom.compares(NVDA, KO)
        await tom.compares()
        tom.panel.views.choose("History")
        await tom.does(tom.panel._view)
        history = tom.panel.history
        assert [run.breaks for run in history.runs.rows()] == [0, 2]
        await tom.does(lambda: history.table.selectRow(1))
        assert len(history.found.rows()) == 2
        await tom.does(history.forms["pdf"].click)
        (file,) = tom.folder.iterdir()
        assert file.read_bytes().startswith(b"%PDF-")
        await tom.does(tom.panel.open_file.click)
        assert tom.opened == [file.as_uri()]
        file.unlink()
        await tom.does(tom.panel.open_file.click)
        assert "write the report again" in tom.panel.note.text()

    told(story)


def test_a_report_over_days_holds_what_became_of_each_break_and_the_trail_knows_of_it(
    told: Callable[[Story], None],
) -> None:
    async def story(tom: Seat, ada: Seat) -> None:
        await tom.compares(NVDA, KO)
        await tom.decides("resolve", "booked the fill")
        await tom.does(lambda: tom.panel.range_asked.emit("Last 7 days", "json", False))
        (file,) = tom.folder.iterdir()
        report = json.loads(file.read_text())
        assert {item["key"]: (item["state"], item["reason"]) for item in report["items"]} == {
            "NVDA": ("resolved", "booked the fill"), "31ab": ("open", ""),
        }  # fmt: skip
        assert ([day["most"] for day in report["days"]], report["account"], report["by"]) == ([2], "••••7Q2", "Tom")
        assert tom.machine.rows[-1].draft.action == "export.report"
        await tom.does(lambda: tom.panel.range_asked.emit("Last 365 days", "pdf", True))
        assert len(list(tom.folder.glob("*.pdf"))) == 1

    told(story)


def test_a_report_of_another_account_and_of_empty_days(told: Callable[[Story], None]) -> None:
    async def story(tom: Seat, ada: Seat) -> None:
        await tom.compares(NVDA)
        today = tom.machine.clock().astimezone(NEW_YORK).date()
        await tom.does(tom.panel.days.ask)
        here = tom.machine.breaks.account
        assert here not in tom.panel.days._ids.values()  # it is “this account”
        await tom.does(lambda: tom.panel.days_asked.emit(today, today, here, "json"))
        report = json.loads(next(tom.folder.glob("*.json")).read_text())
        assert [item["key"] for item in report["items"]] == ["NVDA"]
        for asked, said in (
            (
                (today + timedelta(days=1), today + timedelta(days=3), None),
                "No comparison was made and no break was there from",
            ),
            ((today, today - timedelta(days=1), None), "turn the days round"),
            ((today - timedelta(days=4_000), today, None), "over 3,660 days at most"),
            ((today, today, "nobody"), "No comparison of “nobody” is stored"),
        ):
            await tom.does(partial(tom.panel.days_asked.emit, *asked, "csv"))
            assert said in tom.panel.note.text()
        assert list(tom.folder.glob("*.csv")) == []
        exported = [row for row in tom.machine.rows if row.draft.action == "export.report"]
        assert len(exported) == 1

    told(story)


def test_the_database_going_away_is_said_and_the_rows_stay(told: Callable[[Story], None]) -> None:
    async def story(tom: Seat, ada: Seat) -> None:
        await tom.compares(NVDA)
        tom.machine.database.close()
        await tom.looks()
        await tom.decides("resolve", "booked")
        assert "database" in tom.panel.note.text().lower()
        assert tom.state() == [("NVDA", "open", "")]

    told(story)
