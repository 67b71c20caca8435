"""The gate: every rule that an order must pass, and the verdict on one order."""

from collections.abc import Callable
from dataclasses import replace

from qv_desktop.domain.limits import Limits
from qv_desktop.domain.loss_rules import LOSS_RULES
from qv_desktop.domain.margin_rules import MARGIN_RULES
from qv_desktop.domain.orders import OrderRequest
from qv_desktop.domain.risk import Check, RiskView, Verdict, minted
from qv_desktop.domain.rule_answers import Rule
from qv_desktop.domain.rules_exposure import equity, gross, net, sector, single_name, strategy
from qv_desktop.domain.rules_flow import cancels, duplicate, per_second, rate, wash
from qv_desktop.domain.rules_instrument import lot, restricted, tick, tradable
from qv_desktop.domain.rules_price import collar, prices
from qv_desktop.domain.rules_session import access, account, environment, extended_hours, hours, state
from qv_desktop.domain.rules_side import borrow, order_class, reversal, short, short_price
from qv_desktop.domain.rules_size import buying_power, quantity, value, volume_share

type Explain = Callable[[Check], Check]


def _as_it_is(check: Check) -> Check:
    return check


RULES: tuple[Rule, ...] = (
    state,
    access,
    environment,
    account,
    hours,
    tradable,
    restricted,
    lot,
    quantity,
    prices,
    tick,
    extended_hours,
    value,
    volume_share,
    collar,
    equity,
    single_name,
    gross,
    net,
    sector,
    strategy,
    buying_power,
    short,
    borrow,
    short_price,
    reversal,
    order_class,
    wash,
    *LOSS_RULES,
    rate,
    per_second,
    cancels,
    duplicate,
    *MARGIN_RULES,
)


def judged(request: OrderRequest, view: RiskView, limits: Limits, explain: Explain = _as_it_is) -> Verdict:
    """Every rule's answer to ``request``; rules that do not apply are left out, and refusals are told as ``explain`` has them."""
    answers = (rule(request, view, limits) for rule in RULES)
    given = (answer for answer in answers if answer is not None)
    return minted(
        request, tuple(answer if answer.passed else replace(explain(answer), passed=False) for answer in given)
    )


def stopped(request: OrderRequest, view: RiskView) -> str:
    """Why the trading state takes no such order now; nothing when it does."""
    return state(request, view, Limits()).message
