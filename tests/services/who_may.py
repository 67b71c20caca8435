"""Who may ask what of the services: one table of methods and permissions, and of methods that need none, each with the reason.

What is in neither is an error: see ``test_who_may``.
"""

from qv_desktop.domain.access import Action, Permission, Resource


def _may(resource: Resource, action: Action) -> Permission:
    return Permission(resource, action)


_TRADE, _AMEND, _CANCEL = (_may(Resource.TRADING, action) for action in (Action.CREATE, Action.CHANGE, Action.DELETE))
_LOOK = _may(Resource.TRADING, Action.VIEW)
_MARKET, _FILE = _may(Resource.MARKET, Action.CHANGE), _may(Resource.MARKET, Action.EXPORT)
_BRAKE = _may(Resource.RISK, Action.RUN)
_PEOPLE, _ADMINISTER = _may(Resource.USERS, Action.VIEW), _may(Resource.USERS, Action.CHANGE)

GUARDED: dict[str, Permission] = {  # Class.method -> what its first step asks for
    "Orders.submit": _TRADE, "Orders.require_trading": _TRADE, "Orders.replace": _AMEND,
    "Orders.cancel": _CANCEL, "Orders.cancel_all": _CANCEL, "Orders.cancel_scope": _CANCEL,
    "Flattening.flatten": _TRADE, "RiskReports.write": _may(Resource.RISK, Action.EXPORT),
    "Risk.halt": _BRAKE, "Risk.reduce": _BRAKE, "Risk.resume": _BRAKE,
    "LossLadder.count_anew": _may(Resource.RISK, Action.CHANGE), "LossLadder.history": _may(Resource.RISK, Action.VIEW),
    **{f"RiskLimits.{name}": _may(Resource.RISK, Action.CHANGE) for name in ("change", "approve", "decline", "withdraw", "restrict",
                                                                            "lift")},
    "RiskLimits.history": _may(Resource.RISK, Action.VIEW),
    "Margin.set_terms": _may(Resource.RISK, Action.CHANGE), "Margin.settle": _may(Resource.RISK, Action.CHANGE),
    "Reconcile.asked": _may(Resource.RECONCILIATION, Action.RUN), "Reconcile.export": _may(Resource.RECONCILIATION, Action.EXPORT),
    "Reconcile.open_over": _may(Resource.RECONCILIATION, Action.APPROVE), "Reconcile.book": _may(Resource.RECONCILIATION, Action.APPROVE),
    "Reconcile.proposed": _may(Resource.RECONCILIATION, Action.APPROVE),
    "Breaks.entry": _may(Resource.RECONCILIATION, Action.APPROVE), "Breaks.set_rules": _may(Resource.RECONCILIATION, Action.APPROVE),
    "Breaks.book": _may(Resource.RECONCILIATION, Action.APPROVE),
    **{f"Breaks.{name}": _may(Resource.RECONCILIATION, Action.VIEW) for name in ("queue", "story", "history", "run", "rules")},
    **{f"Breaks.{name}": _may(Resource.RECONCILIATION, Action.CHANGE) for name in ("take", "comment", "explain", "resolve", "carry",
                                                                                 "reopen")},
    "BreakReports.run": _may(Resource.RECONCILIATION, Action.EXPORT), "BreakReports.span": _may(Resource.RECONCILIATION, Action.EXPORT),
    **{f"BreakReports.{name}": _may(Resource.RECONCILIATION, Action.VIEW) for name in ("files", "accounts")},
    "Breaks.sign": _may(Resource.RECONCILIATION, Action.APPROVE),
    **{f"Audit.{name}": _may(Resource.AUDIT, Action.VIEW) for name in ("page", "count", "span", "verify", "checkpoint", "installations")},
    "Audit.story": _LOOK, "Audit.bundle": _may(Resource.AUDIT, Action.EXPORT), "AuditExports.rows": _may(Resource.AUDIT, Action.EXPORT),
    "AccountHistory.curve": _LOOK, "AccountHistory.configuration": _LOOK, "AccountHistory.activities": _LOOK,
    "AccountHistory.older": _LOOK,
    "Strategies.refresh": _may(Resource.STRATEGIES, Action.VIEW), "Strategies.consent": _may(Resource.STRATEGIES, Action.RUN),
    "Authoring.create": _may(Resource.STRATEGIES, Action.CREATE), "Authoring.clone": _may(Resource.STRATEGIES, Action.CREATE),
    "Authoring.save": _may(Resource.STRATEGIES, Action.CHANGE), "Authoring.versions": _may(Resource.STRATEGIES, Action.VIEW),
    "Authoring.archive": _may(Resource.STRATEGIES, Action.DELETE), "Authoring.unarchive": _may(Resource.STRATEGIES, Action.DELETE),
    "Authoring.to_file": _may(Resource.STRATEGIES, Action.EXPORT),
    "Backtests.latest": _may(Resource.BACKTESTS, Action.VIEW), "Backtests.run": _may(Resource.BACKTESTS, Action.RUN),
    "Backtests.cancel": _may(Resource.BACKTESTS, Action.RUN), "Backtests.trial": _may(Resource.BACKTESTS, Action.RUN),
    "Backtests.rerun": _may(Resource.BACKTESTS, Action.RUN), "Backtests.read": _may(Resource.BACKTESTS, Action.VIEW),
    "Backtests.delete": _may(Resource.BACKTESTS, Action.DELETE), "Backtests.annotate": _may(Resource.BACKTESTS, Action.CREATE),
    "Sweeps.latest": _may(Resource.BACKTESTS, Action.VIEW), "Sweeps.read": _may(Resource.BACKTESTS, Action.VIEW),
    **{f"Sweeps.{name}": _may(Resource.BACKTESTS, Action.RUN) for name in ("run", "rerun", "cancel")},
    **{f"Validations.{name}": _may(Resource.BACKTESTS, Action.RUN) for name in ("overfitting", "walk_forward", "cross_validation",
                                                                               "monte_carlo", "cancel")},
    "Validations.of": _may(Resource.BACKTESTS, Action.VIEW), "LookAheads.of": _may(Resource.BACKTESTS, Action.VIEW),
    "LookAheads.after": _may(Resource.BACKTESTS, Action.RUN),
    "LiveBacktests.traded": _may(Resource.BACKTESTS, Action.VIEW), "LiveBacktests.compare": _may(Resource.BACKTESTS, Action.RUN),
    "LiveBacktests.export": _may(Resource.BACKTESTS, Action.EXPORT), "RunExports.export": _may(Resource.BACKTESTS, Action.EXPORT),
    **{f"Deployments.{name}": _may(Resource.STRATEGIES, Action.RUN) for name in (
        "create", "deploy", "change", "ask", "go_live", "start", "pause", "stop", "close")},
    **{f"Deployments.{name}": _may(Resource.STRATEGIES, Action.APPROVE) for name in ("approve", "decline")},
    "Deployments.discard": _may(Resource.STRATEGIES, Action.DELETE), "Deployments.story": _may(Resource.STRATEGIES, Action.VIEW),
    "Deployments.left_on_paper": _may(Resource.STRATEGIES, Action.VIEW),
    "Exports.bars": _FILE, "Exports.picture": _FILE, "Exports.table": _FILE,  # a table's is what the caller names
    "Imports.understood": _may(Resource.MARKET, Action.CREATE), "Imports.store": _may(Resource.MARKET, Action.CREATE),
    **{f"Watchlists.{name}": _MARKET for name in ("create", "copy", "rename", "delete", "add", "remove", "move", "reorder",
                                                  "import_text")},
    **{f"SavedScans.{name}": _MARKET for name in ("save", "follow", "delete")},
    **{f"PriceAlerts.{name}": _MARKET for name in ("add", "move", "rearm", "remove")},
    "AlertRules.save_own": _MARKET, "AlertRules.remove_own": _MARKET, "AlertRules.set_rule": _may(Resource.RISK, Action.CHANGE),
    "AlertRules.history": _may(Resource.RISK, Action.VIEW),
    **{f"Drawings.{name}": _MARKET for name in ("put", "remove", "clear")},
    "Connections.test": _may(Resource.SETTINGS, Action.VIEW),
    **{f"Connections.{name}": _may(Resource.SETTINGS, Action.CHANGE) for name in ("add", "change", "remove")},
    "Connections.switch": _TRADE,
    "RiskMeasures.save_scenario": _BRAKE, "RiskMeasures.delete_scenario": _BRAKE,
    "RiskMeasures.set_settings": _may(Resource.RISK, Action.CHANGE), "Sectors.override": _may(Resource.RISK, Action.CHANGE),
    "AutoLock.bound": _ADMINISTER,
    "People.all": _PEOPLE, "People.seats": _PEOPLE, "People.recovered": _may(Resource.AUDIT, Action.VIEW),
    "People.create": _may(Resource.USERS, Action.CREATE),
    **{f"People.{name}": _ADMINISTER for name in ("give", "suspend", "activate", "reset", "unlock", "revoke")},
    "Roles.make": _may(Resource.USERS, Action.CREATE), "Roles.edit": _ADMINISTER, "Roles.delete": _may(Resource.USERS, Action.DELETE),
}  # fmt: skip

EITHER: dict[str, tuple[Permission, ...]] = {  # Class.method -> permissions of which one is enough
    "KillSwitch.kill": (_BRAKE, _CANCEL),
}

_OWN = "a person's own, kept under the id of whoever is signed in"
_HEARS = "hears what the broker, a vendor or the clock says; a person asks nothing of it"
_READS = "tells what the program knows already; a role that may not view it has no panel that shows it"
_RUNS = "runs by itself, and must whoever is signed in"

FREE: dict[str, str] = {  # Class.method, or Class.* -> why it needs no permission
    "Bus.*": "carries events from one part of the program to another",
    "Clock.*": "tells what time it is",
    "Login.*": "is the guard itself; signing in, unlocking and one's own password take a password, a code or a token",
    "MarketData.*": _HEARS,
    "Feeds.*": _HEARS,
    "History.*": "market data, which orders and risk need too; a role without “market data: view” has no panel that shows it",
    "Gaps.*": _RUNS,
    "Backfill.*": "fills holes by itself; asking it to look again is what it does anyway",
    "Ticks.*": _RUNS,
    "Sessions.*": "the exchange's calendar is no secret",
    "Scanner.*": _READS,
    "Halts.*": _HEARS,
    "Positions.*": _HEARS,
    "RiskReports.hear": _HEARS,
    "Account.*": _RUNS,
    "Averages.*": _RUNS,
    "Health.*": "how the program is, which whoever sits before it must see",
    "Deployments.all": _READS, "Deployments.get": _READS, "Deployments.signals": _READS, "Deployments.figures": _READS,
    "Deployments.trouble": _READS, "Deployments.closing": _READS, "Deployments.load": _RUNS, "Deployments.refresh": _RUNS,
    "Deployments.silent": _READS,
    "Deployments.flush": "writes down what the program paused by itself",
    **dict.fromkeys((f"DeploymentRuns.{name}" for name in (
        "anchor", "begin", "changed", "close", "code", "end", "hear", "held_by", "load", "look", "recount", "run", "unfit", "why_not")),
                    "runs what was started with permission, while who started it is signed in; each order asks again"),
    "Notices.*": "what a person should hear; acknowledging is everybody's own, and recorded under their name",
    "Acknowledging.*": "whoever is there has seen it; recorded under their name",
    **{f"Strategies.{name}": "the list of strategies, which orders, runs and tickets need to name one; sources are shown by a panel that "
                             "takes “strategies: view”" for name in ("all", "every", "named", "at", "ships")},
    "Strategies.load": _RUNS,
    "Strategies.require_consent": "lets nothing through by itself: what runs code has asked before, and this asks the person too",
    "Strategies.decline": "writes down that a person did not let code run",
    "Authoring.from_file": "reads a file that the person has chosen, as any editor does",
    "Authoring.problems": "reads a text that the person has typed", "Authoring.compared": "reads two texts that the person sees",
    "Authoring.drafts": _OWN, "Authoring.typed_elsewhere": _OWN, "Authoring.keep_draft": f"{_OWN}; storing it asks",
    "Authoring.drop_draft": f"{_OWN}; storing it asks", "Authoring.flush": "writes what was typed, and asks before it does",
    "TicketPresets.*": f"{_OWN}; of use in the ticket only, which needs “{_TRADE}” to send",
    "Arming.*": f"arming asks for “{_TRADE}” in its hindrance and grants nothing by itself; whatever a key does asks again",
    "Orders.hear": _HEARS, "Orders.apply": _HEARS, "Orders.holding_back": _HEARS, "Orders.distrust": _RUNS,
    "Orders.cancel_wanted": "sends cancels that were asked for, and permitted, before",
    "Orders.withdraw": "the kill switch's first step, which has asked; it can only take back",
    "Orders.judged_beside": _READS, "Orders.judged_replacement": _READS,
    "Orders.checks_of_change": _READS, "Orders.unchangeable": _READS,
    "Flattening.plan": _READS, "Flattening.plans": _READS,
    "KillSwitch.intent": _READS, "KillSwitch.lacking": _READS, "KillSwitch.resumed": _HEARS,
    "KillSwitch.follow_up": "goes on with a kill that was permitted; each cancel asks again",
    "Risk.load_state": _RUNS, "Risk.begin_day": "a new trading day takes the day's rungs away, which no person needs to ask for",
    "Risk.heed": "takes over a brake that was permitted at another desk, and frees nothing",
    "Risk.step": "the loss ladder brakes by itself, as the program",
    **{f"LossLadder.{name}": _HEARS for name in ("filled", "told")}, "LossLadder.start": _RUNS, "LossLadder.run": _RUNS,
    "LossLadder.look": "the loss ladder brakes by itself, as the program", "LossLadder.picture": _READS, "LossLadder.standings": _READS,
    "Risk.load": _RUNS, "Risk.know": _HEARS, "Risk.instrument": _READS, "Risk.judge": _READS, "Risk.stopped": _READS,
    "Risk.measure": _READS, "Risk.trip": "the program halts by itself when its books cannot be trusted",
    "Risk.halt_at_once": "the kill switch's own brake, which has looked whether the role may",
    **dict.fromkeys((f"RiskLimits.{name}" for name in (
        "limits_for", "binding", "explain", "restriction_for", "set_for", "would_raise", "why_not")), _READS),
    "RiskLimits.visible": "tells each person what concerns them, and nothing to whoever may not view risk",
    "RiskLimits.load": _RUNS, "RiskLimits.refresh": _RUNS,
    "RiskMeasures.load": _RUNS, "RiskMeasures.run": _RUNS, "RiskMeasures.measure": _RUNS,
    "Sectors.load": _RUNS, "Sectors.run": _RUNS, "Sectors.want": _RUNS, "Sectors.of": _READS, "Sectors.mapping": _READS,
    "Sectors.why_unknown": _READS,
    "Margin.standing": _READS, "Margin.day_trades": _READS, "Margin.load": _RUNS, "Margin.run": _RUNS, "Margin.look": _RUNS,
    "Margin.filled": _HEARS, "Margin.account_changed": _HEARS, "Margin.flush": "writes what the program found; a violation is no deed",
    "Audit.look": _RUNS, "Audit.close": _RUNS,
    "Reconcile.run": _RUNS, "Reconcile.repeat": _RUNS, "Reconcile.tell_taken_over": _RUNS,
    "AccountHistory.curve_age": _READS, "AccountHistory.kept_curve": _READS,
    "Watchlists.load": _OWN, "Watchlists.has": _OWN, "Watchlists.symbols": _OWN, "Watchlists.export_text": _OWN,
    "SavedScans.load": _OWN, "SavedScans.named": _OWN,
    "PriceAlerts.load": _OWN, "PriceAlerts.of": _OWN, "PriceAlerts.hear": _HEARS, "PriceAlerts.run": _RUNS, "PriceAlerts.flush": _RUNS,
    **{f"AlertRules.{name}": _RUNS for name in ("load", "run", "tick", "look")}, "AlertRules.hear": _HEARS,
    "AlertRules.hushes": _READS, "AlertRules.notices_of": _READS, "AlertRules.tested": _READS, "AlertRules.tested_own": _READS,
    "AlertRules.acknowledge": "whoever is there has seen it; recorded under their name",
    "AlertRules.snooze": "whoever is there may have quiet for a while; recorded under their name, and it stays in the list",
    "Drawings.of": _OWN, "Drawings.load": _OWN, "Drawings.flush": "writes what was permitted, and asks again before it does",
    "Drawings.run": _RUNS,
    "Connections.load": _RUNS, "Connections.get": _READS, "Connections.needs_password": _READS,
    "Connections.confirm": "takes the password, and grants only that the switch to a LIVE account may be asked for",
    "Connections.declined": "writes down that a person went back",
    "AutoLock.touched": _HEARS, "AutoLock.begin": _HEARS, "AutoLock.load": _OWN,
    "AutoLock.choose": f"{_OWN}, within what an Admin allows",
    "People.seen": "notes that one's own session is in use",
    "Roles.all": "everybody may read what every role may do",
    "Roles.named": "everybody may read what every role may do",
}  # fmt: skip
