"""The whole program with two accounts, paper and live, each at a broker of its own: from the one to the other and back."""

import asyncio
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import keyring
import pytest
from PySide6.QtWidgets import QApplication
from sqlalchemy import text

from qv_desktop.adapters.connections import ConnectionFile
from qv_desktop.app.hands import shown_text
from qv_desktop.app.session import Session
from qv_desktop.app.switching import in_the_way, undecided
from qv_desktop.config import Settings
from qv_desktop.domain.connections import Connection, Known
from qv_desktop.domain.errors import BadInput, BrokerDown, Denied
from qv_desktop.domain.orders import OrderStatus
from qv_desktop.services.auto_lock import AutoLock
from qv_desktop.services.login import GONE
from qv_desktop.simulator.alpaca_oauth import CLIENT_ID
from qv_desktop.ui import theme
from qv_desktop.ui.connections_dialog import ConnectionsDialog
from qv_desktop.ui.live_dialog import LiveDialog
from qv_desktop.ui.login_dialog import LoginDialog
from qv_desktop.ui.main_window import MainWindow
from qv_desktop.ui.step_up_dialog import StepUpDialog
from tests import canaries
from tests.adapters.alpaca.test_oauth import Browser
from tests.adapters.test_secrets import MemoryKeyring
from tests.builders import a_request, an_order
from tests.simulator.process import Simulator, running
from tests.stories.driver import Sitting, sitting
from tests.stories.program import TYPED, a_home

PASSWORD = TYPED
LIVE_SECRET = canaries.planted("live_alpaca_secret", "live-")


class Own(Sitting):
    """A person with accounts of their own: no demo, a first Admin, and the addresses of two simulated brokers."""

    def __init__(self, app: QApplication, paper: Simulator, live: Simulator, home: Path, database_url: str) -> None:
        super().__init__(app, paper, home, database_url)
        self.settings = Settings(home=home, database_url=database_url, alpaca_url=paper.url, alpaca_stream_url=f"{paper.ws}/stream",
                                 alpaca_live_url=live.url, alpaca_live_stream_url=f"{live.ws}/stream", alpaca_data_url=paper.url,
                                 alpaca_prices_url=f"{paper.ws}/v2/iex", polygon_url=paper.url, polygon_stream_url=f"{paper.ws}/stocks",
                                 oauth_authorize_url=f"{paper.url}/oauth/authorize", oauth_token_url=f"{paper.url}/oauth/token",
                                 oauth_port=0, watchlist=("SPY", "AAPL"))  # fmt: skip
        self.session = Session(self.settings, self.store, None, None)

    async def _signed_in(self, name: str = "", password: str = "") -> None:
        dialog = self.session._dialog
        if await self.asked("SELECT 1 FROM users"):
            await self.sees(dialog._pages.isEnabled)
            dialog.submitted.emit("ada", PASSWORD, False)
        else:
            await self.sees(lambda: "First start" in dialog.windowTitle())
            dialog.admin_created.emit("ada", PASSWORD)
        await self.sees(lambda: self.shown(MainWindow))

    def one[W](self, kind: type[W]) -> W | None:
        """The window of this kind that is in view."""
        return next((w for w in QApplication.topLevelWidgets() if isinstance(w, kind) and w.isVisible()), None)

    def shown(self, kind: type | None = None) -> object:  # type: ignore[override]
        return self.one(kind) if kind is not None else super().shown()

    async def at(self, name: str) -> None:
        """Wait for the desk of the account ``name``, with its books compared."""
        await self.sees(lambda: self.session._desk is not None and name in self.desk.window._pill.toolTip())
        await self.sees(lambda: self.starting.ready.is_set())

    async def audited(self, action: str) -> list[tuple[str, str]]:
        """Object id and outcome of every row of one action."""
        rows = await self.asked(
            "SELECT object_id, outcome FROM audit_log WHERE action = :action ORDER BY sequence", action=action
        )
        return [(str(one), str(other)) for one, other in rows]

    async def confirms(self, password: str) -> None:
        """Answer the red question."""
        await self.sees(lambda: self.one(LiveDialog))
        dialog = self.one(LiveDialog)
        assert dialog is not None
        dialog.password.setText(password)
        dialog.go.click()

    async def asked_to(self, statement: str) -> None:
        """Do something to the database."""
        database = await self.store.opened()
        await database.write(lambda c: c.execute(text(statement)))

    @property
    def account(self) -> str:
        return self.desk.services.account.id


@pytest.fixture
def home() -> Iterator[Path]:
    with a_home() as folder:
        yield folder


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> MemoryKeyring:
    found = MemoryKeyring()
    monkeypatch.setattr(keyring, "get_keyring", lambda: found)
    for name in [name for name in os.environ if name.startswith("QV_")]:
        monkeypatch.delenv(name)
    return found


@pytest.fixture(scope="module")
def paper() -> Iterator[Simulator]:
    with running("--seed", "3", "--symbols", "6") as started:
        yield started


@pytest.fixture(scope="module")
def live() -> Iterator[Simulator]:
    keys = {"SIMULATED_ALPACA_KEY": "AKSIM", "SIMULATED_ALPACA_SECRET": LIVE_SECRET}
    with running("--seed", "4", "--symbols", "6", **keys) as started:
        yield started


@pytest.fixture
def own(qapp: QApplication, paper: Simulator, live: Simulator, ring: MemoryKeyring, postgres_url: str) -> Iterator[Own]:
    """Somebody whose keys lie where they lay before there were connections."""
    theme.apply(qapp)
    qapp.setQuitOnLastWindowClosed(False)
    ring.set_password("QuantVision Desktop", "alpaca_key", "PKSIM")
    ring.set_password("QuantVision Desktop", "alpaca_secret", canaries.ALPACA_SECRET)
    ring.set_password("QuantVision Desktop", "polygon_key", canaries.POLYGON_KEY)
    with a_home() as home:
        person = Own(qapp, paper, live, home, postgres_url)
        try:
            yield person
        finally:
            person.end()


async def steps_up(person: Own, password: str, *, back: bool = False) -> None:
    """Give the password once more; go ``back`` once it is told to be wrong."""
    await person.sees(lambda: person.one(StepUpDialog))
    asked = person.one(StepUpDialog)
    assert asked is not None
    asked.password.setText(password)
    asked.go.click()
    if back:
        await person.sees(lambda: "wrong" in asked.message())
        asked.reject()


async def add_live(person: Own) -> str:
    """Add the live account in the dialog; its id."""
    person.desk.window.command.emit("connections")
    await person.sees(lambda: person.one(ConnectionsDialog))
    dialog = person.one(ConnectionsDialog)
    assert dialog is not None
    dialog.add.click()
    form = dialog.form
    form.name.setText("Real one")
    form.environment.choose("LIVE")
    form.key.setText("PKWRONG")
    form.secret.setText(LIVE_SECRET)
    dialog.save.click()
    await person.sees(lambda: "paper keys begin with PK, live keys with AK" in dialog.message())
    form.key.setText("AKSIM")
    dialog.save.click()
    await steps_up(person, "wrong horse battery staple", back=True)
    await person.sees(lambda: "Nothing was kept" in dialog.message())
    dialog.save.click()
    await steps_up(person, PASSWORD)
    await person.sees(lambda: "“Real one” is kept" in dialog.message())
    dialog.test.click()
    await person.sees(lambda: "LIVE" in dialog.message() and "ACTIVE" in dialog.message())
    assert "••••" in dialog.message()
    id_ = dialog.chosen().id
    dialog.accept()
    return id_


def calendars() -> int:
    """Threads of this process that ask a calendar: each desk has one."""
    return [thread.name.partition("_")[0] for thread in threading.enumerate()].count("calendar")


def test_from_paper_to_live_and_back(own: Own, ring: MemoryKeyring) -> None:
    others = calendars()  # of desks of other tests, which may end a while after them
    own.begin()

    async def scenario() -> None:
        await own.at("Alpaca paper")
        assert own.desk.window.windowTitle() == "QuantVision · PAPER"
        first = own.account
        known = json.loads((own.settings.home / "connections.json").read_text())
        assert (known["active"], [one["name"] for one in known["connections"]]) == ("main", ["Alpaca paper"])
        id_ = await add_live(own)
        assert ring.get_password("QuantVision Desktop", f"connection.{id_}.secret") == LIVE_SECRET

        # to live: not with a wrong password, not without one
        window = own.desk.window
        window.account_chosen.emit(id_)
        await own.confirms("wrong horse battery staple")
        await own.sees(lambda: "wrong" in own.one(LiveDialog).message())  # type: ignore[union-attr]
        own.one(LiveDialog).back.click()  # type: ignore[union-attr]
        await own.sees(lambda: own.one(LiveDialog) is None)
        assert own.desk.window is window
        assert own.account == first
        assert not await own.audited("connection.switch")

        arming = own.starting.hotkeys.arming
        arming._hindrance = lambda: ""  # nothing else speaks against armed keys
        assert arming.arm() == ""
        window.account_chosen.emit(id_)
        await own.confirms(PASSWORD)
        await own.at("Real one")
        assert (arming.armed, arming.why) == (False, "the account is being switched")
        assert own.desk.window is not window
        assert own.account != first
        assert own.desk.window.windowTitle().startswith("LIVE · Real one ••••")
        assert own.desk.window.grab().toImage().pixelColor(3, 300) == theme.color("LIVE")
        assert own.desk.services.login.session is not None
        await own.sees(lambda: own.state("Alpaca orders") == "live")

        # and back, without a password
        own.desk.window.account_chosen.emit("main")
        await own.at("Alpaca paper")
        assert own.account == first
        assert "LIVE" not in own.desk.window.windowTitle()
        assert await own.audited("connection.switch") == [(id_, "ok"), ("main", "ok")]
        assert [outcome for _, outcome in await own.audited("live.confirm")] == ["refused", "refused", "ok"]
        assert ("ada", "refused") in await own.audited("password.confirm")
        rows = await own.asked("SELECT count(*) FROM audit_log WHERE coalesce(after::text, '') || coalesce(before::text, '') "
                               "LIKE :canary", canary=f"%{LIVE_SECRET}%")  # fmt: skip
        assert rows == [(0,)]
        # nothing of the two desks before is left
        await own.sees(lambda: calendars() <= others + 1)
        await own.sees(lambda: len([w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow)]) == 1)

    own.do(scenario())


def test_a_sitting_that_begins_live_asks_first_and_trades_nothing_without_the_password(
    own: Own, ring: MemoryKeyring
) -> None:
    ring.set_password("QuantVision Desktop", "connection.real.key", "AKSIM")
    ring.set_password("QuantVision Desktop", "connection.real.secret", LIVE_SECRET)
    both = Known((Connection("main", "Alpaca paper"), Connection("real", "Real one", "LIVE")), "real")
    ConnectionFile(own.settings.home).write(both)
    own.session = Session(own.settings, own.store, None, None)
    assert own.session._dialog.environment == "LIVE"
    own.begin()

    async def scenario() -> None:
        await own.sees(lambda: own.one(LiveDialog))
        assert own.session._engine is None  # nothing was asked of the broker
        declined = own.one(LiveDialog)
        assert declined is not None
        assert "Real one" in shown_text(declined)
        declined.back.click()
        await own.sees(lambda: own.session._desk is not None)
        window = own.desk.window
        assert window._pill.text() == "LIVE · Real one · prices only"
        await own.sees(lambda: "was not confirmed, so nothing is traded" in own.notices())
        ticket = own.desk.panels.ticket
        await own.sees(lambda: "No account is connected" in (ticket._refused or ""))
        assert not own.starting.ready.is_set()
        assert own.account == ""

        # chosen again at the pill, and confirmed
        window.account_chosen.emit("real")
        await own.confirms(PASSWORD)
        await own.at("Real one ••••")
        assert own.account
        assert [outcome for _, outcome in (await own.audited("live.confirm"))[-2:]] == ["refused", "ok"]

    own.do(scenario())


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_a_session_that_ends_while_live_is_asked_about_opens_no_desk_but_the_log_in(
    own: Own, ring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qv_desktop.services.login.LOOKS", 0.2)
    broken, load = [RuntimeError("broken once")], AutoLock.load

    async def loaded(auto: AutoLock) -> None:
        if broken:
            raise broken.pop()
        await load(auto)

    monkeypatch.setattr(AutoLock, "load", loaded)
    ring.set_password("QuantVision Desktop", "connection.real.key", "AKSIM")
    ring.set_password("QuantVision Desktop", "connection.real.secret", LIVE_SECRET)
    ConnectionFile(own.settings.home).write(Known((Connection("real", "Real one", "LIVE"),), "real"))
    own.session = Session(own.settings, own.store, None, None)
    own.begin()

    async def scenario() -> None:
        await own.sees(lambda: own.one(LiveDialog))
        await own.asked_to("UPDATE sessions SET ended = now(), ended_because = 'by an Admin' WHERE ended IS NULL")
        await own.sees(lambda: own.one(LoginDialog))
        assert (own.one(LiveDialog), own.one(MainWindow), own.session._desk) == (None, None, None)
        login = own.one(LoginDialog)
        assert login is not None
        await own.sees(lambda: login.message() == GONE)
        await own.sees(login._pages.isEnabled)
        login.submitted.emit("ada", PASSWORD, False)
        await own.confirms(PASSWORD)
        await own.at("Real one ••••")
        assert own.session._lock is not None
        assert own.session._lock.dialog is None

        # the watch over the idle time broke, was told of, and locks the desk all the same
        await own.sees(lambda: "automatic locking failed and was started again" in own.notices())
        assert own.session._guarding is not None
        monkeypatch.setattr(own.session._guarding.auto, "_touched", -1e9)
        await own.sees(lambda: own.session._lock is not None and own.session._lock.dialog is not None)

    own.do(scenario())


def test_five_wrong_passwords_on_the_way_to_live_lock_the_name(own: Own, ring: MemoryKeyring) -> None:
    own.begin()

    async def scenario() -> None:
        await own.at("Alpaca paper")
        id_ = await add_live(own)
        own.desk.window.account_chosen.emit(id_)
        await own.sees(lambda: own.one(LiveDialog))
        dialog = own.one(LiveDialog)
        assert dialog is not None
        for number in range(5):
            dialog.complaint.setText("")
            dialog.password.setText(f"guess {number}")
            dialog.go.click()
            await own.sees(dialog.message)
        assert "locked" in dialog.message()
        dialog.complaint.setText("")
        dialog.password.setText(PASSWORD)
        dialog.go.click()
        await own.sees(dialog.message)
        assert "Too many wrong passwords" in dialog.message()
        dialog.reject()

    try:
        own.do(scenario())
    finally:
        own.do(own.asked_to("DELETE FROM lockouts"))


def test_an_account_is_connected_in_the_browser_and_traded_by_its_token(
    own: Own, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = Browser()
    monkeypatch.setattr("qv_desktop.app.switching.browsed", browser)
    own.begin()

    async def scenario() -> None:
        await own.at("Alpaca paper")
        own.desk.window.command.emit("connections")
        await own.sees(lambda: own.one(ConnectionsDialog))
        dialog = own.one(ConnectionsDialog)
        assert dialog is not None
        dialog.add.click()
        dialog.form.name.setText("By browser")
        dialog.form.kind.segment("OAuth in the browser").click()
        assert not dialog.save.isEnabled()
        dialog.form.connect_.click()
        await own.sees(lambda: "Type the client id" in dialog.message())
        dialog.form.client_id.setText(CLIENT_ID)
        dialog.form.client_secret.setText(canaries.CLIENT_SECRET)
        dialog.form.connect_.click()
        await own.sees(lambda: "“By browser” is kept" in dialog.message())
        id_ = dialog.chosen().id
        dialog.use.click()
        await own.at("By browser ••••")
        assert own.session._engine is not None
        await own.sees(lambda: own.state("Alpaca orders") == "live")

        # taken back at Alpaca: said, and connected again
        own.simulator.control("POST", "/sim/oauth", {"revoke": True})
        own.desk.window.command.emit("connections")
        await own.sees(lambda: own.one(ConnectionsDialog))
        dialog = own.one(ConnectionsDialog)
        assert dialog is not None
        dialog.test.click()
        await own.sees(lambda: "no longer accepts" in dialog.message())
        dialog.form.connect_.click()
        await own.sees(lambda: "Press “Use this account”" in dialog.message())
        dialog.test.click()
        await own.sees(lambda: "ACTIVE" in dialog.message())
        assert dialog.chosen().id == id_
        before = own.desk.window
        dialog.use.click()  # the same account, with the new permission
        await own.sees(lambda: own.session._desk is not None and own.desk.window is not before)
        await own.at("By browser ••••")
        await own.sees(lambda: own.state("Alpaca orders") == "live")
        own.desk.window.account_chosen.emit("main")
        await own.at("Alpaca paper")

    own.do(scenario())


def test_waiting_for_the_browser_can_be_given_up(own: Own, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qv_desktop.app.switching.browsed", lambda url: True)
    own.begin()

    async def scenario() -> None:
        await own.at("Alpaca paper")
        own.desk.window.command.emit("connections")
        await own.sees(lambda: own.one(ConnectionsDialog))
        dialog = own.one(ConnectionsDialog)
        assert dialog is not None
        dialog.add.click()
        dialog.form.name.setText("Never")
        dialog.form.kind.segment("OAuth in the browser").click()
        dialog.form.client_id.setText(CLIENT_ID)
        dialog.form.client_secret.setText(canaries.CLIENT_SECRET)
        dialog.form.connect_.click()
        await own.sees(lambda: dialog.form.connect_.text() == "Give up waiting for the browser")
        assert not dialog.list.isEnabled()
        dialog.form.connect_.click()
        await own.sees(lambda: "Given up" in dialog.message())
        await own.sees(lambda: dialog.form.connect_.text() == "Connect in the browser…")
        assert len(own.session._accounts.connections.known.connections) == 1  # type: ignore[union-attr]
        dialog.accept()

    own.do(scenario())


def test_the_account_in_use_cannot_be_removed_and_another_one_is_with_its_secrets(
    own: Own, ring: MemoryKeyring
) -> None:
    own.begin()

    async def scenario() -> None:
        await own.at("Alpaca paper")
        id_ = await add_live(own)
        own.desk.window.command.emit("connections")
        await own.sees(lambda: own.one(ConnectionsDialog))
        dialog = own.one(ConnectionsDialog)
        assert dialog is not None
        assert not dialog.remove.isEnabled()
        dialog.test.click()
        await own.sees(lambda: "ACTIVE" in dialog.message())
        assert "the same account" not in dialog.message()
        dialog.add.click()
        dialog.form.name.setText("Twin")
        dialog.form.key.setText("PKSIM")
        dialog.form.secret.setText(canaries.ALPACA_SECRET)
        dialog.save.click()
        await own.sees(lambda: "“Twin” is kept" in dialog.message())
        dialog.test.click()
        await own.sees(lambda: "the same account as “Alpaca paper”, which is in use" in dialog.message())
        dialog.list.setCurrentRow(1)
        dialog.remove.click()
        assert "Real one" in dialog.ask.question.text()
        dialog.ask.accept()
        await own.sees(lambda: "is removed" in dialog.message())
        assert not [name for _, name in ring.kept if id_ in name]
        dialog.accept()
        with pytest.raises(BadInput, match="is in use"):
            await own.session._accounts.connections.remove("main")  # type: ignore[union-attr]

    own.do(scenario())


def test_nothing_is_switched_while_an_order_is_being_sent(own: Own) -> None:
    own.begin()

    async def scenario() -> None:
        await own.at("Alpaca paper")
        window, services = own.desk.window, own.desk.services
        assert await in_the_way(services) == ""
        services.orders.sending.add("x")
        window.account_chosen.emit("main")
        await own.sees(lambda: "was not switched: An order is being sent" in own.notices())
        services.orders.sending.discard("x")
        services.flattening.under_way.add("AAPL")
        assert await in_the_way(services) == "AAPL is being closed; switch once that is done."
        services.flattening.under_way.clear()
        services.kill.running = True
        assert "kill switch" in await in_the_way(services)
        services.kill.running = False
        assert own.desk.window is window
        assert window.isEnabled()
        assert not own.session._again

    own.do(scenario())


@pytest.mark.qt_log_ignore("does not support")  # the offscreen platform raises nothing
def test_while_the_desk_is_left_nothing_is_sent_and_a_lock_goes_along(own: Own) -> None:
    own.begin()

    async def scenario() -> None:
        await own.at("Alpaca paper")
        other = await own.session._accounts.connections.add(  # type: ignore[union-attr]
            Connection("", "Second"), {"key": canaries.ALPACA_KEY, "secret": canaries.ALPACA_SECRET}
        )
        orders, window, went = own.desk.services.orders, own.desk.window, own.session._accounts.connections.switch  # type: ignore[union-attr]

        async def locked_meanwhile(id_: str) -> Connection:
            with pytest.raises(BadInput, match="being switched"):
                await orders.submit(a_request(1, id="qv-late"))
            own.desk.window.command.emit("lock")
            return await went(id_)

        own.session._accounts.connections.switch = locked_meanwhile  # type: ignore[method-assign, union-attr]
        window.account_chosen.emit(other.id)
        await own.sees(lambda: own.session._desk is not None and own.desk.window is not window)
        await own.sees(lambda: own.session._lock is not None and own.session._lock.dialog is not None)
        assert not own.desk.window.isVisible()

    own.do(scenario())


def test_an_order_whose_answer_was_lost_stands_in_the_way_until_it_is_settled(
    qapp: QApplication, paper: Simulator, home: Path, postgres_url: str
) -> None:
    with sitting(qapp, paper, home) as person:

        async def scenario() -> None:
            await person.ready()
            services = person.desk.services
            assert await in_the_way(services) == ""
            paper.control(
                "POST", "/sim/faults", {"kind": "hang", "target": "trading", "count": 3, "params": {"seconds": 4}}
            )
            key = await person.buys("SPY", 1)
            await person.sees(lambda: person.order(key) is not None)
            why = await in_the_way(services)
            assert "is being sent" in why or "still on its way" in why
            paper.control("DELETE", "/sim/faults")
            await person.sees(lambda: (order := person.order(key)) is not None and not undecided(order))
            await person.sees(
                lambda: key not in services.orders.sending
            )  # the stream may tell it before its own answer does
            assert await in_the_way(services) == ""

        person.do(scenario())


@pytest.mark.parametrize(("trouble", "anew", "free"), [
    (Denied("taken back"), True, True), (Denied("taken back"), False, False), (BrokerDown("no answer"), True, False), (None, True, False),
])  # fmt: skip
def test_where_the_broker_refuses_the_keys_new_ones_of_the_same_account_can_be_put_to_use(
    trouble: BrokerDown | None, anew: bool, free: bool
) -> None:
    """No order's fate will ever be told through keys that are refused: waiting for it would keep the new ones out for good."""
    lost = an_order(a_request(1, id="qv-lost"), OrderStatus.UNRESOLVED)

    async def written(patience: float) -> bool:
        return True

    orders = SimpleNamespace(book={lost.id: lost}, sending=set(), records=SimpleNamespace(written=written))
    services = SimpleNamespace(orders=orders, kill=SimpleNamespace(running=False), flattening=SimpleNamespace(under_way=set()),
                               account=SimpleNamespace(trouble=trouble))  # fmt: skip
    assert (asyncio.run(in_the_way(cast(Any, services), anew)) == "") is free
    orders.sending.add("qv-lost")
    assert "is being sent" in asyncio.run(in_the_way(cast(Any, services), anew))


def test_who_trades_nothing_has_the_quiet_hours_the_keys_the_strategies_and_the_trail(
    own: Own, ring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qv_desktop.app.starting.BOOKS_FIRST", 0.2)
    monkeypatch.setattr("qv_desktop.services.notices.NEVER_YET", 4)
    ring.set_password("QuantVision Desktop", "connection.real.key", "AKSIM")
    ring.set_password("QuantVision Desktop", "connection.real.secret", LIVE_SECRET)
    both = Known((Connection("main", "Alpaca paper"), Connection("real", "Real one", "LIVE")), "real")
    ConnectionFile(own.settings.home).write(both)
    own.session = Session(own.settings, own.store, None, None)
    own.begin()

    async def scenario() -> None:
        await own.sees(lambda: own.one(LiveDialog))
        own.one(LiveDialog).back.click()  # type: ignore[union-attr]
        await own.sees(lambda: own.session._desk is not None)
        await own.sees(lambda: own.starting.notifying._loaded)
        await own.sees(lambda: own.desk.panels.audit.model.rowCount() > 0)
        assert own.desk.services.strategies.all()
        await own.sees(lambda: "No account is connected" in own.notices())
        assert "Broker is down" not in own.notices()
        assert not own.starting.ready.is_set()

        # asked for twice, a LIVE account is asked about once
        own.desk.window.account_chosen.emit("real")
        own.desk.window.account_chosen.emit("real")
        await own.sees(lambda: own.one(LiveDialog))
        own.desk.window.account_chosen.emit("main")
        await own.sees(lambda: "Another account is being put to use" in own.notices())
        assert len([w for w in QApplication.topLevelWidgets() if isinstance(w, LiveDialog) and w.isVisible()]) == 1
        own.one(LiveDialog).back.click()  # type: ignore[union-attr]
        await own.sees(lambda: own.one(LiveDialog) is None)
        own.desk.window.account_chosen.emit("main")
        await own.at("Alpaca paper ••••")

        # the log-in says what the next desk trades, not what the first one did
        ConnectionFile(own.settings.home).write(both)
        own.desk.window.command.emit("log_out")
        await own.sees(lambda: own.one(LoginDialog))
        login = own.one(LoginDialog)
        assert login is not None
        assert login.environment == "LIVE"
        await own.sees(login._pages.isEnabled)
        login.submitted.emit("ada", PASSWORD, False)
        await own.sees(lambda: own.one(LiveDialog))
        own.one(LiveDialog).back.click()  # type: ignore[union-attr]
        await own.sees(lambda: own.session._desk is not None)

    own.do(scenario())
