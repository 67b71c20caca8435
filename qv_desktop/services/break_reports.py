"""Reports of comparisons and of the break queue: permitted, recorded, and written under the export folder only."""

import json
from collections.abc import Callable, Collection
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Protocol

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.breaks import BreakItem
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.reconciliation import Reconciliation
from qv_desktop.domain.reports import FORMS, Span
from qv_desktop.services.breaks import VIEW, Runs
from qv_desktop.services.login import Login
from qv_desktop.services.ports import Now, Trail

EXPORT = Permission(Resource.RECONCILIATION, Action.EXPORT)
MOST_RUNS = 2_000  # comparisons that a report over time lists
LONGEST = 3_660  # days


class Items(Protocol):
    """Where the break queue is read. Raises DatabaseDown."""

    async def between(self, account: str, start: datetime, end: datetime) -> list[BreakItem]:
        """What was there at some time from ``start`` up to ``end``; every account's with ""."""


class Writer(Protocol):
    """Writes report files. Raises BadInput when they cannot be written there."""

    async def write(self, run: Reconciliation, folder: Path, formats: Collection[str]) -> tuple[Path, ...]:
        """The report of one comparison."""

    async def write_span(self, span: Span, folder: Path, formats: Collection[str]) -> tuple[Path, ...]:
        """The report over a span of time."""

    async def of(self, run: str, folder: Path) -> tuple[Path, ...]:
        """The reports of a run that lie in ``folder``."""


class BreakReports:
    """``account`` tells the account's id and how it is shown. Every method raises NotPermitted, BadInput, DatabaseDown."""

    def __init__(
        self,
        items: Items,
        runs: Runs,
        writer: Writer,
        login: Login,
        trail: Trail,
        now: Now,
        account: Callable[[], tuple[str, str]],
        folder: Path,
    ) -> None:
        self._items, self._runs, self._writer, self._login, self._trail = items, runs, writer, login, trail
        self._now, self._account, self._folder = now, account, folder

    async def run(self, id_: str, forms: Collection[str]) -> tuple[Path, ...]:
        """The report of a stored comparison."""
        await self._login.require(EXPORT)
        checked(forms)
        run = await self._runs.get(id_)
        await self._record("reconciliation", id_, {"formats": sorted(forms)})
        return await self._writer.write(run, self._folder, forms)

    async def span(self, first: date, last: date, forms: Collection[str], *, every: bool = False) -> tuple[Path, ...]:
        """The report from one New York day to another, both included; of every account with ``every``, else of this one."""
        session = await self._login.require(EXPORT)
        checked(forms)
        if not 0 <= (last - first).days < LONGEST:
            raise BadInput(f"A report goes from one day to the same or a later one, and over {LONGEST:,} days at most.")
        id_, shown = ("", "") if every else self._account()
        start, end = _midnight(first), _midnight(last + timedelta(days=1))
        runs = await self._runs.lines(id_, MOST_RUNS + 1, start, end)
        span = Span(start, end, shown, session.user.name, self._now(), tuple(await self._runs.days(id_, first, last)),
                    tuple(await self._items.between(id_, start, end)), tuple(runs[:MOST_RUNS]), len(runs) > MOST_RUNS)  # fmt: skip
        asked = {"from": str(first), "to": str(last), "formats": sorted(forms), "breaks": len(span.items)}
        await self._record("reconciliation", shown or "every account", asked)
        return await self._writer.write_span(span, self._folder, forms)

    async def files(self, run: str) -> tuple[Path, ...]:
        """The reports of a comparison that were written on this computer."""
        await self._login.require(VIEW)
        return await self._writer.of(run, self._folder)

    async def _record(self, kind: str, of: str, what: dict[str, object]) -> None:
        await self._trail.append(Draft(self._login.actor, "export.report", kind, of, after=json.dumps(what)))


def checked(forms: Collection[str]) -> None:
    """Raises BadInput when one of ``forms`` cannot be written, or there is none."""
    strange = [form for form in forms if form not in FORMS]
    if strange or not forms:
        raise BadInput(f"“{', '.join(strange)}” cannot be written; choose {', '.join(FORMS)}.")


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), NEW_YORK)
