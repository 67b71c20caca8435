"""The intent of a ticket: one id for each, what was read, what is on its way, and what became of the last one."""

from dataclasses import replace
from enum import Enum, auto

from qv_desktop.domain.orders import OrderRequest
from qv_desktop.ui.models.order_ids import OrderIds


class Heard(Enum):
    """Which intent a word of the book is about."""

    PRESENT = auto()
    LAST = auto()
    OTHER = auto()


class Intents:
    """What was reviewed is what is sent, under an id that stays the same until the book has taken it.

    ``reviewed`` waits for the second press; ``sent`` was sent and not yet taken; ``under_way`` is the id of what is on its way to
    the book, and until its answer nothing else is sent.
    """

    def __init__(self, ids: OrderIds) -> None:
        self._ids = ids
        self._id = ids.next()
        self._last = ""
        self.reviewed: OrderRequest | None = None
        self.sent: OrderRequest | None = None
        self.under_way = ""

    @property
    def frozen(self) -> bool:
        """Whether an order was read or sent, so that no price may change it any more."""
        return self.reviewed is not None or self.sent is not None

    def named(self, request: OrderRequest | None) -> OrderRequest | None:
        """The request under the present intent's id."""
        return None if request is None else replace(request, client_order_id=self._id)

    def send(self, request: OrderRequest) -> None:
        """The second press."""
        self.reviewed, self.sent, self.under_way = None, request, request.client_order_id

    def changed(self, request: OrderRequest | None) -> None:
        """The fields say something else now: what was read is forgotten, and another order gets an id of its own."""
        self.reviewed = None
        if self.sent is not None and request != replace(self.sent, client_order_id=""):
            self.sent, self._id = None, self._ids.next()

    def heard(self, key: str) -> Heard:
        """The book has an order of that id: if it is the present one, the next gets an id of its own."""
        self.answered(key)
        if self.sent is not None and self.sent.client_order_id == key:
            self.sent, self._id, self._last = None, self._ids.next(), key
            return Heard.PRESENT
        return Heard.LAST if key == self._last else Heard.OTHER

    def answered(self, key: str) -> bool:
        """Whether that id was on its way; it is no longer."""
        if key != self.under_way:
            return False
        self.under_way = ""
        return True
