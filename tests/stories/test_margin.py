"""The margin regime with the real program and the simulated broker: a refused day trade is explained, and counts outlive the program."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from sqlalchemy import text

from qv_desktop.domain.margin import MarginTerms, Regime, to_words
from qv_desktop.domain.orders import OrderRequest, OrderStatus, Side
from tests.simulator.process import Simulator
from tests.stories import program
from tests.stories.driver import Sitting, sitting

SYMBOL = "SPY"
TERMS = replace(
    MarginTerms(Regime.LEGACY_PDT), minimum_equity=Decimal(100_000_000)
)  # more than the simulated account has

MARKET = ("--seed", "3", "--speed", "1")


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """One person's home for both sittings."""
    with program.a_home() as folder:
        yield folder


async def an_admin_chooses(person: Sitting, terms: MarginTerms = TERMS) -> None:
    """The regime is set from another desk: the trader of this one may not."""
    database, services = await person.store.opened(), person.desk.services
    row = {
        "account": services.account.id,
        "at": services.clock.market() - timedelta(days=1),
        "terms": json.dumps(to_words(terms)),
    }
    put = text("INSERT INTO margin_terms (account, at, set_by, terms) VALUES (:account, :at, 'chief', :terms)")
    await database.write(lambda connection: connection.execute(put, row))
    await services.margin.load()


async def trades(person: Sitting, side: Side, place: int) -> None:
    """One share, sent and filled, and counted."""
    services = person.desk.services
    await person.sees(lambda: person.fresh(SYMBOL))
    before = services.margin.standing()
    assert before is not None
    order = await services.orders.submit(
        OrderRequest(f"margin-{place}", SYMBOL, side, Decimal(1), source=f"round {place}")
    )
    assert order.status is not OrderStatus.REFUSED, order.reason
    await person.sees(lambda: person.stands(order.id, OrderStatus.FILLED))
    await person.sees(lambda: (now := services.margin.standing()) is not None and now.trades == before.trades + 1)


def rules(person: Sitting) -> dict[str, str]:
    """Each line of the ticket's rules: title and numbers -> the sentence on hovering."""
    return {f"{line.mark} {line.title} {line.value}": line.tip for line in person.desk.panels.ticket.rules._all}


async def is_refused_a_day_trade(person: Sitting) -> None:
    ticket, services = person.desk.panels.ticket, person.desk.services
    ticket.symbol_asked.emit(SYMBOL)
    await person.sees(lambda: person.fresh(SYMBOL) and ticket.fields.instrument is not None)
    ticket.fill_from(SYMBOL, Side.SELL, Decimal(1))
    await person.sees(lambda: "✗ Day trades 4 of 3" in rules(person))
    said = rules(person)["✗ Day trades 4 of 3"]
    assert "It would be day trade 4 within five business days" in said
    assert "below $100,000,000" in said
    taken: list[OrderRequest] = []
    ticket.submitted.connect(taken.append)
    for _ in range(20):  # review, then send; a quote that aged meanwhile asks for another review
        ticket.send.click()
        if taken:
            break
        await asyncio.sleep(0.05)
    assert taken
    await person.sees(lambda: person.stands(taken[0].client_order_id, OrderStatus.REFUSED))
    order = person.order(taken[0].client_order_id)
    assert order is not None
    assert "It would be day trade 4 within five business days" in order.reason
    assert services.positions.held()[SYMBOL].quantity == 1


def test_a_refused_day_trade_is_explained_and_its_count_outlives_the_program(
    qapp: QApplication, simulator: Simulator, home: Path, postgres_url: str
) -> None:
    with sitting(qapp, simulator, home, postgres_url) as person:

        async def story() -> None:
            await person.ready()
            card = person.desk.panels.balances.margin
            await person.sees(lambda: card.regime.text() == "Intraday margin")
            assert not card.change.isEnabled()
            assert "risk: change" in card.change.toolTip()
            assert person.desk.window.account.headroom.text.startswith("$")
            await an_admin_chooses(person)
            await person.sees(lambda: card.regime.text() == "Pattern day trader")
            for place in range(6):
                await trades(person, Side.SELL if place % 2 else Side.BUY, place)
            await trades(person, Side.BUY, 6)
            await is_refused_a_day_trade(person)

        person.do(story())
    with sitting(qapp, simulator, home, postgres_url) as again:

        async def next_time() -> None:
            await again.ready()
            standing = again.desk.services.margin.standing()
            assert standing is not None
            assert (standing.regime, standing.day_trades, standing.trades) == (Regime.LEGACY_PDT, 3, 7)
            await is_refused_a_day_trade(again)
            flat = await again.desk.services.orders.submit(
                OrderRequest("flat", SYMBOL, Side.SELL, Decimal(1), source="Flatten")
            )
            await again.sees(lambda: again.stands(flat.id, OrderStatus.FILLED))
            await again.sees(lambda: (now := again.desk.services.margin.standing()) is not None and now.pattern)
            await again.sees(lambda: "A pattern day trader below" in again.desk.panels.balances.margin.told)

        again.do(next_time())
