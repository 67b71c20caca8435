"""The look-ahead badge: each run's code is checked once after it, and what is known stands beside runs and strategies."""

from collections.abc import Iterable

from qv_desktop.domain.backtests import BacktestResult
from qv_desktop.domain.errors import QvError
from qv_desktop.domain.events import BacktestFinished, LookAheadChecked, StrategiesChanged
from qv_desktop.domain.look_ahead import LookAhead, badge, explained, parameters_hash, word
from qv_desktop.services.look_ahead import VIEW
from qv_desktop.ui.models.strategy_columns import Badge
from qv_desktop.wiring import Desk


class LookAheadWiring:
    """``start`` reads what is known of the strategies; every run after that is checked in the background."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._service = desk, desk.services.look_aheads
        self._known: dict[tuple[str, str], LookAhead] = {}  # code, parameters
        desk.panels.backtests.equity.look_ahead_of = self._of_run
        desk.panels.backtests.run_chosen.connect(lambda run: desk.tasks.spawn(self._read([run.code_hash])))
        desk.services.bus.subscribe(BacktestFinished, self._ran)
        desk.services.bus.subscribe(StrategiesChanged, lambda _: self._show_codes())
        desk.services.bus.subscribe(LookAheadChecked, lambda event: self._learn([event.check]))

    async def start(self) -> None:
        """What is known of the strategies as they now are."""
        await self._read([strategy.code_hash for strategy in self._desk.services.strategies.every()])

    def _ran(self, event: BacktestFinished) -> None:
        self._desk.tasks.spawn(self._check(event.result))

    async def _read(self, codes: list[str]) -> None:
        if self._desk.services.login.may(VIEW):
            try:
                self._learn(await self._service.of(codes))
            except QvError:
                pass  # the badge says “not checked”; whoever reads the run is told that the database is away

    async def _check(self, run: BacktestResult) -> None:
        try:
            check = await self._service.after(run)
        except QvError as error:
            self._desk.services.notices.tell("warning", "Look-ahead check", str(error), f"look-ahead {run.code_hash}")
            return
        if check is not None:
            self._learn([check])
        if check is not None and check.outcome in ("fails", "unsteady"):
            self._desk.services.notices.tell(
                "warning", f"{run.spec.strategy} v{run.spec.version} cannot be believed",
                "It looks ahead: see the badge beside the run." if check.outcome == "fails" else "Its signals differ each time it runs.",
                f"look-ahead {run.code_hash}", panel="backtests",
            )  # fmt: skip

    def _learn(self, checks: Iterable[LookAhead]) -> None:
        for check in checks:
            self._known[(check.code_hash, parameters_hash(check.parameters))] = check
        self._desk.panels.backtests.equity.show_look_ahead()
        self._show_codes()

    def _show_codes(self) -> None:
        """Every code's worst news; one that was never run has not been checked."""
        found = worst(self._known.values())
        badges = {code: Badge(word(check), badge(check)[1], explained(check)) for code, check in found.items()}
        never = {strategy.code_hash for strategy in self._desk.services.strategies.every()} - found.keys()
        unchecked = Badge("not checked", "", explained(None))
        self._desk.panels.strategies.show_look_aheads({**dict.fromkeys(never, unchecked), **badges})

    def _of_run(self, run: BacktestResult) -> LookAhead | None:
        return self._known.get((run.code_hash, parameters_hash(run.spec.parameters)))


def worst(checks: Iterable[LookAhead]) -> dict[str, LookAhead]:
    """Of each code the check with the worst news: one set of parameters that fails is enough."""
    order = ("fails", "unsteady", "passed", "unable")
    found: dict[str, LookAhead] = {}
    for check in sorted(checks, key=lambda check: order.index(check.outcome)):
        found.setdefault(check.code_hash, check)
    return found
