"""From one account to another: never while an order's fate is open, and to LIVE only with the password.

The desk is not rewired under the person's hands. It is closed as at the program's end, and a new one is built for the other
account, so that no book, stream or price of the one can reach the other.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from qv_desktop.app.accounts import Accounts
from qv_desktop.app.going_live import confirmed
from qv_desktop.domain.connections import Connection
from qv_desktop.domain.errors import BadInput, Denied
from qv_desktop.domain.orders import Order, OrderStatus
from qv_desktop.services.connections import TRADE
from qv_desktop.wiring import Desk, Services
from qv_desktop.wiring.connections import ConnectionsWiring, Sitting

OPEN_FATE = frozenset({OrderStatus.INTENT, OrderStatus.UNRESOLVED, OrderStatus.PENDING_CANCEL, OrderStatus.PENDING_REPLACE,
                       OrderStatus.UNKNOWN})  # fmt: skip
LEAVING = "The account is being switched; send it at the next desk if it is still wanted."
PATIENCE = 3.0  # seconds for records to be written


def undecided(order: Order) -> bool:
    """Whether it is not known, or not yet, what became of something that was sent."""
    return order.status in OPEN_FATE or (order.status is OrderStatus.SUBMITTED and order.broker_id is None)


async def in_the_way(services: Services, anew: bool = False) -> str:
    """Why the account cannot be switched now, with what to do; empty when it can.

    ``anew``: the same account is put to use with other secrets. Where the broker refuses the ones in use, no order's fate is ever
    told through them, and what is open waits in the journal as over a restart.
    """
    blind = anew and isinstance(services.account.trouble, Denied)
    orders = [] if blind else [order for order in services.orders.book.values() if undecided(order)]
    if services.kill.running:
        return "The kill switch is at work; switch once it has told how it ended."
    if services.flattening.under_way:
        return f"{', '.join(sorted(services.flattening.under_way))} is being closed; switch once that is done."
    if services.orders.sending:
        return "An order is being sent; switch once the broker has answered."
    if orders:
        first = orders[0].request
        more = f" and {len(orders) - 1} more" if len(orders) > 1 else ""
        return (f"{first.side.upper()} {first.quantity:,f} {first.symbol}{more} is still on its way ({orders[0].status}); "
                "switch once the broker has answered.")  # fmt: skip
    if not await services.orders.records.written(PATIENCE):
        waiting = max(1, services.orders.records.waiting)
        return f"{waiting} change{'' if waiting == 1 else 's'} of orders still wait for the database; switch once they are written."
    return ""


async def switched(accounts: Accounts, desk: Desk, id_: str, disarm: Callable[[str], None],
                   went_back: Callable[[], None] = lambda: None) -> bool:  # fmt: skip
    """Whether the account was switched; False when the person went back, which ``went_back`` hears first. ``disarm`` turns trading
    keys off, for a reason.

    Raises BadInput when it cannot be now, NotPermitted.
    """
    wanted = accounts.connections.get(id_)
    await desk.services.login.require(TRADE)  # before anybody is asked for a password
    _require(await in_the_way(desk.services, _anew(accounts, wanted)))
    if wanted.environment == "LIVE":
        stays = f"stay on “{accounts.in_use.name}”" if accounts.in_use else "see prices only"
        if not await confirmed(
            accounts.connections, wanted, accounts.person, f"Without it you {stays}.", desk.window, went_back
        ):
            return False
    disarm("the account is being switched")  # keys are heard by a window that takes no clicks, too
    return await _closed_for(accounts, desk, wanted)


async def _closed_for(accounts: Accounts, desk: Desk, wanted: Connection) -> bool:
    """Nothing can be sent from here on, so what was looked at stays as it was seen."""
    desk.window.setEnabled(False)
    desk.services.orders.closing = LEAVING
    try:
        _require(await in_the_way(desk.services, _anew(accounts, wanted)))
        await accounts.connections.switch(wanted.id)
    except BaseException:
        desk.services.orders.closing = ""
        desk.window.setEnabled(True)
        raise
    return True


def _anew(accounts: Accounts, wanted: Connection) -> bool:
    return accounts.in_use is not None and accounts.in_use.id == wanted.id


def _require(why: str) -> None:
    if why:
        raise BadInput(f"The account was not switched: {why}")


def lent(accounts: Accounts, desk: Desk, use: Callable[[str], Awaitable[None]]) -> ConnectionsWiring:
    """The accounts at ``desk``'s pill and in their dialog; ``use`` puts another one to use."""
    sitting = Sitting(
        accounts.stored, partial(accounts.permitted, browse=browsed), use, accounts.place, accounts.redirect
    )
    return ConnectionsWiring(desk, accounts.connections, sitting, accounts.in_use)


def browsed(url: str) -> bool:
    """Open an address in the system's browser; whether one could be opened."""
    return QDesktopServices.openUrl(QUrl(url))


async def until_closed[Found](work: Awaitable[Found], leaving: asyncio.Event) -> Found | None:
    """What ``work`` finds, or None when the window is closed before it has."""
    finding, going = asyncio.ensure_future(work), asyncio.ensure_future(leaving.wait())
    try:
        await asyncio.wait({finding, going}, return_when=asyncio.FIRST_COMPLETED)
        return finding.result() if finding.done() else None
    finally:
        finding.cancel()
        going.cancel()
