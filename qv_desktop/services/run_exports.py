"""Exports of a stored backtest: permitted, recorded, and written under the export folder only."""

import json
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.backtests import BacktestResult
from qv_desktop.domain.errors import BadInput
from qv_desktop.services.login import Login
from qv_desktop.services.ports.audit import Trail

EXPORT = Permission(Resource.BACKTESTS, Action.EXPORT)
FORMS = ("html", "csv", "json")


class Writer(Protocol):
    """Writes report files. Raises BadInput when they cannot be written there."""

    async def write(self, run: BacktestResult, folder: Path, forms: Collection[str]) -> tuple[Path, ...]:
        """The report of a run in each form."""


class RunExports:
    """``read`` gives a stored run with its curves and trades."""

    def __init__(
        self, read: Callable[[str], Awaitable[BacktestResult]], writer: Writer, login: Login, trail: Trail, folder: Path
    ) -> None:
        self._read, self._writer, self._login, self._trail, self._folder = read, writer, login, trail, folder

    async def export(self, run: str, forms: Collection[str]) -> tuple[Path, ...]:
        """The files of a stored run. Raises NotPermitted, BadInput, DatabaseDown."""
        await self._login.require(EXPORT)
        unknown = next((form for form in forms if form not in FORMS), None)
        if unknown is not None or not forms:
            raise BadInput(f"“{unknown or ''}” cannot be written; choose {', '.join(FORMS)}.")
        result = await self._read(run)
        what = {"strategy": result.spec.strategy, "symbols": list(result.spec.symbols), "formats": sorted(forms)}
        draft = Draft(self._login.actor, "export.report", "backtest", run, after=json.dumps(what))
        await self._trail.append(draft)  # first: nothing leaves unrecorded
        try:
            return await self._writer.write(result, self._folder, forms)
        except BadInput as error:
            await self._trail.append(replace(draft, outcome="failed", reason=str(error)))
            raise
