"""The risk dashboard and the stress panel on a desk: pictures in, scenarios kept, reports written, and a refusal said."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pytestqt.qtbot import QtBot

from qv_desktop.adapters.reports.risk import RiskDayReports
from qv_desktop.domain.access import Role, User
from qv_desktop.domain.events import RiskMeasured
from qv_desktop.domain.limits import Limits
from qv_desktop.domain.risk_measures import MeasureSettings, RiskDay, Scenario, Shock
from qv_desktop.services.bus import Bus
from qv_desktop.services.login import Login
from qv_desktop.services.notices import Notices
from qv_desktop.services.risk_measures import RiskMeasures
from qv_desktop.services.risk_reports import RiskReports, Told
from qv_desktop.services.sectors import Sectors
from qv_desktop.ui.main_window import MainWindow
from qv_desktop.ui.panels.risk import RiskPanel
from qv_desktop.ui.panels.stress import StressPanel
from qv_desktop.ui.paper import pdf
from qv_desktop.ui.tasks import Tasks
from qv_desktop.wiring.risk import RiskWiring
from tests.app.test_guarding import until
from tests.builders import NOW, a_session, an_account
from tests.fakes import Trail, Users
from tests.ui.risk_pictures import a_picture, some_measures

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

type Story = Callable[["Room"], Coroutine[Any, Any, None]]


class Store:
    """What the account keeps, in memory, each with its row."""

    def __init__(self, trail: Trail) -> None:
        self.trail, self.kept, self.set, self.chosen = trail, dict[str, Scenario](), MeasureSettings(), dict[str, str]()

    async def settings(self, account: str) -> MeasureSettings:
        return self.set

    async def save_settings(self, account: str, settings: MeasureSettings, draft: Any) -> None:
        await self.trail.append(draft)
        self.set = settings

    async def scenarios(self, account: str) -> list[Scenario]:
        return list(self.kept.values())

    async def save_scenario(self, account: str, scenario: Scenario, draft: Any) -> None:
        await self.trail.append(draft)
        self.kept[scenario.name] = scenario

    async def delete_scenario(self, account: str, name: str, draft: Any) -> None:
        await self.trail.append(draft)
        del self.kept[name]

    async def days(self, account: str, since: Any) -> list[RiskDay]:
        return []

    async def overrides(self, account: str) -> dict[str, str]:
        return self.chosen

    async def override(self, account: str, symbol: str, sector: str, draft: Any) -> None:
        await self.trail.append(draft)
        self.chosen[symbol] = sector

    async def listed(self, symbols: Any) -> dict[str, Any]:
        return {}


class Room:
    """Both panels in a window, real services behind them."""

    def __init__(self, qtbot: QtBot, role: Role, folder: Path) -> None:
        self.bus, self.trail, self.folder, self.picked = Bus(), Trail(), folder, list[str]()
        self.risk, self.stress = RiskPanel(), StressPanel()
        self.window = MainWindow({"risk": self.risk, "stress": self.stress})
        qtbot.addWidget(self.window)
        session = a_session(role, "ann")
        self.login = Login(Users(User("u1", "ann", role), session), Trail(), lambda: NOW, "host")
        self.login.session = session
        self.store, self.notices = Store(self.trail), Notices(self.bus.publish, lambda: NOW)
        around = SimpleNamespace(account=an_account)
        self.sectors = Sectors(cast(Any, self.store), None, self.login, lambda: "account", lambda: NOW, 1.0, False)
        self.measures = RiskMeasures(
            cast(Any, self.store),
            cast(Any, around),
            cast(Any, None),
            self.sectors,
            cast(Any, None),
            self.login,
            lambda: NOW,
        )
        told = Told(lambda: "••••123", Limits, lambda: self.notices.told, "PAPER", "0.1.0")
        self.reports = RiskReports(told, RiskDayReports(pdf), self.login, self.trail, lambda: NOW, lambda: NOW, folder)
        services = SimpleNamespace(bus=self.bus, login=self.login, risk_measures=self.measures, risk_reports=self.reports,
                                   sectors=self.sectors, notices=self.notices)  # fmt: skip
        self.errors, self.tasks = list[BaseException](), Tasks(lambda error: self.errors.append(error))
        panels = SimpleNamespace(risk=self.risk, stress=self.stress)
        desk = SimpleNamespace(services=services, panels=panels, window=self.window, tasks=self.tasks)
        self.wiring = RiskWiring(cast(Any, desk), self.picked.append)

    def measured(self) -> None:
        """A second passes."""
        self.bus.publish(RiskMeasured(some_measures(), a_picture()))

    def files(self, ending: str) -> list[Path]:
        return list(self.folder.glob(f"risk-*.{ending}"))


def lived(qtbot: QtBot, story: Story, folder: Path, role: Role = Role.ADMIN) -> None:
    room = Room(qtbot, role, folder)

    async def life() -> None:
        await story(room)
        await room.tasks.close()

    asyncio.run(life())


def test_a_picture_is_shown_in_both_panels(qtbot: QtBot, tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        room.measured()
        assert "AAPL +$31,000" in room.risk.text()
        assert "Black Monday, 1987 −$16,126" in room.stress.text()
        assert room.risk.dashboard.settings.text() == "benchmark SPY, 10% of a day's volume"
        room.risk.symbol_chosen.emit("AAPL")
        room.stress.symbol_chosen.emit("KO")
        assert room.picked == ["AAPL", "KO"]

    lived(qtbot, story, tmp_path)


def test_a_report_is_written_told_and_recorded(qtbot: QtBot, tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        room.measured()
        room.risk.report_asked.emit("csv")
        await until(lambda: room.notices.told)
        assert [str(path) for path in room.files("csv")] == [room.notices.told[0].text]
        assert [row.draft.action for row in room.trail.rows] == ["export.report"]
        room.window.command.emit("risk.report")
        await until(lambda: room.files("pdf"))

    lived(qtbot, story, tmp_path)


def test_a_report_that_is_not_permitted_is_an_error_and_no_file(qtbot: QtBot, tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        room.measured()
        room.risk.report_asked.emit("csv")
        await until(lambda: room.errors)
        assert "risk: export" in str(room.errors[0])
        assert room.files("csv") == []

    lived(qtbot, story, tmp_path, Role.TRADER)


def test_a_scenario_is_kept_renamed_and_deleted(qtbot: QtBot, tmp_path: Path) -> None:
    shocks = (Shock("market", "", -0.1),)

    async def story(room: Room) -> None:
        room.stress.saved.emit(Scenario("Mine", shocks, custom=True), "")
        await until(lambda: "Mine" in room.store.kept)
        room.stress.saved.emit(Scenario("Ours", shocks, custom=True), "Mine")
        await until(lambda: list(room.store.kept) == ["Ours"])
        assert room.measures.scenarios[-1].name == "Ours"
        room.stress.deleted.emit("Ours")
        await until(lambda: not room.store.kept)
        assert [row.draft.action for row in room.trail.rows] == [
            "stress.save",
            "stress.save",
            "stress.delete",
            "stress.delete",
        ]

    lived(qtbot, story, tmp_path, Role.TRADER)


def test_a_scenario_that_may_not_be_kept_says_so_in_the_form(qtbot: QtBot, tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        room.stress.new.click()
        room.stress.saved.emit(Scenario("Mine", (Shock("market", "", -0.1),), custom=True), "")
        await until(lambda: room.stress.form.complaint.text())
        assert "risk: run" in room.stress.form.complaint.text()
        assert room.store.kept == {}

    lived(qtbot, story, tmp_path, Role.VIEWER)


def test_the_benchmark_and_a_sector_are_set_where_the_measures_stand(qtbot: QtBot, tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        form = room.risk.dashboard.settings
        form.benchmark.setText("qqq")
        form.share.setText("5")
        form.set.click()
        await until(lambda: room.store.set == MeasureSettings("QQQ", 0.05))
        form.newer.setChecked(True)
        form.set.click()
        await until(lambda: room.store.set == MeasureSettings("QQQ", 0.05, weighted=True))
        form.show_settings(room.store.set)
        assert form.text() == "benchmark QQQ, 5% of a day's volume, newer days weigh more"
        form.symbol.setText("goog")
        form.sector.setCurrentText("Communication")
        form.assign.click()
        await until(lambda: room.sectors.of("GOOG") == "Communication")
        form.share.setText("500")
        form.set.click()
        await until(lambda: "at most 100 %" in form.complaint.text())

    lived(qtbot, story, tmp_path)


def test_who_may_not_set_them_sees_why(qtbot: QtBot, tmp_path: Path) -> None:
    async def story(room: Room) -> None:
        form = room.risk.dashboard.settings
        form.share.setText("5")
        form.set.click()
        await until(lambda: "risk: change" in form.complaint.text())
        assert room.store.set == MeasureSettings()
        room.risk.forbid({"change": "Your role lacks it."})
        assert not form.set.isEnabled()

    lived(qtbot, story, tmp_path, Role.TRADER)


@pytest.mark.parametrize(("typed", "said"), [("", "in percent"), ("1,5", "is not clear")])
def test_a_share_that_is_no_number_is_said(qtbot: QtBot, tmp_path: Path, typed: str, said: str) -> None:
    async def story(room: Room) -> None:
        form = room.risk.dashboard.settings
        form.share.setText(typed)
        form.set.click()
        assert said in form.complaint.text()
        form.symbol.setText("")
        form.assign.click()
        assert "Name the symbol" in form.complaint.text()

    lived(qtbot, story, tmp_path)
