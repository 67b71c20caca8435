"""The tables as SQLAlchemy Core knows them; their constraints, indexes and triggers are in ``migrations``, a test compares both."""

from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

HEAD = "0038"  # the newest step in migrations/versions

metadata = MetaData()

type Kind = TypeEngine[Any] | type[TypeEngine[Any]]

STAMP = DateTime(timezone=True)
TEXTS, FLOATS, STAMPS_NS, INTEGERS = ARRAY(Text), ARRAY(Double), ARRAY(BigInteger), ARRAY(Integer)


def _table(name: str, key: str, /, **columns: Kind) -> Table:
    """A table; ``key`` names its primary key, a name with a trailing underscore in ``columns`` may be NULL."""
    keys = key.split()
    return Table(name, metadata, *(
        Column(column.removesuffix("_"), kind, primary_key=column in keys, nullable=column.endswith("_"),
               autoincrement=column == "id" and kind is BigInteger)
        for column, kind in columns.items()
    ))  # fmt: skip


instruments = _table("instruments", "symbol", symbol=Text, name=Text, exchange=Text, tick=Numeric, tradable=Boolean, marginable=Boolean,
                     shortable=Boolean, easy_to_borrow=Boolean, fractionable=Boolean)  # fmt: skip


def _bars(name: str) -> Table:
    return _table(name, "symbol timeframe start", symbol=Text, timeframe=Text, start=BigInteger, open=Double, high=Double, low=Double,
                  close=Double, volume=Double, count=Integer, vwap_=Double, source=Text)  # fmt: skip


bars, second_bars = _bars("bars"), _bars("second_bars")
bar_coverage = _table("bar_coverage", "symbol timeframe span_start", symbol=Text, timeframe=Text, span_start=BigInteger,
                      span_end=BigInteger)  # fmt: skip
actions = _table("actions", "symbol day kind amount", symbol=Text, day=Date, kind=Text, amount=Double)
actions_asked = _table("actions_asked", "symbol", symbol=Text, asked_at=STAMP)
trades = _table(
    "trades",
    "",
    symbol=Text,
    at=BigInteger,
    price=Double,
    size=Double,
    id=Text,
    exchange=Text,
    tape=Text,
    conditions=Text,
)
gaps = _table("gaps", "feed started symbols_hash", feed=Text, started=STAMP, symbols_hash=Text, symbols=TEXTS, ended_=STAMP, reason=Text,
              filled_at_=STAMP)  # fmt: skip

audit_log = _table("audit_log", "chain sequence", chain=Text, sequence=BigInteger, at=STAMP, actor=Text, actor_type=Text, role=Text,
                   session=Text, host=Text, action=Text, object_type=Text, object_id=Text, outcome=Text, reason=Text, before=Text,
                   after=Text, correlation=Text, causation=Text, app_version=Text, previous=Text, hash=Text)  # fmt: skip
audit_checkpoints = _table("audit_checkpoints", "chain number", chain=Text, number=BigInteger, sequence=BigInteger, hash=Text, at=STAMP,
                           previous=Text, key=Text, successor=Text, signature=Text)  # fmt: skip
door_attempts = _table(
    "door_attempts", "id", id=Uuid, login=Text, transaction=Text, at=STAMP, outcome=Text, locked_until_=STAMP
)
audit_chains = _table("audit_chains", "chain", chain=Text, login=Text)

orders = _table("orders", "client_order_id", client_order_id=Text, account=Text, user=Text, symbol=Text, side=Text, quantity=Numeric,
                type=Text, limit_price_=Numeric, stop_price_=Numeric, trail_price_=Numeric, trail_percent_=Numeric, time_in_force=Text,
                extended_hours=Boolean, order_class=Text, take_profit_=Numeric, stop_loss_=Numeric, stop_loss_limit_=Numeric, source=Text,
                note=Text, submitted=STAMP, status=Text, changed_=STAMP, broker_id_=Text, filled=Numeric, average_=Numeric, reason=Text,
                replaced_by_=Text, sent_at_=STAMP, acknowledged_at_=STAMP, executions=TEXTS, number=BigInteger,
                desk=Text)  # fmt: skip
order_events = _table("order_events", "id", id=BigInteger, client_order_id=Text, kind=Text, status=Text, at=STAMP, broker_id_=Text,
                      execution_id_=Text, quantity_=Numeric, price_=Numeric, reason=Text, replaced_by_=Text)  # fmt: skip
fills = _table("fills", "account execution_id", account=Text, execution_id=Text, client_order_id=Text, symbol=Text, side=Text,
               quantity=Numeric, price=Numeric, at=STAMP, fee=Numeric, source=Text)  # fmt: skip
positions = _table(
    "positions",
    "account symbol",
    account=Text,
    symbol=Text,
    quantity=Numeric,
    average=Numeric,
    realised=Numeric,
    told_=STAMP,
)
account_snapshots = _table("account_snapshots", "account at", account=Text, at=STAMP, number=Text, status=Text, currency=Text,
                           equity_=Numeric, last_equity_=Numeric, cash_=Numeric, buying_power_=Numeric, long_value_=Numeric,
                           short_value_=Numeric, initial_margin_=Numeric, maintenance_margin_=Numeric, multiplier_=Numeric,
                           shorting_enabled_=Boolean, trading_blocked_=Boolean)  # fmt: skip

limit_versions = _table("limit_versions", "scope of version", scope=Text, of=Text, version=Integer, amounts=JSONB, reason=Text,
                        set_by=Text, set_at=STAMP, approved_by=Text, proposal_=BigInteger)  # fmt: skip
limit_proposals = _table("limit_proposals", "id", id=BigInteger, scope=Text, of=Text, amounts=JSONB, base=Integer, lifts_=BigInteger,
                         reason=Text, proposed_by=Text, proposed_at=STAMP, expires=STAMP)  # fmt: skip
limit_decisions = _table("limit_decisions", "proposal", proposal=BigInteger, decision=Text, decided_by=Text, decided_at=STAMP,
                         because=Text)  # fmt: skip
restrictions = _table("restrictions", "id", id=BigInteger, of=Text, symbol=Text, reason=Text, added_by=Text, added_at=STAMP,
                      until_=STAMP)  # fmt: skip
risk_events = _table(
    "risk_events",
    "id",
    id=BigInteger,
    account=Text,
    at=STAMP,
    kind=Text,
    state_=Text,
    actor=Text,
    reason=Text,
    standing=JSONB,
)
risk_counters = _table("risk_counters", "account scope name day", account=Text, scope=Text, name=Text, day=Date,
                       consecutive_losses=Integer, last_loss_at_=STAMP, trades=Integer, holdings=JSONB, at=STAMP)  # fmt: skip
risk_peaks = _table("risk_peaks", "account", account=Text, equity=Numeric, day=Date, adjusted=Numeric, at=STAMP)
margin_terms = _table("margin_terms", "id", id=BigInteger, account=Text, at=STAMP, set_by=Text, terms=Text)
margin_events = _table("margin_events", "id", id=BigInteger, account=Text, at=STAMP, kind=Text, day=Date, key=Text, symbol=Text,
                       amount=Numeric, words=Text, actor=Text)  # fmt: skip
reconciliation_runs = _table("reconciliation_runs", "id", id=Text, at=STAMP, account=Text, operator=Text, reason=Text, local_at=STAMP,
                             broker_at=STAMP, tolerance_quantity=Numeric, tolerance_price=Numeric, tolerance_cash=Numeric,
                             matched=Integer, input_hash=Text, account_id=Text, breaks_of=Text, breaks=Integer,
                             at_risk=Numeric)  # fmt: skip
reconciliation_breaks = _table("reconciliation_breaks", "run number", run=Text, number=Integer, section=Text, key=Text, kind=Text,
                               severity=Text, internal=Text, external=Text, difference=Text, at_risk=Numeric, proposal=Text)  # fmt: skip
breaks = _table("breaks", "id", id=Text, account=Text, section=Text, key=Text, kind=Text, severity=Text, internal=Text, external=Text,
                difference=Text, at_risk=Numeric, proposal=Text, first_seen=STAMP, opened=STAMP, last_seen=STAMP, last_run=Text, state=Text,
                owner=Text, decided_by=Text, decided_at_=STAMP, reason=Text, until_=Date, signed_by=Text, signed_at_=STAMP, times=Integer,
                version=Integer)  # fmt: skip
break_remarks = _table("break_remarks", "id", id=BigInteger, item=Text, at=STAMP, actor=Text, what=Text, words=Text)
break_signatures = _table("break_signatures", "item version", item=Text, version=Integer, signer=Text, at=STAMP)
reconciliation_rules = _table("reconciliation_rules", "account version", account=Text, version=Integer, set_at=STAMP, set_by=Text,
                              quantity=Numeric, price=Numeric, cash=Numeric, automatic=TEXTS)  # fmt: skip
reconciliation_days = _table("reconciliation_days", "account day", account=Text, day=Date, runs=Integer, failed=Integer, most=Integer,
                             most_at_risk=Numeric, last=Integer, last_at_risk=Numeric)  # fmt: skip

users = _table(
    "users", "id", id=Text, name=Text, role=Text, state=Text, role_version=Integer, password_hash=Text, created=STAMP
)
lockouts = _table("lockouts", "name", name=Text, failures=Integer, last_at=STAMP, locked_until_=STAMP)
sessions = _table(
    "sessions",
    "id",
    id=Text,
    user_id=Text,
    host=Text,
    started=STAMP,
    expires=STAMP,
    ended_=STAMP,
    ended_because=Text,
    seen_=STAMP,
)
roles = _table("roles", "name", name=Text, permissions=TEXTS, version=Integer, changed=STAMP, changed_by=Text)
refresh_tokens = _table("refresh_tokens", "hash", hash=LargeBinary, session_id=Text, issued=STAMP, used_=STAMP)
account_access = _table("account_access", "login account", login=Text, account=Text)
password_resets = _table(
    "password_resets", "user_id", user_id=Text, code_hash=LargeBinary, issued=STAMP, expires=STAMP, issued_by=Text
)
login_brake = _table("login_brake", "one", one=Boolean, level=Double, at=STAMP)
watchlists = _table("watchlists", "user name", user=Text, name=Text, symbols=TEXTS, position=Integer)
scans = _table(
    "scans", "user name", user=Text, name=Text, rule=Text, universe=Text, sort=Text, limit=Integer, alert=Boolean
)
drawings = _table("drawings", "user id", user=Text, id=Text, symbol=Text, kind=Text, body=JSONB, changed=STAMP)
price_alerts = _table("price_alerts", "user id", user=Text, id=Text, symbol=Text, price=Double, direction=Text, note=Text, repeats=Boolean,
                      state=Text, created=STAMP, fired_at_=STAMP)  # fmt: skip
alerts = _table("alerts", "id", id=Text, user=Text, account=Text, rule=Text, subject=Text, title=Text, severity=Text, level=Integer,
                value_=Double, threshold_=Double, unit=Text, words=Text, raised=STAMP, times=Integer, escalated_=STAMP,
                snoozed_until_=STAMP, cleared_=STAMP, panel=Text, about=Text, terminal=Text)  # fmt: skip
alert_deeds = _table("alert_deeds", "id", id=BigInteger, alert=Text, at=STAMP, actor=Text, what=Text, value_=Double, threshold_=Double,
                     words=Text)  # fmt: skip
alert_rules = _table(
    "alert_rules", "user id", user=Text, id=Text, name=Text, condition=Text, severity=Text, enabled=Boolean, made=STAMP
)
alert_settings = _table("alert_settings", "rule version", rule=Text, version=Integer, set_at=STAMP, set_by=Text, severity=Text,
                        enabled=Boolean, near_=Double, breached=Double, hold=Double, escalate=Double)  # fmt: skip
workspaces = _table("workspaces", "user name", user=Text, name=Text, layout=LargeBinary)
settings = _table("settings", "user key", user=Text, key=Text, value=Text)

strategies = _table("strategies", "id", id=Text, name=Text, archived=Boolean, built_in=Boolean)
strategy_versions = _table("strategy_versions", "strategy version", strategy=Text, version=Integer, title=Text, parameters=JSONB,
                           source=Text, code_hash=Text, author=Text, created=STAMP, note=Text)  # fmt: skip
strategy_drafts = _table(
    "strategy_drafts",
    "user strategy terminal",
    user=Text,
    strategy=Text,
    base=Integer,
    source=Text,
    saved=STAMP,
    terminal=Text,
)
strategy_consents = _table("strategy_consents", "user code_hash", user=Text, code_hash=Text, strategy=Text, version=Integer,
                           given=STAMP)  # fmt: skip
backtests = _table("backtests", "id", id=Text, strategy=Text, version=Integer, symbol=Text, timeframe=Text, first=Date, last=Date,
                   parameter_names=TEXTS, parameter_values=FLOATS, fees=Double, slippage=Double, size=Double, cash=Double, user=Text,
                   started=STAMP, seconds=Double, at=STAMPS_NS, equity=FLOATS, benchmark=FLOATS, drawdown=FLOATS,
                   statistic_names=TEXTS, statistic_values=FLOATS, trade_entered=STAMPS_NS, trade_left=STAMPS_NS, trade_size=FLOATS,
                   trade_entry=FLOATS, trade_exit=FLOATS, trade_profit=FLOATS, trade_fraction=FLOATS, bars=Integer, code_hash=Text,
                   data_hash=Text, spec_hash=Text, engine=Text, terms_=JSONB, exposure=FLOATS, month_years=INTEGERS, month_numbers=INTEGERS,
                   month_returns=FLOATS, part_symbols=TEXTS, part_profits=FLOATS, part_fees=FLOATS, part_trades=INTEGERS, missing=TEXTS,
                   notes=TEXTS, version_names=TEXTS, version_values=TEXTS, log=Text, trade_symbol=TEXTS, trade_side=TEXTS,
                   trade_fees=FLOATS, trade_mae=FLOATS, trade_mfe=FLOATS, trade_open=ARRAY(Boolean), trade_bars=INTEGERS,
                   trade_reason=TEXTS)  # fmt: skip
backtest_notes = _table("backtest_notes", "run", run=Text, starred=Boolean, remark=Text, by=Text, at=STAMP)
sweeps = _table("sweeps", "id", id=Text, strategy=Text, version=Integer, symbol=Text, timeframe=Text, first=Date, last=Date, spec=Text,
                user=Text, started=STAMP, seconds=Double, combinations=Integer, columns=Integer, values=LargeBinary, figures=LargeBinary,
                failed=ARRAY(Integer), failures=TEXTS, block_bars=ARRAY(Integer), bars=Integer, year_bars=Double, code_hash=Text,
                data_hash=Text, spec_hash=Text, rows_hash=Text, engine=Text, workers=Text, missing=TEXTS)  # fmt: skip
validations = _table("validations", "id", id=Text, kind=Text, sweep=Text, chosen=FLOATS, user=Text, at=STAMP, seconds=Double,
                     settings=JSONB, figures=JSONB, curves=JSONB, level=Text, sentence=Text)  # fmt: skip
look_ahead_checks = _table("look_ahead_checks", "code_hash parameters_hash", code_hash=Text, parameters_hash=Text,
                           parameter_names=TEXTS, parameter_values=FLOATS, outcome=Text, bar_=Integer, bar_at_=BigInteger, symbol=Text,
                           shown=Integer, compared=Integer, unable=Integer, bars=Integer, reason=Text, user=Text, at=STAMP)  # fmt: skip
deployments = _table("deployments", "id", id=Text, strategy=Text, version=Integer, account=Text, environment=Text, symbols=TEXTS,
                     timeframe=Text, terms=Text, digest=Text, stage=Text, state=Text, reason=Text, created_by=Text, created=STAMP,
                     started_by=Text, started_=STAMP, asked_by=Text, asked_at_=STAMP, approved_by=Text, approved_at_=STAMP,
                     anchor=BigInteger, evaluated=BigInteger, revision=Integer)  # fmt: skip
deployment_steps = _table(
    "deployment_steps", "id", id=BigInteger, deployment=Text, at=STAMP, actor=Text, step=Text, words=Text
)
deployment_approvals = _table("deployment_approvals", "deployment revision", deployment=Text, revision=Integer, digest=Text, signer=Text,
                              at=STAMP)  # fmt: skip
deployment_leases = _table(
    "deployment_leases", "deployment", deployment=Text, desk=Text, host=Text, person=Text, renewed=STAMP
)
signals = _table("signals", "deployment symbol bar kind", deployment=Text, account=Text, symbol=Text, bar=BigInteger, kind=Text,
                 side=Text, price=Numeric, at=STAMP, strategy=Text, fate=Text, reason=Text, order_id=Text,
                 target_=Numeric, wanted_=Numeric)  # fmt: skip
sector_codes = _table(
    "sector_codes", "symbol", symbol=Text, code_=Integer, words=Text, kind=Text, at=STAMP, source=Text
)
sector_overrides = _table(
    "sector_overrides", "account symbol", account=Text, symbol=Text, sector=Text, set_by=Text, set_at=STAMP
)
risk_scenarios = _table(
    "risk_scenarios", "account name", account=Text, name=Text, shocks=JSONB, set_by=Text, set_at=STAMP
)
risk_settings = _table(
    "risk_settings",
    "account",
    account=Text,
    benchmark=Text,
    participation=Double,
    weighted=Boolean,
    set_by=Text,
    set_at=STAMP,
)
risk_days = _table("risk_days", "account day", account=Text, day=Date, var95=Double, var99=Double, profit=Double, equity=Double,
                   at=STAMP)  # fmt: skip
