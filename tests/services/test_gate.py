"""No order gets round the gate: not by another path, not by a forged verdict, not by a gate that was taken out, not two at once."""

import ast
import asyncio
import copy
import pickle
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import qv_desktop
from qv_desktop.adapters.alpaca import broker as broker_module
from qv_desktop.domain import exposure
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.desks import Turn
from qv_desktop.domain.instruments import Instrument
from qv_desktop.domain.limits import Limits
from qv_desktop.domain.market import Batch, Trade, ns
from qv_desktop.domain.orders import Order, OrderRequest, OrderStatus, OrderType, Report, ReportKind, Side, TimeInForce
from qv_desktop.domain.risk import TradingState, Verdict
from qv_desktop.services import orders as orders_module
from tests import fakes
from tests.builders import NOW, a_limit, a_position, a_quote, a_request, an_account
from tests.services import test_orders
from tests.services.test_orders import Desk, on_a_desk

D = Decimal
ROOT = Path(qv_desktop.__file__).parent
WIDE = Limits(position_fraction=D(100), gross_fraction=D(100), net_fraction=D(100), sector_fraction=D(100), order_value=D(10**9),
              order_quantity=D(10**6), duplicate_seconds=D(0))  # fmt: skip

PLENTY = D(10**9)

# ---- no other path


@cache
def sources() -> dict[str, str]:
    """Module -> text of the program, without the simulated broker, which is another program."""
    paths = {path.relative_to(ROOT).as_posix(): path for path in sorted(ROOT.rglob("*.py"))}
    return {name: path.read_text(encoding="utf-8") for name, path in paths.items() if not name.startswith("simulator/")}


@cache
def nodes(name: str) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(sources()[name])))


def modules_that(found: Callable[[ast.AST], bool], *words: str) -> set[str]:
    """Modules with a node that is ``found``; without one of the ``words`` there is none."""
    told = [name for name, text in sources().items() if any(word in text for word in words)]
    return {name for name in told if any(found(node) for node in nodes(name))}


def names(word: str) -> Callable[[ast.AST], bool]:
    """Whether a node names ``word``: imports it, reads it, or reads it of something."""
    return lambda node: (
        (isinstance(node, ast.ImportFrom) and any(alias.name == word for alias in node.names))
        or (isinstance(node, ast.Name) and node.id == word)
        or (isinstance(node, ast.Attribute) and node.attr == word)
    )


def takes(word: str, module: str) -> Callable[[ast.AST], bool]:
    """Whether a node imports ``word`` from that module of the domain."""
    return lambda node: (
        isinstance(node, ast.ImportFrom) and node.module == f"qv_desktop.domain.{module}" and names(word)(node)
    )


def whole_module(*modules: str) -> Callable[[ast.AST], bool]:
    """Whether a node imports one of these modules of the domain as a whole, so that what is read of it has no name to look for."""
    return lambda node: (
        isinstance(node, ast.ImportFrom)
        and node.module == "qv_desktop.domain"
        and any(alias.name in modules for alias in node.names)
    )


def calls(receiver: str, *methods: str) -> Callable[[ast.AST], bool]:
    """Whether a node calls one of ``methods`` of something that is called ``receiver``."""
    return lambda node: (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in methods
        and ast.unparse(node.func.value).rsplit(".", 1)[-1] == receiver
    )


def test_verdicts_are_minted_in_one_place_and_judged_in_one() -> None:
    assert modules_that(names("_MINT"), "_MINT") == {"domain/risk.py"}
    assert modules_that(names("_Mint"), "_Mint") == {"domain/risk.py"}
    assert modules_that(takes("minted", "risk"), "minted") == {"domain/rules.py"}
    assert modules_that(takes("judged", "rules"), "judged") == {"services/risk.py"}
    assert modules_that(lambda node: isinstance(node, ast.Import), "import qv_desktop.domain") == set()
    assert modules_that(whole_module("rules", "risk"), "from qv_desktop.domain import") == set()
    builders = modules_that(lambda node: isinstance(node, ast.Call) and ast.unparse(node.func) == "Verdict", "Verdict(")
    assert {name for name in builders if "domain.risk import" in sources()[name] or name == "domain/risk.py"} == {
        "domain/risk.py"
    }
    assert {name for name, text in sources().items() if "object.__setattr__" in text} == {"domain/risk.py"}


def test_one_service_speaks_to_the_brokers_door_and_everybody_else_to_that_service() -> None:
    for receiver in ("broker", "_broker"):
        assert modules_that(calls(receiver, "submit", "replace"), "broker.submit", "broker.replace") <= {
            "services/orders.py"
        }
    ours = ("orders.submit", "orders.replace")
    ways = modules_that(calls("orders", "submit", "replace"), *ours) | modules_that(
        calls("_orders", "submit", "replace"), *ours
    )
    assert ways == {
        "wiring/trading.py",  # the ticket, and orders amended in the blotter
        "wiring/chart_trading.py",  # orders drawn and dragged on the chart
        "services/flattening.py",  # closing and reversing
        "services/signal_sending.py",  # what strategies raise
        "services/deployment_closing.py",  # closing what a deployment holds
    }


def posts(node: ast.AST) -> bool:
    """Whether a node asks the broker to take or change something."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr != "ask":
        return False
    words = {argument.value for argument in node.args if isinstance(argument, ast.Constant)}
    return bool(words & {"post", "patch", "put"})


def test_every_request_that_makes_an_order_asks_for_the_verdict_first() -> None:
    assert modules_that(posts, ".ask(") == {"adapters/alpaca/broker.py"}
    functions = [
        node for node in nodes("adapters/alpaca/broker.py") if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef)
    ]
    makers = [node for node in functions if any(map(posts, ast.walk(node)))]
    assert [node.name for node in makers] == ["submit", "replace"]
    for maker in makers:
        first = next(node for node in maker.body if not isinstance(getattr(node, "value", None), ast.Constant))
        assert ast.unparse(first).startswith("_admit(")
    for body in ("submission", "amendment"):
        assert modules_that(names(body), f"payloads.{body}", f"import {body}") == {"adapters/alpaca/broker.py"}


def test_the_broker_is_asked_in_plain_words_and_nothing_but_orders_is_deleted() -> None:
    """A word that is only known when it runs could be any; a position that is deleted is an order that no rule saw."""
    asked = [
        node
        for name in sources()
        if name.startswith("adapters/alpaca/")
        for node in nodes(name)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "ask"
    ]
    words = {ast.unparse(node.args[0]) for node in asked}
    assert words == {"'get'", "'post'", "'patch'", "'delete'"}
    deleted = [ast.unparse(node.args[1]) for node in asked if ast.unparse(node.args[0]) == "'delete'"]
    assert deleted
    assert all(path.lstrip("f").startswith("'/orders") for path in deleted)
    by_the_library = (
        "submit_order",
        "replace_order_by_id",
        "close_position",
        "close_all_positions",
        "exercise_options_position",
    )
    assert [name for name, text in sources().items() if any(word in text for word in by_the_library)] == []


# ---- no forged verdict


def passed_verdict(request: OrderRequest) -> Verdict:
    """A true one, of a true gate."""
    kept: list[Verdict] = []

    async def story(desk: Desk) -> None:
        kept.append(desk.risk.judge(request, desk.orders.book))

    on_a_desk(story)
    assert kept[0].passed
    return kept[0]


class LikeAVerdict:
    """Has all that a verdict has."""

    request, checks, refusals, passed = a_request(10), (), (), True


def test_the_door_takes_no_verdict_but_a_passed_one_of_this_very_order() -> None:
    admit, mine, other = broker_module._admit, a_request(10), a_request(11)
    admit(mine, passed_verdict(mine))
    for forged in (None, True, LikeAVerdict(), passed_verdict(other)):
        with pytest.raises(TypeError):
            admit(mine, forged)


def test_a_verdict_is_neither_built_nor_altered_nor_copied_into_another() -> None:
    verdict = passed_verdict(a_request(10))
    with pytest.raises(TypeError):
        Verdict(a_request(99), (), object())  # type: ignore[arg-type]
    for name in ("request", "checks"):
        with pytest.raises(AttributeError):
            setattr(verdict, name, ())
    with pytest.raises(TypeError):
        replace(verdict, request=a_request(99))  # type: ignore[type-var]
    for again in (copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))):  # noqa: S301  # our own bytes
        with pytest.raises((AttributeError, TypeError)):
            again(verdict)


# ---- no gate taken out: what the gate is worth is a handful of stories, and each mutant of the way in fails one


async def halted(desk: Desk) -> None:
    """Nothing leaves while trading is halted."""
    await desk.risk.halt("drill")
    order = await desk.orders.submit(a_limit("100.00"))
    assert (order.status, posted(desk)) == (OrderStatus.REFUSED, [])


async def too_large(desk: Desk) -> None:
    """Nothing leaves that a rule refuses."""
    order = await desk.orders.submit(a_limit("100.00", 9_000))
    assert (order.status, posted(desk)) == (OrderStatus.REFUSED, [])


async def amended_too_large(desk: Desk) -> None:
    """No order is changed into what a rule refuses."""
    await desk.orders.submit(a_limit("100.00", 10))
    order = await desk.orders.replace("qv-1", a_limit("100.00", 9_000, id="qv-2"))
    assert (order.status, posted(desk)) == (OrderStatus.REFUSED, ["post qv-1"])


async def halted_while_written_down(desk: Desk) -> None:
    """A halt counts until the bytes leave."""
    write = desk.journal.intend

    async def halting(order: Order, draft: Draft, turn: Turn | None = None) -> None:
        await write(order, draft, turn)
        desk.risk.state = TradingState.HALTED

    desk.journal.intend = halting  # type: ignore[method-assign]
    order = await desk.orders.submit(a_limit("100.00", 10))
    assert (order.status, posted(desk)) == (OrderStatus.REFUSED, [])


async def two_at_once(desk: Desk) -> None:
    """Of two that each fit alone one leaves."""
    desk.risk.limits_for = bound(replace(WIDE, gross_fraction=D("0.15")))
    found = await asyncio.gather(*(desk.orders.submit(a_limit("100.00", 100, id=name)) for name in ("a", "b")))
    assert sorted(order.status for order in found) == [OrderStatus.REFUSED, OrderStatus.SUBMITTED]


def bound(limits: Limits) -> Callable[[str, str, str], Limits]:
    """The same limits for everybody and everything."""
    return lambda user, strategy, symbol: limits


STORIES = (halted, too_large, amended_too_large, halted_while_written_down, two_at_once)
JUDGED = "verdict = self._risk.judge(request, self.book)"
UNHEARD = "        if not verdict.passed:\n            return await self._refuse(order, verdict, cause=cause)\n"
NOTED = "        self.book[order.id] = order\n        try:\n            draft"
MUTANTS = {
    "no gate": (JUDGED, "verdict = minted(request, ())"),
    "a gate that nobody listens to": (
        UNHEARD,
        "        verdict = verdict if verdict.passed else minted(request, ())\n",
    ),
    "a gate before an empty book": (JUDGED, "verdict = self._risk.judge(request, {})"),
    "judged before the book knows": (NOTED, "        await asyncio.sleep(0)\n" + NOTED),
    "a wait between verdict and book": (JUDGED, JUDGED + "\n        await asyncio.sleep(0)"),
    "no second look": ("self._withdrawn(order.id) or self._stopped(order.id)", "self._withdrawn(order.id)"),
    "changes unjudged": ("verdict = self.judged_replacement(key, replacement)", "verdict = minted(replacement, ())"),
}


def mutated(before: str, after: str) -> ModuleType:
    """``services/orders.py`` with one thing changed."""
    source = Path(orders_module.__file__).read_text(encoding="utf-8")
    assert source.count(before) == 1, "the way in reads otherwise now: write the mutant anew"
    module = ModuleType("mutant")
    text = source.replace(before, after).replace("import Check, Verdict\n", "import Check, Verdict, minted\n")
    exec(compile(text, "mutant", "exec"), module.__dict__)  # noqa: S102  # our own source
    return module


def survives(monkeypatch: pytest.MonkeyPatch, module: ModuleType) -> bool:
    """Whether every story ends well with the orders of ``module``."""
    monkeypatch.setattr(test_orders, "Orders", module.Orders)
    try:
        for story in STORIES:
            on_a_desk(story)
    except AssertionError:
        return False
    return True


def posted(desk: Desk) -> list[str]:
    return [step for step in desk.journal.steps if step.split()[0] in ("post", "replace")]


def test_the_way_in_as_it_is_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert survives(monkeypatch, orders_module)


@pytest.mark.parametrize("name", MUTANTS)
def test_a_way_in_without_its_gate_is_found_out(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    assert not survives(monkeypatch, mutated(*MUTANTS[name]))


# ---- not two at once


class SlowJournal(fakes.Journal):
    """Others run while it writes."""

    async def intend(self, order: Order, draft: Draft, turn: Turn | None = None) -> None:
        """After three turns of the loop."""
        for _ in range(3):
            await asyncio.sleep(0)
        await super().intend(order, draft, turn)


@dataclass(frozen=True)
class Room:
    """A bound that leaves room for one of several orders, each of which fits alone."""

    limits: Limits = WIDE
    power: Decimal = PLENTY
    held: int = 0
    side: Side = Side.BUY
    symbols: tuple[str, ...] = ("AAPL", "MSFT", "XOM")
    code: str = ""


def one_fits(code: str, **limits: object) -> Room:
    return Room(limits=replace(WIDE, **limits), code=code)


ROOMS = {
    "the value of all": one_fits("GROSS", gross_fraction=D("0.19")),
    "long less short": one_fits("NET", net_fraction=D("0.19")),
    "a sector": one_fits("SECTOR", sector_fraction=D("0.19")),
    "one name": replace(one_fits("SINGLE_NAME", position_fraction=D("0.19")), symbols=("AAPL",)),
    "orders a minute": one_fits("ORDER_RATE", orders_per_minute=1),
    "orders a second": one_fits("ORDERS_PER_SECOND", orders_per_second=1),
    "the same again": replace(one_fits("DUPLICATE", duplicate_seconds=D(1)), symbols=("AAPL",)),
    "buying power": Room(power=D(19_000), code="BUYING_POWER"),
    "shares that are held": Room(held=100, side=Side.SELL, symbols=("AAPL",), code="REVERSAL"),
}


def stock(desk: Desk, room: Room) -> None:
    """Three symbols at 100 dollars, 100,000 dollars of equity, and the room."""
    market, at = desk.risk._market, ns(NOW)
    for symbol in ("AAPL", "MSFT", "XOM"):
        market.hear(Batch([Trade(symbol, at, 100.0, 10, "1")], [a_quote(symbol=symbol)]))
    desk.risk.know([Instrument(symbol, symbol, "NYSE") for symbol in ("AAPL", "MSFT", "XOM")])
    desk.risk.views.sectors = dict.fromkeys(("AAPL", "MSFT", "XOM"), "Technology")
    desk.risk._account.balances = an_account(buying_power=room.power)
    desk.risk.limits_for = bound(room.limits)
    if room.held:
        desk.positions.adopt({"AAPL": a_position(room.held)})
    desk.orders._journal = SlowJournal(desk.journal.steps)


def at_once(
    room: Room, count: int, meanwhile: Callable[[Desk], Coroutine[None, None, None]] | None = None
) -> list[Order]:
    """What became of ``count`` orders of 100 shares that are submitted together."""
    kept: list[Order] = []

    async def story(desk: Desk) -> None:
        stock(desk, room)
        requests = [
            a_request(
                100,
                room.side,
                room.symbols[place % len(room.symbols)],
                f"qv-{place}",
                type=OrderType.LIMIT,
                limit=D("100.00"),
            )
            for place in range(count)
        ]
        kept.extend(await asyncio.gather(*(desk.orders.submit(request) for request in requests)))

    on_a_desk(story)
    return kept


@pytest.mark.parametrize("name", ROOMS)
@pytest.mark.parametrize("count", [1, 2, 5])
def test_of_orders_that_are_submitted_at_once_one_passes_where_there_is_room_for_one(name: str, count: int) -> None:
    room = ROOMS[name]
    orders = at_once(room, count)
    assert [order.status for order in orders].count(OrderStatus.SUBMITTED) == 1
    refused = [order for order in orders if order.status is OrderStatus.REFUSED]
    assert len(refused) == count - 1
    assert all(order.reason for order in refused)


def test_market_orders_of_a_symbol_that_has_not_traded_are_not_worth_nothing() -> None:
    async def story(desk: Desk) -> None:
        stock(desk, ROOMS["the value of all"])
        desk.risk._market.hear(Batch(quotes=[a_quote(symbol="NEW")]))
        desk.risk.know([Instrument("NEW", "New", "NYSE")])
        orders = [await desk.orders.submit(a_request(100, symbol="NEW", id=name)) for name in ("one", "two")]
        assert [order.status for order in orders] == [OrderStatus.SUBMITTED, OrderStatus.REFUSED]
        assert "Gross exposure" in orders[1].reason

    on_a_desk(story)


def test_buying_power_that_a_filled_order_took_is_not_spent_again_before_the_broker_says_so() -> None:
    async def story(desk: Desk) -> None:
        stock(desk, ROOMS["buying power"])
        await desk.orders.submit(a_limit("100.00", 100, id="one", symbol="MSFT"))
        desk.orders.hear(Report("one", ReportKind.FILL, NOW, "b-one", "x1", D(100), D(100)))
        assert desk.orders.book["one"].status is OrderStatus.FILLED
        again = await desk.orders.submit(a_limit("100.00", 100, id="two", symbol="XOM"))
        assert (again.status, "buying power" in again.reason) == (OrderStatus.REFUSED, True)
        desk.later(5)
        desk.risk._account.balances = replace(an_account(buying_power=D(19_000)), at=desk.moment[0])
        desk.risk._market.hear(Batch(quotes=[replace(a_quote(symbol="XOM"), at=ns(desk.moment[0]))]))
        third = await desk.orders.submit(a_limit("100.00", 100, id="three", symbol="XOM"))
        assert third.status is OrderStatus.SUBMITTED

    on_a_desk(story)


def test_a_cancel_is_never_refused_for_there_being_too_many() -> None:
    async def story(desk: Desk) -> None:
        stock(desk, one_fits("CANCEL_RATE", cancels_per_minute=0))
        for name in ("a", "b"):
            order = await desk.orders.submit(a_limit("90.00", 1, id=name, symbol="MSFT"))
            if name == "a":
                await desk.orders.cancel(["a"])
                assert (order.status, desk.orders.book["a"].status) == (
                    OrderStatus.SUBMITTED,
                    OrderStatus.PENDING_CANCEL,
                )
        assert "cancels within a minute" in desk.orders.book["b"].reason
        desk.risk.limits_for = bound(WIDE)
        await desk.orders.submit(a_limit("90.00", 1, id="c", symbol="MSFT"))
        desk.risk.limits_for = bound(replace(WIDE, cancels_per_minute=0))
        await desk.orders.cancel(["c"])
        assert [step for step in desk.journal.steps if step.startswith("cancel")] == ["cancel a", "cancel c"]

    on_a_desk(story)


def test_a_replacement_may_use_the_room_of_the_order_that_it_replaces_and_no_more() -> None:
    async def story(desk: Desk) -> None:
        stock(desk, ROOMS["the value of all"])
        await desk.orders.submit(a_limit("100.00", 150, id="one"))
        assert desk.orders.judged_replacement("one", a_limit("100.00", 180, id="two")).passed
        assert not desk.orders.judged_replacement("one", a_limit("100.00", 200, id="two")).passed
        order = await desk.orders.replace("one", a_limit("100.00", 200, id="two"))
        assert order.status is OrderStatus.REFUSED

    on_a_desk(story)


orders_at_once = st.lists(
    st.tuples(st.sampled_from(("AAPL", "MSFT", "XOM")), st.sampled_from(Side), st.integers(1, 400)),
    min_size=2,
    max_size=7,
)


@settings(max_examples=60, deadline=None)
@given(orders_at_once, st.sampled_from(("gross_fraction", "net_fraction", "sector_fraction", "position_fraction", "power")),
       st.integers(1, 60), st.booleans())  # fmt: skip
def test_whatever_is_submitted_at_once_what_leaves_keeps_within_every_bound(
    wanted: list[tuple[str, Side, int]], bound_by: str, hundredths: int, amended: bool
) -> None:
    part, equity = D(hundredths) / 100, D(100_000)
    limits = WIDE if bound_by == "power" else replace(WIDE, **{bound_by: part})
    room = Room(limits, power=part * equity if bound_by == "power" else PLENTY)

    async def story(desk: Desk) -> None:
        stock(desk, room)
        requests = [
            a_request(
                quantity,
                side,
                symbol,
                f"qv-{place}",
                type=OrderType.LIMIT,
                limit=D("100.00"),
                time_in_force=TimeInForce.GTC,
            )
            for place, (symbol, side, quantity) in enumerate(wanted)
        ]
        await asyncio.gather(*(desk.orders.submit(request) for request in requests))
        live = [key for key, order in desk.orders.book.items() if order.status is OrderStatus.SUBMITTED]
        if amended:
            await asyncio.gather(*(
                desk.orders.replace(key, replace(desk.orders.book[key].request, client_order_id=f"{key}-more", quantity=D(300)))
                for key in live
            ))  # fmt: skip
        going = [key for key, order in desk.orders.book.items() if order.status is OrderStatus.PENDING_REPLACE]
        view = desk.risk._view("AAPL", desk.orders.book, gone=going)  # of an order and what replaces it one trades
        found = {
            "gross_fraction": exposure.gross(view),
            "sector_fraction": exposure.in_sector(view, "Technology"),
            "net_fraction": max(exposure.net(view, Side.BUY), -exposure.net(view, Side.SELL)),
            "position_fraction": max((one.buys for one in exposure.lines(view).values()), default=D(0)),
            "power": exposure.added(view),
        }
        assert found[bound_by] <= part * equity

    on_a_desk(story)
