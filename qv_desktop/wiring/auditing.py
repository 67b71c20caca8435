"""The audit panel and what is behind it: pages, verification and exports, none of which the window waits for."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from qv_desktop.domain.audit_query import AuditQuery
from qv_desktop.domain.errors import BadInput, NotPermitted, QvError
from qv_desktop.domain.events import AuditRecorded
from qv_desktop.services.audit import VIEW
from qv_desktop.wiring import Desk

FAILED = "It failed unexpectedly; the log has the details."


class AuditWiring:
    """Hears the panel; a new question ends the one before it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._reading: asyncio.Task[Any] | None = None
        self._checking: asyncio.Task[Any] | None = None
        self._writing: asyncio.Task[Any] | None = None
        panel, bus = desk.panels.audit, desk.services.bus
        panel.now = desk.services.clock.now
        panel.page_asked.connect(self._page_asked)
        panel.count_asked.connect(lambda query: self._spawn(self._count(query), self._export_failed))
        panel.export_asked.connect(self._export_asked)
        panel.export_cancelled.connect(lambda: _cancel(self._writing))
        panel.verify_asked.connect(self._verify_asked)
        panel.verify_cancelled.connect(self._verify_cancelled)
        desk.window.command.connect(lambda id_: panel.proof.ask(False) if id_ == "audit.verify" else None)
        bus.subscribe(AuditRecorded, self._recorded)

    async def start(self) -> None:
        """Show what is stored, as far as the person may see it."""
        if self._desk.services.login.may(VIEW):
            await self._page(AuditQuery())
            self._desk.panels.audit.filters.show_installations(await self._desk.services.audit.installations())

    def _recorded(self, event: AuditRecorded) -> None:
        if self._desk.services.login.may(VIEW):
            self._desk.panels.audit.prepend(event.entry)
        self._desk.window.health.show_audit(event.entry)

    def _spawn(self, work: Coroutine[Any, Any, Any], on_error: Any) -> "asyncio.Task[Any]":
        return self._desk.tasks.spawn(work, on_error=on_error)

    # ---- pages

    def _page_asked(self, query: AuditQuery) -> None:
        _cancel(self._reading)
        self._reading = self._spawn(
            self._page(query), lambda error: self._desk.panels.audit.show_failed(query, _sentence(error))
        )

    async def _page(self, query: AuditQuery) -> None:
        panel = self._desk.panels.audit
        try:
            rows = await self._desk.services.audit.page(query)
        except NotPermitted as error:
            panel.forbid({"view": str(error), "export": str(error)})
            return
        panel.show_page(rows, query)

    # ---- the chain

    def _verify_asked(self, since: bool) -> None:
        self._checking = self._spawn(self._verify(since), self._verify_failed)

    async def _verify(self, since: bool) -> None:
        panel = self._desk.panels.audit
        found = await self._desk.services.audit.verify(since_checkpoint=since, progress=panel.proof.show_progress)
        panel.show_verification(found, since)
        self._desk.window.health.show_verified(found.head, found.whole, self._desk.services.clock.market())

    def _verify_cancelled(self) -> None:
        _cancel(self._checking)
        self._desk.panels.audit.proof.show_cancelled()

    def _verify_failed(self, error: BaseException) -> None:
        self._desk.panels.audit.proof.show_failed(_sentence(error))

    # ---- exports

    async def _count(self, query: AuditQuery) -> None:
        self._desk.panels.audit.export_bar.show_count(query, await self._desk.services.audit.count(query))

    def _export_asked(self, query: AuditQuery, form: str) -> None:
        self._writing = self._spawn(self._export(query, form), self._export_failed)

    async def _export(self, query: AuditQuery, form: str) -> None:
        bar, services = self._desk.panels.audit.export_bar, self._desk.services
        if form == "bundle":
            path, what = await self._bundle(query), "a signed bundle"
        else:
            done = await services.audit_exports.rows(query, form, bar.show_progress)
            path, what = done.path, f"{done.rows:,} row{'' if done.rows == 1 else 's'}"
        bar.show_done(what, str(path))
        services.notices.tell("info", f"Exported {what} of the audit trail", str(path), str(path))

    async def _bundle(self, query: AuditQuery) -> Path:
        """From the first row that matches to the last, for a chain with holes proves nothing."""
        bar, audit = self._desk.panels.audit.export_bar, self._desk.services.audit
        if query.chain:
            raise BadInput("A bundle is signed by the installation that recorded the rows; make it there.")
        if query.anything:
            return await audit.bundle(progress=bar.show_bundling)
        span = await audit.span(query)
        if span is None:
            raise BadInput("No row matches; nothing can be bundled.")
        return await audit.bundle(first=span[0], last=span[1], progress=bar.show_bundling)

    def _export_failed(self, error: BaseException) -> None:
        self._desk.panels.audit.export_bar.show_failed(_sentence(error))


def _cancel(task: "asyncio.Task[Any] | None") -> None:
    if task is not None:
        task.cancel()


def _sentence(error: BaseException) -> str:
    return str(error) if isinstance(error, QvError) else FAILED
