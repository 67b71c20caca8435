"""Price alerts on a real database."""

import asyncio
from dataclasses import replace
from uuid import uuid4

from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.price_alerts import PriceAlerts
from qv_desktop.domain.price_alerts import PriceAlert
from tests.builders import NOW


def test_alerts_come_back_as_kept_each_person_s_own(database: Database) -> None:
    store, user = PriceAlerts(database), uuid4().hex
    first = PriceAlert("a", "AAPL", 231.405, "up", "Läuft 📈", False, "armed", NOW)
    fired = replace(first, state="fired", fired_at=NOW)

    async def story() -> list[list[PriceAlert]]:
        await store.save(user, first)
        await store.save(user, replace(first, id="b", direction="either", repeats=True))
        await store.save(user, fired)
        before = await store.all(user)
        await store.delete(user, "b")
        return [before, await store.all(user), await store.all("somebody else")]

    before, after, others = asyncio.run(story())
    assert {alert.id for alert in before} == {"a", "b"}
    assert (after, others) == ([fired], [])
