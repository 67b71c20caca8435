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


def automatic(breaks: Iterable[Break], policy: Policy = POLICY) -> dict[Handling, list[Break]]:
    """The breaks that are booked without a person, by what is done."""
    found: dict[Handling, list[Break]] = {}
    for one in breaks:
        if handling := policy.get((one.section, one.kind)):
            found.setdefault(handling, []).append(one)
    return found
