"""Reports over days from the command line: of what is stored, without a window, a log-in or a broker."""

import asyncio
import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from qv_desktop import __version__, config
from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.breaks import BreakStore
from qv_desktop.adapters.db.reconciliation import ReconciliationStore
from qv_desktop.adapters.reports.reconciliation import ReconciliationReports
from qv_desktop.app.backend import Store
from qv_desktop.app.identity import install_id
from qv_desktop.app.importing import now, person
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.reports import Span
from qv_desktop.services.break_reports import Wanted, asked, chosen, gathered


@dataclass(frozen=True, slots=True)
class Days:
    """New York days, both included; ``account`` by id, as reports show it, or by the end of that: "" is every one."""

    first: date
    last: date
    account: str
    out: Path
    formats: Collection[str]


async def reported(days: Days) -> tuple[Span, tuple[Path, ...]]:
    """What the report holds, and its files. Raises BadInput when nothing is there or it cannot be written, DatabaseDown."""
    settings = config.load()
    store = Store(settings, shared=True)
    try:
        database = await store.opened()
        await asyncio.to_thread(database.become_own)
        trail = AuditTrail(database, install_id(settings.home), __version__, now, lambda entry: None)
        runs, by = ReconciliationStore(database, trail), person()
        id_, shown = chosen(await runs.accounts(), days.account)
        wanted = Wanted(days.first, days.last, id_, shown, by.name, now())
        span = await gathered(BreakStore(database, trail), runs, wanted)
        after = json.dumps(asked(span, wanted, days.formats))
        await trail.append(Draft(by, "export.report", "reconciliation", shown or "every account", after=after))
        return span, await ReconciliationReports().write_span(span, days.out, days.formats)
    finally:
        await asyncio.to_thread(store.close)
