"""Ways to lose, double or strand orders, each as small as it is usually made; the audit must see every one of them."""

from dataclasses import replace

from qv_desktop.adapters.alpaca.broker import AlpacaBroker
from qv_desktop.adapters.alpaca.outcomes import Refusal
from qv_desktop.domain.errors import BrokerDown
from qv_desktop.domain.orders import Order, Report, ReportKind
from qv_desktop.domain.risk import Verdict, minted
from qv_desktop.services.orders import Orders
from qv_desktop.services.settling import NEVER_ARRIVED
from tests.stories.trader import Trader


class NewIdPerRetry(AlpacaBroker):
    """What got no answer is sent again under another id."""

    async def submit(self, order: Order, verdict: Verdict) -> Report:
        """Twice at most."""
        report = await super().submit(order, verdict)
        if report.kind is not ReportKind.UNCERTAIN:
            return report
        request = replace(order.request, client_order_id=f"{order.id}-again")
        again = await super().submit(replace(order, request=request), minted(request, ()))
        return replace(again, client_order_id=order.id)


class BlindResend(AlpacaBroker):
    """What got no answer is sent again under the same id: the broker will notice."""

    async def submit(self, order: Order, verdict: Verdict) -> Report:
        """Twice at most."""
        report = await super().submit(order, verdict)
        return await super().submit(order, verdict) if report.kind is ReportKind.UNCERTAIN else report


class QueryThenResend(AlpacaBroker):
    """What got no answer is asked for, and sent again when it is not found."""

    async def submit(self, order: Order, verdict: Verdict) -> Report:
        """Twice at most."""
        report = await super().submit(order, verdict)
        missing = report.kind is ReportKind.UNCERTAIN and await self._missing(order)
        return await super().submit(order, verdict) if missing else report

    async def _missing(self, order: Order) -> bool:
        try:
            return await self.find(order.id) is None
        except BrokerDown:
            return False


class DuplicateIsRejection(BlindResend):
    """Sent again under the same id, and “must be unique” is taken for a no."""

    async def _refused(self, order: Order, refusal: Refusal) -> Report:
        return self._report(order, ReportKind.REJECTED, refusal.message)


class SilenceIsRejection(AlpacaBroker):
    """No answer is taken for a no."""

    async def submit(self, order: Order, verdict: Verdict) -> Report:
        """Never uncertain."""
        report = await super().submit(order, verdict)
        return replace(report, kind=ReportKind.REJECTED) if report.kind is ReportKind.UNCERTAIN else report


class WritesLater(Orders):
    """Nothing is written ahead; what happened will be."""

    async def _intend(
        self, order: Order, action: str, verdict: Verdict, former: Order | None = None, cause: str = ""
    ) -> Verdict:
        self.book[order.id] = order
        return verdict


def one_not_found_is_the_end(trader: Trader) -> None:
    """The first 404 closes the order."""
    settling = trader.orders.settling

    async def gone(order: Order) -> None:
        if order.open and order.broker_id is None:
            trader.orders.apply(Report(order.id, ReportKind.NOT_FOUND, trader.clock.market(), reason=NEVER_ARRIVED))

    settling._absent = gone  # type: ignore[method-assign]
    settling.asking._worth_a_question = lambda order, listed: True  # type: ignore[method-assign]


def a_list_proves_absence(trader: Trader) -> None:
    """What the broker's list lacks is closed."""
    asking, listed = trader.orders.settling.asking, trader.orders.settling.asking._recent

    async def proves(orders: list[Order]) -> list[Order]:
        found = await listed(orders)
        for order in {order.id: order for order in orders if order.broker_id is None}.keys() - {
            order.id for order in found
        }:
            trader.orders.apply(Report(order, ReportKind.NOT_FOUND, trader.clock.market(), reason=NEVER_ARRIVED))
        return found

    asking._recent = proves  # type: ignore[method-assign]
