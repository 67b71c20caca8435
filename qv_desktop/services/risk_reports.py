"""The day's risk report: permitted, recorded, and written under the export folder only."""

import json
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Protocol

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.alerts import Notice
from qv_desktop.domain.audit import Draft, Entry
from qv_desktop.domain.audit_query import PAGE, AuditQuery
from qv_desktop.domain.errors import BadInput, NotPermitted
from qv_desktop.domain.events import RiskMeasured
from qv_desktop.domain.limits import Limits
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.reports import Values
from qv_desktop.domain.risk import Measures
from qv_desktop.domain.risk_measures import RiskPicture
from qv_desktop.domain.risk_report import RiskReport
from qv_desktop.services.login import Login
from qv_desktop.services.ports.audit import Trail
from qv_desktop.services.ports.callbacks import Now

EXPORT = Permission(Resource.RISK, Action.EXPORT)
FORMS = ("csv", "pdf", "xlsx", "html")
MOST_ROWS = 10_000  # of the trail, of each question
ASKED = (AuditQuery(action="risk.*"), AuditQuery(action="margin.*"), AuditQuery(action="order.*", outcome="refused"))

type Pairs = Sequence[tuple[str, str]]
type Past = Callable[[datetime, datetime], Awaitable[Sequence[Values]]]


class Writer(Protocol):
    """Writes report files. Raises BadInput when they cannot be written there."""

    async def write(self, told: RiskReport, folder: Path, forms: Collection[str]) -> tuple[Path, ...]:
        """The report in each of ``forms``."""


def _none() -> Pairs:
    return ()


async def _nothing(start: datetime, end: datetime) -> Sequence[Values]:
    return ()


@dataclass(frozen=True, slots=True)
class Told:
    """Where the report hears what: each is asked when a report is made. ``account`` is shown masked; ``set_by`` names a limit's scope."""

    account: Callable[[], str]
    limits: Callable[[], Limits]
    alerts: Callable[[], Sequence[Notice]]
    environment: str
    version: str
    margin: Callable[[], Pairs] = _none
    day_trades: Callable[[], Pairs] = _none
    set_by: Callable[[str], str] = lambda name: ""
    past: Past = _nothing


class RiskReports:
    """Gathers a day and has it written. Raises NotPermitted, BadInput, DatabaseDown.

    ``now`` is the market's clock, which a simulation or a replay has of its own; the trail's is the ``wall``'s.
    """

    def __init__(
        self, told: Told, writer: Writer, login: Login, trail: Trail, now: Now, wall: Now, folder: Path
    ) -> None:
        self._told, self._writer, self._login, self._trail = told, writer, login, trail
        self._now, self._wall, self._folder = now, wall, folder
        self._measures: Measures | None = None
        self._picture: RiskPicture | None = None

    def hear(self, event: RiskMeasured) -> None:
        """The newest measures."""
        self._measures, self._picture = event.measures, event.picture or self._picture

    async def write(self, forms: Collection[str]) -> tuple[Path, ...]:
        """The report of today until now, in each of ``forms``."""
        session = await self._login.require(EXPORT)
        strange = [form for form in forms if form not in FORMS]
        if strange or not forms:
            raise BadInput(f"“{', '.join(strange)}” cannot be written; choose {', '.join(FORMS)}.")
        report = await self._gathered(session.user.name)
        what = json.dumps({"formats": sorted(forms), "names": len(report.picture.positions) if report.picture else 0})
        draft = Draft(self._login.actor, "export.report", "risk", str(report.day), after=what)
        await self._trail.append(draft)  # the row first: nothing leaves unrecorded
        try:
            return await self._writer.write(report, self._folder, forms)
        except BadInput as error:
            await self._trail.append(replace(draft, outcome="failed", reason=str(error)))
            raise

    async def _gathered(self, by: str) -> RiskReport:
        """What the report holds."""
        told, now = self._told, self._now()
        day, recorded = now.astimezone(NEW_YORK).date(), self._wall().astimezone(NEW_YORK).date()
        start = datetime.combine(recorded, time(), NEW_YORK)
        end = start + timedelta(days=1)
        rows, cut = await self._rows(start, end)
        past = await self._past(start, end)
        morning = datetime.combine(day, time(), NEW_YORK)
        alerts = tuple(sorted((one for one in told.alerts() if one.at >= morning), key=lambda one: one.at))
        return RiskReport(day, now, told.account(), told.environment, by, told.version, self._measures, self._picture, told.limits(),
                          rows, alerts, tuple(told.margin()), tuple(told.day_trades()), told.set_by, cut, past,
                          recorded if recorded != day else None)  # fmt: skip

    async def _past(self, start: datetime, end: datetime) -> tuple[Values, ...] | None:
        """The alerts' history, oldest first; None where the person may not read it."""
        try:
            return tuple(await self._told.past(start, end))
        except NotPermitted:
            return None

    async def _rows(self, start: datetime, end: datetime) -> tuple[tuple[Entry, ...] | None, bool]:
        """The trail's rows of the day that are about risk, newest first; None where the person may not read them."""
        found: list[Entry] = []
        cut = False
        try:
            for query in ASKED:
                some = await self._all(replace(query, start=start, end=end))
                cut = cut or len(some) >= MOST_ROWS
                found += some
        except NotPermitted:
            return None, False
        return tuple(sorted(found, key=lambda row: -row.sequence)), cut

    async def _all(self, query: AuditQuery) -> list[Entry]:
        found: list[Entry] = []
        while len(found) < MOST_ROWS:
            page = await self._trail.found(replace(query, before=found[-1].sequence if found else None), PAGE)
            found += page
            if len(page) < PAGE:
                break
        return found
