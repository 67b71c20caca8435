"""What the signed-in role may not do, told to every panel as greyed controls with the reason; the services decide all the same."""

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.services.login import Login
from qv_desktop.ui.panels.chart import ChartPanel
from qv_desktop.wiring import Desk
from qv_desktop.wiring.exporting import EXPORTED, tables
from qv_desktop.wiring.seeing import visible

TRADE = Permission(Resource.TRADING, Action.CREATE)
BRAKE = Permission(Resource.RISK, Action.RUN)

NEEDS: dict[str, dict[str, Permission]] = {  # panel -> what it can ask for -> what that takes
    "orders": {
        "cancel": Permission(Resource.TRADING, Action.DELETE),
        "amend": Permission(Resource.TRADING, Action.CHANGE),
        "export": Permission(Resource.TRADING, Action.EXPORT),
    },
    "positions": {"export": Permission(Resource.TRADING, Action.EXPORT), "trade": TRADE},
    "fills": {"export": Permission(Resource.TRADING, Action.EXPORT)},
    "balances": {"export": Permission(Resource.TRADING, Action.EXPORT)},
    "audit": {"view": Permission(Resource.AUDIT, Action.VIEW), "export": Permission(Resource.AUDIT, Action.EXPORT)},
    "reconciliation": {
        "run": Permission(Resource.RECONCILIATION, Action.RUN),
        "export": Permission(Resource.RECONCILIATION, Action.EXPORT),
        "change": Permission(Resource.RECONCILIATION, Action.CHANGE),
        "approve": Permission(Resource.RECONCILIATION, Action.APPROVE),
    },
    "sweeps": {
        "run": Permission(Resource.BACKTESTS, Action.RUN),
        "export": Permission(Resource.BACKTESTS, Action.EXPORT),
    },
    "backtests": {
        "run": Permission(Resource.BACKTESTS, Action.RUN),
        "create": Permission(Resource.BACKTESTS, Action.CREATE),
        "delete": Permission(Resource.BACKTESTS, Action.DELETE),
        "export": Permission(Resource.BACKTESTS, Action.EXPORT),
        "deploy": Permission(Resource.STRATEGIES, Action.RUN),
    },
    "signals": {
        "run": Permission(Resource.STRATEGIES, Action.RUN),
        "trade": TRADE,
        "approve": Permission(Resource.STRATEGIES, Action.APPROVE),
        "delete": Permission(Resource.STRATEGIES, Action.DELETE),
        "export": Permission(Resource.STRATEGIES, Action.EXPORT),
    },
    "limits": {
        "change": Permission(Resource.RISK, Action.CHANGE),
        "export": Permission(Resource.RISK, Action.EXPORT),
    },
    "strategies": {
        "backtest": Permission(Resource.BACKTESTS, Action.RUN),
        "deploy": Permission(Resource.STRATEGIES, Action.RUN),
        "create": Permission(Resource.STRATEGIES, Action.CREATE),
        "change": Permission(Resource.STRATEGIES, Action.CHANGE),
        "archive": Permission(Resource.STRATEGIES, Action.DELETE),
        "export": Permission(Resource.STRATEGIES, Action.EXPORT),
    },
    "users": {
        "view": Permission(Resource.USERS, Action.VIEW),
        "create": Permission(Resource.USERS, Action.CREATE),
        "change": Permission(Resource.USERS, Action.CHANGE),
        "export": Permission(Resource.USERS, Action.EXPORT),
    },
    "roles": {
        "view": Permission(Resource.USERS, Action.VIEW),
        "create": Permission(Resource.USERS, Action.CREATE),
        "change": Permission(Resource.USERS, Action.CHANGE),
        "delete": Permission(Resource.USERS, Action.DELETE),
        "export": Permission(Resource.USERS, Action.EXPORT),
    },
    "risk": {"export": Permission(Resource.RISK, Action.EXPORT), "change": Permission(Resource.RISK, Action.CHANGE)},
    "stress": {"change": Permission(Resource.RISK, Action.RUN)},
    "watchlist": {
        "change": Permission(Resource.MARKET, Action.CHANGE),
        "export": Permission(Resource.MARKET, Action.EXPORT),
    },
    "scanner": {
        "change": Permission(Resource.MARKET, Action.CHANGE),
        "export": Permission(Resource.MARKET, Action.EXPORT),
    },
    "price_alerts": {
        "change": Permission(Resource.MARKET, Action.CHANGE),
        "export": Permission(Resource.MARKET, Action.EXPORT),
    },
    "alerts": {"desk": Permission(Resource.RISK, Action.CHANGE), "own": Permission(Resource.MARKET, Action.CHANGE)},
    "quotes": {"export": Permission(Resource.MARKET, Action.EXPORT)},
    "tape": {"export": Permission(Resource.MARKET, Action.EXPORT)},
}

ON_CHART: dict[str, Permission] = {
    "trade": TRADE,
    "amend": Permission(Resource.TRADING, Action.CHANGE),
    "cancel": Permission(Resource.TRADING, Action.DELETE),
    "change": Permission(Resource.MARKET, Action.CHANGE),
    "export": Permission(Resource.MARKET, Action.EXPORT),
}


class PermissionWiring:
    """Tells the panels once, and again when the role as last read has changed."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._told: tuple[str, frozenset[Permission]] | None = None  # the role, and what it may do
        self.tick()

    def tick(self) -> None:
        """Look whether the role, and what it may do, is still the same."""
        session = self._desk.services.login.session
        if session is None or self._told == (session.user.role, session.user.permissions):
            return
        self._told = (session.user.role, session.user.permissions)
        self._desk.window.set_visible_panels(visible(self._desk.services.login))
        self._tell()

    def _tell(self) -> None:
        panels = self._desk.panels
        for name, needs in NEEDS.items():
            lacking = {asked: why for asked, permission in needs.items() if (why := self._why(permission))}
            getattr(panels, name).forbid(lacking)
        for name, resource in EXPORTED.items():
            for table in tables(getattr(panels, name)):
                table.forbid_export(self._why(Permission(resource, Action.EXPORT)))
        for chart in [panels.chart, *self._desk.window.further_charts()]:
            self.tell_chart(chart, self._desk.services.login)
        panels.ticket.forbid(self._why(TRADE))
        braking = self._why(BRAKE)
        panels.risk.show_permitted(() if braking else ("halt", "reduce", "resume"), braking)
        self._desk.window.commands.allow(self._desk.services.login.may)

    def _why(self, permission: Permission) -> str:
        return why(self._desk.services.login, permission)

    @staticmethod
    def tell_chart(chart: ChartPanel, login: Login) -> None:
        """What the role may not do on a chart."""
        chart.forbid({asked: words for asked, permission in ON_CHART.items() if (words := why(login, permission))})


def why(login: Login, permission: Permission) -> str:
    """Why the role may not, or nothing when it may."""
    if login.may(permission):
        return ""
    role = login.session.user.role if login.session is not None else "none"
    return f"Your role, {role}, lacks “{permission}”; ask an Admin."
