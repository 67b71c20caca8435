"""Watchlists and the quote board: which symbols a person follows, in which list, and their prices."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.events import MarketMoved
from qv_desktop.services.exports import EXPORT_BARS
from qv_desktop.wiring import Desk

CHOSEN = "watchlist.chosen"  # setting: the list that was shown last


class WatchingWiring:
    """Shows the chosen list. ``pick`` hears of a symbol that was chosen in a panel; ``seed`` gets what vendors know of new symbols."""

    def __init__(
        self, desk: Desk, defaults: tuple[str, ...], pick: Callable[[str, str], None],
        seed: Callable[[list[str]], Coroutine[Any, Any, None]],
    ) -> None:  # fmt: skip
        self._desk, self._defaults, self._pick, self._seed = desk, defaults, pick, seed
        self._lists = desk.services.watchlists
        self.chosen = ""  # the list's name
        self._renaming = False
        self.renamed: Callable[[str, str], Coroutine[Any, Any, None]] | None = None  # hears old and new name
        self.listed: Callable[[], None] = lambda: None  # hears that there are other lists
        self._connect()

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols of the list that is shown."""
        return self._lists.symbols(self.chosen) if self._lists.has(self.chosen) else ()

    def _connect(self) -> None:
        panel, quotes = self._desk.panels.watchlist, self._desk.panels.quotes
        panel.symbol_chosen.connect(lambda symbol: self._pick("watchlist", symbol))
        quotes.symbol_chosen.connect(lambda symbol: self._pick("quotes", symbol))
        panel.symbol_add_asked.connect(lambda text: self._spawn(self._add(text)))
        panel.symbols_dropped.connect(lambda text: self._spawn(self._import_text(text)))
        panel.symbol_remove_asked.connect(lambda symbol: self._spawn(self._lists.remove(self.chosen, symbol)))
        panel.order_changed.connect(lambda symbols: self._spawn(self._reorder(symbols)))
        panel.list_chosen.connect(self._choose)
        panel.list_create_asked.connect(lambda name: self._spawn(self._create(name)))
        panel.list_rename_asked.connect(lambda name, new: self._spawn(self._rename(name, new)))
        panel.list_delete_asked.connect(lambda name: self._spawn(self._delete(name)))
        panel.import_asked.connect(lambda file: self._spawn(self._import(file)))
        panel.export_asked.connect(lambda file: self._spawn(self._export(file)))
        self._lists.changed = self._changed
        self._desk.services.bus.subscribe(MarketMoved, self._moved)

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        self._desk.tasks.spawn(work)

    async def start(self) -> None:
        """Load the person's lists and show the one that was shown last."""
        services = self._desk.services
        await self._lists.load(self._defaults)
        last = await services.preferences.setting(self._user(), CHOSEN)
        self.chosen = last if last and self._lists.has(last) else self._lists.names[0]
        self._show()

    def _user(self) -> str:
        session = self._desk.services.login.session
        return session.user.id if session else ""

    # ---- showing

    def _show(self) -> None:
        panels, market, symbols = self._desk.panels, self._desk.services.market, self.symbols
        panels.watchlist.show_lists(self._lists.names, self.chosen)
        panels.watchlist.show_symbols(symbols)
        panels.quotes.show_symbols(symbols)
        panels.scanner.show_universes(self._lists.names)
        market.watch("watchlist", symbols)
        known = [market.snapshot(symbol) for symbol in symbols]
        panels.watchlist.upsert(known)
        panels.quotes.upsert(known)

    def _moved(self, event: MarketMoved) -> None:
        self._desk.panels.watchlist.upsert(event.snapshots)
        self._desk.panels.quotes.upsert(event.snapshots)

    def tick(self) -> None:
        """Once a second: ages."""
        services, panels = self._desk.services, self._desk.panels
        now, speed = services.clock.market_ns(), services.clock.speed
        panels.watchlist.show_age(now, speed)
        panels.quotes.show_age(now, speed)
        panels.quotes.show_phase(services.sessions.phase())

    # ---- changing

    def _changed(self, name: str) -> None:
        if not self._lists.has(self.chosen):
            self.chosen = name if self._lists.has(name) else self._lists.names[0]
        self._show()
        if not self._renaming:
            self.listed()

    def _choose(self, name: str) -> None:
        self.chosen = name
        self._show()
        self._spawn(self._remember())
        self._spawn(self._seed(list(self.symbols)))

    async def _remember(self) -> None:
        await self._desk.services.preferences.save_setting(self._user(), CHOSEN, self.chosen)

    async def _add(self, text: str) -> None:
        await self._lists.add(self.chosen, text)
        await self._seed(
            [symbol for symbol in self.symbols if self._desk.services.market.snapshot(symbol).last is None]
        )

    async def _reorder(self, symbols: list[str]) -> None:
        try:
            await self._lists.reorder(self.chosen, symbols)
        finally:
            self._show()  # as it is kept, whatever became of the wish

    async def _create(self, name: str) -> None:
        self._choose(await self._lists.create(name))

    async def _rename(self, name: str, new: str) -> None:
        self._renaming = True  # scans follow the list; none of them has lost it
        try:
            tidy = await self._lists.rename(name, new)
            self._choose(tidy if self.chosen in (name, tidy) else self.chosen)
            if self.renamed is not None:
                await self.renamed(name, tidy)
        finally:
            self._renaming = False

    async def _delete(self, name: str) -> None:
        await self._lists.delete(name)
        if self.chosen == name or not self._lists.has(self.chosen):
            self._choose(self._lists.names[0])

    # ---- files

    async def _import(self, file: Path) -> None:
        try:
            text = await asyncio.to_thread(file.read_text, encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(
                f"{file.name} cannot be read as a list of symbols ({error}); choose a text or CSV file."
            ) from error
        await self._import_text(text)

    async def _import_text(self, text: str) -> None:
        found = await self._lists.import_text(self.chosen, text)
        self._desk.services.notices.tell("warning" if found.unknown else "info", f"Import into {self.chosen}", f"{found}",
                                         f"import {self.chosen} {text[:40]}")  # fmt: skip
        await self._seed(list(found.added))

    async def _export(self, file: Path) -> None:
        await self._desk.services.login.require(EXPORT_BARS)
        try:
            await asyncio.to_thread(file.write_text, self._lists.export_text(self.chosen), encoding="utf-8")
        except OSError as error:
            raise BadInput(f"{file} cannot be written ({error.strerror}); choose another place.") from error
        self._desk.services.notices.tell("info", f"Exported {self.chosen}", str(file), f"export {file}")
