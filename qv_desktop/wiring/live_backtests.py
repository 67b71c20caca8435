"""A strategy's day beside its backtest: from the page to the worker and the report files, and back."""

from collections.abc import Callable, Coroutine
from datetime import date
from pathlib import Path
from typing import Any

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from qv_desktop.domain.errors import NotPermitted
from qv_desktop.domain.live_backtest import Asked, Comparison
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.services.live_backtests import LOOK, VIEW
from qv_desktop.wiring import Desk
from qv_desktop.wiring.answering import do
from qv_desktop.wiring.consent import consented


class LiveBacktestsWiring:
    """``open_`` opens a file as the system does, and says whether it could."""

    def __init__(
        self, desk: Desk, open_: Callable[[str], bool] = lambda url: QDesktopServices.openUrl(QUrl(url))
    ) -> None:
        self._desk, self._open, self._service = desk, open_, desk.services.live_backtests
        self._page = page = desk.panels.backtests.live
        page.day_chosen.connect(lambda day: self._do(self._traded(day)))
        desk.panels.backtests.live_asked.connect(lambda asked: self._do(self._compare(asked)))
        page.export_asked.connect(lambda told, form: self._do(self._export(told, form)))
        page.open_asked.connect(self._opened)

    def start(self) -> None:
        """Begin with today."""
        self._page.show_day(self._desk.services.clock.market().astimezone(NEW_YORK).date())

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        do(self._desk, self._page, work)

    async def _traded(self, day: date) -> None:
        login = self._desk.services.login
        if login.may(VIEW) and login.may(LOOK):
            self._page.show_traded(day, await self._service.traded(day))

    async def _compare(self, asked: Asked) -> None:
        found = await consented(self._desk, lambda: self._service.compare(asked))
        if found is None:
            raise NotPermitted("Not compared: you did not allow the strategy's code.")
        self._page.show_comparison(found)
        await self._traded(asked.day)

    async def _export(self, told: Comparison, form: str) -> None:
        self._page.show_written(await self._service.export(told, [form]))

    def _opened(self, path: Path) -> None:
        if not path.exists():
            self._page.show_failed(f"{path} is not there any more; write the report again.")
        elif not self._open(path.absolute().as_uri()):
            self._page.show_failed(f"No program could be started for {path.name}; open it yourself in {path.parent}.")
