"""What the columns of a file mean, by their names: any order and case, with the names that the common sources use."""

import re
from dataclasses import dataclass, field

from qv_desktop.domain.errors import BadInput

NAMES = {
    "symbol": "symbol ticker sym s stock instrument code",
    "frame": "timeframe per period frame interval",
    "adjustment": "adjustment",
    "open": "open o openprice first", "high": "high h highprice max", "low": "low l lowprice min",
    "close": "close c closeprice closelast last", "volume": "volume v vol volumeshares totalvolume",
    "count": "count n transactions tradecount trades numberoftrades", "vwap": "vwap vw",
    "adjusted": "adjclose adjustedclose closeadj adjopen adjhigh adjlow adjvolume adjustedopen adjustedhigh adjustedlow adjustedvolume",
    "dividend": "dividend dividends divcash dividendamount exdividend",
    "split": "split splits splitratio splitfactor splitcoefficient stocksplits",
    "price": "price p px tradeprice", "size": "size qty quantity shares tradesize lastsize",
    "id": "id i tradeid", "exchange": "exchange x exch venue", "tape": "tape z", "conditions": "conditions cond condition saleconditions",
    "bid": "bid bidprice bp", "ask": "ask askprice ap offer",
    "day": "date day tradedate tradingday", "clock": "time timeofday",
    "moment": "siptimestamp windowstart datetime timestamp timestamps t dt at starttime bartime barstart unixtime unix epoch "
              "datetimeutc timestamputc timeutc utc gmttime datetimegmt",
    "other time": "participanttimestamp trftimestamp sequencenumber",
}  # fmt: skip
ROLES = {name: role for role, names in NAMES.items() for name in names.split()}
PREFERRED = {name: place for place, name in enumerate(NAMES["moment"].split())}
PRICES = ("open", "high", "low", "close")


@dataclass(frozen=True, slots=True)
class Layout:
    """Column numbers by role. ``utc`` says that a column's name promises UTC; ``ignored`` are names of columns without a role."""

    kind: str  # "bars" or "trades"
    roles: dict[str, int]
    index: int | None  # of a column without a name
    utc: bool
    ignored: list[str] = field(default_factory=list)


def plain(name: str) -> str:
    """A name without case, spaces and signs; “1. open”, “<OPEN>” and “Adj Close” lose theirs."""
    return re.sub(r"[^a-z0-9]", "", re.sub(r"^\d+\.\s*", "", name.strip().lower()))


def layout(file: str, names: list[str]) -> Layout:
    """What the columns mean. Raises BadInput when one is missing or two claim the same meaning."""
    roles, ignored, index = dict[str, int](), list[str](), None
    for place, name in enumerate(names):
        role = _role(name)
        if not name or plain(name) in ("index", "level0", "unnamed0"):
            index = place if index is None else index
        elif role is None:
            ignored.append(name)
        elif role not in roles or _rather(role, name, names[roles[role]]):
            roles[role] = place
        elif role not in ("adjusted", "moment", "other time"):
            raise BadInput(f"{file} has two columns for {role}, “{names[roles[role]]}” and “{name}”; remove one.")
    kind = _kind(file, roles, names)
    utc = "moment" in roles and any(word in plain(names[roles["moment"]]) for word in ("utc", "gmt"))
    return Layout(kind, roles, index, utc, ignored)


def _role(name: str) -> str | None:
    return ROLES.get(plain(name))


def _rather(role: str, name: str, known: str) -> bool:
    """Whether ``name`` says a moment better than ``known``; the tape's own time goes before all."""
    return role == "moment" and PREFERRED[plain(name)] < PREFERRED[plain(known)]


def _kind(file: str, roles: dict[str, int], names: list[str]) -> str:
    """Bars or trades, with “Price” and “Last” among bars taken for the close."""
    bars = any(role in roles for role in ("open", "high", "low"))
    if not bars and "price" in roles:
        if "size" not in roles and "volume" in roles:
            roles["size"] = roles.pop("volume")
        _need(file, ("price", "size"), roles, names)
        return "trades"
    if not bars and ("bid" in roles or "ask" in roles):
        raise BadInput(f"{file} holds quotes, which are not kept; import bars or trades.")
    if bars and "close" not in roles and "price" in roles:
        roles["close"] = roles.pop("price")
    _need(file, (*PRICES, "volume"), roles, names)
    return "bars"


def _need(file: str, wanted: tuple[str, ...], roles: dict[str, int], names: list[str]) -> None:
    missing = next((role for role in wanted if role not in roles), None)
    if missing is None:
        return
    if missing == "close" and "adjusted" in roles:
        raise BadInput(f"{file} has an adjusted close and no close as traded; import a file that has both.")
    has = ", ".join(name or "(unnamed)" for name in names)[:200]
    like = " or ".join(NAMES[missing].split()[:3])
    raise BadInput(f"{file} has no column for {missing} (its header is: {has}); name the column {like}.")
