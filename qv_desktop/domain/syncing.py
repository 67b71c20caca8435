"""What a reconciliation books by itself, as a policy by class of break; everything that the policy does not name is a person's."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal

from qv_desktop.domain.reconciliation import Break, BreakClass, Section

type Handling = Literal["adopt the fill", "import the order", "book the corporate action", "take the average"]
type Policy = Mapping[tuple[Section, BreakClass], Handling]

POLICY: Policy = MappingProxyType({
    ("fills", "missing here"): "adopt the fill",
    ("open orders", "external"): "import the order",
    ("open orders", "quantity"): "adopt the fill",  # the broker says how much traded, and not in which executions
    ("positions", "corporate action"): "book the corporate action",
    ("open orders", "corporate action"): "book the corporate action",
    ("positions", "price"): "take the average",  # the same shares: their executions were heard in another order, or rounded otherwise
})  # fmt: skip


TOLD: Mapping[Handling, str] = MappingProxyType({  # handling -> what is done, as people read it
    "adopt the fill": "the broker's executions are booked",
    "import the order": "orders made elsewhere are taken in",
    "book the corporate action": "splits and moved shares are booked",
    "take the average": "the broker's average price is taken",
})  # fmt: skip


def settled_by(section: Section, kind: BreakClass, policy: Policy = POLICY) -> str:
    """Who settles such a break: the program, and how, or a person."""
    handling = policy.get((section, kind))
    if kind == "timing":
        return "itself, when the broker's lists have caught up"
    return f"the program: {TOLD[handling]}" if handling else "a person"


def automatic(breaks: Iterable[Break], policy: Policy = POLICY) -> dict[Handling, list[Break]]:
    """The breaks that are booked without a person, by what is done."""
    found: dict[Handling, list[Break]] = {}
    for one in breaks:
        if handling := policy.get((one.section, one.kind)):
            found.setdefault(handling, []).append(one)
    return found
