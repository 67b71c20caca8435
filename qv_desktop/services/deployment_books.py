"""The books of deployments: what each one's own orders came to, whether that fits into the account's, and splits that undo it."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Protocol

import structlog

from qv_desktop.domain.deployments import SOURCE, Deployment, owns
from qv_desktop.domain.errors import QvError
from qv_desktop.domain.market import NEW_YORK, SECOND, bar_start, ns
from qv_desktop.domain.market import Action as Announced
from qv_desktop.domain.orders import Fill, Order
from qv_desktop.domain.signals import MOST_ORDERS, Signal, order_id
from qv_desktop.services.deployment_ledger import Figures, Ledger
from qv_desktop.services.signal_bars import DAY
from qv_desktop.services.signal_keeping import Around

log = structlog.get_logger(__name__)

type Actions = Callable[[str], Awaitable[list[Announced]]]  # splits and dividends of a symbol; raises QvError


class BookStore(Protocol):
    """The journal. Raises DatabaseDown."""

    async def fills(self, account: str, source: str) -> list[Fill]:
        """Every execution in its name, oldest first."""

    async def sent(self, account: str, source: str, since: datetime) -> set[str]:
        """Ids of the orders made since then that left, or may have left."""


class DeploymentBooks:
    """``fills`` gives executions of this sitting in the name of a source, which the journal may not have yet."""

    def __init__(
        self, store: BookStore, around: Around, actions: Actions, fills: Callable[[str], list[Fill]]
    ) -> None:  # fmt: skip
        self._store, self._around, self._actions, self._fills = store, around, actions, fills
        self._ledgers: dict[str, Ledger] = {}
        self._sources: dict[str, str] = {}  # client order id -> source, of orders of deployments
        # deployment and symbol -> how its shares were split since it has them
        self._splits: dict[tuple[str, str], str] = {}
        self._day = 0

    def __getitem__(self, deployment: Deployment) -> Ledger:
        """What its orders have come to."""
        return self._ledgers.setdefault(deployment.id, Ledger())

    def figures(self, deployment: Deployment) -> Figures:
        """In dollars, at last prices."""
        return self[deployment].figures(self._around.prices())

    async def account_for(self, deployment: Deployment, signals: Iterable[Signal]) -> None:
        """Reckon it anew from the journal; ``signals`` tell the closes that its orders are measured by. Raises DatabaseDown."""
        ledger, since = self[deployment], self.day_start()
        self._day = self._day or ns(since)
        for signal in signals:
            if signal.deployment == deployment.id and signal.order:
                for again in range(MOST_ORDERS):
                    key = order_id(signal.deployment, signal.symbol, signal.bar, signal.kind, again)
                    ledger.price(key, signal.price)
        if deployment.account != self._around.account():
            return  # what it did on another account is not in these books
        stored = await self._store.fills(deployment.account, deployment.source)
        sent = await self._store.sent(deployment.account, deployment.source, since)
        fills = [*stored, *self._fills(deployment.source)]  # the journal is written a little later than the books
        ledger.begin(sorted(fills, key=lambda fill: (fill.at, fill.execution_id)), sent, since)

    # ---- what is heard

    def changed(self, order: Order) -> bool:
        """An order as it now stands; whether it is a deployment's."""
        mine = next((id_ for id_ in self._ledgers if owns(id_, order.id, order.request.source)), None)
        if mine is not None:
            self._sources[order.id] = f"{SOURCE}{mine}"
            self._ledgers[mine].sent(order)
        return mine is not None

    def filled(self, fill: Fill) -> None:
        """An execution; booked from the broker's own list, one does not tell whose it is."""
        ledger = self._of(self._sources.get(fill.client_order_id, ""))
        if ledger is not None:
            ledger.take(fill)

    def _of(self, source: str) -> Ledger | None:
        return self._ledgers.get(source.removeprefix(SOURCE)) if source.startswith(SOURCE) else None

    def held_by(self, source: str) -> Mapping[str, Decimal] | None:
        """Shares by symbol that the deployment holds whose orders come from ``source``; None when that is none of them."""
        ledger = self._of(source)
        return None if ledger is None else ledger.held()

    def turn(self) -> bool:
        """Whether a new New York day has begun, which begins one in every ledger."""
        day = ns(self.day_start())
        turned = 0 < self._day < day
        if turned:
            for ledger in self._ledgers.values():
                ledger.turn()
        self._day = day
        return turned

    def day_start(self) -> datetime:
        """New York's midnight."""
        return datetime.fromtimestamp(bar_start(ns(self._around.now()), DAY) / SECOND, NEW_YORK)

    # ---- whether they fit

    async def look_for_splits(self, deployment: Deployment) -> bool:
        """Executions count old shares and the books new ones: nobody could tell any more which of these are its own.

        Whether the vendors told of all that it holds.
        """
        whole = True
        ledger, today = self[deployment], self._around.now().astimezone(NEW_YORK).date()
        for symbol, held in ledger.held().items():
            since = ledger.opened(symbol).astimezone(NEW_YORK).date()
            try:
                actions = await self._actions(symbol)
            except QvError as error:
                log.warning("splits_unknown", symbol=symbol, reason=str(error))
                whole = False
                continue
            for split in (one for one in actions if one.kind == "split" and since < one.day <= today):
                self._splits[deployment.id, symbol] = (
                    f"{symbol} was split {split.amount:g}:1 on {split.day}, while it held {held:f} old shares; close what it has by hand "
                    "(a flat stop closes as many new shares), and deploy anew."
                )
        return whole

    def split(self, deployment: Deployment) -> str:
        """How something that it holds was split, or nothing."""
        held = self[deployment].held()
        return next((why for (of, symbol), why in self._splits.items() if of == deployment.id and symbol in held), "")

    def differs(self, deployment: Deployment) -> str:
        """How its own shares do not fit into the books, or nothing."""
        if why := self.split(deployment):
            return why
        for symbol, own in self[deployment].held().items():
            books = self._around.held(symbol)
            if own * books <= 0 or abs(own) > abs(books):
                return (
                    f"By its fills it holds {own:f} {symbol}, and the books hold {books:f}; find out who traded {symbol}, "
                    "or stop it, leave the rest as it is, and deploy anew."
                )
        return ""

    def room(self, deployment: Deployment, symbol: str) -> Decimal:
        """How many of its own shares the books have, too: no more than these are ever closed."""
        own, books = self[deployment][symbol].quantity, self._around.held(symbol)
        return min(own, books, key=abs) if own * books > 0 else Decimal(0)
