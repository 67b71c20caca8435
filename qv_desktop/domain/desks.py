"""Several desks on one account: what one of them knew of the others when it judged an order, and what it had not heard of yet."""

from dataclasses import dataclass

from qv_desktop.domain.orders import Order

NEVER = -1  # what a desk has heard that has not begun to listen: it is told of all that is open
EVERYTHING = 2**62  # more than there will ever be


@dataclass(frozen=True, slots=True)
class Turn:
    """``heard`` is the number of the newest intent of another desk that the verdict was judged beside; a ``way_out``, an order that only
    reduces, waits for no other desk."""

    heard: int = NEVER
    way_out: bool = False


@dataclass(frozen=True, slots=True)
class Intents:
    """What other desks wrote down before they sent it, oldest first, as it stands now; ``newest`` is the number of the last one."""

    newest: int = NEVER
    orders: tuple[Order, ...] = ()


class Overtaken(Exception):
    """Other desks wrote intents down first that the verdict knows nothing of, ``by``; nothing was written."""

    def __init__(self, by: Intents) -> None:
        super().__init__(f"{len(by.orders)} intents of other desks up to {by.newest} came first")
        self.by = by
