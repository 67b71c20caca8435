"""Consent: what runs somebody's code is tried, and where the person has not allowed it yet, they are asked and it goes on."""

import asyncio
from collections.abc import Awaitable, Callable

from qv_desktop.domain.errors import ConsentNeeded
from qv_desktop.domain.strategies import Strategy
from qv_desktop.domain.strategy_cautions import cautions_in
from qv_desktop.ui.consent_dialog import ConsentDialog
from qv_desktop.wiring import Desk

TIMES = 64  # questions of one attempt at the most: a sweep or a desk of deployments may name several strategies


async def consented[T](desk: Desk, attempt: Callable[[], Awaitable[T]]) -> T | None:
    """What ``attempt`` gives, asked again after each consent; None when the person declined. Raises what it raises."""
    for _ in range(TIMES):
        try:
            return await attempt()
        except ConsentNeeded as needed:
            strategy = needed.strategy
            if not isinstance(strategy, Strategy) or not await asked(desk, strategy):
                return None
            await desk.services.strategies.consent(strategy)
    return None


async def asked(desk: Desk, strategy: Strategy) -> bool:
    """Show the code and wait for the answer; declined is recorded. Cancelled, the question goes away unanswered."""
    session = desk.services.login.session
    found = await asyncio.to_thread(cautions_in, strategy.source)
    answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    dialog = ConsentDialog(strategy, session.user.name if session is not None else "nobody", found, desk.window)
    dialog.answered.connect(lambda allowed: None if answer.done() else answer.set_result(allowed))
    dialog.open()
    try:
        allowed = await answer
    except asyncio.CancelledError:
        dialog.close()
        raise
    if not allowed:
        await desk.services.strategies.decline(strategy)
    return allowed
