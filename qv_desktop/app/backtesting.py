"""What the command ``backtest`` does: no window and no log-in; the database's own bars, a worker, and a stored result."""

import asyncio
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from qv_desktop import __version__, config, logs, paths
from qv_desktop.adapters.calendar import Calendar
from qv_desktop.adapters.compute.limits import limits_of
from qv_desktop.adapters.compute.pool import BacktestPool
from qv_desktop.adapters.db.actions import ActionStore
from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.backtests import BacktestStore
from qv_desktop.adapters.db.bars import BarStore
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.people import PeopleStore
from qv_desktop.adapters.db.strategies import StrategyStore
from qv_desktop.adapters.db.watchlists import Watchlists
from qv_desktop.adapters.reports.backtests import html_of, json_of
from qv_desktop.app.backend import Store, audit_mark
from qv_desktop.app.identity import at_command_line, install_id
from qv_desktop.config import Settings
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.backtest_checks import checked, fitting, symbols
from qv_desktop.domain.backtest_rerun import Rerun, compared
from qv_desktop.domain.backtests import BacktestResult, BacktestSpec, RunData, spec_hash
from qv_desktop.domain.errors import BadInput, QvError
from qv_desktop.domain.strategies import Strategy, digest
from qv_desktop.domain.strategy_source import checked as read_source
from qv_desktop.services.backtest_data import BacktestData
from qv_desktop.services.history import History
from qv_desktop.services.requests import Requests
from qv_desktop.strategies.built_in import built_in

FILE_VERSION = 0  # of a strategy that is a file and not stored

type Agreed = Callable[[str], bool]  # whether code may run that does not ship with the program


@dataclass(frozen=True, slots=True)
class Wanted:
    """``strategy`` is a name, name@version or a .py file; ``symbols`` as typed, perhaps a watchlist of the user ``whose``."""

    strategy: str
    symbols: str
    spec: BacktestSpec  # with neither strategy nor symbols yet
    whose: str = ""
    keep: bool = True


async def ran(wanted: Wanted, agreed: Agreed, tell: Callable[[float, str], None]) -> tuple[BacktestResult, bool]:
    """The result, and whether it is stored: a file's is not, for no version of it is. Raises QvError."""
    async with Desk() as desk:
        strategy = await desk.strategy(wanted.strategy)
        desk.allow(strategy, agreed)
        chosen = symbols(wanted.symbols, await desk.lists(wanted.whose))
        spec = checked(replace(wanted.spec, strategy=strategy.name, version=strategy.version, symbols=chosen))
        result = await desk.made(spec, strategy, tell)
        keep = wanted.keep and strategy.version != FILE_VERSION
        if keep:
            await desk.keep(result)
        return result, keep


async def repeated(run: str, agreed: Agreed, tell: Callable[[float, str], None]) -> Rerun:
    """A stored run once more, beside what is stored; ``run`` may be the beginning of its id. Raises QvError."""
    async with Desk() as desk:
        stored = await desk.stored(run)
        spec = stored.spec
        strategy = await desk.strategy(f"{spec.strategy}@{spec.version}")
        desk.allow(strategy, agreed)
        found = compared(stored, await desk.made(spec, strategy, tell))
        told = json.dumps({"same": found.same, "figures": list(found.figures)})
        await desk.note("backtest.rerun", stored.id, told)
        return found


def page(result: BacktestResult, file: Path) -> None:
    """Write the report. Raises BadInput when it cannot be written there."""
    try:
        file.write_text(html_of(result), encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{file} cannot be written ({error.strerror}); choose another place.") from None


def text(result: BacktestResult) -> str:
    """The whole of it as JSON."""
    return json_of(result)


class Desk:
    """The database, the worker and the calendar, as long as they are needed."""

    def __init__(self) -> None:
        self.settings: Settings = config.load()
        # a file of its own, for the terminal may be open and write to the other
        logs.start(paths.logs(self.settings.home) / "command", self.settings.log_level)
        self._store = Store(self.settings, shared=True)
        self.pool = BacktestPool(
            [*paths.relaunch(), "worker"], paths.compiled(), 1, limits_of(self.settings), closed=self.settings.home
        )
        self.calendar, self._shipped = Calendar(), {one.name: one for one in built_in(now())}
        self._leave: Callable[[], None] = lambda: None

    async def __aenter__(self) -> "Desk":
        try:
            self.database: Database = await self._store.opened()
            await asyncio.to_thread(self.database.become_own)
        except BaseException:
            await self.__aexit__()
            raise
        mark = audit_mark(self.settings, self.database)
        self._leave = mark.write
        self.trail = AuditTrail(
            self.database, install_id(self.settings.home), __version__, now, mark.heard, lambda: mark.mark
        )
        self._runs = BacktestStore(self.database, self.trail)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.pool.close()
        self.calendar.close()
        self._leave()
        await asyncio.to_thread(self._store.close)

    async def strategy(self, named: str) -> Strategy:
        """A stored or shipped strategy by name, perhaps with @version, or a file's. Raises BadInput."""
        if named.endswith(".py"):
            return await asyncio.to_thread(_of_file, Path(named))
        name, _, version = named.partition("@")
        if version and not version.isdigit():
            raise BadInput(f"“{version}” is no version; say {name}@2 for the second one.")
        store = StrategyStore(self.database, self.trail)
        if version:
            found = await store.at(name, int(version))
            if found is None:
                raise BadInput(f"There is no version {version} of “{name}”; choose one that is stored.")
            return found
        known = {strategy.name: strategy for strategy in await store.all()}
        shipped = self._shipped.get(name)
        if shipped is not None and (name not in known or known[name].built_in):
            return await store.keep(
                replace(shipped, id=known[name].id) if name in known else shipped, self._draft("strategy.keep", name)
            )
        if name not in known:
            offered = ", ".join(sorted(known.keys() | self._shipped.keys()))
            raise BadInput(f"There is no strategy called “{name}”; choose one of {offered}, or a .py file.")
        return known[name]

    def allow(self, strategy: Strategy, agreed: Agreed) -> None:
        """Raises BadInput when the code did not come with the program and nobody agrees that it runs."""
        own = digest(strategy.source)
        if own != strategy.code_hash:
            raise BadInput(f"The text of “{strategy.name}” is not what its hash is of; it does not run.")
        if not any(own == one.code_hash for one in self._shipped.values()) and not agreed(
            f"“{strategy.name}” by {strategy.author} did not come with the program. SHA-256 {own}"
        ):
            raise BadInput(f"“{strategy.name}” was not allowed to run; read it, and say --yes.")

    async def lists(self, whose: str) -> dict[str, tuple[str, ...]]:
        """The watchlists of a user. Raises BadInput when there is no such user."""
        if not whose:
            return {}
        everybody = await PeopleStore(self.database, self.trail).all()
        found = next((one.user for one in everybody if one.user.name.casefold() == whose.casefold()), None)
        if found is None:
            raise BadInput(f"There is no user “{whose}”; qv-desktop users list names them.")
        return await Watchlists(self.database).all(found.id)

    async def made(self, spec: BacktestSpec, strategy: Strategy, tell: Callable[[float, str], None]) -> BacktestResult:
        """Run. Raises QvError, which leaves its row."""
        run = uuid.uuid4().hex
        fitting(strategy, checked(spec))
        self.pool.warm()  # while bars are read
        try:
            data = await self.data(spec, lambda done, step: tell(0.3 * done, step))
            user = at_command_line().name
            return await self.pool.run(run, spec, strategy, data, user, lambda done, step: tell(0.3 + 0.7 * done, step))
        except QvError as error:
            words = json.dumps({"spec": spec_hash(spec), "strategy": spec.strategy, "symbol": spec.symbol})
            draft = replace(self._draft("backtest.run", run), outcome="failed", reason=str(error), after=words)
            await self.trail.append(draft)
            raise

    async def data(self, spec: BacktestSpec, tell: Callable[[float, str], None]) -> RunData:
        """The stored bars of a run, for no vendor is asked. Raises BadInput, FeedDown."""
        requests = Requests(lambda event: None, now)
        bars, actions = BarStore(self.database), ActionStore(self.database)
        history = History(bars, actions, (), requests, now, lambda symbol: None)
        return await BacktestData(history, self.calendar, now).read(spec, tell)

    async def keep(self, result: BacktestResult) -> None:
        """Store a result with its row of the trail."""
        terms = json.dumps({"spec": result.spec_hash, "code": result.code_hash, "data": result.data_hash})
        await self._runs.save(result, replace(self._draft("backtest.run", result.id), after=terms))

    async def stored(self, run: str) -> BacktestResult:
        """The one run whose id begins so. Raises BadInput when there is none, or more than one."""
        found = [one.id for one in await self._runs.latest(100_000) if one.id.startswith(run)]
        if len(found) != 1:
            raise BadInput(f"{len(found):,} stored backtests have an id that begins with “{run}”; give one id.")
        return await self._runs.read(found[0])

    async def note(self, action: str, run: str, after: str) -> None:
        """A row of the trail."""
        await self.trail.append(replace(self._draft(action, run), after=after))

    def _draft(self, action: str, of: str) -> Draft:
        kind = "strategy" if action.startswith("strategy") else "backtest"
        return Draft(at_command_line(), action, kind, of)


def _of_file(file: Path) -> Strategy:
    try:
        source = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no UTF-8 text"
        raise BadInput(f"{file} cannot be read ({why}); choose another file.") from None
    try:
        told = read_source(source)
    except BadInput as error:
        raise BadInput(f"{file}: {error}") from None
    code = digest(source)
    return Strategy(code[:12], file.stem, told.title, FILE_VERSION, told.parameters, source, code, "a file", now())


def now() -> datetime:
    """The wall's time: what is tested lies in the past of everyone."""
    return datetime.now(UTC)
