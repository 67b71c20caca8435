"""What a day's bar says before the next open: shown as it will trade, kept nowhere, for at the open it is read anew."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from qv_desktop.domain.deployments import Deployment
from qv_desktop.domain.market import NEW_YORK, utc
from qv_desktop.domain.orders import Side
from qv_desktop.domain.signals import Fate, Kind, Raised, Signal, deeds, side_of
from qv_desktop.domain.targets import Aim
from qv_desktop.services.deployment_books import DeploymentBooks
from qv_desktop.services.signal_times import EARLY, NEVER

AFTER_ALL = "The day's bar was corrected, and it is said no more."

type Deployed = Callable[[str], Deployment | None]


class Foreseeing:
    """``changed`` hears of every foreseen signal as it now stands; ``known`` has all signals by their keys."""

    def __init__(
        self, deployed: Deployed, books: DeploymentBooks, known: Mapping[Any, Signal], changed: Callable[[Signal], None]
    ) -> None:  # fmt: skip
        self._deployed, self._books, self._known, self._changed = deployed, books, known, changed
        # deployment and symbol (empty: its universe) -> when (ns) it is acted upon, and what is shown
        self._shown: dict[tuple[str, str], tuple[int, list[Signal]]] = {}

    def hear(self, said: Raised | Aim, due: int) -> None:
        """What the newest day says, and when (ns) it is acted upon."""
        deployment = self._deployed(said.deployment)
        if deployment is None:
            return
        key = said.deployment, said.symbol if isinstance(said, Raised) else ""
        found = self._flags(deployment, said, due) if isinstance(said, Raised) else self._targets(deployment, said, due)
        keys = {signal.key for signal in found}
        _, before = self._shown.get(key, (0, []))
        self._gone([one for one in before if one.bar == said.bar and one.key not in keys], AFTER_ALL)
        for signal in found:
            self._changed(signal)
        self._shown[key] = due, found

    def evaluated(self, deployment: str, symbol: str, until: int) -> None:
        """What was due by ``until`` (ns) has been told by now, or is said no more."""
        for key in ((deployment, symbol), (deployment, "")):
            due, shown = self._shown.get(key, (NEVER, []))
            if due <= until:
                del self._shown[key]
                self._gone(shown, AFTER_ALL)

    def _gone(self, signals: Iterable[Signal], why: str) -> None:
        for signal in signals:
            now = self._known.get((*signal.key,))
            if now is not None and now.fate is Fate.FORESEEN:
                self._changed(replace(now, fate=Fate.NOTHING, reason=why))

    def forget(self, deployment: str) -> None:
        """It does not run any more."""
        for key in [key for key in self._shown if key[0] == deployment]:
            self._gone(self._shown.pop(key)[1], "The deployment was paused or stopped before the open.")

    def _flags(self, deployment: Deployment, said: Raised, due: int) -> list[Signal]:
        held = self._books[deployment][said.symbol].quantity
        kinds = [deed.kind for deed in deeds(said.kinds, held, shorts=deployment.terms.bounds.shorts)]
        price = Decimal(repr(said.price))
        return [
            Signal(
                deployment.id,
                said.symbol,
                said.bar,
                side_of(kind),
                kind,
                price,
                said.at,
                deployment.label,
                Fate.FORESEEN,
                _when(due),
            )
            for kind in kinds
        ]

    def _targets(self, deployment: Deployment, said: Aim, due: int) -> list[Signal]:
        closes, ledger = dict(said.closes), self._books[deployment]
        return [
            Signal(deployment.id, symbol, said.bar, Side.BUY if weight else Side.SELL, Kind.TARGET, Decimal(repr(closes[symbol])), said.at,
                   deployment.label, Fate.FORESEEN, _when(due), target=Decimal(repr(weight)))
            for symbol, weight in said.weights if symbol in closes and (weight or ledger[symbol].quantity)
        ]  # fmt: skip


def _when(due: int) -> str:
    if due == NEVER:
        return "It trades at the next open; when that is, the calendar does not know yet."
    opens = utc(due + EARLY).astimezone(NEW_YORK)
    return f"It trades at the open of {opens:%Y-%m-%d %H:%M} ET, unless the day's bar is corrected before."
