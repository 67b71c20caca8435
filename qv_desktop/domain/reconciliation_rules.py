"""The rules of a reconciliation, per account: differences that are none, and what is booked without a person."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.reconciliation import Tolerances
from qv_desktop.domain.syncing import POLICY, Handling, Policy

# what a person may take upon themselves; executions and orders are the broker's to tell, and are in our books as soon as it does
CHOICES: tuple[Handling, ...] = ("book the corporate action", "take the average")
MOST: Mapping[str, Decimal] = MappingProxyType({  # tolerance -> above it a comparison would say little
    "quantity": Decimal(1), "price": Decimal(1), "cash": Decimal(100),
})  # fmt: skip
NAMES: Mapping[str, str] = MappingProxyType({  # tolerance -> what it is called
    "quantity": "Shares of a position", "price": "Dollars of an average or a price", "cash": "Dollars of cash",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rules:
    """Those without a ``set_by`` are the ones that the program comes with."""

    tolerances: Tolerances = field(default_factory=Tolerances)
    automatic: frozenset[Handling] = frozenset(CHOICES)
    set_by: str = ""

    @property
    def policy(self) -> Policy:
        """The classes of breaks that are booked without a person."""
        return {
            row: handling for row, handling in POLICY.items() if handling in self.automatic or handling not in CHOICES
        }


def sensible(rules: Rules) -> Rules:
    """The rules themselves. Raises BadInput for a tolerance that is none."""
    for name, most in MOST.items():
        value = getattr(rules.tolerances, name)
        if not value.is_finite() or not 0 <= value <= most:
            raise BadInput(f"{NAMES[name]}: give a number from 0 to {most}.")
    return rules


def told(rules: Rules) -> str:
    """The rules as the audit trail keeps them, JSON."""
    limits = {name: f"{getattr(rules.tolerances, name):f}" for name in MOST}
    return json.dumps({**limits, "automatic": sorted(rules.automatic)})
