"""The server itself holds a personal login to the ladder: a halt of it, and the highest equity, are for whoever may change limits."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest

from qv_desktop.domain.access import Role
from tests.adapters.db.personal import Person, address, connected, people, refusal, run

DENIED = "42501"
TODAY = "(now() AT TIME ZONE 'America/New_York')::date"
BEGAN = "INSERT INTO risk_counters VALUES (%s, 'user', 'x', {}, 0, NULL, 0, '{{}}', now())"
STATE = "INSERT INTO risk_events (account, at, kind, state, actor, reason, standing) VALUES (%s, now(), 'state', %s, 'x', '', %s)"


def standing(*steps: str, ago: timedelta = timedelta()) -> str:
    """As a state's row keeps it."""
    since = (datetime.now(UTC) - ago).isoformat()
    states = {"NEAR": "REDUCING", "LOSS": "HALTED", "DRAWDOWN": "HALTED"}
    held = [{"step": step, "state": states[step], "since": since, "value": "2100", "limit": "2000"} for step in steps]
    return json.dumps({"hand": {"state": "ACTIVE", "actor": "", "reason": "", "since": ""}, "held": held, "passed": []})


@pytest.fixture(scope="module")
def who(postgres_url: str) -> dict[Role, Person]:
    return people(postgres_url, uuid4().hex[:6])


@pytest.fixture
def account(postgres_url: str) -> str:
    """One that the ladder halted today."""
    name = f"a{uuid4().hex[:6]}"
    run(postgres_url, STATE, name, "HALTED", standing("NEAR", "LOSS"))
    run(postgres_url, "INSERT INTO risk_peaks VALUES (%s, 1000, current_date, 0, now())", name)
    return name


@pytest.fixture
def trader(postgres_url: str, who: dict[Role, Person]) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    with connected(address(postgres_url, who[Role.TRADER].name), who[Role.TRADER].group) as server:
        yield server


@pytest.mark.parametrize(
    ("state", "kept", "refused"),
    [
        ("ACTIVE", (), True),
        ("REDUCING", ("NEAR",), True),
        ("HALTED", (), True),  # the rung would be forgotten, and the next row free
        ("ACTIVE", ("NEAR", "LOSS"), True),  # a state that its rungs do not lead to
        ("HALTED", ("LOSS",), False),
        ("HALTED", ("LOSS", "DRAWDOWN"), False),
    ],
)
def test_a_trader_writes_no_state_that_frees_from_a_halt_of_the_ladder(
    trader: "psycopg.Connection[tuple[object, ...]]", account: str, state: str, kept: tuple[str, ...], refused: bool
) -> None:
    assert refusal(trader, STATE, account, state, standing(*kept)) == (DENIED if refused else "")


def test_a_halt_is_not_worn_down_row_by_row(trader: "psycopg.Connection[tuple[object, ...]]", account: str) -> None:
    """Each row would be a halt still; the one after it would be free, or a new day's."""
    milder = standing("LOSS").replace('"HALTED"', '"REDUCING"')
    older = standing("LOSS", ago=timedelta(days=2))
    for forged in (milder, older):
        assert refusal(trader, STATE, account, "HALTED", forged) == DENIED
    assert refusal(trader, STATE, account, "ACTIVE", standing()) == DENIED
    assert refusal(trader, STATE, account, "HALTED", standing("LOSS", ago=timedelta(seconds=-5))) == ""


def test_an_admin_does_and_so_does_a_new_day_but_for_a_drawdown(
    postgres_url: str, who: dict[Role, Person], trader: "psycopg.Connection[tuple[object, ...]]", account: str
) -> None:
    with connected(address(postgres_url, who[Role.ADMIN].name), who[Role.ADMIN].group) as admin:
        assert refusal(admin, STATE, account, "ACTIVE", standing()) == ""
    run(postgres_url, STATE, account, "HALTED", standing("LOSS", ago=timedelta(days=2)))
    assert refusal(trader, STATE, account, "ACTIVE", standing()) == ""
    run(postgres_url, STATE, account, "HALTED", standing("LOSS", "DRAWDOWN", ago=timedelta(days=2)))
    assert refusal(trader, STATE, account, "ACTIVE", standing()) == DENIED


def test_a_trader_resumes_from_reducing(
    postgres_url: str, trader: "psycopg.Connection[tuple[object, ...]]", account: str
) -> None:
    run(postgres_url, STATE, account, "REDUCING", standing("NEAR"))
    assert refusal(trader, STATE, account, "ACTIVE", standing()) == ""


def test_the_highest_equity_is_raised_by_a_trader_and_lowered_by_an_admin(
    postgres_url: str, who: dict[Role, Person], trader: "psycopg.Connection[tuple[object, ...]]", account: str
) -> None:
    change = "UPDATE risk_peaks SET equity = %s WHERE account = %s"
    assert refusal(trader, change, 1_001, account) == ""
    assert refusal(trader, change, 999, account) == DENIED
    assert refusal(trader, "DELETE FROM risk_peaks WHERE account = %s", account) == DENIED
    with connected(address(postgres_url, who[Role.ADMIN].name), who[Role.ADMIN].group) as admin:
        assert refusal(admin, change, 999, account) == ""


def test_how_a_day_began_is_written_once_and_changed_by_nobody(
    trader: "psycopg.Connection[tuple[object, ...]]", account: str
) -> None:
    assert refusal(trader, BEGAN.format(TODAY), account) == ""
    assert refusal(trader, "UPDATE risk_counters SET consecutive_losses = 0 WHERE account = %s", account) == DENIED
    assert refusal(trader, "DELETE FROM risk_counters WHERE account = %s", account) == DENIED


@pytest.mark.parametrize("role", Role)
def test_how_another_day_began_is_written_by_nobody(
    postgres_url: str, who: dict[Role, Person], account: str, role: Role
) -> None:
    """Today's losses in a row and round trips follow from the newest day before it."""
    with connected(address(postgres_url, who[role].name), who[role].group) as server:
        for day in (f"{TODAY} - 1", f"{TODAY} - 30", f"{TODAY} + 1"):
            assert refusal(server, BEGAN.format(day), account) == DENIED
        assert refusal(server, BEGAN.format(TODAY), account) == ("" if role in (Role.ADMIN, Role.TRADER) else DENIED)


PEAK = "INSERT INTO risk_peaks VALUES (%s, %s, {}, %s, now()) ON CONFLICT (account) DO UPDATE SET equity = EXCLUDED.equity, " \
       "day = EXCLUDED.day, adjusted = EXCLUDED.adjusted, at = now()"  # fmt: skip


@pytest.mark.parametrize(
    ("equity", "adjusted", "days", "refused"),
    [
        (1_000, 500, 0, True),  # taken off again at the next look, so that the highest equity falls
        (1_000, 500, 1, True),
        (1_400, 500, 0, True),
        (1_500, 500, 0, False),  # five hundred came in
        (1_500, 0, 1, False),  # a day later they are in it
        (1_000, 0, 1, False),
        (1_000, 0, -1, True),
        (1_000, 0, 9, True),
    ],
)
def test_money_that_never_moved_lowers_no_highest_equity(
    postgres_url: str, who: dict[Role, Person], equity: int, adjusted: int, days: int, refused: bool
) -> None:
    name = f"p{uuid4().hex[:6]}"
    run(postgres_url, PEAK.format(TODAY), name, 1_000, 0)
    for role in Role:
        with connected(address(postgres_url, who[role].name), who[role].group) as server:
            found = refusal(server, PEAK.format(f"{TODAY} + {days}"), name, equity, adjusted)
        may_not = role in (Role.ANALYST, Role.VIEWER) or (refused and role is Role.TRADER)
        assert found == (DENIED if may_not else "")


def test_a_deposit_of_the_day_before_is_not_counted_twice(
    postgres_url: str, who: dict[Role, Person], trader: "psycopg.Connection[tuple[object, ...]]"
) -> None:
    name = f"p{uuid4().hex[:6]}"
    run(postgres_url, PEAK.format(TODAY), name, 1_500, 500)
    assert refusal(trader, PEAK.format(TODAY), name, 1_500, 500) == ""
    assert refusal(trader, PEAK.format(TODAY), name, 1_600, 500) == ""
    assert refusal(trader, PEAK.format(f"{TODAY} + 1"), name, 1_500, 0) == ""
    assert refusal(trader, PEAK.format(TODAY), name, 1_500, 600) == DENIED
