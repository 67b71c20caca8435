"""OAuth over real HTTP: a scripted browser, a strict stand-in for Alpaca, and people who should not get in."""

import asyncio
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from qv_desktop.adapters.alpaca import loopback
from qv_desktop.adapters.alpaca.broker import AlpacaBroker
from qv_desktop.adapters.alpaca.history import AlpacaHistory
from qv_desktop.adapters.alpaca.loopback import Answer, Loopback
from qv_desktop.adapters.alpaca.oauth import SCOPE, Addresses, Client, Proof, connected, exchanged
from qv_desktop.adapters.alpaca.outcomes import REVOKED
from qv_desktop.adapters.alpaca.stream import AlpacaPrices, TradeUpdates
from qv_desktop.adapters.secrets import Secret
from qv_desktop.domain.errors import BadInput, BrokerDown
from qv_desktop.simulator.alpaca_oauth import CLIENT_ID
from tests import canaries
from tests.builders import NOW
from tests.simulator.process import Simulator

CLIENT = Client(Secret(CLIENT_ID), Secret(canaries.CLIENT_SECRET))
STATE = "the-right-state"


def addresses(simulator: Simulator, port: int = 0) -> Addresses:
    return Addresses(f"{simulator.url}/oauth/authorize", f"{simulator.url}/oauth/token", port)


class Browser:
    """Opens an address on a thread and follows where it leads, as a browser does; ``change`` may tamper with the address."""

    def __init__(self, change: Callable[[str], str] = lambda url: url) -> None:
        self._change = change
        self.asked = ""
        self._page: requests.Response | None = None
        self._going: threading.Thread | None = None

    def __call__(self, url: str) -> bool:
        self.asked = url
        self._going = threading.Thread(target=self._go, args=(self._change(url),), daemon=True)
        self._going.start()
        return True

    @property
    def page(self) -> requests.Response | None:
        """The page that it came to, once it is there."""
        if self._going is not None:
            self._going.join(10)
        return self._page

    def _go(self, url: str) -> None:
        with requests.Session() as session:
            session.trust_env = False
            self._page = session.get(url, timeout=10)


def gone_through(simulator: Simulator, browser: Browser, client: Client = CLIENT, patience: float = 20) -> Secret:
    return asyncio.run(connected(client, "PAPER", addresses(simulator), browser, patience))


def test_the_whole_way_gives_a_token_that_opens_the_account_and_its_stream(simulator: Simulator) -> None:
    browser = Browser()
    token = gone_through(simulator, browser)
    asked = {name: value for name, (value,) in parse_qs(urlsplit(browser.asked).query).items()}
    assert (asked["response_type"], asked["client_id"], asked["scope"], asked["env"]) == (
        "code",
        CLIENT_ID,
        SCOPE,
        "paper",
    )
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["code_challenge"]) == 43
    assert urlsplit(asked["redirect_uri"]).hostname == "127.0.0.1"
    assert canaries.CLIENT_SECRET not in browser.asked
    assert browser.page is not None
    assert "You may close this tab" in browser.page.text
    assert asyncio.run(account_number(simulator, token.reveal())).startswith("PA")
    assert asyncio.run(stream_words(simulator, token.reveal())) == "Alpaca orders: live."


async def account_number(simulator: Simulator, token: str) -> str:
    broker = AlpacaBroker("", "", simulator.url, lambda: NOW, "PAPER", token=token)
    try:
        return (await broker.account()).number
    finally:
        broker.close()


async def stream_words(simulator: Simulator, token: str) -> str:
    """What the orders' socket says once it is in, or refused."""
    said: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
    updates = TradeUpdates(f"{simulator.ws}/stream", "", "", lambda report: None,
                           lambda state, detail: said.put_nowait((str(state), detail)), now=lambda: NOW, token=token)  # fmt: skip
    running = asyncio.ensure_future(updates.run())
    try:
        while True:
            state, detail = await asyncio.wait_for(said.get(), 20)
            if state == "live" or "no longer accepts" in detail:
                return detail or state
    finally:
        await updates.stop()
        await running


def test_a_permission_that_was_taken_back_says_so_and_a_new_one_works(simulator: Simulator) -> None:
    token = gone_through(simulator, Browser()).reveal()
    simulator.control("POST", "/sim/oauth", {"revoke": True})
    with pytest.raises(BrokerDown, match="connect it again under Connections") as told:
        asyncio.run(account_number(simulator, token))
    assert str(told.value) == REVOKED
    assert token not in str(told.value)
    assert asyncio.run(stream_words(simulator, token)) == REVOKED
    assert asyncio.run(account_number(simulator, gone_through(simulator, Browser()).reveal()))


def test_a_token_gets_history_and_prices_say_that_they_need_a_pair(simulator: Simulator) -> None:
    token = gone_through(simulator, Browser()).reveal()
    now = datetime.fromtimestamp(simulator.ready["market_ns"] / 1e9, UTC)

    async def bars() -> int:
        history = AlpacaHistory("", "", simulator.url, token=token)
        try:
            return len(await history.daily(["SPY"], now - timedelta(days=10), now))
        finally:
            history.close()

    assert asyncio.run(bars()) == 1

    def prices(said: Callable[[object, str], None]) -> AlpacaPrices:
        url = f"{simulator.ws}/v2/iex"
        return AlpacaPrices(url, "", "", lambda batch: None, said, lambda *_: None, now=lambda: NOW)

    def orders(said: Callable[[object, str], None]) -> TradeUpdates:
        return TradeUpdates(f"{simulator.ws}/stream", "", "", lambda report: None, said, now=lambda: NOW)

    assert "take no OAuth; add one under Connections" in asyncio.run(refusal(prices))
    assert "No account is connected" in asyncio.run(refusal(orders))


async def refusal(make: Callable[[Callable[[object, str], None]], AlpacaPrices | TradeUpdates]) -> str:
    """Why a socket is not let in, in its own words."""
    said: asyncio.Queue[str] = asyncio.Queue()
    stream = make(lambda _state, detail: said.put_nowait(detail))
    running = asyncio.ensure_future(stream.run())
    try:
        while True:
            detail = await asyncio.wait_for(said.get(), 20)
            if "Connections" in detail:
                return detail
    finally:
        await stream.stop()
        await running


def test_a_no_in_the_browser_is_a_sentence(simulator: Simulator) -> None:
    simulator.control("POST", "/sim/oauth", {"deny": True})
    browser = Browser()
    with pytest.raises(BadInput, match="Access was not given in the browser"):
        gone_through(simulator, browser)
    assert browser.page is not None
    assert "access was not given" in browser.page.text


@pytest.mark.parametrize(
    "client", [Client(Secret(CLIENT_ID), Secret("wrong-secret-9")), Client(Secret(""), Secret("x")), Client(Secret("x"), Secret(""))]
)  # fmt: skip
def test_a_client_that_is_not_known_or_not_given_is_a_sentence(simulator: Simulator, client: Client) -> None:
    with pytest.raises(BadInput, match=r"client id") as told:
        gone_through(simulator, Browser(), client)
    assert "wrong-secret-9" not in str(told.value)


def test_who_never_answers_is_waited_for_no_longer_than_said_and_the_door_is_shut(simulator: Simulator) -> None:
    seen: list[str] = []
    with pytest.raises(BadInput, match=r"no answer within 0\.1 seconds"):
        asyncio.run(connected(CLIENT, "LIVE", addresses(simulator), seen.append, 0.1))
    redirect = parse_qs(urlsplit(seen[0]).query)["redirect_uri"][0]
    with pytest.raises(requests.ConnectionError):
        requests.get(redirect, timeout=2)


def test_giving_up_shuts_the_door(simulator: Simulator) -> None:
    async def story() -> str:
        seen: asyncio.Queue[str] = asyncio.Queue()
        asking = asyncio.ensure_future(connected(CLIENT, "PAPER", addresses(simulator), seen.put_nowait))
        url = await seen.get()
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        return url

    redirect = parse_qs(urlsplit(asyncio.run(story())).query)["redirect_uri"][0]
    with pytest.raises(requests.ConnectionError):
        requests.get(redirect, timeout=2)


def test_no_browser_and_a_taken_port_are_sentences(simulator: Simulator) -> None:
    with pytest.raises(BadInput, match="No browser could be opened"):
        asyncio.run(connected(CLIENT, "PAPER", addresses(simulator), lambda url: False))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(BadInput, match=f"Port {port} on this machine is taken"):
            asyncio.run(connected(CLIENT, "PAPER", addresses(simulator, port), lambda url: True))


@pytest.mark.parametrize("part", ["authorize", "token"])
def test_an_address_that_would_send_secrets_in_the_open_is_refused(part: str, simulator: Simulator) -> None:
    where = {"authorize": f"{simulator.url}/a", "token": f"{simulator.url}/t", part: "http://alpaca.example/oauth"}
    with pytest.raises(BadInput, match="is not safe"):
        asyncio.run(connected(CLIENT, "PAPER", Addresses(**where), lambda url: pytest.fail("a browser was opened")))


def test_the_browser_s_own_words_are_shortened_and_on_one_line(simulator: Simulator) -> None:
    def spoilt(url: str) -> str:
        asked = parse_qs(urlsplit(url).query)
        query = {"state": asked["state"][0], "error": "server_error", "error_description": "line\n<b>" + "x" * 500}
        return f"{asked['redirect_uri'][0]}?{urlencode(query)}"

    with pytest.raises(BadInput, match="Alpaca did not give access") as told:
        gone_through(simulator, Browser(spoilt))
    assert "\n" not in str(told.value)
    assert len(str(told.value)) < 220


# ---- a code


def code_for(simulator: Simulator, proof: Proof, redirect: str = "http://127.0.0.1:9/callback") -> Secret:
    """A code that the stand-in gave for ``proof`` and ``redirect``."""
    query = {"response_type": "code", "client_id": CLIENT_ID, "redirect_uri": redirect, "state": "s", "scope": SCOPE,
             "code_challenge": proof.challenge, "code_challenge_method": "S256"}  # fmt: skip
    answer = requests.get(f"{simulator.url}/oauth/authorize?{urlencode(query)}", allow_redirects=False, timeout=10)
    return Secret(parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0])


def test_a_code_is_good_once(simulator: Simulator) -> None:
    proof = Proof()
    code = code_for(simulator, proof)
    url, redirect = f"{simulator.url}/oauth/token", "http://127.0.0.1:9/callback"
    assert exchanged(CLIENT, url, code, redirect, proof)
    with pytest.raises(BadInput, match="good for one use"):
        exchanged(CLIENT, url, code, redirect, proof)


@pytest.mark.parametrize("verifier", ["", "somebody-else-s-verifier"])
def test_a_stolen_code_without_its_verifier_is_worth_nothing(verifier: str, simulator: Simulator) -> None:
    code = code_for(simulator, Proof())
    with pytest.raises(BadInput, match="did not take the code"):
        exchanged(CLIENT, f"{simulator.url}/oauth/token", code, "http://127.0.0.1:9/callback", Proof(verifier))


def test_a_code_for_another_redirect_is_worth_nothing(simulator: Simulator) -> None:
    proof = Proof()
    code = code_for(simulator, proof)
    with pytest.raises(BadInput, match="did not take the code"):
        exchanged(CLIENT, f"{simulator.url}/oauth/token", code, "http://127.0.0.1:9/elsewhere", proof)


def test_an_exchange_that_nobody_answers_or_that_is_led_elsewhere_is_a_sentence_without_the_secret(
    simulator: Simulator,
) -> None:
    for address in ("http://127.0.0.1:9/oauth/token", f"{simulator.url}/oauth/authorize"):
        with pytest.raises(BadInput) as told:
            exchanged(CLIENT, address, Secret("the-code-77"), "http://127.0.0.1:9/callback", Proof())
        assert "the-code-77" not in str(told.value)
        assert canaries.CLIENT_SECRET not in str(told.value)
        assert told.value.__cause__ is None
        assert told.value.__suppress_context__ or told.value.__context__ is None


def test_verifiers_are_long_unlike_each_other_and_out_of_sight() -> None:
    one, other = Proof(), Proof()
    assert one.verifier != other.verifier
    assert 43 <= len(one.verifier) <= 128  # RFC 7636, section 4.1
    assert one.verifier not in repr(one)
    # the example of RFC 7636, appendix B
    assert (
        Proof("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    )


# ---- the door


async def sent(door: Loopback, text: bytes) -> bytes:
    """What the door answers to these bytes."""
    port = urlsplit(door.url).port
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(text)
    await writer.drain()
    answer = await asyncio.wait_for(reader.read(), 20)
    writer.close()
    return answer


def request(door: Loopback, target: str, host: str = "", method: str = "GET") -> bytes:
    return f"{method} {target} HTTP/1.1\r\nHost: {host or urlsplit(door.url).netloc}\r\n\r\n".encode()


def at_the_door(story: Callable[[Loopback], object]) -> None:
    async def life() -> None:
        door = Loopback(STATE)
        await door.open()
        try:
            await story(door)  # type: ignore[misc]
        finally:
            await door.close()

    asyncio.run(life())


GOOD = f"/callback?code=c1&state={STATE}"


@pytest.mark.parametrize(
    ("target", "host", "method", "status"),
    [
        ("/callback?code=evil&state=guessed", "", "GET", 400),
        ("/callback?code=evil", "", "GET", 400),
        (f"/callback?code=evil&state={STATE}&state=x", "", "GET", 400),
        (f"/callback?code=a&code=evil&state={STATE}", "", "GET", 400),
        (f"/callback?state={STATE}", "", "GET", 400),
        (f"/elsewhere?code=evil&state={STATE}", "", "GET", 404),
        (f"/callback/x?code=evil&state={STATE}", "", "GET", 404),
        ("/favicon.ico", "", "GET", 404),
        (GOOD, "evil.example", "GET", 400),
        (GOOD, "localhost:1", "GET", 400),
        (GOOD, "", "POST", 405),
        ("/callback?" + "&".join(f"a{n}=1" for n in range(50)) + f"&code=evil&state={STATE}", "", "GET", 400),
    ],
)
def test_what_is_not_the_answer_is_turned_away_and_the_right_one_still_comes(
    target: str, host: str, method: str, status: int
) -> None:
    async def story(door: Loopback) -> None:
        assert (await sent(door, request(door, target, host, method))).startswith(f"HTTP/1.1 {status} ".encode())
        assert b" 200 OK" in await sent(door, request(door, GOOD))
        assert await door.answer() == Answer("c1")

    at_the_door(story)


def test_a_second_answer_changes_nothing() -> None:
    async def story(door: Loopback) -> None:
        assert b" 200 " in await sent(door, request(door, GOOD))
        assert b" 410 " in await sent(door, request(door, f"/callback?code=c2&state={STATE}"))
        assert await door.answer() == Answer("c1")

    at_the_door(story)


def test_slow_and_endless_guests_do_not_keep_the_answer_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loopback, "SLOWEST", 0.5)

    async def story(door: Loopback) -> None:
        slow = asyncio.ensure_future(sent(door, b"GET /callback"))
        half = asyncio.ensure_future(sent(door, b"GET / HTTP/1.1\r\nHost: 127"))
        assert b" 431 " in await sent(door, b"GET /callback?" + b"a" * 20_000 + b"\r\n\r\n")
        assert b" 200 " in await sent(door, request(door, GOOD))
        assert b" 408 " in await slow
        assert b" 408 " in await half

    at_the_door(story)


def test_a_crowd_that_dawdles_keeps_the_browser_out_for_no_moment() -> None:
    async def story(door: Loopback) -> None:
        crowd = [asyncio.ensure_future(sent(door, b"GET ")) for _ in range(loopback.MOST)]
        await asyncio.sleep(0.1)
        assert b" 200 " in await sent(door, request(door, GOOD))
        assert await crowd[0] == b""  # whoever came first gave way
        for one in crowd:
            one.cancel()
        await asyncio.gather(*crowd, return_exceptions=True)

    at_the_door(story)


def test_the_door_is_on_this_machine_alone() -> None:
    async def story(door: Loopback) -> None:
        assert door._server is not None
        assert [one.getsockname()[0] for one in door._server.sockets] == ["127.0.0.1"]

    at_the_door(story)


def test_pages_load_nothing_keep_nothing_and_show_no_code() -> None:
    async def story(door: Loopback) -> None:
        answer = await sent(door, request(door, f"/callback?code=secret-code&state={STATE}"))
        assert b"secret-code" not in answer
        assert STATE.encode() not in answer
        assert b"default-src 'none'" in answer
        assert b"no-store" in answer
        assert "secret-code" not in repr(await door.answer())

    at_the_door(story)
