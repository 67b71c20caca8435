"""Notices: what a person should hear of, once; what repeats is counted, and what matters waits until it is acknowledged."""

import json
import secrets
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from decimal import Decimal

from qv_desktop.domain.alerts import GRAVITY, Kind, Notice, Urgency
from qv_desktop.domain.errors import BrokerDown, Denied, Garbled
from qv_desktop.domain.events import (
    FeedChanged,
    Filled,
    HealthMeasured,
    Noticed,
    OrderCameBack,
    OrderChanged,
    Reconciled,
    TradingStateChanged,
)
from qv_desktop.domain.orders import CLOSED, Order, OrderStatus
from qv_desktop.domain.risk import TradingState
from qv_desktop.services.ports.callbacks import Now, Publish
from qv_desktop.services.settling import NEVER_ARRIVED

AGAIN_AFTER = timedelta(seconds=10)
JOINED = timedelta(seconds=30)  # fills of one order are one notice until so long after its first
MOST = 500
KEPT = 200  # of those, across a restart
ORDERS = 5_000  # orders whose last state is remembered, to tell what changed
SILENT, NEVER_YET = 5, 20  # seconds without an answer of the broker's before that is told; before its first answer
_BAD_FEED = ("backing off", "mute", "evicted")
_GOOD_FEED = ("live", "quiet", "backfilling")
_OUR_STOP = ": stopped."  # ends the words of a feed that we hung up ourselves
_DOWN = "· down"  # ends the words of a database whose writes fail


class Notices:
    """Turns events into notices. Within ten seconds equal keys are counted silently; after that they are told again.

    What is told again before anybody acknowledged it is the same notice, counted on.
    """

    def __init__(self, publish: Publish, now: Now) -> None:
        self._publish, self._now = publish, now
        self._notices: dict[str, Notice] = {}  # id -> notice, oldest first
        self._by_key: dict[str, str] = {}  # key -> id of its newest notice
        self._orders: dict[str, Order] = {}  # client order id -> as last heard of, oldest first
        self._bad: set[str] = set()  # feeds that were told to be lost
        self._silent, self._answered, self._database_down = 0, False, False
        self._broker_told = ""  # what ails the broker, as it was told; "" while it is well
        self._unheard: dict[str, Callable[[], None]] = {}  # key of a loss that was only counted -> tells it again
        self.changed = False  # since it was last saved
        self.muffled: Callable[[str], bool] = lambda key: (
            False
        )  # whether a notice of this key is listed without being told

    @property
    def told(self) -> list[Notice]:
        """The newest 500, oldest first."""
        return list(self._notices.values())

    def unacknowledged(self) -> Counter[Urgency]:
        """How many wait, by urgency."""
        return Counter(notice.urgency for notice in self._notices.values() if notice.waits)

    def tell(
        self, urgency: Urgency, title: str, text: str, key: str = "", *, kind: Kind = "other", panel: str = "", about: str = ""
    ) -> None:  # fmt: skip
        """Tell a person, or count it when the same was just told; one that grew graver is told anew and waits again."""
        now, chosen = self._now(), key or f"{title}\n{text}"
        self._unheard.pop(chosen, None)
        if self.muffled(chosen):
            self._list(Notice(now, "info", title, text, chosen, kind, panel, about, secrets.token_hex(6), first=now))
            return
        before = self._notices.get(self._by_key.get(chosen, ""))
        if before is not None and (before.waits or now - before.at < AGAIN_AFTER):
            rose, fell = (GRAVITY[a] > GRAVITY[b] for a, b in ((urgency, before.urgency), (before.urgency, urgency)))
            again = replace(
                before, count=before.count + 1, text=text, title=title, urgency=before.urgency if fell else urgency
            )
            if rose:
                again = replace(again, kind=kind, panel=panel, about=about, acknowledged_by="", acknowledged_at=None)
            fresh = rose or now - before.at >= AGAIN_AFTER
            self._keep(replace(again, at=now) if fresh else again, fresh=fresh)
        else:
            self._keep(
                Notice(now, urgency, title, text, chosen, kind, panel, about, secrets.token_hex(6), first=now),
                fresh=True,
            )

    def _list(self, quiet: Notice) -> None:
        """Keep one that nobody is told of now, counted where there is one of its key."""
        before = self._notices.get(self._by_key.get(quiet.key, ""))
        if before is None or not (
            before.waits or before.urgency == quiet.urgency
        ):  # one that was acknowledged is another
            self._keep(quiet, fresh=False)
        else:
            again = replace(before, at=quiet.at, title=quiet.title, text=quiet.text, count=before.count + 1)
            self._keep(again, fresh=False)

    def _keep(self, notice: Notice, *, fresh: bool) -> None:
        self._notices.pop(notice.id, None)
        self._notices[notice.id] = notice
        self._by_key[notice.key] = notice.id
        self.changed = True
        while len(self._notices) > MOST:
            self._forget(min(self._notices.values(), key=lambda n: n.weight))  # the oldest of the least
        self._publish(Noticed(notice, fresh))

    def _forget(self, notice: Notice) -> None:
        del self._notices[notice.id]
        if self._by_key.get(notice.key) == notice.id:
            del self._by_key[notice.key]

    # ---- acknowledging

    def acknowledge(self, ids: Collection[str], by: str) -> list[Notice]:
        """Note who has seen these; those that waited, as they now stand."""
        seen = [replace(notice, acknowledged_by=by, acknowledged_at=self._now())
                for id_ in ids if (notice := self._notices.get(id_)) is not None and notice.waits]  # fmt: skip
        for notice in seen:
            self._notices[notice.id] = notice
            self.changed = True
            self._publish(Noticed(notice, fresh=False))
        return seen

    def waiting(self) -> list[str]:
        """Ids of all that wait."""
        return [notice.id for notice in self._notices.values() if notice.waits]

    def waits_for(self, about: Callable[[str], bool]) -> list[str]:
        """Ids of the waiting notices whose key is one of those that ``about`` names."""
        return [notice.id for notice in self._notices.values() if notice.waits and about(notice.key)]

    # ---- across a restart

    def saved(self) -> str:
        """What waits and the newest others, as JSON; from now on nothing has changed."""
        self.changed = False
        newest = list(self._notices.values())[-KEPT:]
        waiting = [notice for notice in self._notices.values() if notice.waits and notice not in newest]
        return json.dumps([asdict(notice) for notice in waiting + newest], default=datetime.isoformat)

    def restore(self, text: str) -> None:
        """Take back what an earlier sitting saved, silently and behind what this one has told already."""
        try:
            raws = json.loads(text)
        except ValueError:
            return
        found = [notice for raw in raws if (notice := _read(raw)) is not None] if isinstance(raws, list) else []
        now = self._notices
        self._notices = {notice.id: notice for notice in found if notice.id not in now} | now
        for notice in found:
            self._by_key.setdefault(notice.key, notice.id)
            self._publish(Noticed(now.get(notice.id, notice), fresh=False))

    # ---- orders

    def filled(self, event: Filled) -> None:
        """An execution; those of one order within a short time are one notice that counts up."""
        fill, now = event.fill, self._now()
        order = self._orders.get(fill.client_order_id)
        key = f"fill {fill.client_order_id}"
        before = self._notices.get(self._by_key.get(key, ""))
        joined = before is not None and now - (before.first or before.at) < JOINED
        count = before.count + 1 if joined and before is not None else 1
        last = f"{fill.quantity:,f} at {_price(fill.price)}"
        text = last if count == 1 else f"{count} fills; the last was {last}"
        verb = "Bought" if fill.side.sign > 0 else "Sold"
        whole = order is None or order.filled >= order.request.quantity
        amount = f"{fill.quantity if order is None else order.filled:,f}"
        amount = amount if whole or order is None else f"{amount} of {order.request.quantity:,f}"
        average = fill.price if order is None or order.average is None else order.average
        title = f"{verb} {amount} {fill.symbol}, avg {_price(average)}"
        if joined and before is not None:
            self._keep(replace(before, at=now, title=title, text=text, count=count), fresh=whole)
        else:
            self._keep(Notice(now, "good", title, text, key, "fill", "orders", fill.client_order_id, secrets.token_hex(6), first=now),
                       fresh=True)  # fmt: skip

    def order_changed(self, event: OrderChanged) -> None:
        """Refusals, rejections, what is unresolved and what became of it, and cancels and changes that were refused."""
        order = event.order
        before = self._orders.pop(order.id, None)
        self._orders[order.id] = order
        if len(self._orders) > ORDERS:
            del self._orders[next(iter(self._orders))]
        if event.found and order.status in CLOSED:
            return  # whoever was there when it ended has been told
        was = before.status if before is not None else None
        if order.status is OrderStatus.REFUSED:
            self._of(order, "warning", "Refused", order.reason, "refused")
        elif order.status is OrderStatus.REJECTED and was is not OrderStatus.REJECTED:
            said = "Never arrived" if order.reason == NEVER_ARRIVED else "Rejected by the broker"
            self._of(order, "warning", said, order.reason, "rejected")
        elif order.status is OrderStatus.UNRESOLVED and was is not OrderStatus.UNRESOLVED:
            self._of(order, "critical", "Unresolved", "The broker has not answered; it is being asked.", "unresolved")
        elif before is not None:
            self._became(before, order)

    def _became(self, before: Order, order: Order) -> None:
        if (
            before.status in CLOSED
            and (order.open or order.filled > before.filled)
            and before.status is not OrderStatus.FILLED
        ):
            self._of(order, "critical", "Arrived late", f"It was taken for {before.status}, yet it is {order.status} at the broker.",
                     "unresolved", "late")  # fmt: skip
        elif (
            before.open
            and 0 < order.filled < order.request.quantity
            and order.status in (OrderStatus.CANCELED, OrderStatus.EXPIRED)
        ):
            self._ended_in_part(order)
        elif before.status is OrderStatus.UNRESOLVED:
            self._of(order, "info", "Resolved", f"The broker has it as {order.status}.", "unresolved", "resolved")
        elif order.open and order.reason and order.filled == before.filled and order.status is not before.status:
            if before.status is OrderStatus.PENDING_CANCEL and order.status is not OrderStatus.PENDING_REPLACE:
                self._of(order, "warning", "Cancel refused", order.reason, "cancel")
            elif before.status is OrderStatus.PENDING_REPLACE and order.status is not OrderStatus.PENDING_CANCEL:
                self._of(order, "warning", "Change refused", order.reason, "cancel", "change")

    def _ended_in_part(self, order: Order) -> None:
        """The rest will not come: what was filled is the last word, however quietly the fills were counted."""
        request = order.request
        verb, average = (
            "Bought" if request.side.sign > 0 else "Sold",
            "" if order.average is None else f", avg {_price(order.average)}",
        )
        title = f"{verb} {order.filled:,f} of {request.quantity:,f} {request.symbol}{average}"
        rest = f"The other {request.quantity - order.filled:,f} will not come: the order is {order.status}."
        self.tell(
            "info",
            title,
            f"{rest} {order.reason}".strip(),
            f"ended {order.id}",
            kind="fill",
            panel="orders",
            about=order.id,
        )

    def _of(self, order: Order, urgency: Urgency, what: str, text: str, kind: Kind, key: str = "") -> None:
        request = order.request
        title = f"{what}: {request.side.upper()} {request.quantity:,f} {request.symbol}"
        self.tell(urgency, title, text, f"{key or kind} {order.id}", kind=kind, panel="orders", about=order.id)

    # ---- links

    def order_came_back(self, event: OrderCameBack) -> None:
        """An order that was given up is at the broker after all."""
        told = f"It was closed here as never arrived, yet the broker has it: {event.order.status}. Cancel it if it is no longer wanted."
        self._of(event.order, "critical", "Arrived after all", told, "unresolved", "late")

    def feed_changed(self, event: FeedChanged) -> None:
        """A feed lost or found."""
        if event.state in _BAD_FEED:
            if event.state == "backing off" and event.feed in self._bad:
                return  # of this outage a person has heard, and why
            self._bad.add(event.feed)
            self._lost(
                "warning", f"{event.feed} is {event.state}", event.detail, f"{event.feed} {event.state}", "feed", "data"
            )
        elif event.state == "off" and not event.detail.endswith(_OUR_STOP):
            self._bad.add(event.feed)
            self._lost("warning", f"{event.feed} is refused", event.detail, f"{event.feed} off", "feed", "data")
        elif event.state in _GOOD_FEED and event.feed in self._bad:
            self._bad.discard(event.feed)
            for state in (*_BAD_FEED, "off"):
                self._unheard.pop(f"{event.feed} {state}", None)
            self.tell("good", f"{event.feed} is back", event.detail, f"{event.feed} back", kind="feed", panel="data")

    def health(self, event: HealthMeasured) -> None:
        """Once a second: the broker or the database fell silent, or came back; and what was lost again is told once that may be."""
        self._silent = 0 if event.broker_ms is not None else self._silent + 1
        self._answered = self._answered or event.broker_ms is not None
        ails = ""
        if self._silent >= (SILENT if self._answered else NEVER_YET):
            ails, text = _ailing(event.broker_trouble)
            if ails != self._broker_told:  # to have no account yet is no alarm
                fresh = isinstance(event.broker_trouble, Denied) and not self._answered
                self._lost("warning" if fresh else "critical", ails, text, "broker down", "broker", "log")
        elif self._broker_told:
            self._found("Broker", "broker")
        self._broker_told = ails
        if self._database_down != (down := event.database.endswith(_DOWN)):
            self._database_down = down
            if down:
                text = "New orders are refused until it is back; cancel and halt go on."
                self._lost("critical", "Database is down", text, "database down", "database", "log")
            else:
                self._found("Database", "database")
        self._tell_unheard()

    def _found(self, name: str, kind: Kind) -> None:
        self._unheard.pop(f"{kind} down", None)
        self.tell("good", f"{name} is back", "It answers again.", f"{kind} back", kind=kind, panel="log")

    def _lost(self, urgency: Urgency, title: str, text: str, key: str, kind: Kind, panel: str) -> None:
        """Tell of a loss. One so soon after the last that it is only counted is told once that time is over, unless it is mended by
        then: the last that a person has heard was that it is back."""  # fmt: skip
        counted = self._counts(key)
        self.tell(urgency, title, text, key, kind=kind, panel=panel)
        if counted:
            self._unheard[key] = lambda: self.tell(urgency, title, text, key, kind=kind, panel=panel)

    def _counts(self, key: str) -> bool:
        """Whether it is too soon to tell the same again."""
        before = self._notices.get(self._by_key.get(key, ""))
        return before is not None and self._now() - before.at < AGAIN_AFTER

    def _tell_unheard(self) -> None:
        for key, tell in list(self._unheard.items()):
            if not self._counts(key):
                tell()

    # ---- the desk

    def reconciled(self, event: Reconciled) -> None:
        """Breaks."""
        run = event.run
        if not run.passed:
            count = len(run.breaks)
            title = f"{count} reconciliation break{'' if count == 1 else 's'}"
            self.tell("critical", title, f"${run.at_risk:,.2f} at risk; see Reconciliation.",
                      "breaks", kind="reconciliation", panel="reconciliation")  # fmt: skip

    def trading_state(self, event: TradingStateChanged) -> None:
        """Halt, reduce, resume."""
        if event.actor != "system":
            urgency: Urgency = "info" if event.state is TradingState.ACTIVE else "critical"
            self.tell(
                urgency, f"Trading is {event.state}", f"{event.reason} ({event.actor})", kind="risk", panel="risk"
            )


def _price(price: Decimal) -> str:
    return f"{price:,.2f}" if price >= 1 else f"{price:,.4f}"


def _ailing(trouble: BrokerDown | None) -> tuple[str, str]:
    """What to call it that the broker brings no balances, and what to do: one that answers is not called silent."""
    match trouble:
        case Denied():
            return "Broker refuses the account", str(trouble)
        case Garbled():
            return "Broker cannot be understood", f"{trouble} Orders may stay unresolved."
    return "Broker is down", "It does not answer; orders may stay unresolved."


def _read(raw: object) -> Notice | None:
    """A notice as saved, by this version or by another one; None for what cannot be read: one bad entry must not cost the others."""
    try:
        known = {key: value for key, value in raw.items() if key in Notice.__slots__}  # type: ignore[attr-defined]
        for key in ("at", "first", "acknowledged_at"):
            known[key] = None if known.get(key) is None else datetime.fromisoformat(str(known[key]))
        notice = Notice(**known)
    except (AttributeError, TypeError, ValueError):
        return None
    return notice if known["at"] is not None and notice.urgency in GRAVITY and notice.id else None
