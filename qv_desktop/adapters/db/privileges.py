"""What each permission is in Postgres: the tables and verbs that its work needs, and which rows of them; no for all that is not named."""

import hashlib
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from qv_desktop.domain.access import BUILT_IN, Action, Permission, Resource

DOOR = "qv_door"  # what every personal login may do before anybody has signed in
RESERVED = frozenset({DOOR, "qv_app", "qv_owner"})
SHORT = 40  # characters of a group in a policy's name: 63 are a name, and action and verb take fourteen

type Verbs = str  # letters of SELECT, INSERT, UPDATE, DELETE: "siud"

LETTERS = {"s": "SELECT", "i": "INSERT", "u": "UPDATE", "d": "DELETE"}

SHARED = "instruments bars second_bars bar_coverage actions actions_asked trades gaps sector_codes"
PERSONAL = "watchlists scans drawings price_alerts alert_rules"  # charts and lists of a person
KEPT = "settings workspaces"  # how a person's window stands, whatever the role
CLOSED = (
    "login_brake door_attempts"  # for desks whose log-ins go through one database login, and for functions of the door
)
BOOKS = "orders order_events fills positions account_snapshots"

DEPLOYED = "deployments deployment_steps deployment_approvals signals"
MEASURED = "sector_overrides risk_scenarios risk_settings risk_days"
LIMITS = "limit_versions limit_proposals limit_decisions restrictions"
MARGIN = "margin_terms margin_events"
COUNTED = "risk_counters risk_peaks"  # what the loss ladder stands on
QUEUE = "breaks break_remarks break_signatures"

_JOURNAL = (("u", "orders"), ("i", "order_events fills account_snapshots"), ("iud", "positions"))

# what the program does under each permission, and nothing more; a permission without a line changes nothing that is stored
NEEDS: dict[Permission, tuple[tuple[Verbs, str], ...]] = {
    Permission(Resource.MARKET, Action.VIEW): (("s", SHARED), ("s", PERSONAL)),
    Permission(Resource.MARKET, Action.CREATE): (("iud", SHARED),),
    Permission(Resource.MARKET, Action.CHANGE): (("u", SHARED), ("iud", PERSONAL)),
    Permission(Resource.MARKET, Action.DELETE): (("d", SHARED),),
    Permission(Resource.TRADING, Action.VIEW): (("s", BOOKS),),
    Permission(Resource.TRADING, Action.CREATE): (("i", "orders margin_events"), *_JOURNAL),
    Permission(Resource.TRADING, Action.CHANGE): _JOURNAL,
    Permission(Resource.TRADING, Action.DELETE): _JOURNAL,
    Permission(Resource.STRATEGIES, Action.VIEW): (
        ("s", f"strategies strategy_versions strategy_consents strategy_drafts {DEPLOYED} deployment_leases"),
    ),
    Permission(Resource.STRATEGIES, Action.CREATE): (("iu", "strategies"), ("i", "strategy_versions")),
    Permission(Resource.STRATEGIES, Action.CHANGE): (
        ("u", "strategies"),
        ("i", "strategy_versions"),
        ("iud", "strategy_drafts"),
    ),
    Permission(Resource.STRATEGIES, Action.DELETE): (("u", "strategies"), ("d", DEPLOYED)),
    Permission(Resource.STRATEGIES, Action.RUN): (
        ("iu", "deployments signals"),
        ("iud", "deployment_leases"),
        ("i", "strategy_consents deployment_steps"),
    ),
    Permission(Resource.STRATEGIES, Action.APPROVE): (
        ("u", "deployments"),
        ("i", "deployment_steps deployment_approvals"),
    ),
    Permission(Resource.BACKTESTS, Action.VIEW): (
        ("s", "backtests backtest_notes sweeps validations look_ahead_checks"),
    ),
    Permission(Resource.BACKTESTS, Action.CREATE): (("i", "backtests sweeps"), ("iu", "backtest_notes")),
    Permission(Resource.BACKTESTS, Action.CHANGE): (("u", "backtests sweeps"),),
    Permission(Resource.BACKTESTS, Action.DELETE): (("d", "backtests backtest_notes sweeps"),),
    Permission(Resource.BACKTESTS, Action.RUN): (("i", "backtests sweeps validations look_ahead_checks"),),
    Permission(Resource.RISK, Action.VIEW): (("s", f"{LIMITS} risk_events {MEASURED} {MARGIN} {COUNTED}"),),
    Permission(Resource.RISK, Action.CHANGE): (
        ("i", f"{LIMITS} {MARGIN} alert_settings"),
        ("iud", "sector_overrides"),
        ("iu", "risk_settings"),
    ),
    Permission(Resource.RISK, Action.RUN): (
        ("i", "risk_events risk_counters"),
        ("iud", "risk_scenarios"),
        ("iu", "risk_days risk_peaks"),
    ),
    Permission(Resource.AUDIT, Action.VIEW): (("s", "audit_log audit_chains"), ("si", "audit_checkpoints")),
    Permission(Resource.RECONCILIATION, Action.VIEW): (
        ("s", f"reconciliation_runs reconciliation_breaks reconciliation_days reconciliation_rules {QUEUE}"),
    ),
    Permission(Resource.RECONCILIATION, Action.CHANGE): (("u", "breaks"), ("i", "break_remarks")),
    Permission(Resource.RECONCILIATION, Action.APPROVE): (
        ("u", "breaks"),
        ("i", "break_remarks break_signatures reconciliation_rules"),
    ),
    Permission(Resource.RECONCILIATION, Action.RUN): (
        ("i", "reconciliation_runs reconciliation_breaks break_remarks"),
        ("iu", "reconciliation_days breaks"),
    ),
    Permission(Resource.USERS, Action.VIEW): (("s", "users sessions lockouts account_access password_resets"),),
    Permission(Resource.USERS, Action.CREATE): (("i", "users roles"), ("iu", "password_resets"), ("d", "lockouts")),
    Permission(Resource.USERS, Action.CHANGE): (
        ("u", "users sessions roles"),
        ("d", "lockouts"),
        ("iud", "password_resets"),
    ),
    Permission(Resource.USERS, Action.DELETE): (("d", "roles"),),
}

AT_THE_DOOR: tuple[tuple[Verbs, str], ...] = (
    ("s", "alembic_version users roles"), ("siu", "sessions"), ("siud", "refresh_tokens"), ("siud", KEPT), ("i", "audit_log"),
    ("siu", "alerts"), ("si", "alert_deeds"), ("s", "alert_settings"),  # whoever sits at a terminal is told what is wrong
)  # fmt: skip
DOOR_FUNCTIONS = (
    "accounts()", "account_labels()", "person()", "acting(name)", "audit_head(text)", "audit_holds(text, bigint, text)",
    "door_anybody()", "door_salt()", "door_enter(text)", "door_outcome(uuid)",
    "door_show_code(bytea)", "door_redeem(uuid, bytea, text)", "door_change_password(uuid, text)", "door_first_admin(text, text, text)",
)  # fmt: skip

# where a verb is for some columns alone: a password's hash is nobody's to read; what an order is of, and on which side, is nobody's to
# write anew, while its size and prices follow the broker's; and a row's number is nobody's to choose, or a state of trading with the
# greatest one would be the newest for ever
COLUMNS: dict[tuple[str, str], str] = {
    ("strategies", "UPDATE"): "archived",  # a name stays: orders and audit rows carry it
    ("users", "SELECT"): "id, name, role, state, role_version, created",
    ("users", "UPDATE"): "role, state, role_version",
    ("sessions", "UPDATE"): "ended, ended_because, seen",
    ("password_resets", "SELECT"): "user_id",
    ("refresh_tokens", "UPDATE"): "used",
    ("orders", "UPDATE"): "quantity, limit_price, stop_price, status, changed, broker_id, filled, average, reason, replaced_by, "
                          "sent_at, acknowledged_at, executions",
    ("orders", "INSERT"): 'client_order_id, account, "user", symbol, side, quantity, type, limit_price, stop_price, trail_price, '
                          "trail_percent, time_in_force, extended_hours, order_class, take_profit, stop_loss, stop_loss_limit, source, "
                          "note, submitted, status, changed, broker_id, filled, average, reason, replaced_by, sent_at, acknowledged_at, "
                          "executions, desk",
    ("risk_events", "INSERT"): "account, at, kind, state, actor, reason, standing",
    ("limit_proposals", "INSERT"): "scope, of, amounts, base, lifts, reason, proposed_by, proposed_at, expires",
    ("restrictions", "INSERT"): "of, symbol, reason, added_by, added_at, until",
    ("margin_terms", "INSERT"): "account, at, set_by, terms",
    ("margin_events", "INSERT"): "account, at, kind, day, key, symbol, amount, words, actor",
    ("order_events", "INSERT"): "client_order_id, kind, status, at, broker_id, execution_id, quantity, price, reason, replaced_by",
    ("break_remarks", "INSERT"): "item, at, actor, what, words",
    ("deployment_steps", "INSERT"): "deployment, at, actor, step, words",
    ("signals", "UPDATE"): "fate, reason, order_id, side, wanted",
    ("alerts", "UPDATE"): "title, severity, level, value, threshold, words, times, escalated, snoozed_until, cleared",
    ("alert_deeds", "INSERT"): "alert, at, actor, what, value, threshold, words",
}  # fmt: skip

ACTING = "(SELECT public.acting(current_user))"
ACCOUNT = "((SELECT public.accounts()) IS NULL OR account = ANY ((SELECT public.accounts())::text[]))"
# a run from before it named its account whole names it by the end of its number, which two accounts can share
LABEL = ("((SELECT public.accounts()) IS NULL OR CASE account_id WHEN '' THEN account = ANY ((SELECT public.account_labels())::text[]) "
         "ELSE account_id = ANY ((SELECT public.accounts())::text[]) END)")  # fmt: skip
OWN = '"user" = (SELECT public.person())'
OURS = "of = lower(session_user)"
SCOPED = (f"{ACTING} AND (scope IN ('firm', 'strategy', 'symbol') OR scope = 'user' AND {OURS} "
          f"OR scope = 'account' AND {ACCOUNT.replace('account =', 'of =')})")  # fmt: skip
EVERYBODY = "\"user\" = 'everybody'"  # what an Admin sets for all
ROWS: dict[str, str] = {  # table -> the rows that any group sees and writes at all
    **dict.fromkeys(f"{PERSONAL} {KEPT}".split(), OWN),
    **dict.fromkeys(["strategy_drafts", "strategy_consents", "alerts"], f"{ACTING} AND {OWN}"),
    "alert_deeds": f"{ACTING} AND EXISTS (SELECT FROM public.alerts a WHERE a.id = alert_deeds.alert)",
    "alert_settings": ACTING,
    **dict.fromkeys(["strategies", "strategy_versions", "backtests", "backtest_notes", "sweeps", "validations", "look_ahead_checks",
                     "audit_checkpoints", "audit_chains"], ACTING),
    **dict.fromkeys(["orders", "fills", "positions", "account_snapshots", "deployments", "signals", "breaks",
                     "reconciliation_days", "reconciliation_rules", *MARGIN.split(), *MEASURED.split(), *COUNTED.split()],
                    f"{ACTING} AND {ACCOUNT}"),
    "order_events": f"{ACTING} AND EXISTS (SELECT FROM public.orders o WHERE o.client_order_id = order_events.client_order_id)",
    "reconciliation_runs": f"{ACTING} AND {LABEL}",
    "reconciliation_breaks": f"{ACTING} AND EXISTS (SELECT FROM public.reconciliation_runs r WHERE r.id = reconciliation_breaks.run)",
    **dict.fromkeys(["limit_versions", "limit_proposals"], SCOPED),
    "limit_decisions": f"{ACTING} AND EXISTS (SELECT FROM public.limit_proposals p WHERE p.id = proposal)",
    "restrictions": f"{ACTING} AND (of = '' OR {OURS})",
    "break_signatures": f"{ACTING} AND lower(signer) = lower(session_user)",
    "deployment_steps": f"{ACTING} AND EXISTS (SELECT FROM public.deployments d WHERE d.id = deployment_steps.deployment)",
    "deployment_leases": f"{ACTING} AND EXISTS (SELECT FROM public.deployments d WHERE d.id = deployment_leases.deployment)",
    "deployment_approvals": f"{ACTING} AND lower(signer) = lower(session_user)",
    "break_remarks": f"{ACTING} AND EXISTS (SELECT FROM public.breaks b WHERE b.id = break_remarks.item)",
    "refresh_tokens": "EXISTS (SELECT FROM public.sessions s WHERE s.id = session_id AND s.user_id = (SELECT public.person()))",
}  # fmt: skip
EVERYBODY_TOO = f"{ACTING} AND {EVERYBODY}"
# the rows of other persons that a right over users reaches; a new user's old lock-outs are none, so CREATE deletes nobody's
ADMINISTERED: dict[Action, tuple[tuple[Verbs, str], ...]] = {
    Action.VIEW: (("s", "users sessions lockouts account_access password_resets"),),
    Action.CREATE: (("i", "users roles"), ("iu", "password_resets")),
    Action.CHANGE: (("u", "users sessions roles"), ("d", "lockouts"), ("iud", "password_resets"), ("iu", "settings")),
    Action.DELETE: (("d", "roles"),),
}  # fmt: skip
# a person adds rows in no other person's name; the name that somebody tried at the door is told of as refused
SIGNED = ("actor_type <> 'human' OR lower(actor) = lower(session_user) OR (outcome = 'refused' AND session = '' "
          "AND (action LIKE ANY ('{session.%,password.%,token.%}') OR action = 'user.create'))")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Policy:
    """One rule of row security: ``verb`` ALL, or one of the four; ``name`` begins with qv_."""

    name: str
    table: str
    verb: str
    group: str
    rows: str

    def __str__(self) -> str:
        using = "" if self.verb == "INSERT" else f" USING ({self.rows})"
        check = "" if self.verb in ("SELECT", "DELETE") else f" WITH CHECK ({self.rows})"
        return f'CREATE POLICY "{self.name}" ON public.{self.table} FOR {self.verb} TO "{self.group}"{using}{check}'


def group(role: str) -> str:
    """The database's group of a role, as ``group_of`` in the database says it; no two roles share one, whatever they are called."""
    if role in BUILT_IN:
        return f"qv_{role.lower()}"
    return f"{former_group(role)[:50]}_{hashlib.sha256(role.encode()).hexdigest()[:12]}"


def former_group(role: str) -> str:
    """What the group of a role of the desk's own was called before its name told alike roles apart."""
    return ("qv_" + re.sub("[^A-Za-z0-9]+", "_", role).lower())[:63]


def rights(permissions: Collection[Permission]) -> frozenset[tuple[str, str]]:
    """Tables and verbs, such as ("orders", "INSERT")."""
    return frozenset(pair for permission in permissions for pair in pairs(NEEDS.get(permission, ())))


def pairs(needs: tuple[tuple[Verbs, str], ...]) -> Iterator[tuple[str, str]]:
    """Each table with each verb."""
    for letters, tables in needs:
        yield from ((table, LETTERS[letter]) for table in tables.split() for letter in letters)


def functions(permissions: Collection[Permission]) -> tuple[str, ...]:
    """What else a role may call: who keeps market data makes partitions of it, who deletes it drops them, who sees an order its story."""
    calls = {
        Permission(Resource.MARKET, Action.CREATE): "add_partition(text, bigint)",
        Permission(Resource.MARKET, Action.DELETE): "drop_partitions(text, bigint)",
        Permission(Resource.TRADING, Action.VIEW): "order_story(text)",
    }
    return tuple(call for permission, call in calls.items() if permission in permissions)


def door_policies() -> list[Policy]:
    """What holds for every group, and nothing held back from ``qv_app``, the one login of a desk that shares it."""
    policies = [Policy("qv_rows", table, "ALL", DOOR, rows) for table, rows in ROWS.items()]
    policies += [
        Policy("qv_own", "users", "SELECT", DOOR, "lower(name) = lower(session_user)"),
        Policy("qv_all", "roles", "SELECT", DOOR, "true"),
        Policy("qv_everybody", "settings", "SELECT", DOOR, EVERYBODY),
        Policy("qv_own", "sessions", "ALL", DOOR, "user_id = (SELECT public.person())"),
        Policy("qv_signed", "audit_log", "INSERT", DOOR, SIGNED),
        # an alert that nobody acknowledges is told to the others of the desk
        Policy("qv_desk", "alerts", "SELECT", DOOR, f"{ACTING} AND {ACCOUNT} AND account <> ''"),
    ]
    return policies


def policies(role: str, permissions: Collection[Permission]) -> list[Policy]:
    """What holds for one role's group beyond that."""
    name, held = group(role), frozenset(permissions)
    short = (
        name if len(name) <= SHORT else f"{name[: SHORT - 13]}_{name[-12:]}"
    )  # Postgres cuts names, and alike ones are an error

    def may(resource: Resource, action: Action) -> bool:
        return Permission(resource, action) in held

    found = [
        Policy(f"{short}_{action}_{verb.lower()}", table, verb, name, EVERYBODY_TOO if table == "settings" else ACTING)
        for action, tables in ADMINISTERED.items()
        if may(Resource.USERS, action)
        for table, verb in pairs(tables)
    ]
    for action, verb, rows in (
        (Action.VIEW, "SELECT", "true"), (Action.RUN, "INSERT", "kind <> 'limits'"),
    ):  # fmt: skip
        if may(Resource.RISK, action):
            rule = f"{ACTING} AND {ACCOUNT} AND {rows}"
            found.append(Policy(f"{short}_{action}", "risk_events", verb, name, rule))
    if may(Resource.RISK, Action.CHANGE):  # what one person may not do is of that person and of those who may change it
        found += [
            Policy(f"{short}_of_users", table, "ALL", name, f"{ACTING} AND {rows}")
            for table, rows in (
                ("limit_versions", "scope = 'user'"),
                ("limit_proposals", "scope = 'user'"),
                ("restrictions", "of <> ''"),
            )
        ]
    if may(Resource.AUDIT, Action.VIEW):
        found.append(Policy(f"{short}_select", "audit_log", "SELECT", name, ACTING))
    return found
