"""Where trading state, counters, the highest equity and the risk's measures are kept."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Protocol

from qv_desktop.domain.audit import Draft
from qv_desktop.domain.counters import Key, Tally
from qv_desktop.domain.drawdown import Peak
from qv_desktop.domain.loss_ladder import Stand
from qv_desktop.domain.orders import Fill
from qv_desktop.domain.risk import TradingState
from qv_desktop.domain.risk_measures import MeasureSettings, RiskDay, Scenario
from qv_desktop.domain.sectors import Listed


class RiskStore(Protocol):
    """The trading state."""

    async def state(self, account: str) -> TradingState:
        """The last trading state; ACTIVE when none was ever set."""

    async def stand(self, account: str) -> Stand:
        """The last trading state with who or what brought it about."""

    async def save_state(self, account: str, state: TradingState, draft: Draft) -> None:
        """Commit a change of trading state."""


class CounterStore(Protocol):
    """Counters as each day began, the executions since, and the highest equity. Each raises DatabaseDown and NotPermitted."""

    async def openings(self, account: str, before: date) -> dict[Key, Tally]:
        """Each scope's tally as its last day before ``before`` began."""

    async def keep_openings(self, account: str, openings: Mapping[Key, Tally]) -> None:
        """Write how a day began, once."""

    async def fills(self, account: str, since: datetime) -> list[tuple[Fill, str]]:
        """Executions of the account since then with the user whose orders they were of, oldest first."""

    async def peak(self, account: str) -> Peak | None:
        """The highest equity as kept; None before the first."""

    async def keep_peak(self, account: str, peak: Peak, draft: Draft | None = None) -> None:
        """Write the highest equity; with a row in the trail where a person set it."""

    async def states(self, account: str, since: datetime) -> list[tuple[datetime, TradingState, str, str]]:
        """When trading was set to which state, by whom and why, since then, oldest first."""


class SectorStore(Protocol):
    """Where sectors are kept. All raise DatabaseDown."""

    async def listed(self, symbols: Collection[str]) -> list[Listed]:
        """What is stored of these symbols."""

    async def keep(self, listed: Listed) -> None:
        """What a vendor said now."""

    async def overrides(self, account: str) -> dict[str, str]:
        """symbol -> sector, as chosen for the account."""

    async def override(self, account: str, symbol: str, sector: str, draft: Draft) -> None:
        """Choose a sector, or take it back with ""."""


class MeasureStore(Protocol):
    """Stress scenarios, settings and VaR by day. All raise DatabaseDown."""

    async def scenarios(self, account: str) -> list[Scenario]:
        """The account's own, by name."""

    async def save_scenario(self, account: str, scenario: Scenario, draft: Draft) -> None:
        """Keep one, in place of one of the same name."""

    async def delete_scenario(self, account: str, name: str, draft: Draft) -> None:
        """Forget one."""

    async def settings(self, account: str) -> MeasureSettings:
        """The account's settings, or the defaults."""

    async def save_settings(self, account: str, settings: MeasureSettings, draft: Draft) -> None:
        """Keep them."""

    async def days(self, account: str, since: date) -> list[RiskDay]:
        """VaR and profit by day, oldest first."""

    async def save_day(self, account: str, day: RiskDay) -> None:
        """What is known of the day now."""
