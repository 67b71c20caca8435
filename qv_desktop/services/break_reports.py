"""Reports of comparisons and of the break queue: permitted, recorded, and written under the export folder only."""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Protocol

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.break_history import Reported
from qv_desktop.domain.breaks import BreakItem
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.reconciliation import Reconciliation
from qv_desktop.domain.reports import FORMS, Span
from qv_desktop.services.breaks import VIEW, Runs
from qv_desktop.services.login import Login
from qv_desktop.services.ports.audit import Trail
from qv_desktop.services.ports.callbacks import Now

EXPORT = Permission(Resource.RECONCILIATION, Action.EXPORT)
MOST_RUNS = 2_000  # comparisons that a report over time lists
LONGEST = 3_660  # days


class Items(Protocol):
    """Where the break queue is read. Raises DatabaseDown."""

    async def between(self, account: str, start: datetime, end: datetime) -> list[BreakItem]:
        """What was there at some time from ``start`` up to ``end``; every account's with ""."""


class StoredRuns(Runs, Protocol):
    """The stored runs of every account. Raises DatabaseDown."""

    async def accounts(self) -> list[Reported]:
        """The accounts that were ever compared, the last one first."""


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
        runs: StoredRuns,
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

    async def accounts(self) -> list[Reported]:
        """The accounts that there are reports of, the one compared last first."""
        await self._login.require(VIEW)
        return await self._runs.accounts()

    async def span(
        self, first: date, last: date, forms: Collection[str], account: str | None = None
    ) -> tuple[Path, ...]:
        """The report from one New York day to another, both included.

        ``account`` is the id of another account than the one in use, "" for every one. Raises BadInput, too, when nothing is there.
        """
        session = await self._login.require(EXPORT)
        checked(forms)
        id_, shown = self._account() if account is None else chosen(await self._runs.accounts(), account)
        wanted = Wanted(first, last, id_, shown, session.user.name, self._now())
        span = await gathered(self._items, self._runs, wanted)
        await self._record("reconciliation", shown or "every account", asked(span, wanted, forms))
        return await self._writer.write_span(span, self._folder, forms)

    async def files(self, run: str) -> tuple[Path, ...]:
        """The reports of a comparison that were written on this computer."""
        await self._login.require(VIEW)
        return await self._writer.of(run, self._folder)

    async def _record(self, kind: str, of: str, what: dict[str, object]) -> None:
        await self._trail.append(Draft(self._login.actor, "export.report", kind, of, after=json.dumps(what)))


@dataclass(frozen=True, slots=True)
class Wanted:
    """A report over time: New York days, both included, and the account by id and as it is shown; "" is every one."""

    first: date
    last: date
    account: str
    shown: str
    by: str
    at: datetime

    def __str__(self) -> str:
        days = f"on {self.first}" if self.first == self.last else f"from {self.first} to {self.last}"
        return f"{days} in {f'account {self.shown}' if self.shown else 'any account'}"


async def gathered(items: Items, runs: StoredRuns, wanted: Wanted) -> Span:
    """What the report holds. Raises BadInput when the days are turned round or too many, or hold nothing; DatabaseDown."""
    first, last = wanted.first, wanted.last
    if first > last:
        raise BadInput(f"The report would begin on {first} and end before that, on {last}; turn the days round.")
    if (last - first).days >= LONGEST:
        raise BadInput(f"A report goes over {LONGEST:,} days at most; choose a later first day than {first}.")
    start, end = _midnight(first), _midnight(last + timedelta(days=1))
    lines = await runs.lines(wanted.account, MOST_RUNS + 1, start, end)
    days = tuple(await runs.days(wanted.account, first, last))
    found = tuple(await items.between(wanted.account, start, end))
    if not (lines or days or found):
        raise BadInput(f"No comparison was made and no break was there {wanted}; choose other days or another account.")
    return Span(
        start, end, wanted.shown, wanted.by, wanted.at, days, found, tuple(lines[:MOST_RUNS]), len(lines) > MOST_RUNS
    )


def asked(span: Span, wanted: Wanted, forms: Collection[str]) -> dict[str, object]:
    """What the audit trail keeps of it."""
    return {"from": str(wanted.first), "to": str(wanted.last), "formats": sorted(forms), "breaks": len(span.items)}


def chosen(known: Sequence[Reported], wanted: str) -> tuple[str, str]:
    """The id of the account that ``wanted`` names, by its id, as it is shown, or by the end of that; "" is every one.

    Raises BadInput when there is none, or more than one.
    """
    if not wanted:
        return "", ""
    found = [one for one in known if wanted in (one.id, one.shown, one.shown.lstrip("•"))]
    if len(found) == 1:
        return found[0].id, found[0].shown
    there = ", ".join(one.shown for one in known) or "none yet"
    many = "No comparison" if not found else "More than one account"
    raise BadInput(f"{many} of “{wanted}” is stored; choose one of: {there}.")


def checked(forms: Collection[str]) -> None:
    """Raises BadInput when one of ``forms`` cannot be written, or there is none."""
    strange = [form for form in forms if form not in FORMS]
    if strange or not forms:
        raise BadInput(f"“{', '.join(strange)}” cannot be written; choose {', '.join(FORMS)}.")


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), NEW_YORK)
