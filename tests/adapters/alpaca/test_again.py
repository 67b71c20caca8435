"""What only reads is asked again, quickly and as the broker wishes; what changes something goes out once."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from itertools import pairwise

import pytest

from qv_desktop.adapters.alpaca.again import ATTEMPTS, PATIENCE, asked_again
from qv_desktop.adapters.alpaca.broker import AlpacaBroker
from qv_desktop.adapters.alpaca.outcomes import Refusal, Unanswered, told_wait
from qv_desktop.domain.errors import BrokerDown
from qv_desktop.domain.orders import ReportKind
from qv_desktop.domain.risk import minted
from tests.adapters.alpaca.test_broker import an_intent, asked
from tests.simulator.process import Simulator, running


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    """A broker of their own, for the faults of these tests count."""
    with running("--seed", "1", "--symbols", "12") as started:
        yield started


def attempts(*failures: Exception) -> tuple[int, list[float], object]:
    """How often is asked when these failures come first, the pauses in seconds, and what comes out."""
    moments: list[float] = []

    async def ask() -> str:
        moments.append(time.monotonic())
        if len(moments) <= len(failures):
            raise failures[len(moments) - 1]
        return "answer"

    async def story() -> object:
        try:
            return await asked_again(ask)
        except (Refusal, Unanswered) as last:
            return last

    result = asyncio.run(story())
    return len(moments), [later - sooner for sooner, later in pairwise(moments)], result


@pytest.mark.parametrize("failure", [Unanswered("silence"), Refusal(429, ""), Refusal(502, "<html>"), Refusal(504, "")])
def test_what_may_pass_is_asked_again_after_a_short_random_pause(failure: Exception) -> None:
    count, pauses, result = attempts(failure)
    assert (count, result) == (2, "answer")
    assert pauses[0] < 1.0


@pytest.mark.parametrize("status", [401, 403, 404, 422])
def test_a_definite_answer_is_taken_at_once(status: int) -> None:
    count, _, result = attempts(Refusal(status, ""))
    assert count == 1
    assert isinstance(result, Refusal)


def test_after_a_few_attempts_the_last_failure_stands() -> None:
    failures = [Refusal(503, str(number)) for number in range(5)]
    count, _, result = attempts(*failures)
    assert (count, result) == (ATTEMPTS, failures[ATTEMPTS - 1])


def test_the_pause_is_the_one_that_the_broker_asks_for() -> None:
    count, pauses, _ = attempts(Refusal(429, "", wait=0.4))
    assert count == 2
    assert pauses[0] >= 0.4


def test_a_long_wait_is_not_sat_out_and_not_cut_short() -> None:
    count, _, result = attempts(Refusal(429, "", wait=PATIENCE + 1))
    assert count == 1
    assert isinstance(result, Refusal)


def test_what_the_headers_ask_for() -> None:
    assert told_wait({"Retry-After": "7"}) == 7
    assert told_wait({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1005"}, now=lambda: 1000) == 5
    assert told_wait({"X-RateLimit-Remaining": "12", "X-RateLimit-Reset": "1005"}, now=lambda: 1000) is None
    assert told_wait({"Retry-After": "Fri, 27 Nov 2026 10:00:00 GMT"}) is None
    assert told_wait({}) is None


def test_a_question_survives_a_bad_page_and_honours_the_brokers_wish(simulator: Simulator) -> None:
    simulator.control("POST", "/sim/faults", {"kind": "rate_limit", "target": "trading", "params": {"retry_after": 1}})
    began = time.monotonic()
    assert asked(simulator, lambda broker: broker.positions()) == {}
    assert time.monotonic() - began >= 1.0
    simulator.control("POST", "/sim/faults", {"kind": "lose_answer", "target": "trading"})
    assert asked(simulator, lambda broker: broker.positions()) == {}


@pytest.mark.parametrize("kind", ["accept_then_504", "html_502", "lose_answer", "lose_request"])
def test_an_order_is_never_sent_again(simulator: Simulator, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were it posted a second time, the broker here would have it twice."""
    simulator.control("POST", "/sim/reset")
    posted = counted(monkeypatch, "post")
    order = an_intent(quantity=3)
    for fault, params in ((kind, {}), ("take_duplicates", {"chance": 1.0})):
        simulator.control("POST", "/sim/faults", {"kind": fault, "target": "trading", **params})
    report = asked(simulator, lambda broker: broker.submit(order, minted(order.request, ())))
    assert report.kind is ReportKind.UNCERTAIN
    theirs = simulator.control("GET", "/sim/books")["orders"]
    assert len(theirs) == (0 if kind in ("html_502", "lose_request") else 1)
    assert posted == ["/orders"]


@pytest.mark.parametrize("deed", ["cancel", "replace"])
def test_a_cancel_and_a_replacement_go_out_once(
    simulator: Simulator, deed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulator.control("POST", "/sim/reset")
    simulator.control("POST", "/sim/faults", {"kind": "html_502", "target": "trading", "count": 2})
    sent = counted(monkeypatch, "delete" if deed == "cancel" else "patch")
    order = replace(an_intent(quantity=3), broker_id="b-1")
    fresh = replace(order.request, client_order_id=f"{order.id}r")
    deeds: dict[str, Callable[[AlpacaBroker], Awaitable[object]]] = {
        "cancel": lambda broker: broker.cancel(order),
        "replace": lambda broker: broker.replace(order, fresh, minted(fresh, ())),
    }
    assert asked(simulator, deeds[deed]).kind is ReportKind.UNCERTAIN  # type: ignore[attr-defined]
    assert sent == ["/orders/b-1"]
    assert len(simulator.control("GET", "/sim/faults")["faults"]) == 1  # the second 502 befell nobody
    simulator.control("DELETE", "/sim/faults")


def test_a_broker_that_stays_away_is_said_to_be(simulator: Simulator) -> None:
    simulator.control("POST", "/sim/faults", {"kind": "lose_request", "target": "trading", "count": ATTEMPTS})
    with pytest.raises(BrokerDown, match="cannot be reached"):
        asked(simulator, lambda broker: broker.positions())
    assert simulator.control("GET", "/sim/faults")["faults"] == []


def counted(monkeypatch: pytest.MonkeyPatch, method: str) -> list[str]:
    """The paths that the vendor's client is asked with this method from now on."""
    from alpaca.common.rest import RESTClient

    paths: list[str] = []
    original = getattr(RESTClient, method)

    def noted(self: RESTClient, path: str, *rest: object, **more: object) -> object:
        paths.append(path)
        return original(self, path, *rest, **more)

    monkeypatch.setattr(RESTClient, method, noted)
    return paths
