"""What is asked about the account beside its balances: settings, activities page by page, and the equity of a period."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from qv_desktop.adapters.alpaca import account_messages as messages
from qv_desktop.adapters.alpaca.fields import Raw, Unreadable, every, record, text
from qv_desktop.adapters.alpaca.reading import Tell, each, most, whole
from qv_desktop.domain.account_history import Activity, Curve, Kind, Page, Period, Wanted, codes
from qv_desktop.domain.account_standing import Configuration
from qv_desktop.domain.errors import BrokerDown, Incomplete

PAGE = 100  # Alpaca's most
SEARCHED = 9  # further pages
NEW_YORK = ZoneInfo("America/New_York")
BEGINNING = datetime(2015, 1, 1, tzinfo=UTC)  # before Alpaca's first account
# what is asked for each period; beyond thirty days Alpaca has days only
QUERIES: dict[Period, dict[str, object]] = {
    Period.DAY: {"period": "1D", "timeframe": "5Min", "intraday_reporting": "extended_hours"},
    Period.WEEK: {"period": "1W", "timeframe": "15Min", "intraday_reporting": "market_hours"},
    Period.MONTH: {"period": "1M", "timeframe": "1D"},
    Period.QUARTER: {"period": "3M", "timeframe": "1D"},
    Period.YEAR: {"period": "1A", "timeframe": "1D"},
    Period.ALL: {"timeframe": "1D"},
}
CUT_OFF = "Older ones cannot be asked for, because the last row of the page has no id."
UNFINISHED = "Not all of the account's movements can be asked for, because the last row of a page has no id; nothing was concluded."


class Ask(Protocol):
    """GET a path with a query: the answer's JSON. Raises BrokerDown."""

    def __call__(self, path: str, data: dict[str, object] | None = None) -> Awaitable[object]: ...


class AccountHistory:
    """Questions that may be slow and that no order waits for; ``ask`` sends them on a thread of their own. All raise BrokerDown."""

    def __init__(self, ask: Ask, now: Callable[[], datetime], tell: Tell) -> None:
        self._ask, self._now, self._tell = ask, now, tell

    async def configuration(self) -> Configuration:
        """The account's settings."""
        answer = await self._ask("/account/configurations")
        return messages.configuration(_read(lambda: record(answer)))

    async def curve(self, period: Period, since: datetime | None) -> Curve:
        """The equity of ``period``; all of it begins at ``since``, when the account was made."""
        query = QUERIES[period] | {"cashflow_types": "ALL"}
        if period is Period.ALL:
            query |= {
                "start": _stamp(since or BEGINNING),
                "end": _stamp(self._now()),
            }  # with a start alone a month might be meant
        answer = await self._ask("/account/portfolio/history", query)
        return _read(lambda: messages.curve(record(answer), period))

    async def activities(self, wanted: Wanted, token: str = "") -> Page:
        """A page, newest first; ``token`` is that of the page before, and asks for what is older.

        A page of which nothing is wanted is passed over, up to ``SEARCHED`` of them.
        """
        page = await self._page_after(wanted, token)
        for _ in range(SEARCHED):
            if page.activities or not page.token:
                break
            older = await self._page_after(wanted, page.token)
            page = replace(older, unreadable=older.unreadable + page.unreadable)
        return page

    async def movements(self, since: date) -> list[Activity]:
        """Everything that is no trade since that New York day, oldest first. Raises Incomplete when not all of it can be read."""
        query: dict[str, object] = {"category": "non_trade_activity", "direction": "asc", "page_size": PAGE,
                                    "after": _stamp(_midnight(since) - timedelta(milliseconds=1))}  # fmt: skip
        found: dict[str, Raw] = {}
        while True:
            answer = await self._ask("/account/activities", query)
            raws = _read(lambda answer=answer: every(answer))  # type: ignore[misc]  # this very answer
            fresh = {text(raw, "id") or repr(raw): raw for raw in raws}
            if len(raws) < PAGE or not fresh.keys() - found.keys():
                return whole(each({**found, **fresh}.values(), messages.activity), "activities", self._tell)
            found |= fresh
            if not (last := text(raws[-1], "id")):
                self._tell(UNFINISHED)
                raise Incomplete(UNFINISHED, each(found.values(), messages.activity).values)
            query["page_token"] = last

    async def _page_after(self, wanted: Wanted, token: str) -> Page:
        query: dict[str, object] = {"direction": "desc", "page_size": PAGE, **_query(wanted)}
        if token:
            query["page_token"] = token
        answer = await self._ask("/account/activities", query)
        raws = _read(lambda: every(answer))
        return self._page(raws, wanted)

    def _page(self, raws: list[Raw], wanted: Wanted) -> Page:
        rows = each(raws, messages.activity)
        found: list[Activity] = most(rows, "activities", self._tell)
        token = text(raws[-1], "id") if len(raws) >= PAGE else ""
        if len(raws) >= PAGE and not token:
            self._tell(CUT_OFF)
        if wanted.kind is not None:
            found = [one for one in found if one.kind is wanted.kind]
        return Page(tuple(found), token, len(rows.bad))


def _query(wanted: Wanted) -> dict[str, object]:
    """Kind and days in Alpaca's words. The rest, of which the codes are not all known, is what is no trade."""
    query: dict[str, object] = {}
    if wanted.kind is Kind.OTHER:
        query["category"] = "non_trade_activity"
    elif wanted.kind is not None:
        query["activity_types"] = ",".join(codes(wanted.kind))
    if wanted.first is not None:
        query["after"] = _stamp(_midnight(wanted.first) - timedelta(milliseconds=1))
    if wanted.last is not None:
        query["until"] = _stamp(_midnight(wanted.last + timedelta(days=1)))
    return query


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), NEW_YORK)


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _read[Answer](read: Callable[[], Answer]) -> Answer:
    try:
        return read()
    except Unreadable as nonsense:
        raise BrokerDown(
            f"Alpaca's answer could not be read ({nonsense}); try again, or look for an update."
        ) from nonsense
