"""Price alerts: each person's own, as they stand."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.price_alerts import PriceAlerts
from qv_desktop.domain.price_alerts import PriceAlert, fired
from tests.builders import NOW

FIRST = PriceAlert("a1", "AAPL", 231.4, "up", "take profit", False, "armed", NOW)
SECOND = PriceAlert("a0", "MSFT", 0.0815, "either", "", True, "armed", NOW + timedelta(seconds=1))


def test_alerts_come_back_as_they_were_kept_in_the_order_of_their_making(database: Database) -> None:
    store = PriceAlerts(database)

    async def story() -> list[list[PriceAlert]]:
        for alert in (SECOND, FIRST):
            await store.save("maria", alert)
        await store.save("pete", replace(FIRST, price=5.0))
        first = await store.all("maria")
        await store.save("maria", fired(FIRST, NOW + timedelta(minutes=1)))
        await store.delete("maria", "a0")
        await store.delete("maria", "unknown")
        return [first, await store.all("maria"), await store.all("pete"), await store.all("nobody")]

    first, then, other, none = asyncio.run(story())
    assert first == [FIRST, SECOND]
    assert then == [replace(FIRST, state="fired", fired_at=NOW + timedelta(minutes=1))]
    assert (other, none) == ([replace(FIRST, price=5.0)], [])


@pytest.mark.parametrize("wrong", [{"price": 0.0}, {"price": float("inf")}, {"symbol": ""}, {"direction": "sideways"}])
def test_what_is_no_alert_does_not_get_into_the_table(database: Database, wrong: dict[str, object]) -> None:
    with pytest.raises(IntegrityError):
        asyncio.run(PriceAlerts(database).save("anna", replace(FIRST, **wrong)))  # type: ignore[arg-type]
