"""What becomes of an order whose answer is late, broken, lost or a plain no: definite outcomes are definite, the rest is unknown."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from qv_desktop.adapters.alpaca import broker as room
from qv_desktop.adapters.alpaca.broker import AlpacaBroker
from qv_desktop.adapters.alpaca.outcomes import Unanswered
from qv_desktop.domain.errors import BadInput, BrokerDown
from qv_desktop.domain.limits import Limits
from qv_desktop.domain.orders import Order, Report, ReportKind
from qv_desktop.domain.risk import Verdict
from qv_desktop.domain.rules import judged
from tests.adapters.alpaca.faulty_broker import FaultyBroker, faulty_broker
from tests.adapters.listening import now
from tests.builders import a_request, a_view, an_order

REQUEST = a_request(quantity=1)
ORDER = replace(an_order(REQUEST), broker_id="b-1")


def passed(request=REQUEST) -> Verdict:
    verdict = judged(request, a_view(), Limits())
    assert verdict.passed, verdict.refusals
    return verdict


def asked[Answer](
    ask: Callable[[AlpacaBroker], Awaitable[Answer]], answer: tuple[int, str, str] | str = (200, "{}", "")
) -> tuple[Answer, FaultyBroker]:
    async def story() -> tuple[Answer, FaultyBroker]:
        async with faulty_broker() as server:
            server.answer = answer
            broker = AlpacaBroker("key", "secret", server.url, now, "SIMULATION")
            try:
                return await ask(broker), server
            finally:
                broker.close()

    return asyncio.run(story())


def submitted(answer: tuple[int, str, str] | str) -> tuple[Report, FaultyBroker]:
    return asked(lambda broker: broker.submit(ORDER, passed()), answer)


def said(message: str, **rest: object) -> str:
    return json.dumps({"code": 40310000, "message": message, **rest})


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [(400, said("bad request"), "bad request"), (401, '{"message":"unauthorized."}', "enter valid keys under Connections"),
     (403, said("insufficient buying power", buying_power="10", cost_basis="20"),
      "insufficient buying power (buying power 10, cost basis 20)"),
     (422, said("asset is not tradable"), "asset is not tradable"), (403, "<html>", "HTTP 403"),
     (429, '{"message":"too many requests."}', "did not take this one; try again in a moment")],
)  # fmt: skip
def test_a_definite_no_is_rejected_with_the_brokers_words(status: int, body: str, words: str) -> None:
    report, server = submitted((status, body, ""))
    assert report.kind is ReportKind.REJECTED
    assert words in report.reason
    assert len(server.posted) == 1


@pytest.mark.parametrize(
    "answer",
    [(500, '{"message":"internal"}', ""), (502, "<html>502</html>", "text/html"), (503, "", ""), (504, '{"message":"timeout"}', ""),
     (408, "", ""), (404, "<html>", "text/html"), (409, "{}", ""), (302, "", ""), (200, "", ""), (200, "<html>", "text/html"),
     (200, "[]", ""), (200, '{"status":"accepted"}', ""), "reset"],
    ids=str,
)  # fmt: skip
def test_anything_else_is_unknown_and_never_posted_again(answer: tuple[int, str, str] | str) -> None:
    report, server = submitted(answer)
    assert report.kind is ReportKind.UNCERTAIN
    assert report.client_order_id == REQUEST.client_order_id
    assert len(server.posted) == 1
    assert server.posted[0]["client_order_id"] == REQUEST.client_order_id


def test_no_answer_in_time_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "READ", 0.3)
    report, server = submitted("never")
    assert report.kind is ReportKind.UNCERTAIN
    assert "in time" in report.reason
    assert len(server.posted) == 1


def test_nobody_at_the_address_is_unknown_for_orders_and_an_error_for_questions() -> None:
    async def story() -> None:
        broker = AlpacaBroker("key", "secret", "http://127.0.0.1:9", now, "SIMULATION")
        assert (await broker.submit(ORDER, passed())).kind is ReportKind.UNCERTAIN
        with pytest.raises(BrokerDown, match="check the network"):
            await broker.positions()
        broker.close()

    asyncio.run(story())


def test_an_id_that_exists_already_is_success_by_another_name() -> None:
    report, server = submitted((422, '{"code":40010001,"message":"client_order_id must be unique"}', ""))
    assert (report.kind, report.broker_id) == (ReportKind.ACCEPTED, "b-1")
    assert len(server.posted) == 1


def test_an_acknowledged_order_has_the_brokers_id() -> None:
    body = {"id": "b-9", "client_order_id": REQUEST.client_order_id, "status": "pending_new"}
    report, _ = submitted((200, json.dumps(body), ""))
    assert (report.kind, report.broker_id) == (ReportKind.ACKNOWLEDGED, "b-9")
    report, _ = submitted((200, json.dumps({**body, "status": "rejected", "reject_reason": "closed"}), ""))
    assert (report.kind, report.reason) == (ReportKind.REJECTED, "closed")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [((204, "", ""), ReportKind.CANCEL_ASKED), ((422, said("order is not cancelable"), ""), ReportKind.CANCEL_REFUSED),
     ((404, said("order not found"), ""), ReportKind.CANCEL_REFUSED), ((404, "<html>", "text/html"), ReportKind.UNCERTAIN),
     ((429, "{}", ""), ReportKind.CANCEL_REFUSED), ((504, "", ""), ReportKind.UNCERTAIN), ((302, "", ""), ReportKind.UNCERTAIN),
     ("reset", ReportKind.UNCERTAIN)],
    ids=str,
)  # fmt: skip
def test_a_cancellation_is_asked_refused_or_unknown(answer: tuple[int, str, str] | str, kind: ReportKind) -> None:
    report, server = asked(lambda broker: broker.cancel(ORDER), answer)
    assert report.kind is kind
    assert server.other == [("DELETE", "/v2/orders/b-1")]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [((200, '{"id":"b-2","client_order_id":"qv-2","status":"accepted"}', ""), ReportKind.REPLACED),
     ((422, said("unable to replace order"), ""), ReportKind.REPLACE_REFUSED), ((200, "{}", ""), ReportKind.UNCERTAIN),
     ((504, "", ""), ReportKind.UNCERTAIN), ("reset", ReportKind.UNCERTAIN)],
    ids=str,
)  # fmt: skip
def test_a_replacement_is_made_refused_or_unknown(answer: tuple[int, str, str] | str, kind: ReportKind) -> None:
    after = a_request(quantity=2, id="qv-2")
    report, server = asked(lambda broker: broker.replace(ORDER, after, passed(after)), answer)
    assert report.kind is kind
    assert report.client_order_id == ORDER.id
    assert report.replaced_by == ("b-2" if kind is ReportKind.REPLACED else None)
    assert server.other == [("PATCH", "/v2/orders/b-1")]


def test_an_order_of_unknown_broker_id_is_looked_up_before_it_is_cancelled() -> None:
    async def ask(broker: AlpacaBroker) -> Report:
        order = replace(ORDER, broker_id=None)
        unknown = await broker.cancel(order)
        assert unknown.kind is ReportKind.CANCEL_REFUSED
        await broker.submit(order, passed())
        return await broker.cancel(order)

    body = {"id": "b-1", "client_order_id": REQUEST.client_order_id, "status": "accepted"}
    report, server = asked(ask, (200, json.dumps(body), ""))
    assert report.kind is ReportKind.CANCEL_ASKED
    assert ("DELETE", "/v2/orders/b-1") in server.other


def test_a_missing_order_is_none_only_when_the_broker_itself_says_so() -> None:
    async def ask(broker: AlpacaBroker) -> Order | None:
        broker._account_id = "account"
        return await broker.find("never-sent")

    found, _ = asked(ask)
    assert found is None

    async def story() -> None:
        async with faulty_broker() as server:
            broker = AlpacaBroker("key", "secret", f"{server.url}/elsewhere", now, "SIMULATION")
            broker._account_id = "account"
            with pytest.raises(BrokerDown):
                await broker.find("never-sent")
            broker.close()

    asyncio.run(story())


@pytest.mark.parametrize("verdict", [None, True, judged(replace(REQUEST, symbol="MSFT"), a_view(), Limits())])
def test_the_brokers_door_opens_for_a_verdict_of_this_very_request_alone(verdict: object) -> None:
    async def ask(broker: AlpacaBroker) -> None:
        with pytest.raises(TypeError):
            await broker.submit(ORDER, verdict)  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            await broker.replace(ORDER, REQUEST, verdict)  # type: ignore[arg-type]

    _, server = asked(ask)
    assert not server.posted
    assert not server.other


def test_a_refused_verdict_does_not_open_it() -> None:
    refused = judged(REQUEST, a_view(instrument=None), Limits())
    assert not refused.passed

    async def ask(broker: AlpacaBroker) -> None:
        with pytest.raises(TypeError):
            await broker.submit(ORDER, refused)

    _, server = asked(ask)
    assert not server.posted


@pytest.mark.parametrize(
    ("url", "environment"),
    [
        ("https://api.alpaca.markets", "PAPER"),
        ("https://api.alpaca.markets.", "PAPER"),
        ("https://elsewhere.example", "PAPER"),
        ("https://paper-api.alpaca.markets", "LIVE"),
    ],
)
def test_a_paper_account_never_reaches_the_live_address_nor_the_other_way_round(url: str, environment: str) -> None:
    with pytest.raises(BadInput, match="correct the settings"):
        AlpacaBroker("key", "secret", url, now, environment)  # type: ignore[arg-type]


def test_without_keys_the_sentence_says_what_to_do() -> None:
    async def story() -> None:
        broker = AlpacaBroker("", "", "http://127.0.0.1:9", now, "SIMULATION")
        with pytest.raises(BrokerDown, match="No account is connected; add one"):
            await broker.account()
        broker.close()

    asyncio.run(story())


def test_a_slow_question_does_not_delay_an_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "READ", 2.0)
    body = {"id": "b-1", "client_order_id": REQUEST.client_order_id, "status": "accepted"}

    async def story() -> None:
        async with faulty_broker() as slow:
            slow.answer = "never"
            broker = AlpacaBroker("key", "secret", slow.url, now, "SIMULATION")
            questions = [asyncio.create_task(broker._asked(f"/orders/{number}")) for number in range(5)]
            while not slow.other:  # noqa: ASYNC110  # the server is another party
                await asyncio.sleep(0.01)
            slow.answer = (200, json.dumps(body), "")
            report = await broker.submit(ORDER, passed())
            assert report.kind is ReportKind.ACKNOWLEDGED
            assert not any(question.done() for question in questions[:2])
            broker.close()
            ends = await asyncio.gather(*questions, return_exceptions=True)
            assert all(isinstance(end, BrokerDown) for end in ends)
            with pytest.raises(BrokerDown, match="the connection is closed"):
                await broker.positions()

    asyncio.run(story())


@pytest.mark.parametrize(
    "body",
    ["[" * 100_000, '{"id": ' + "9" * 5_000 + "}", "\x00", '{"id": "b-1", "status": '],
    ids=["deep", "long", "nul", "cut"],
)
def test_an_answer_that_no_parser_takes_leaves_the_order_unknown_and_a_question_unanswered(body: str) -> None:
    report, server = submitted((200, body, "application/json"))
    assert (report.kind, len(server.posted)) == (ReportKind.UNCERTAIN, 1)

    async def ask(broker: AlpacaBroker) -> None:
        with pytest.raises(Unanswered, match="cannot be read"):
            await broker._questions.ask("get", "/orders/b-1")

    asked(ask, (200, body, "application/json"))
    refused, _ = submitted((403, body, "application/json"))  # the same words under a definite no
    assert refused.kind is ReportKind.REJECTED
