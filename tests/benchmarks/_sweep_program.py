"""How soon after its start the whole program gives a sweep's first rows: database, market, log-in and window, as a person has them.

The demo's person is signed in as the scripted trader is; what the trader would do is left out, and the sweep is asked of the service that
the panel asks as soon as the strategies are there.
"""

import asyncio
import json
import os
import sys
import time
from datetime import timedelta

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import psutil

from qv_desktop import cli
from qv_desktop.app import story
from qv_desktop.domain.backtests import BacktestSpec
from qv_desktop.domain.errors import QvError
from qv_desktop.domain.events import SweepProgressed
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.sweeps import Axis, SweepSpec
from tests.benchmarks._sweep_work import PAIRS

DAYS = 10  # of one-minute bars
PATIENCE = 120.0  # seconds


class Swept(story.Story):
    """Asks for a sweep instead of trading."""

    async def told(self) -> int:
        """The first rows' moment, on the last line of the output; 1 when none came."""
        services, first = self._desk.services, asyncio.get_running_loop().create_future()
        started = psutil.Process().create_time()

        def hear(event: SweepProgressed) -> None:
            if event.rows and not first.done():
                first.set_result(time.time() - started)

        services.bus.subscribe(SweepProgressed, hear)
        desk = time.time() - started
        await self._sees(lambda: any(one.name == "sma_cross" for one in services.strategies.all()), PATIENCE)
        strategies = time.time() - started
        today = services.clock.market().astimezone(NEW_YORK).date()
        base = BacktestSpec("sma_cross", 1, ("SPY",), "1m", today - timedelta(DAYS), today - timedelta(1), ())
        fast, slow = (tuple(sorted({pair[i] for pair in PAIRS})) for i in (0, 1))
        asked = SweepSpec(base, (Axis("fast", fast), Axis("slow", slow)), "fast < slow")
        try:
            result = await services.sweeps.run(asked)
        except QvError as error:
            sys.stderr.write(f"{error}\n")
            return 1
        said = {"first_result_s": await first, "desk_s": desk, "strategies_s": strategies, "swept_bars": result.bars}
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()
        return 0


if __name__ == "__main__":
    story.Story = Swept  # type: ignore[misc]
    sys.exit(cli.command(["demo", "--headless", "--for", "1", "--out", sys.argv[1]]))
