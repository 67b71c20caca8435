"""A window with its keys, kill switch and notices: real panels, orders and risk, a broker in memory."""

import asyncio
from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import Any, cast

from pytestqt.qtbot import QtBot

from qv_desktop import wiring
from qv_desktop.domain.access import Role, User
from qv_desktop.domain.alerts import Notice
from qv_desktop.domain.events import FeedChanged
from qv_desktop.domain.instruments import Instrument
from qv_desktop.domain.market import Batch, FeedState, Trade, ns
from qv_desktop.domain.people import Person
from qv_desktop.services.account import Account
from qv_desktop.services.bus import Bus
from qv_desktop.services.clock import Clock
from qv_desktop.services.flattening import Flattening
from qv_desktop.services.kill_switch import KillSwitch
from qv_desktop.services.limits import RiskLimits
from qv_desktop.services.login import Login
from qv_desktop.services.market_data import MarketData
from qv_desktop.services.notices import Notices
from qv_desktop.services.noting import noting
from qv_desktop.services.orders import Orders
from qv_desktop.services.positions import Positions
from qv_desktop.services.risk import Risk
from qv_desktop.services.trading_states import Forgetful
from qv_desktop.ui.main_window import MainWindow
from qv_desktop.wiring import Desk
from qv_desktop.wiring.control import ControlWiring
from qv_desktop.wiring.hotkeys import HotkeysWiring
from qv_desktop.wiring.keys import KeysWiring
from qv_desktop.wiring.killing import KillWiring
from qv_desktop.wiring.notifying import NotifyingWiring
from tests.builders import NOW, a_quote, a_session
from tests.fakes import Broker, Journal, RiskStore, Trail, Users
from tests.services.limit_desk import Shelf

UPDATES = "Alpaca orders"


class Preferences:
    """Settings in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    async def setting(self, user: str, key: str) -> str | None:
        return self.kept.get(key)

    async def save_setting(self, user: str, key: str, value: str, draft: object = None) -> None:
        self.kept[key] = value


class SafetyRoom:
    """Everything that the keys touch; ``played`` are the tones, ``symbol`` is what is in focus."""

    def __init__(self, qtbot: QtBot, role: Role = Role.TRADER, preferences: Preferences | None = None,
                 connection: str = "") -> None:  # fmt: skip
        self.bus, self.broker, self.trail, self.symbol = Bus(), Broker(), Trail(), "AAPL"
        self.preferences, self.played = preferences or Preferences(), list[tuple[str, int]]()
        self.panels = asyncio.run(wiring.panels("0123456789", lambda: asyncio.sleep(0)))
        self.window = MainWindow(self.panels.by_name())
        qtbot.addWidget(self.window, before_close_func=lambda _: [work.close() for work in self._coroutines])
        self.window.show()
        publish, journal, now = self.bus.publish, Journal(), lambda: NOW
        self.login = Login(Users(User("u1", "anna", role), a_session(role, "anna")), self.trail, now, "host")
        self.login.session = a_session(role, "anna")
        clock = Clock(wall_ns=lambda: ns(NOW))
        market = MarketData(clock, publish, lambda trades: None, lambda frame, bars: None)
        market.hear(Batch([Trade("AAPL", ns(NOW), 100.0, 10, "1")], [a_quote()]))
        self.positions, account = Positions(publish), Account(self.broker, journal, publish)
        asyncio.run(account.refresh())
        self.shelf = Shelf()
        self.limits = RiskLimits(self.shelf, self.login, publish, now, lambda: account.id, self.trail.append)
        self.risk = Risk(
            RiskStore(), market, self.positions, account, self.login, publish, now,
            limits_for=self.limits.limits_for, restricted_for=self.limits.restriction_for,
        )  # fmt: skip
        self.risk.explain = self.limits.explain
        self.risk.know([Instrument("AAPL", "Apple Inc", "NASDAQ")])
        self.orders = Orders(
            self.broker, journal, self.risk, self.positions, self.login, publish, now, lambda: account.id
        )
        self.flattening = Flattening(self.orders, self.positions, market.prices, cancels=0.2, fills=0.2)
        note = noting(self.trail, Forgetful())
        self.kill = KillSwitch(self.risk, self.orders, self.broker, self.login, note, lambda: account.id, publish, now)
        self.notices = Notices(publish, now)
        self.feeds: dict[str, FeedChanged] = {}
        for feed in ("Polygon", UPDATES):
            self.feed(feed, "live")
        self.services = services = SimpleNamespace(
            bus=self.bus, clock=clock, login=self.login, market=market, risk=self.risk, orders=self.orders,
            positions=self.positions, kill=self.kill, notices=self.notices, preferences=self.preferences,
            flattening=self.flattening, limits=self.limits, account=account, strategies=SimpleNamespace(all=list),
            people=SimpleNamespace(all=self._people),
            feeds=SimpleNamespace(states=self.feeds, primary="Polygon"),
        )  # fmt: skip
        self._coroutines = list[Coroutine[Any, Any, Any]]()
        tasks = SimpleNamespace(spawn=lambda work, on_error=None: self._coroutines.append(work))
        desk = Desk(cast(Any, services), self.panels, self.window, cast(Any, tasks))
        self.control, self.killing = ControlWiring(desk), KillWiring(desk)
        self.hotkeys = HotkeysWiring(desk, lambda: self.symbol, UPDATES)
        self.notifying = NotifyingWiring(desk, self.hotkeys.arming, self._play, True, self.killing.kill, connection)
        self.keys = KeysWiring(desk, self.hotkeys.rebind)

    def feed(self, name: str, state: FeedState) -> None:
        """A feed goes into ``state``."""
        self.feeds[name] = FeedChanged(name, state, "", NOW)

    @staticmethod
    async def _people() -> list[Person]:
        return [Person(User("u2", "Tom", Role.TRADER), NOW)]

    def _play(self, tone: str, volume: int) -> bool:
        self.played.append((tone, volume))
        return True

    def acts(self, act: Callable[[], object]) -> None:
        """Do something, and let what it spawned run to its end."""

        async def through() -> None:
            act()
            while self._coroutines:
                await self._coroutines.pop(0)

        asyncio.run(through())

    def told(self) -> list[Notice]:
        """What a person was told, oldest first."""
        return self.notices.told
