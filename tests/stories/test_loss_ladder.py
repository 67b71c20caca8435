"""A falling price in the whole program: only what reduces is taken, then trading is halted; who leaves, and who lifts it."""

from collections.abc import Iterator
from decimal import Decimal

import psycopg
import pytest
from PySide6.QtWidgets import QApplication, QPushButton

from qv_desktop.app.hands import press
from qv_desktop.domain.audit_query import AuditQuery
from qv_desktop.domain.errors import NotPermitted
from qv_desktop.domain.orders import OrderRequest, OrderStatus, Side
from qv_desktop.domain.risk import TradingState
from tests.simulator.process import Simulator
from tests.stories import program
from tests.stories.driver import Sitting, sitting
from tests.stories.remote_server import Remote, remote

SHARES = 30
MARKET = ("--seed", "5", "--speed", "2")  # a broker whose prices the test drives


@pytest.fixture(scope="module")
def server() -> Iterator[Remote]:
    """A database in which the test can give the person another role."""
    with remote() as started:
        yield started


@pytest.fixture(scope="module")
def person(qapp: QApplication, server: Remote, simulator: Simulator) -> Iterator[Sitting]:
    """A Trader at the window."""
    with program.a_home() as home, sitting(qapp, simulator, home, server.url()) as signed_in:
        yield signed_in


def falls(person: Sitting, loss: int) -> None:
    """The price at which the position has lost so many dollars."""
    position = person.desk.services.positions["SPY"]
    price = round(float(position.average - Decimal(loss) / SHARES), 2)
    person.simulator.control("POST", "/sim/price", {"symbol": "SPY", "price": price})


async def sends(person: Sitting, name: str, quantity: int, side: Side = Side.BUY) -> tuple[OrderStatus, str]:
    """A market order, once it has been answered."""
    orders = person.desk.services.orders
    order = await orders.submit(OrderRequest(name, "SPY", side, Decimal(quantity)))
    await person.sees(
        lambda: orders.book[order.id].status in (OrderStatus.FILLED, OrderStatus.REFUSED, OrderStatus.REJECTED)
    )
    return orders.book[order.id].status, orders.book[order.id].reason


def shown(person: Sitting) -> str:
    return person.desk.panels.risk.ladder.accessibleDescription()


def test_a_falling_price_reduces_then_halts_and_what_is_held_can_be_left(person: Sitting) -> None:
    async def scenario() -> None:
        await person.ready()
        risk = person.desk.services.risk
        await person.sees(lambda: person.fresh("SPY"))
        assert await sends(person, "first", SHARES) == (OrderStatus.FILLED, "")
        falls(person, 1_790)
        await person.sees(lambda: risk.state is TradingState.REDUCING)
        await person.sees(lambda: person.fresh("SPY"))
        status, reason = await sends(person, "opens", 1)
        assert (status, "Only orders that reduce a position are taken now." in reason) == (OrderStatus.REFUSED, True)
        await person.sees(lambda: "REDUCING: The day's loss of $1," in shown(person))
        falls(person, 2_300)
        await person.sees(lambda: risk.state is TradingState.HALTED)
        await person.sees(lambda: "HALTED: The day's loss of $2," in shown(person))
        status, reason = await sends(person, "opens-too", 1)
        assert (status, "Trading is halted by the loss ladder" in reason) == (OrderStatus.REFUSED, True)
        assert "Trading is HALTED" in person.notices()
        await person.sees(lambda: person.fresh("SPY"))
        assert (await sends(person, "leaves", SHARES // 2, Side.SELL))[0] is OrderStatus.FILLED

    person.do(scenario())


def resume_button(person: Sitting) -> QPushButton:
    return next(b for b in person.desk.panels.risk.findChildren(QPushButton) if b.text().startswith("Resume"))


def test_a_trader_cannot_lift_it_and_an_admin_can_once_the_loss_is_not_past_it(person: Sitting, server: Remote) -> None:
    async def scenario() -> None:
        services = person.desk.services
        assert not resume_button(person).isEnabled()
        assert "risk: change" in resume_button(person).toolTip()
        with pytest.raises(NotPermitted, match="risk: change"):
            await services.risk.resume("please")
        with psycopg.connect(server.url().replace("+psycopg", "", 1), autocommit=True) as connection:
            connection.execute("UPDATE users SET role = 'Admin', role_version = role_version + 1")
        await person.sees(lambda: resume_button(person).isEnabled())
        press(person.desk.panels.risk, "Resume")
        await person.sees(lambda: "Trading would be halted again at once" in said(person))
        assert services.risk.state is TradingState.HALTED
        falls(person, 0)  # the half that is left comes back
        await person.sees(lambda: (services.ladder.losses_now.loss or 0) < 1_500)
        assert services.risk.state is TradingState.HALTED  # nothing is lifted by itself within the day
        press(person.desk.panels.risk, "Resume")
        await person.sees(lambda: services.risk.state is TradingState.ACTIVE)
        await person.sees(lambda: "halted at $2,000" in person.notices())
        falls(person, 2_300)
        await person.sees(lambda: services.risk.state is TradingState.HALTED)
        await person.sees(lambda: person.fresh("SPY"))
        plan = services.flattening.plan("SPY")
        assert plan.refused == ""
        assert "SPY is flat" in await services.flattening.flatten(plan, "flat")
        assert services.positions["SPY"].quantity == 0

    person.do(scenario())


def said(person: Sitting) -> str:
    """Everything that the window told the person."""
    return person.notices() + shown(person)


def test_the_trail_names_the_program_for_both_rungs(person: Sitting) -> None:
    async def rows() -> list[tuple[str, str]]:
        page = await person.desk.services.audit.page(AuditQuery(action="risk.*"))
        return [
            (e.draft.actor.name, e.draft.action) for e in page if e.draft.action in ("risk.reducing", "risk.halted")
        ]

    assert set(person.do(rows())) == {("system", "risk.reducing"), ("system", "risk.halted")}
