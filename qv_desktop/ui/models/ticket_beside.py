"""What a ticket's order stands beside: its symbol's market and listing, the account, what is held, and what is usual."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from qv_desktop.domain.accounts import Account
from qv_desktop.domain.auctions import BEFORE, auction_refusal
from qv_desktop.domain.cautions import cautions
from qv_desktop.domain.instruments import Instrument
from qv_desktop.domain.market import Snapshot, money
from qv_desktop.domain.orders import OrderRequest, Side, TimeInForce
from qv_desktop.domain.positions import Position
from qv_desktop.domain.risk import Check
from qv_desktop.domain.sessions import MarketSession
from qv_desktop.ui.models.order_draft import Facts
from qv_desktop.ui.models.order_preview import Around, held_shares, market_price, price_of, verb
from qv_desktop.ui.models.ticket_words import touch_price

FRESH = 2  # seconds, for a quote to question a stop by


@dataclass(slots=True)
class Beside:
    """Of one symbol; what is of another one is never kept here."""

    symbol: str = ""
    side: Side = Side.BUY
    instrument: Instrument | None = None
    snapshot: Snapshot | None = None
    quote_age: float | None = None  # seconds
    account: Account | None = None
    position: Position | None = None
    around: Around = field(default_factory=Around)
    usual: Decimal | None = None  # shares, in this symbol

    def turn(self, symbol: str) -> None:
        """Another symbol: everything that was of the last one is forgotten."""
        self.symbol, self.instrument, self.snapshot, self.position = symbol, None, None, None
        self.quote_age = self.usual = None
        self.around = replace(self.around, average_volume=None)

    @property
    def held(self) -> Decimal:
        """Signed shares."""
        return held_shares(self.position, self.symbol)

    @property
    def halted(self) -> bool:
        """Whether the exchange has stopped trading in it."""
        return self.snapshot is not None and self.snapshot.halted

    @property
    def market(self) -> Decimal | None:
        """Where an order on this side would trade at once."""
        return market_price(self.side, self.snapshot)

    @property
    def ask(self) -> Decimal | None:
        """What a share costs at once."""
        return self._of_quote(Side.BUY)

    @property
    def touch(self) -> Decimal | None:
        """The ask for buyers and the bid for sellers, however old; None where nobody quotes one."""
        return self._of_quote(self.side)

    def _of_quote(self, side: Side) -> Decimal | None:
        quote = self.snapshot.quote if self.snapshot else None
        price = None if quote is None else quote.ask if side is Side.BUY else quote.bid
        return money(price) if price else None

    def facts(self, closed: Mapping[TimeInForce, str]) -> Facts:
        """What a draft is made beside now, ``closed`` being the lives that are not taken."""
        fresh = self.quote_age is not None and self.quote_age <= FRESH
        touch = touch_price("Ask" if self.side is Side.BUY else "Bid", self.snapshot) if fresh else None
        return Facts(self.market, self.account.equity if self.account else None, self.held, closed, touch)

    def verb(self, shares: Decimal | None) -> str:
        """What trading ``shares`` on this side is called here: buy, sell, short or cover."""
        return verb(self.side, self.held, shares)

    def warnings(self, request: OrderRequest) -> tuple[Check, ...]:
        """What a careful person would ask before sending ``request``."""
        return tuple(cautions(request, price_of(request, self.snapshot), self.usual))


def closed_auctions(session: MarketSession | None, at: datetime) -> dict[TimeInForce, str]:
    """The auctions that take no orders at that time of ``session``, each with the reason."""
    refusals = {life: auction_refusal(life, session, at) for life in BEFORE}
    return {life: why for life, why in refusals.items() if why}
