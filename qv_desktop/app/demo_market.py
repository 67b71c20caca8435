"""Which simulated market the demo's stored prices belong to: those of another seed or recording would mingle with this one's."""

from qv_desktop.adapters.db.bars import BarStore
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.preferences import Preferences
from qv_desktop.adapters.db.ticks import TickStore
from qv_desktop.app import Demo

KEY = "demo market"


async def turned_to(demo: Demo, database: Database, user: str) -> None:
    """Forget stored prices when they are of another market than this demo's. Raises DatabaseDown."""
    preferences = Preferences(database)
    market = _named(demo)
    if await preferences.setting(user, KEY) == market:
        return
    await BarStore(database).forget()
    await TickStore(database).forget()
    await preferences.save_setting(user, KEY, market)


def _named(demo: Demo) -> str:
    recording = f" {demo.replay.name} {demo.replay.stat().st_size}" if demo.replay is not None else ""
    return f"seed {demo.seed}{recording}"
