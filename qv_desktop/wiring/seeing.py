"""Which panels a person has: those whose resource their role may view. It is asked before the window is first shown."""

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.services.login import Login

SHOWN_TO: dict[str, Resource] = {  # panel -> what a person must be able to view to have it; whoever is signed in has the others
    "watchlist": Resource.MARKET, "quotes": Resource.MARKET, "scanner": Resource.MARKET, "data": Resource.MARKET,
    "tape": Resource.MARKET, "chart": Resource.MARKET, "price_alerts": Resource.MARKET, "ticket": Resource.TRADING,
    "orders": Resource.TRADING, "positions": Resource.TRADING, "fills": Resource.TRADING, "balances": Resource.TRADING,
    "risk": Resource.RISK, "stress": Resource.RISK, "limits": Resource.RISK, "reconciliation": Resource.RECONCILIATION,
    "audit": Resource.AUDIT,
    "strategies": Resource.STRATEGIES, "signals": Resource.STRATEGIES,
    "backtests": Resource.BACKTESTS, "sweeps": Resource.BACKTESTS, "users": Resource.USERS,
}  # fmt: skip
SHOWN_TO_ALL = ("alerts", "log", "roles")


def visible(login: Login) -> list[str]:
    """The panels that the person has."""
    seen = [name for name, resource in SHOWN_TO.items() if login.may(Permission(resource, Action.VIEW))]
    return [*seen, *SHOWN_TO_ALL]
