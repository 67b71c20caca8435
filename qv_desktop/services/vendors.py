"""The vendors of history in order of preference: the next one is asked when one cannot answer."""

from collections.abc import Awaitable, Callable, Hashable, Sequence

from qv_desktop.domain.errors import FeedDown
from qv_desktop.services.ports.callbacks import Progress
from qv_desktop.services.ports.history import History as Vendor
from qv_desktop.services.requests import RequestCancelled, Requests

type Ask[Answer] = Callable[[Vendor, Progress], Awaitable[Answer]]

NONE = "No price vendor is configured; enter a Polygon or Alpaca key in the settings."


class Vendors:
    """Asks through the book of requests, so that equal questions are asked once and a person sees them."""

    def __init__(self, vendors: Sequence[Vendor], requests: Requests) -> None:
        self._vendors, self._requests = vendors, requests

    async def ask[Answer](self, key: Hashable, label: str, ask: Ask[Answer], urgent: bool = True, feed: str = "",
                          only: bool = False) -> tuple[Answer, str]:  # fmt: skip
        """The first answer, and the name of the vendor that gave it. The vendor of ``feed`` is asked first, or ``only`` it.

        Raises FeedDown with what each of them said, NotInPlan when the only one asked does not sell it to us.
        """
        reasons = list[FeedDown]()
        for vendor in self._in_order(feed, only):
            try:
                return await self._requests.ask(key, label, vendor.name, _of(ask, vendor), urgent), vendor.name
            except RequestCancelled:
                raise
            except FeedDown as error:
                reasons.append(error)
        if len(reasons) == 1:
            raise reasons[0]
        raise FeedDown(" ".join(dict.fromkeys(map(str, reasons))) or NONE)

    def _in_order(self, feed: str, only: bool) -> list[Vendor]:
        """A stream's name begins with its vendor's."""
        first = [vendor for vendor in self._vendors if feed.startswith(vendor.name)]
        return first if only else [*first, *(vendor for vendor in self._vendors if vendor not in first)]


def _of[Answer](ask: Ask[Answer], vendor: Vendor) -> Callable[[Progress], Awaitable[Answer]]:
    return lambda progress: ask(vendor, progress)
