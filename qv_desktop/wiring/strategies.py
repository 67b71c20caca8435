"""Strategies that people write: what the panel asks for is done, what is typed is kept, and every list of strategies follows."""

from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

from qv_desktop.domain.errors import DatabaseDown, Superseded
from qv_desktop.domain.events import StrategiesChanged
from qv_desktop.domain.strategies import Strategy
from qv_desktop.services.strategies import VIEW
from qv_desktop.wiring import Desk
from qv_desktop.wiring.answering import do

AGAIN = 5  # ticks, which come once a second, between looks at what other machines changed while the panel is in view


class StrategiesWiring:
    """``start`` shows what is stored once it is loaded; ``tick`` is called once a second."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._panel = desk, desk.panels.strategies
        self._authoring, self._strategies = desk.services.authoring, desk.services.strategies
        self._ticks, self._started, self._told = 0, False, ""
        self._leaving, self._left = False, False
        panel = self._panel
        panel.refresh_asked.connect(lambda: self._do(self._refresh()))
        panel.create_asked.connect(lambda name, source: self._do(self._create(name, source)))
        panel.clone_asked.connect(lambda of, name: self._do(self._clone(of, name)))
        panel.archive_asked.connect(lambda strategy, gone: self._do(self._archive(strategy, gone)))
        panel.save_asked.connect(lambda *asked: self._do(self._save(*asked)))
        panel.draft_typed.connect(self._authoring.keep_draft)
        panel.draft_dropped.connect(lambda strategy: self._do(self._authoring.drop_draft(strategy)))
        panel.lint_asked.connect(lambda source: self._do(self._lint(source)))
        panel.versions_asked.connect(lambda strategy: self._do(self._versions(strategy)))
        panel.compare_asked.connect(lambda old, new: self._do(self._compare(old, new)))
        panel.file_opened.connect(lambda file: self._do(self._open(file)))
        panel.file_saved.connect(lambda file, name, source: self._do(self._write(file, name, source)))
        desk.services.bus.subscribe(StrategiesChanged, lambda _: self._show())
        desk.window.holding_back = self._hold_back

    async def start(self) -> None:
        """Show the strategies, and what the person had typed and not saved."""
        self._started = True
        self._show()
        for sentence in self._strategies.clashes:
            self._desk.services.notices.tell("warning", "Strategies", sentence, sentence)
        if self._desk.services.login.may(VIEW):
            self._panel.show_drafts(await self._authoring.drafts())
            await self._tell_of_other_drafts()

    async def _tell_of_other_drafts(self) -> None:
        """What was typed at another terminal is neither lost nor in the way."""
        names = {strategy.id: strategy.name for strategy in self._strategies.every()}
        for draft in await self._authoring.typed_elsewhere():
            name, at = names[draft.strategy], f"{draft.saved:%Y-%m-%d %H:%M} UTC"
            words = f"On {draft.host} you typed other text of “{name}” at {at}; it is kept there."
            self._desk.services.notices.tell("info", "Strategies", words, f"draft {draft.strategy} {draft.terminal} {draft.saved}",
                                             panel="strategies")  # fmt: skip

    def tick(self) -> None:
        """Store what was typed, and look what other machines changed while somebody looks."""
        self._ticks += 1
        if self._authoring.waiting:
            self._do(self._store_drafts())
        if self._ticks % AGAIN == 0 and self._panel.isVisible():
            self._do(self._refresh())

    def flush(self) -> None:
        """The desk is left: what was typed a moment ago waits for the database with the rest, and nothing more is begun."""
        self._panel.flush()
        self._left = True

    def _hold_back(self, leave: Callable[[], object]) -> bool:
        """Whether the desk stays until the person has said that they leave with something that is not saved."""
        if self._leaving or self._desk.services.login.session is None or not self._panel.unsaved():
            return False
        self._desk.window.raise_panel("strategies")
        self._panel.ask_leave(partial(self._leave, leave))
        return True

    def _leave(self, leave: Callable[[], object]) -> None:
        self._leaving = True
        leave()

    def _show(self) -> None:
        if self._started:
            self._panel.show_strategies(self._strategies.every())

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        if self._left:  # the panel's clocks still run for a moment
            work.close()
            return
        do(self._desk, self._panel, work)

    async def _refresh(self) -> None:
        if self._started and self._desk.services.login.may(VIEW):
            await self._strategies.refresh()

    async def _store_drafts(self) -> None:
        """Said once while the database is away: what is typed is still in the panel."""
        try:
            await self._authoring.flush()
            self._told = ""
        except DatabaseDown:
            if not self._told:
                self._told = "Your draft is not stored, because the database is away; keep the program open."
                self._panel.show_failed(self._told)

    async def _create(self, name: str, source: str) -> None:
        self._panel.show_made(await self._authoring.create(name, source))

    async def _clone(self, of: Strategy, name: str) -> None:
        self._panel.show_made(await self._authoring.clone(of, name))

    async def _archive(self, strategy: Strategy, gone: bool) -> None:
        await (self._authoring.archive if gone else self._authoring.unarchive)(strategy)

    async def _save(self, strategy: Strategy, source: str, note: str, base: int) -> None:
        try:
            self._panel.show_saved(await self._authoring.save(strategy, source, note, base))
        except Superseded as refused:
            await self._strategies.refresh()
            if isinstance(refused.newest, Strategy):
                self._panel.show_superseded(str(refused), refused.newest)

    async def _lint(self, source: str) -> None:
        self._panel.show_problems(source, await self._authoring.problems(source))

    async def _versions(self, strategy: Strategy) -> None:
        self._panel.show_versions(await self._authoring.versions(strategy))

    async def _compare(self, old: str, new: str) -> None:
        self._panel.show_difference(await self._authoring.compared(old, new))

    async def _open(self, file: Path) -> None:
        self._panel.show_file(file.stem, await self._authoring.from_file(file))

    async def _write(self, file: Path, name: str, source: str) -> None:
        self._panel.show_done(f"Written to {await self._authoring.to_file(file, name, source)}.")
