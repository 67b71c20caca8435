"""Requests and answers that get lost, reads that lag, brokers that take duplicates, faults by chance, and the books that tell."""

import pytest
import requests

from qv_desktop.simulator.faults import Fault, Faults
from tests.simulator.process import Simulator
from tests.simulator.trading import SYMBOL, Broker, wait_for

BUY: dict[str, object] = {"symbol": SYMBOL, "qty": 10, "side": "buy", "type": "market", "time_in_force": "day"}


@pytest.fixture
def broker(simulator: Simulator) -> Broker:
    return Broker(simulator)


def books(broker: Broker) -> dict[str, list[dict[str, object]]]:
    return broker.simulator.control("GET", "/sim/books")


def test_a_lost_request_has_no_effect_and_no_answer(broker: Broker) -> None:
    broker.fault("lose_request")
    with pytest.raises(requests.ConnectionError):
        broker.raw("POST", "/orders", BUY | {"client_order_id": "lost"})
    assert books(broker)["orders"] == []


def test_a_lost_answer_leaves_an_order_behind(broker: Broker) -> None:
    broker.fault("lose_answer")
    with pytest.raises(requests.ConnectionError):
        broker.raw("POST", "/orders", BUY | {"client_order_id": "taken"})
    assert [order["client_order_id"] for order in books(broker)["orders"]] == ["taken"]
    broker.until(broker.client.get_order_by_client_id("taken"), "filled")


def test_a_new_order_may_not_be_found_for_a_while_though_it_works(broker: Broker) -> None:
    broker.fault("read_lag", seconds=1.0)
    order = broker.raw("POST", "/orders", BUY | {"client_order_id": "late"}).json()
    for path in ("/orders:by_client_order_id", f"/orders/{order['id']}"):
        assert broker.refusal("GET", path, client_order_id="late")[0] == 404
    assert broker.valid("GET", "/orders", status="all") == []
    wait_for(lambda: books(broker)["orders"], lambda orders: orders[0]["status"] == "filled")
    found = wait_for(
        lambda: broker.raw("GET", "/orders:by_client_order_id", client_order_id="late"), lambda answer: answer.ok
    )
    assert found.json()["status"] == "filled"
    assert len(broker.valid("GET", "/orders", status="all")) == 1


def test_a_cancelled_order_may_be_shown_as_it_was_for_a_while(broker: Broker) -> None:
    order = broker.resting()
    broker.fault("read_lag", seconds=1.0)
    broker.client.cancel_order_by_id(order.id)
    wait_for(lambda: books(broker)["orders"], lambda orders: orders[0]["status"] == "canceled")
    assert broker.client.get_order_by_id(order.id).status.value == "new"
    assert [found["status"] for found in broker.valid("GET", "/orders", status="open")] == ["new"]
    broker.until(order, "canceled")


def test_a_broker_may_take_the_same_client_order_id_twice(broker: Broker) -> None:
    broker.fault("take_duplicates", count=2)
    for _ in range(2):
        assert broker.raw("POST", "/orders", BUY | {"client_order_id": "double"}).ok
    assert [order["client_order_id"] for order in books(broker)["orders"]] == ["double", "double"]
    assert broker.refusal("POST", "/orders", BUY | {"client_order_id": "double"})[0] == 422


def test_the_books_tell_executions_and_positions(broker: Broker) -> None:
    order = broker.buy(7)
    told = books(broker)
    assert told["account"] == str(broker.client.get_account().id)
    assert told["positions"] == {SYMBOL: "7"}
    assert {fill["order_id"] for fill in told["fills"]} == {str(order.id)}
    assert isinstance(told["orders"][0]["taken_ns"], int)


def test_a_fault_by_chance_befalls_about_so_many_by_the_seed_until_it_is_forgotten() -> None:
    faults, same = Faults(3), Faults(3)
    for one in (faults, same):
        one.add(Fault("lose_answer", "trading", chance=0.25))
    taken = [faults.take("lose_answer", "trading") is not None for _ in range(2000)]
    assert 400 < sum(taken) < 600
    assert taken == [same.take("lose_answer", "trading") is not None for _ in range(2000)]
    assert len(faults.waiting()) == 1
    faults.clear()
    assert faults.take("lose_answer", "trading") is None


def test_a_chance_is_a_number_from_0_to_1(broker: Broker) -> None:
    for chance in (0, 1.5, "often", True):
        body = {"kind": "lose_answer", "target": "trading", "chance": chance}
        assert "chance" in broker.simulator.control("POST", "/sim/faults", body, wanted=422)["error"]
    told = broker.simulator.control("POST", "/sim/faults", {"kind": "lose_answer", "target": "data", "chance": 0.5})
    assert told["faults"][-1]["chance"] == 0.5
