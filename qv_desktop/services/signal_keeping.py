"""Signals as they are written down: once each, what became of them as soon as the database takes it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Protocol

import structlog

from qv_desktop.domain.audit import Actor, Draft, Outcome
from qv_desktop.domain.deployments import Deployment
from qv_desktop.domain.errors import DatabaseDown, RowRefused
from qv_desktop.domain.market import Quote, utc
from qv_desktop.domain.sessions import MarketSession
from qv_desktop.domain.signals import Fate, Signal

log = structlog.get_logger(__name__)

type Publish = Callable[[Signal], None]


class SignalStore(Protocol):
    """Where signals are written down. Raises DatabaseDown."""

    async def raise_(self, signal: Signal, account: str, draft: Draft | None) -> bool:
        """Once; whether it was not there yet."""

    async def settle(self, signal: Signal) -> None:
        """What became of it."""


@dataclass(frozen=True, slots=True)
class Around:
    """What an order is judged by besides the rules of the account. ``why_not`` says why a deployment may send nothing now."""

    now: Callable[[], datetime]
    prices: Callable[[], Mapping[str, float]]
    equity: Callable[[], Decimal | None]
    session_open: Callable[[], bool]
    account: Callable[[], str]
    held: Callable[[str], Decimal]  # what the books hold of a symbol
    why_not: Callable[[Deployment], str]
    actor: Callable[[], Actor]
    unsure: Callable[[Deployment], str]  # why nothing may leave just now, though it runs
    quote: Callable[[str], Quote | None] = lambda symbol: None  # the newest, however old
    today: Callable[[], MarketSession | None] = lambda: None  # the session of this New York day


class SignalKeeping:
    """``changed`` hears of every signal as it now stands."""

    def __init__(self, store: SignalStore, around: Around, changed: Publish) -> None:
        self._store, self._around, self._changed = store, around, changed
        self._unsaved: list[Signal] = []  # what became of signals while the database was away

    async def begin(self, signal: Signal) -> bool:
        """Write it down before anything is sent; whether it was not there yet. Raises DatabaseDown."""
        if not await self._store.raise_(signal, self._around.account(), self._draft(signal)):
            return False  # it was acted upon before: by this program, or at another desk
        self._changed(signal)
        return True

    async def tell(self, signal: Signal) -> None:
        """One that makes no order."""
        draft = self._draft(signal) if signal.fate is Fate.LATE else None
        try:
            if await self._store.raise_(signal, self._around.account(), draft):
                self._changed(signal)
        except DatabaseDown:
            self.later(signal)

    async def settle(self, signal: Signal) -> None:
        """What became of it."""
        self._changed(signal)
        try:
            await self._store.settle(signal)
        except DatabaseDown:
            self._unsaved.append(signal)

    def later(self, signal: Signal) -> None:
        """Shown now, written with the next ``flush``."""
        self._unsaved.append(signal)
        self._changed(signal)

    async def flush(self) -> None:
        """Write down what could not be written. Raises DatabaseDown, and what is left waits in its order."""
        while self._unsaved:
            signal = self._unsaved[0]
            try:
                await self._store.raise_(signal, self._around.account(), self._draft(signal))
                await self._store.settle(signal)
            except DatabaseDown as error:
                if not isinstance(error, RowRefused):
                    raise
                log.error("signal_not_kept", signal=name_of(signal), reason=str(error))
            except Exception as error:  # one row that the database never takes must not keep exits waiting for ever
                log.error("signal_not_kept", signal=name_of(signal), exc_info=error)
            self._unsaved.pop(0)

    def _draft(self, signal: Signal) -> Draft:
        """The row that links a signal with its order: both have the order's correlation."""
        after = {"symbol": signal.symbol, "kind": signal.kind.value, "side": signal.side.value, "close": str(signal.price),
                 "bar": utc(signal.bar).isoformat(), "strategy": signal.strategy}  # fmt: skip
        if signal.target is not None:
            after["target"] = str(signal.target)
        outcome: Outcome = "ok" if signal.fate is Fate.PENDING else "refused"
        actor = replace(self._around.actor(), type="strategy")
        return Draft(actor, "signal.raise", "signal", name_of(signal), outcome, signal.reason, after=json.dumps(after),
                     correlation=signal.order, causation=signal.deployment)  # fmt: skip


def name_of(signal: Signal) -> str:
    """Its name in the audit trail."""
    return f"{signal.deployment} {signal.symbol} {utc(signal.bar):%Y-%m-%dT%H:%MZ} {signal.kind}"
