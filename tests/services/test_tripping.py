"""A halt by the program itself: at once, written down once for each reason, and kept on this machine while the database is away."""

import asyncio

from qv_desktop.domain.risk import TradingState
from tests.services.test_kill_switch import Desk, on_a_desk


def test_it_is_stored_so_that_a_restart_does_not_forget_it() -> None:
    async def story(desk: Desk) -> None:
        desk.risk.trip("the books cannot be", "qv-1")
        assert desk.risk.state is TradingState.HALTED  # before anything is waited for
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert desk.store.kept is TradingState.HALTED

    on_a_desk(story)


def test_with_the_database_away_the_row_waits_on_this_machine_once_for_each_reason() -> None:
    async def story(desk: Desk) -> None:
        desk.store.down = True
        for reason in ("the books cannot be", "the books cannot be", "another order cannot be"):
            desk.risk.trip(reason, "qv-1")
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        kept = [(draft.action, draft.actor.name, draft.reason, draft.correlation) for draft in desk.spool.kept]
        assert kept == [("risk.halted", "system", "the books cannot be", "qv-1"),
                        ("risk.halted", "system", "another order cannot be", "qv-1")]  # fmt: skip

    on_a_desk(story)
