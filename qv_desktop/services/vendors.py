"""The vendors of history in order of preference: the next one is asked when one cannot answer."""

from collections.abc import Awaitable, Callable, Hashable, Sequence

from qv_desktop.domain.errors import FeedDown
from qv_desktop.services.ports import History as Vendor
from qv_desktop.services.ports import Progress
from qv_desktop.services.requests import RequestCancelled, Requests

type Ask[Answer] = Callable[[Vendor, Progress], Awaitable[Answer]]

NONE = "No price vendor is configured; enter a Polygon or Alpaca key in the settings."


class Vendors:
    """Asks through the book of requests, so that equal questions are asked once and a person sees them."""

    def __init__(self, vendors: Sequence[Vendor], requests: Requests) -> None:
        self._vendors, self._requests = vendors, requests

    async def ask[Answer](self, key: Hashable, label: str, ask: Ask[Answer], urgent: bool = True) -> tuple[Answer, str]:
        """The first answer, and the name of the vendor that gave it. Raises FeedDown with what each of them said."""
        reasons: list[str] = []
        for vendor in self._vendors:
            try:
                return await self._requests.ask(key, label, vendor.name, _of(ask, vendor), urgent), vendor.name
            except RequestCancelled:
                raise
            except FeedDown as error:
                reasons.append(str(error))
        raise FeedDown(" ".join(dict.fromkeys(reasons)) or NONE)


def _of[Answer](ask: Ask[Answer], vendor: Vendor) -> Callable[[Progress], Awaitable[Answer]]:
    return lambda progress: ask(vendor, progress)
