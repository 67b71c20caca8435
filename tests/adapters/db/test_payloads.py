"""Whatever somebody types into a field that a question is made of stays a value: no syntax error ever reaches the server."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.exc import IntegrityError

from qv_desktop.adapters.db.actions import ActionStore
from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.audit_pages import TEXTS
from qv_desktop.adapters.db.bars import BarStore
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.drawings import Drawings
from qv_desktop.adapters.db.limits import LimitStore
from qv_desktop.adapters.db.orders import OrderJournal
from qv_desktop.adapters.db.preferences import Preferences
from qv_desktop.adapters.db.price_alerts import PriceAlerts
from qv_desktop.adapters.db.risk import RiskStore
from qv_desktop.adapters.db.scans import Scans
from qv_desktop.adapters.db.strategies import StrategyStore
from qv_desktop.adapters.db.ticks import TickStore
from qv_desktop.adapters.db.users import Users
from qv_desktop.adapters.db.watchlists import Watchlists
from qv_desktop.domain.access import Session, User
from qv_desktop.domain.audit import Actor, Draft
from qv_desktop.domain.audit_query import AuditQuery
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.limits import Scope, ScopedLimits
from qv_desktop.domain.market import Timeframe
from qv_desktop.domain.scans import Scan
from qv_desktop.domain.strategies import Strategy
from tests.adapters.db.conftest import Clock

if TYPE_CHECKING:
    from qv_desktop.adapters.db.server import Server

PAYLOADS = (
    "'", "''", '"', '""', "\\", "\\'", "'--", "' OR '1'='1", "' OR 1=1 --", "') OR ('a'='a", "1; DROP TABLE orders",
    "'; DROP TABLE users; --", "' UNION SELECT password_hash FROM users --", "' UNION ALL SELECT NULL, NULL, NULL --",
    "%' AND 1=CAST((SELECT version()) AS int) --", "'||(SELECT pg_sleep(5))||'", "'; SELECT pg_sleep(5); --",
    "1' AND (SELECT 1 FROM pg_sleep(5)) IS NOT NULL --", "/*", "*/", "/**/OR/**/1=1", "-- ", "#", ";", "$$", "$1", ":name", "%s",
    "%(name)s", "%%", "%", "_", "*", "{}", "{0}", "{'a'}", "[]", "ARRAY[1]", "NULL", "null", "", " ", "\t", "\n'", "\r\n--",
    "\u2019 OR 1=1", "\uff07 OR 1=1", "\u02bc", "\u202e'", "\ufeff'", "é" * 40, "\U0001f4a5'", "x" * 5000 + "'", "\0", "a\0b",
    "'\0--", "\ud800", "\udc00'", "E'\\047'", "U&'\\0027'", "x'27'", "b'1'", "COPY users TO PROGRAM 'id'", "\\copy", "..\\..",
    "${jndi:x}",
)  # fmt: skip
MINUTE = Timeframe(1, "m")
NOW = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=30)

type Ask = Callable[[str], Awaitable[Any]]


def draft(words: str) -> Draft:
    return Draft(Actor(words, "human", words, words, words), words or "x", words, words, reason=words, before=words, after=words,
                 correlation=words, causation=words)  # fmt: skip


def asked_by(trail: AuditTrail, field: str, words: str) -> Awaitable[Any]:
    return trail.found(AuditQuery(**{field: words}))  # type: ignore[arg-type]


def counted_by(trail: AuditTrail, field: str, words: str) -> Awaitable[Any]:
    return trail.count(AuditQuery(**{field: words}))  # type: ignore[arg-type]


@pytest.fixture
def fields(database: Database, trail: AuditTrail, clock: Clock) -> dict[str, Ask]:
    """Every field that a person or a vendor fills, by the question that it goes into."""
    users, lists, kept = Users(database, trail, clock), Watchlists(database), Preferences(database)
    bars, ticks, journal = BarStore(database), TickStore(database), OrderJournal(database, trail)
    risk, scans, limits = RiskStore(database, trail), Scans(database), LimitStore(database, trail)

    def tight(words: str) -> ScopedLimits:
        return ScopedLimits(Scope.ACCOUNT, words or "a", {}, 1, words or "u")

    def session(words: str) -> Session:
        return Session(words, User(words, words, "Viewer"), words, NOW, NOW + timedelta(1))  # type: ignore[arg-type]

    return {
        **{f"audit {name}": partial(asked_by, trail, name) for name in TEXTS},
        **{f"audit count by {name}": partial(counted_by, trail, name) for name in TEXTS},
        "audit prefix": lambda w: trail.page(action=w + "*"), "audit id prefix": lambda w: asked_by(trail, "object_id", w + "*"),
        "audit story": trail.of, "audit head": trail.head, "audit row": lambda w: trail.append(draft(w)),
        "lists of": lists.all, "list": lambda w: lists.save("u", w, [w]), "list renamed": lambda w: lists.rename("u", w, w + "2"),
        "list deleted": lambda w: lists.delete("u", w), "scan": lambda w: scans.save("u", Scan(w, w, w, w)),
        "scan deleted": lambda w: scans.delete("u", w), "setting": lambda w: kept.setting("u", w),
        "setting saved": lambda w: kept.save_setting("u", w, w), "layout": lambda w: kept.workspace("u", w),
        "drawings": lambda w: Drawings(database).of("u", w), "alerts": PriceAlerts(database).all,
        "alert deleted": lambda w: PriceAlerts(database).delete("u", w), "splits": ActionStore(database).actions,
        "bars": lambda w: bars.bars(w, MINUTE, LONG_AGO, NOW), "bars of many": lambda w: bars.of_many([w, w + "'"], MINUTE, LONG_AGO, NOW),
        "covered": lambda w: bars.covered(w, MINUTE), "trades": lambda w: ticks.trades(w, 0, 2**62),
        "orders of": lambda w: journal.orders_since(w, LONG_AGO), "fills of": lambda w: journal.fills_since(w, LONG_AGO),
        "positions of": journal.positions, "limits of": lambda w: limits.history(Scope.USER, w), "state of": risk.state,
        "limits saved": lambda w: limits.tighten(tight(w), w, draft(w)), "token": lambda w: users.resume(w, w),
        "standing": lambda w: users.standing(session(w)), "signed out": lambda w: users.sign_out(session(w)),
        "strategy": lambda w: StrategyStore(database, trail).keep(Strategy(w or "s", w, w, 0, (), w, w or "h", w, NOW), draft(w)),
    }  # fmt: skip


def test_no_payload_is_ever_read_as_sql(fields: dict[str, Ask], database: Database, postgres_server: "Server") -> None:
    log = postgres_server.home / "server.log"
    begun = log.stat().st_size
    reads = {"audit actor", "audit outcome", "lists of", "drawings", "alerts", "bars", "bars of many", "covered", "trades", "orders of",
             "fills of", "positions of", "setting", "layout", "standing"}  # fmt: skip
    strange: list[str] = []

    async def story() -> None:
        for name, ask in fields.items():
            for words in PAYLOADS:
                try:
                    found = await ask(words)
                except IntegrityError:
                    pass  # a rule of the table: the text came there as it was typed
                except BadInput as error:
                    if not str(error).endswith("."):
                        strange.append(f"{name} {words!r}: {error}")
                except Exception as error:  # noqa: BLE001 - whatever it is, it is counted
                    strange.append(f"{name} {words[:30]!r}: {type(error).__name__} {str(error)[:80]}")
                else:
                    if (
                        name in reads
                        and words
                        and found not in ([], {}, ([], 0), None)
                        and not name.startswith(("setting", "audit"))
                    ):
                        strange.append(f"{name} {words!r} found {found}")

    asyncio.run(story())
    assert strange == [], "\n".join(strange)
    with log.open("rb") as file:
        file.seek(begun)
        said = [line for line in file.read().decode(errors="replace").splitlines() if "ERROR:" in line]
    assert [line for line in said if "violates" not in line] == []
    assert asyncio.run(database.read(lambda c: c.exec_driver_sql("SELECT count(*) FROM users").scalar())) == 0


def test_a_name_at_the_log_in_is_only_a_name(database: Database, trail: AuditTrail, clock: Clock) -> None:
    users = Users(database, trail, clock)
    for words in PAYLOADS[:16:3] + PAYLOADS[-24::4]:
        assert asyncio.run(users.sign_in(words, "some words of no account", words)).session is None
