"""The broker: orders out, definite or unknown outcomes back, and questions about the account."""

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import structlog

from qv_desktop.adapters.alpaca import account_messages, messages, payloads, sweeping
from qv_desktop.adapters.alpaca.account_history import AccountHistory
from qv_desktop.adapters.alpaca.again import asked_again
from qv_desktop.adapters.alpaca.fields import Raw, Unreadable, every, moment, needed, record, rows, text
from qv_desktop.adapters.alpaca.hosts import held_to
from qv_desktop.adapters.alpaca.lanes import Lane
from qv_desktop.adapters.alpaca.outcomes import Refusal, Unanswered
from qv_desktop.adapters.alpaca.reading import Tell, each, most, whole
from qv_desktop.domain.accounts import Account, Environment
from qv_desktop.domain.errors import BrokerDown, Denied, Garbled
from qv_desktop.domain.instruments import Instrument
from qv_desktop.domain.killing import Standing, Swept
from qv_desktop.domain.orders import Fill, Order, OrderRequest, Report, ReportKind
from qv_desktop.domain.positions import Position
from qv_desktop.domain.risk import Verdict
from qv_desktop.domain.sessions import BrokerClock, MarketSession

log = structlog.get_logger()

ORDER_PAGE, ACTIVITY_PAGE = 500, 100  # Alpaca's most
ORDER_THREADS = 4
FEW = 5  # orders that are asked for one by one rather than looked for in a long list
TOGETHER = timedelta(seconds=1)  # within which the orders of one group are made
READ = 5.0  # seconds
LEFT_OUT = "{} {} in options or crypto: in no figure here, for this program counts shares; see the broker's own pages."
LISTS = 30.0  # seconds; the list of all shares is some ten megabytes


class AlpacaBroker:
    """One Alpaca account over REST at ``base_url`` (without /v2). Orders and questions travel on threads of their own.

    ``now`` is aware UTC and stamps what Alpaca does not; ``tell`` gets a sentence about rows of an answer that could not be read;
    an OAuth ``token`` is used instead of the keys. Raises BadInput when environment and address contradict each other.
    """

    def __init__(self, key: str, secret: str, base_url: str, now: Callable[[], datetime], account_environment: Environment,
                 tell: Tell = lambda sentence: None, token: str = "") -> None:  # fmt: skip
        held_to(base_url, account_environment)
        self.environment = account_environment
        self._now, self._tell = now, tell
        self._orders = Lane("alpaca-orders", ORDER_THREADS, lambda: _client(key, secret, base_url, READ, token), READ)
        self._questions = Lane("alpaca-questions", 2, lambda: _client(key, secret, base_url, READ, token), READ)
        self._last = Lane(
            "alpaca-last", 1, lambda: _client(key, secret, base_url, READ, token), READ
        )  # the last resort's own
        self._lists = Lane("alpaca-lists", 1, lambda: _client(key, secret, base_url, LISTS, token), LISTS)
        self.history = AccountHistory(lambda path, data=None: self._asked(path, data, self._lists), now, tell)
        self._account_id = ""
        self._client_ids: dict[str, str] = {}  # broker order id -> client order id
        self._foreign: set[str] = set()  # broker ids of orders that are not of shares

    # ---- orders: they never raise for what the broker does, they report

    async def submit(self, order: Order, verdict: Verdict) -> Report:
        """Post once: ACKNOWLEDGED, REJECTED with the broker's words, or UNCERTAIN. Raises TypeError without a passed verdict."""
        _admit(order.request, verdict)
        try:
            raw = record(await self._orders.ask("post", "/orders", payloads.submission(order.request)))
            self._remember(raw)
            rejected = text(raw, "status") == "rejected"
            kind = ReportKind.REJECTED if rejected else ReportKind.ACKNOWLEDGED
            return self._report(order, kind, messages.standing(raw, self._now()).reason, needed(raw, "id"))
        except Refusal as refusal:
            return await self._refused(order, refusal)
        except (Unanswered, Unreadable) as silence:
            return self._report(order, ReportKind.UNCERTAIN, str(silence))

    async def cancel(self, order: Order) -> Report:
        """Ask once: CANCEL_ASKED, CANCEL_REFUSED, or UNCERTAIN."""
        try:
            await self._orders.ask("delete", f"/orders/{await self._broker_id(order)}")
            return self._report(order, ReportKind.CANCEL_ASKED)
        except Refusal as refusal:
            no = refusal.definite or (refusal.status == 404 and refusal.spoken)
            return self._report(order, ReportKind.CANCEL_REFUSED if no else ReportKind.UNCERTAIN, refusal.message)
        except (Unanswered, Unreadable) as silence:
            return self._report(order, ReportKind.UNCERTAIN, str(silence))

    async def replace(self, order: Order, replacement: OrderRequest, verdict: Verdict) -> Report:
        """Ask once for new terms: REPLACED with ``replaced_by``, REPLACE_REFUSED, or UNCERTAIN. Raises TypeError."""
        _admit(replacement, verdict)
        try:
            path = f"/orders/{await self._broker_id(order)}"
            raw = record(await self._orders.ask("patch", path, payloads.amendment(order.request, replacement)))
            self._remember(raw)
            return self._report(order, ReportKind.REPLACED, replaced_by=needed(raw, "id"))
        except Refusal as refusal:
            no = refusal.definite or (refusal.status == 404 and refusal.spoken)
            return self._report(order, ReportKind.REPLACE_REFUSED if no else ReportKind.UNCERTAIN, refusal.message)
        except (Unanswered, Unreadable) as silence:
            return self._report(order, ReportKind.UNCERTAIN, str(silence))

    async def cancel_everything(self) -> Swept:
        """Ask once that every open order of the account be cancelled, on a connection that no other question can hold up."""
        try:
            return sweeping.swept(rows(await self._last.ask("delete", "/orders")))
        except Refusal as refusal:
            definite = refusal.definite and refusal.status != 429  # too many questions: single ones would only be more
            return Swept(answered=False, definite=definite, reason=refusal.message)
        except (Unanswered, Unreadable) as silence:
            return Swept(answered=False, reason=str(silence))

    async def standing(self) -> list[Standing]:
        """Every order of the account that is still open, of any kind and whoever made it. Raises BrokerDown."""
        found = await self._orders_listed(self._last, status="open")
        return self._read(lambda: [sweeping.standing(raw) for raw in found])

    async def _refused(self, order: Order, refusal: Refusal) -> Report:
        """A definite no, the discovery that the order is already there, or no knowledge."""
        if refusal.duplicate:
            try:
                raw = record(await self._by_client_id(self._orders, order.id))
                self._remember(raw)
                return messages.standing(raw, self._now())
            except (Refusal, Unanswered, Unreadable) as silence:
                return self._report(order, ReportKind.UNCERTAIN, str(silence))
        return self._report(order, ReportKind.REJECTED if refusal.definite else ReportKind.UNCERTAIN, refusal.message)

    async def _broker_id(self, order: Order) -> str:
        if order.broker_id is not None:
            return order.broker_id
        raw = record(await self._by_client_id(self._orders, order.id))
        self._remember(raw)
        return needed(raw, "id")

    def _report(self, order: Order, kind: ReportKind, reason: str = "", broker_id: str | None = None,
                replaced_by: str | None = None) -> Report:  # fmt: skip
        return Report(order.id, kind, self._now(), broker_id=broker_id or order.broker_id, reason=reason,
                      replaced_by=replaced_by)  # fmt: skip

    # ---- questions: they raise BrokerDown when nothing is known

    async def find(self, client_order_id: str) -> Order | None:
        """The order as Alpaca has it, None when it provably has none. After a replacement this is the original order."""
        account = await self._known_account()
        try:
            raw = record(await self._by_client_id(self._questions, client_order_id))
            self._remember(raw)
            return messages.order(raw, account)
        except Refusal as refusal:
            if refusal.status == 404 and refusal.spoken:
                return None
            raise _down(refusal) from refusal
        except (Unanswered, Unreadable) as silence:
            raise _down(silence) from silence

    async def account(self) -> Account:
        """Balances now."""
        raw = await self._one("/account")
        found = self._read(lambda: account_messages.account(raw, self._now()))
        self._account_id = found.id
        return found

    async def positions(self) -> dict[str, Position]:
        """Every open position in shares by symbol. Raises Incomplete with those that can be read, when one cannot: it is not flat."""
        raws = self._read_rows(await self._asked("/positions"))
        shares = [raw for raw in raws if not messages.is_foreign(raw)]
        if left_out := len(raws) - len(shares):
            self._tell(LEFT_OUT.format(left_out, "position" if left_out == 1 else "positions"))
        rows = each(shares, messages.position, key=lambda found: found.symbol)
        return {found.symbol: found for found in whole(rows, "positions", self._tell)}

    async def open_orders(self) -> list[Order]:
        """Every order that can still trade, oldest first; legs of brackets are orders of their own. Raises Incomplete as well.

        Alpaca's list of open orders leaves out exits that are held, such as the stop beside a working profit; they are looked for among
        the orders that were made together with those that it has.
        """
        account = await self._known_account()
        found = await self._orders_listed(None, status="open")
        return self._orders_of(found + await self._held_beside(found), account, "open orders")

    async def _held_beside(self, listed: list[Raw]) -> list[Raw]:
        """Exits that are held, of the groups that an open order belongs to. A change gives an exit a time of its own: see ``find``."""
        made = {at for raw in listed if messages.is_group(raw) and (at := moment(raw, "submitted_at", "created_at"))}
        spans = [(at, at) for at in sorted(made)] if len(made) <= FEW else [(min(made), max(made))]
        known = {text(raw, "id") for raw in listed}
        found: dict[str, Raw] = {}
        for first, last in spans:
            near = {"after": _stamp(first - TOGETHER), "until": _stamp(last + TOGETHER)}
            for raw in await self._orders_listed(None, status="all", **near):
                if text(raw, "status") == "held" and text(raw, "id") not in known:
                    found[text(raw, "id")] = raw
        return list(found.values())

    async def recent_orders(self, since: datetime) -> list[Order]:
        """Every order made from ``since`` on, oldest first, whatever became of it. Raises Incomplete as well."""
        account = await self._known_account()
        found = await self._orders_listed(None, status="all", after=_stamp(since - timedelta(milliseconds=1)))
        return self._orders_of(found, account, "orders")

    def _orders_of(self, found: list[Raw], account: str, what: str) -> list[Order]:
        for raw in found:
            self._remember(raw)
        ours = [raw for raw in found if messages.is_equity_order(raw)]
        return whole(each(ours, lambda raw: messages.order(raw, account)), what, self._tell)

    async def fills(self, since: datetime) -> list[Fill]:
        """Every execution of shares from ``since`` on, oldest first. Raises Incomplete with those that can be read, when one cannot."""
        told = await self._activities(since)
        ids = await self._client_ids_of({text(raw, "order_id") for raw in told} - {""}, since)
        raws = [raw for raw in told if text(raw, "order_id") not in self._foreign]
        found = whole(each(raws, lambda raw: messages.fill(raw, _order_of(raw, ids))), "executions", self._tell)
        return [fill for fill in found if fill.at >= since]

    async def instruments(self) -> list[Instrument]:
        """Every active US equity that can be read; what cannot is not tradable here."""
        answer = await self._asked("/assets", {"status": "active", "asset_class": "us_equity"}, self._lists)
        return most(each(self._read_rows(answer), messages.instrument), "shares", self._tell)

    async def sessions(self, first: date, last: date) -> list[MarketSession]:
        """The broker's calendar, both days included."""
        answer = await self._asked("/calendar", {"start": first.isoformat(), "end": last.isoformat()})
        return self._read(lambda: [messages.session(raw) for raw in every(answer)])

    async def clock(self) -> BrokerClock:
        """What time it is for Alpaca, and whether the market is open. Raises BrokerDown."""
        answer = await self._one("/clock")
        return self._read(lambda: messages.clock(answer))

    async def warm(self) -> None:
        """Open the order lane's connections ahead of the first order, so that it does not wait for an import or a handshake."""
        lanes = [self._orders] * ORDER_THREADS + [self._last]
        await asyncio.gather(*(self._asked("/clock", lane=lane) for lane in lanes))

    def close(self) -> None:
        """Let the threads go."""
        for lane in (self._orders, self._questions, self._last, self._lists):
            lane.close()

    async def _asked(self, path: str, data: dict[str, object] | None = None, lane: Lane | None = None) -> Any:
        try:
            return await _read(lane or self._questions, path, data)
        except (Refusal, Unanswered) as failure:
            raise _down(failure) from failure

    async def _one(self, path: str) -> Raw:
        answer = await self._asked(path)
        return self._read(lambda: record(answer))

    def _read[Answer](self, read: Callable[[], Answer]) -> Answer:
        try:
            return read()
        except (Unreadable, KeyError) as nonsense:
            raise _down(Unreadable(str(nonsense))) from nonsense

    async def _known_account(self) -> str:
        return self._account_id or (await self.account()).id

    async def _by_client_id(self, lane: Lane, client_order_id: str) -> Any:
        return await _read(lane, "/orders:by_client_order_id", {"client_order_id": client_order_id})

    def _remember(self, raw: Raw) -> None:
        self._client_ids[text(raw, "id")] = text(raw, "client_order_id")
        if not messages.is_equity_order(raw):
            self._foreign.add(text(raw, "id"))

    async def _orders_listed(self, lane: Lane | None = None, **query: object) -> list[Raw]:
        """Orders oldest first. ``after`` is exclusive, so a page begins a moment before the last one ended."""
        found: dict[str, Raw] = {}
        while True:
            page = self._read_rows(
                await self._asked("/orders", {"limit": ORDER_PAGE, "direction": "asc", **query}, lane)
            )
            named = ((text(raw, "id") or f"nameless {len(found) + place}", raw) for place, raw in enumerate(page))
            fresh = {id_: raw for id_, raw in named if id_ not in found}
            found |= fresh
            last = moment(page[-1], "submitted_at", "created_at") if page else None
            if len(page) < ORDER_PAGE:
                return list(found.values())
            if not fresh or last is None:  # what comes behind this page cannot be asked for
                raise Garbled(
                    f"Alpaca's list of orders does not go on behind {len(found):,} of them; nothing was changed."
                )
            query["after"] = _stamp(last - timedelta(milliseconds=1))

    async def _activities(self, since: datetime) -> list[Raw]:
        query: dict[str, object] = {"after": _stamp(since - timedelta(milliseconds=1)), "direction": "asc",
                                    "page_size": ACTIVITY_PAGE}  # fmt: skip
        found: list[Raw] = []
        seen: set[str] = set()
        while True:
            page = self._read_rows(await self._asked("/account/activities/FILL", query))
            fresh = {text(raw, "id") for raw in page} - seen
            found += [raw for raw in page if text(raw, "id") not in seen]
            seen |= fresh
            if len(page) < ACTIVITY_PAGE or not fresh:
                return found
            query["page_token"] = self._read(lambda page=page: needed(page[-1], "id"))  # type: ignore[misc]  # this very page

    def _read_rows(self, answer: object) -> list[Raw]:
        return self._read(lambda: every(answer))

    async def _client_ids_of(self, broker_ids: set[str], since: datetime) -> dict[str, str]:
        """Client order ids by broker id: from memory; many from the day's orders, a few and what is left one by one."""
        if len(broker_ids - self._client_ids.keys()) > FEW:
            for raw in await self._orders_listed(status="all", after=_stamp(since - timedelta(days=1))):
                self._remember(raw)
        for missing in broker_ids - self._client_ids.keys():
            self._remember(await self._one(f"/orders/{missing}"))
        return {key: self._client_ids[key] for key in broker_ids if self._client_ids.get(key)}


def _client(key: str, secret: str, url: str, read: float, token: str) -> Any:
    from qv_desktop.adapters.alpaca.client import trading_client

    return trading_client(key, secret, url, read, token)


def _order_of(raw: Raw, client_ids: dict[str, str]) -> str:
    """The client id of the order that an execution belongs to. Raises Unreadable."""
    try:
        return client_ids[text(raw, "order_id")]
    except KeyError:
        raise Unreadable("A fill does not tell whose it is.") from None


async def _read(lane: Lane, path: str, data: dict[str, object] | None = None) -> Any:
    """The answer to a question, which may be asked again; whatever changes something at Alpaca goes out once, and not here."""
    return await asked_again(lambda: lane.ask("get", path, data))


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _admit(request: OrderRequest, verdict: object) -> None:
    """The broker's door: it opens for nothing but a passed verdict of this very request."""
    if not isinstance(verdict, Verdict) or verdict.request != request or not verdict.passed:
        raise TypeError("An order reaches the broker only with a passed verdict of its own request.")


def _down(failure: Exception) -> BrokerDown:
    if isinstance(failure, Refusal) and failure.status == 401:
        return Denied(failure.message)
    if isinstance(failure, Refusal):
        return BrokerDown(failure.message if failure.spoken else f"{failure.message} Try again in a moment.")
    if isinstance(failure, Unreadable):
        log.warning("Alpaca's answer could not be read", reason=str(failure))
        return Garbled(f"Alpaca's answer could not be read ({failure}); nothing was changed.")
    return BrokerDown(f"Alpaca cannot be reached ({failure}); check the network. Nothing was changed.")
