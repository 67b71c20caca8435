"""The journal's queue: records are written in order, and wait while the database is away; and the words of their audit rows."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict

import structlog

from qv_desktop.domain.audit import BROKER, SYSTEM, Draft, Outcome
from qv_desktop.domain.errors import DatabaseDown, RowRefused
from qv_desktop.domain.orders import Fill, Order, OrderRequest, Report, ReportKind
from qv_desktop.domain.risk import Verdict
from qv_desktop.services.ports.orders import OrderJournal

log = structlog.get_logger(__name__)

TRY_AGAIN = 0.5  # seconds
TOGETHER = 100  # records of a burst that are written at once, at most

type Record = tuple[Order, Report, Fill | None, Draft | None]

_ACTIONS: dict[ReportKind, str] = {
    ReportKind.ACKNOWLEDGED: "order.acknowledge",
    ReportKind.ACCEPTED: "order.accept",
    ReportKind.FILL: "fill.book",
    ReportKind.HELD: "order.held",
    ReportKind.PAUSED: "order.paused",
    ReportKind.RESIZED: "order.resized",
    ReportKind.UNKNOWN: "order.unknown",
    ReportKind.CANCELED: "order.canceled",
    ReportKind.CANCEL_REFUSED: "order.cancel_refused",
    ReportKind.REPLACED: "order.replaced",
    ReportKind.REPLACE_REFUSED: "order.replace_refused",
    ReportKind.EXPIRED: "order.expired",
    ReportKind.REJECTED: "order.reject",
    ReportKind.UNCERTAIN: "order.unresolved",
    ReportKind.NOT_FOUND: "order.not_found",
}
_OUTCOMES: dict[ReportKind, Outcome] = {
    ReportKind.REJECTED: "rejected",
    ReportKind.CANCEL_REFUSED: "rejected",
    ReportKind.REPLACE_REFUSED: "rejected",
    ReportKind.UNCERTAIN: "unresolved",
    ReportKind.UNKNOWN: "unresolved",
    ReportKind.NOT_FOUND: "failed",
}


class OrderRecords:
    """What happened to orders, on its way to the journal. ``waiting`` counts what is not yet there.

    While the database is away ``spool`` keeps on the disk what people did, for the program may end before it is back: the broker
    tells again what became of an order, and nobody tells who cancelled it. ``told`` hears a sentence of a record that was refused.
    """

    def __init__(self, journal: OrderJournal) -> None:
        self._journal = journal
        self._records: asyncio.Queue[Record] = asyncio.Queue()
        self._away = False  # whether the database did not take the last record
        self.spool: Callable[[Draft], object] | None = None  # raises DatabaseDown when it cannot keep a row either
        self.told: Callable[[str], object] = lambda sentence: None
        self.failed = 0  # records that the journal could not take at all

    @property
    def waiting(self) -> int:
        """Records that are not yet in the journal."""
        return self._records.qsize()

    def keep(
        self, order: Order, report: Report, fill: Fill | None, draft: Draft | None, before: Order | None = None
    ) -> None:
        """Queue one record behind all earlier ones; ``before`` is the order as it was."""
        record = order, report, fill, draft or told(order, report, before)
        self._records.put_nowait(self._spooled(record) if self._away else record)

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            records = [await self._records.get()]
            while len(records) < TOGETHER and not self._records.empty():
                records.append(self._records.get_nowait())
            await self._keep_all(records)
            for _ in records:
                self._records.task_done()

    async def _keep_all(self, records: list[Record]) -> None:
        """One by one when they fail together: one record's bug must not keep the others out."""
        try:
            await self._write(records)
        except Exception as error:
            if len(records) > 1:
                for record in records:
                    await self._keep_all([record])
                return
            self.failed += 1
            order, report, *_ = records[0]
            self.told(f"“{report.kind}” of order {order.id} could not be written down: the database refused it. What the broker has is "
                      "right, and the journal lacks it; send in the log.")  # fmt: skip
            log.error("record_not_written", exc_info=error, order=order.id, report=report.kind, at=str(report.at))

    async def _write(self, records: list[Record]) -> None:
        while True:
            try:
                await self._journal.record(*records)
            except RowRefused:
                raise  # waiting does not help
            except DatabaseDown as error:
                log.info("journal_waits", rows=self.waiting + len(records), reason=str(error))
                records = self._went_away(records)
                await asyncio.sleep(TRY_AGAIN)
            else:
                self._away = False
                return

    def _went_away(self, records: list[Record]) -> list[Record]:
        """What people did goes to the disk, also of what waits behind ``records``."""
        self._away = True
        for _ in range(self._records.qsize()):
            self._records.put_nowait(self._spooled(self._records.get_nowait()))
            self._records.task_done()
        return [self._spooled(record) for record in records]

    def _spooled(self, record: Record) -> Record:
        """The record without its row once that is kept on the disk."""
        order, report, fill, draft = record
        if self.spool is None or draft is None or draft.actor.type in ("broker", "system"):
            return record
        try:
            self.spool(draft)
        except DatabaseDown as error:
            log.error("row_kept_in_memory_only", order=order.id, action=draft.action, reason=str(error))
            return record
        return order, report, fill, None

    async def written(self, seconds: float) -> bool:
        """Wait until the journal holds everything, at most ``seconds``; whether it does."""
        try:
            await asyncio.wait_for(self._records.join(), seconds)
        except TimeoutError:
            return False
        return True


def told(order: Order, report: Report, before: Order | None = None) -> Draft | None:
    """The audit row of a report; our own steps are already recorded by the action that took them."""
    action = _ACTIONS.get(report.kind)
    if action is None:
        return None
    outcome: Outcome = _OUTCOMES.get(report.kind, "ok")
    actor = SYSTEM if report.kind in (ReportKind.UNCERTAIN, ReportKind.NOT_FOUND) else BROKER
    details = {"status": order.status, "filled": str(order.filled), "quantity": report.quantity, "price": report.price,
               "execution": report.execution_id, "broker_id": order.broker_id}  # fmt: skip
    after = json.dumps({key: value for key, value in details.items() if value is not None}, default=str)
    was = json.dumps({"status": before.status, "filled": str(before.filled)}) if before is not None else ""
    return Draft(actor, action, "order", order.id, outcome, report.reason, was, after, correlation=order.id)


def terms(request: OrderRequest) -> str:
    """The request as JSON, without what was not set."""
    return json.dumps(_set(request), default=str)


def intended(request: OrderRequest, verdict: Verdict) -> str:
    """The request with every rule's answer and its numbers, so that the story of an order tells why it was let through or not."""
    checks = [{k: v for k, v in asdict(check).items() if v != ""} for check in verdict.checks]
    return json.dumps({**_set(request), "checks": checks}, default=str)


def _set(request: OrderRequest) -> dict[str, object]:
    return {k: v for k, v in asdict(request).items() if v not in (None, "")}
