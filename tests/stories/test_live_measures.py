"""A whole desk buys by hand and by a strategy, and sees within seconds what that risks."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from qv_desktop.adapters.reports.risk import RiskDayReports
from qv_desktop.domain.errors import NotPermitted
from qv_desktop.domain.events import RiskMeasured
from qv_desktop.domain.orders import OrderRequest, OrderStatus, Side
from qv_desktop.domain.risk_measures import BY_HAND, RiskPicture, Shock
from qv_desktop.domain.risk_report import of_day
from qv_desktop.ui.paper import pdf
from tests.simulator.process import Simulator
from tests.stories.driver import Sitting, sitting

PATIENCE = 120.0
MARKET = ("--seed", "5")


def pictures(person: Sitting) -> list[RiskPicture]:
    """The newest picture that was published, once there is one."""
    newest: list[RiskPicture] = []

    def heard(event: RiskMeasured) -> None:
        if event.picture is not None:
            newest[:] = [event.picture]

    person.desk.services.bus.subscribe(RiskMeasured, heard)
    return newest


async def bought(person: Sitting, symbol: str, quantity: int, source: str) -> None:
    await person.sees(lambda: person.fresh(symbol))
    request = OrderRequest(f"qv-measures-{symbol}", symbol, Side.BUY, Decimal(quantity), source=source)
    order = await person.desk.services.orders.submit(request)
    assert order.status is not OrderStatus.REFUSED, order.reason
    await person.sees(lambda: person.stands(request.client_order_id, OrderStatus.FILLED))


async def kept(person: Sitting, question: str, answer: Sequence[tuple[object, ...]]) -> None:
    """What is written behind a picture is there at last."""
    for _ in range(600):
        told = await person.asked(question)
        if told == list(answer):
            return
        await asyncio.sleep(0.1)
    pytest.fail(f"{told} is kept")


def whole(picture: RiskPicture) -> bool:
    """Whether both names are in everything, and the vendor has told their sectors."""
    slow = picture.slow
    return (
        slow is not None and len(slow.vars) == 16 and slow.correlations is not None
        and set(slow.correlations.symbols) == {"AAPL", "KO"}
        and {one.name for one in picture.sectors} == {"Technology", "Consumer staples"}
    )  # fmt: skip


async def the_panels_show_it(person: Sitting) -> None:
    """What was measured stands in the dashboard and in the stress panel, and the scenario that was made is one's own."""
    panels = person.desk.panels
    await person.sees(lambda: "✎ Cola scandal −$" in panels.stress.text())
    said = panels.risk.text()
    for words in ("AAPL +$", "Technology +$", "Historical: 95% 1 d $", "Beta: ", "Margin"):
        assert words in said, (words, said)
    assert not panels.risk.dashboard.together.empty


async def the_report_holds_it(person: Sitting, folder: Path) -> None:
    """Made of the real trail, limits and margin; a Trader has no right to it, and leaves a row of having asked."""
    services = person.desk.services
    with pytest.raises(NotPermitted, match="risk: export"):
        await services.risk_reports.write(["csv"])
    report = await services.risk_reports._gathered("chief")
    assert report.rows is not None
    sections = {one.title.partition(" · ")[0]: one for one in of_day(report).sections}
    assert {row[0] for row in sections["Exposure by name"].rows} == {"AAPL", "KO"}
    assert {row[3] for row in sections["Limits in force"].rows} == {"the firm's limit"}
    assert sections["Margin"].rows[0] == ("Regime", "INTRADAY_MARGIN, refuses")
    assert len(sections["Value at risk and expected shortfall"].rows) == 16
    paths = await RiskDayReports(pdf).write(report, folder, ["pdf", "csv", "xlsx", "html"])
    assert [path.stat().st_size > 2_000 for path in paths] == [True] * 4


def test_a_desk_sees_what_its_book_risks(qapp: QApplication, simulator: Simulator, home: Path) -> None:
    with sitting(qapp, simulator, home) as person:

        async def story() -> None:
            await person.ready()
            newest, services = pictures(person), person.desk.services
            await bought(person, "AAPL", 10, "Ticket")
            await bought(person, "KO", 20, "sma_cross")
            await person.sees(lambda: newest and whole(newest[0]), PATIENCE)
            picture = newest[0]
            assert {one.name for one in picture.profit.by_strategy} == {BY_HAND, "sma_cross"}
            assert picture.slow is not None
            assert picture.slow.beta is not None
            assert picture.slow.beta.benchmark == "SPY"
            assert picture.drawdown is not None
            assert [one.today is not None for one in picture.positions] == [True, True]
            await services.risk_measures.save_scenario("Cola scandal", [Shock("symbol", "KO", -0.5)])
            await person.sees(lambda: newest[0].stress[-1].scenario.name == "Cola scandal")
            assert newest[0].stress[-1].profit < 0
            await the_panels_show_it(person)
            await the_report_holds_it(person, home)
            await kept(person, "SELECT count(*), min(var99) > 0 FROM risk_days", [(1, True)])
            codes = [("AAPL", 3571), ("KO", 2080)]
            await kept(person, "SELECT symbol, code FROM sector_codes ORDER BY symbol", codes)

        person.do(story())
