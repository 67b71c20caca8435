"""Price alerts from end to end: the simulated vendor's prints over a real socket, to a notice and a row in a real database."""

import asyncio

from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.price_alerts import PriceAlerts as Store
from qv_desktop.domain.access import Role, Session, User
from qv_desktop.domain.events import PricesPrinted
from qv_desktop.services.bus import Bus
from qv_desktop.services.login import Login
from qv_desktop.services.notices import Notices
from qv_desktop.services.price_alerts import PriceAlerts
from tests.adapters.listening import until
from tests.builders import NOW
from tests.fakes import Trail, Users
from tests.services.test_price_sources import Floor, trading_floor
from tests.simulator.process import Simulator, running


def alerts_over(floor: Floor, database: Database, bus: Bus) -> tuple[PriceAlerts, Notices]:
    session = Session("s1", User("whole", "whole", Role.TRADER), "host", NOW, NOW)
    login = Login(Users(session.user, session), Trail(), lambda: NOW, "host")
    login.session = session
    notices = Notices(bus.publish, lambda: NOW)
    return PriceAlerts(Store(database), login, floor.market, notices, bus.publish, lambda: NOW, bool), notices


def test_an_alert_on_a_running_market_fires_on_the_print_that_reaches_it_and_is_stored(database: Database) -> None:
    async def story(simulator: Simulator) -> None:
        async with trading_floor(simulator) as floor:
            bus = Bus()
            alerts, notices = alerts_over(floor, database, bus)
            bus.subscribe(PricesPrinted, alerts.hear)
            floor.market._publish = lambda event: (floor.events.append(event), bus.publish(event))[1]
            await alerts.load()
            saving = asyncio.create_task(alerts.run())
            await until(lambda: floor.market.snapshot("SPY").last is not None, "a price of SPY")
            last = floor.market.snapshot("SPY").last or 0.0
            far = await alerts.add("SPY", round(last * 2, 2))
            near = [await alerts.add("SPY", round(last + cents / 100, 2)) for cents in (-1, 1)]
            await until(lambda: bool(notices.told), "a print that reaches one of them")
            assert notices.told[0].text.startswith("SPY crossed ")
            at = notices.told[0].text.split()[2]
            fired = next(alert for alert in alerts.all if alert.state == "fired")
            assert at == f"{fired.price:,.2f}"
            assert fired.id in [alert.id for alert in near]
            printed = [p for e in floor.events if isinstance(e, PricesPrinted) for p in e.prints]
            assert any(p.price >= fired.price if fired.direction == "up" else p.price <= fired.price for p in printed)

            async def stored() -> dict[str, str]:
                return {alert.id: alert.state for alert in await Store(database).all("whole")}

            for _ in range(600):
                if (await stored())[fired.id] == "fired":
                    break
                await asyncio.sleep(0.05)
            assert (await stored())[fired.id] == "fired"
            assert (await stored())[far.id] == "armed"
            saving.cancel()

    with running("--seed", "1") as simulator:
        asyncio.run(story(simulator))
