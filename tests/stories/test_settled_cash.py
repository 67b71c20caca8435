"""A cash account with the real program and the simulated broker: settled money is spent once, whatever the broker's cash says."""

from decimal import Decimal

from PySide6.QtWidgets import QApplication

from qv_desktop.domain.margin import MarginTerms, Regime
from qv_desktop.domain.orders import Order, OrderRequest, OrderStatus, Side
from tests.simulator.process import running
from tests.stories import program
from tests.stories.driver import Sitting, sitting
from tests.stories.test_margin import SYMBOL, an_admin_chooses


async def orders(person: Sitting, side: Side, quantity: int, place: str) -> Order:
    """What became of a market order, once it is filled or refused and counted."""
    services = person.desk.services
    await person.sees(lambda: person.fresh(SYMBOL))
    order = await services.orders.submit(OrderRequest(place, SYMBOL, side, Decimal(quantity), source=place))
    await person.sees(lambda: person.stands(order.id, OrderStatus.FILLED, OrderStatus.REFUSED))
    found = person.order(order.id)
    assert found is not None
    return found


def test_a_cash_account_spends_settled_money_once(qapp: QApplication, postgres_url: str) -> None:
    """Alpaca's cash grows with a sale at once; what of it is settled is this program's to know."""
    with (
        running("--seed", "5", "--speed", "1") as market,
        program.a_home() as folder,
        sitting(qapp, market, folder, postgres_url) as person,
    ):

        async def story() -> None:
            await person.ready()
            services, card = person.desk.services, person.desk.panels.balances.margin
            market.control("POST", "/sim/activity", {"type": "CSW", "amount": -80_000})
            await person.sees(lambda: ((services.account.balances and services.account.balances.cash) or 0) < 30_000)
            await an_admin_chooses(person, MarginTerms(Regime.CASH))
            await person.sees(lambda: card.regime.text() == "Cash")
            cash = services.account.balances.cash if services.account.balances else None
            assert cash is not None
            price = services.market.snapshot(SYMBOL).quote
            assert price is not None
            many = int(float(cash) * 0.2 / price.ask)  # within what one name may be of the equity
            for place in range(4):  # most of what is settled, round and round
                bought = await orders(person, Side.BUY, many, f"buy {place}")
                assert bought.status is OrderStatus.FILLED, bought.reason
                assert (await orders(person, Side.SELL, many, f"sell {place}")).status is OrderStatus.FILLED
            await person.sees(
                lambda: ((services.account.balances and services.account.balances.cash) or 0) > cash * Decimal("0.9")
            )
            standing = services.margin.standing()
            assert standing is not None
            assert standing.violations == ()
            assert standing.purse is not None
            assert standing.purse.settled < cash / 2 < standing.purse.unsettled
            more = int(float(standing.purse.settled) / price.ask) + 2
            refused = await orders(person, Side.BUY, more, "once more")
            assert refused.status is OrderStatus.REFUSED
            assert "the rest comes from sales that settle on" in refused.reason

        person.do(story())
