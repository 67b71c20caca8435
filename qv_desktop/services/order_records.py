"""The journal's queue: records are written in order, and wait while the database is away; and the words of their audit rows."""

import asyncio
import json
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
    """What happened to orders, on its way to the journal. ``waiting`` counts what is not yet there."""

    def __init__(self, journal: OrderJournal) -> None:
        self._journal = journal
        self._records: asyncio.Queue[Record] = asyncio.Queue()
        self.failed = 0  # records that the journal could not take at all

    @property
    def waiting(self) -> int:
        """Records that are not yet in the journal."""
        return self._records.qsize()

    def keep(
        self, order: Order, report: Report, fill: Fill | None, draft: Draft | None, before: Order | None = None
    ) -> None:
        """Queue one record behind all earlier ones; ``before`` is the order as it was."""
        self._records.put_nowait((order, report, fill, draft or told(order, report, before)))

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
            log.error("record_not_written", exc_info=error, order=order.id, report=report.kind, at=str(report.at))

    async def _write(self, records: list[Record]) -> None:
        while True:
            try:
                return await self._journal.record(*records)
            except RowRefused:
                raise  # waiting does not help
            except DatabaseDown as error:
                log.info("journal_waits", rows=self.waiting + len(records), reason=str(error))
                await asyncio.sleep(TRY_AGAIN)

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
