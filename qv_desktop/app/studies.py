"""Sweeps, their tests and look-ahead checks, built on the workers and the database."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from qv_desktop.adapters.compute.pool import BacktestPool
from qv_desktop.adapters.compute.prefix_checks import PrefixChecks
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.sweeps import SweepStore
from qv_desktop.adapters.db.validations import LookAheadStore, ValidationStore
from qv_desktop.app.entrance import Entrance
from qv_desktop.app.sweeping import SweepWork, sweep_work
from qv_desktop.config import Settings
from qv_desktop.domain.backtests import BacktestSpec
from qv_desktop.domain.market import Bar
from qv_desktop.services.backtest_data import BacktestData
from qv_desktop.services.backtests import Backtests
from qv_desktop.services.look_ahead import LookAheads
from qv_desktop.services.noting import Note
from qv_desktop.services.strategies import Strategies
from qv_desktop.services.sweeps import Sweeps
from qv_desktop.services.validation import Validations


class Studies(NamedTuple):
    """The services, and who computes sweeps."""

    work: SweepWork
    sweeps: Sweeps
    validations: Validations
    look_aheads: LookAheads


def studies(door: Entrance, database: Database, settings: Settings, strategies: Strategies, research: BacktestData, backtests: Backtests,
            checking: BacktestPool, note: Note) -> Studies:  # fmt: skip
    """All of them for the session that is signed in at ``door``; ``checking`` are the workers that run strategies' code."""
    login, trail, publish, now = door.login, door.trail, door.bus.publish, door.clock.now

    async def bars(spec: BacktestSpec) -> tuple[Mapping[str, Sequence[Bar]], tuple[str, ...]]:
        data = await research.read(spec)
        return data.bars, data.missing

    work = sweep_work(settings, checking)
    sweeps = Sweeps(work.engine, SweepStore(database, trail), strategies, research, login, publish, note)
    validations = Validations(sweeps.read, backtests.trial, ValidationStore(database, trail), login, publish, note, now)
    look_aheads = LookAheads(
        PrefixChecks(checking, now),
        LookAheadStore(database, trail),
        strategies.at,
        strategies.require_consent,
        bars,
        login,
        publish,
        now,
    )
    return Studies(work, sweeps, validations, look_aheads)
