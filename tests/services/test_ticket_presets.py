"""What a person last used in a symbol comes back, and no outage of the database loses it or the ticket."""

import asyncio
import json
from decimal import Decimal

import pytest

from qv_desktop.domain.errors import BadInput, DatabaseDown
from qv_desktop.domain.ticket_presets import STANDARD, TicketPreset
from qv_desktop.services.ticket_presets import MOST_NAMED, MOST_SYMBOLS, NAMED, SYMBOLS, TicketPresets

D = Decimal
SCALP = TicketPreset("5000", "notional", "Market", "Day", take_profit="2R", stop_loss="1%")


class Stored:
    """``ports.preferences.Preferences`` for settings, which can be away."""

    def __init__(self) -> None:
        self.settings: dict[tuple[str, str], str] = {}
        self.away = False

    async def setting(self, user: str, key: str) -> str | None:
        if self.away:
            raise DatabaseDown("away")
        return self.settings.get((user, key))

    async def save_setting(self, user: str, key: str, value: str, draft: object = None) -> None:
        if self.away:
            raise DatabaseDown("away")
        self.settings[user, key] = value


def presets(stored: Stored, user: str = "u1") -> TicketPresets:
    return TicketPresets(stored, lambda: user)  # type: ignore[arg-type]  # layouts are not asked for


def synced(found: TicketPresets) -> bool:
    return asyncio.run(found.sync())


def test_what_was_sent_comes_back_after_a_restart_for_its_symbol_and_person_only() -> None:
    stored = Stored()
    first = presets(stored)
    first.remember("AAPL", SCALP, D(43))
    first.keep("Scalp", SCALP)
    assert synced(first)
    again, other = presets(stored), presets(stored, "u2")
    assert synced(again)
    assert synced(other)
    assert (again.last("AAPL"), again.last("MSFT"), dict(again.named)) == (SCALP, None, {"Scalp": SCALP})
    assert (other.last("AAPL"), dict(other.named)) == (None, {})


def test_what_is_usual_is_the_middle_of_the_newest_five_sizes_and_a_hundred_before_any() -> None:
    found = presets(Stored())
    assert found.usual("AAPL") == 100
    found.remember("MSFT", STANDARD, D(5_000))
    assert found.usual("MSFT") == 100, "one large order is no habit"
    for shares in (9_999, 10, 12, 11, 5_000, 13):
        found.remember("AAPL", STANDARD, D(shares))
    assert found.usual("AAPL") == 12


def test_an_outage_delays_the_writing_and_forgets_nothing() -> None:
    stored = Stored()
    found = presets(stored)
    stored.away = True
    found.remember("AAPL", SCALP, D(43))
    found.keep("Scalp", SCALP)
    assert not synced(found)
    assert (found.last("AAPL"), found.waiting) == (SCALP, True)
    stored.away = False
    assert synced(found)
    assert presets_of(stored, SYMBOLS) == {"AAPL": {"quantity": "5000", "sizing": "notional", "kind": "Market", "take_profit": "2R",
                                                    "stop_loss": "1%", "sizes": ["43"]}}  # fmt: skip


def test_nothing_is_written_over_what_could_not_be_read_yet() -> None:
    stored = Stored()
    stored.settings["u1", NAMED] = json.dumps({"Swing": {"life": "GTC"}})
    found = presets(stored)
    found.keep("Scalp", SCALP)
    assert synced(found)
    assert set(presets_of(stored, NAMED)) == {"Swing", "Scalp"}


def test_an_outage_between_two_settings_writes_the_second_later() -> None:
    stored = Stored()
    found = presets(stored)
    assert synced(found)
    found.remember("AAPL", SCALP, D(43))
    stored.away = True
    assert not synced(found)
    stored.away = False
    assert found.waiting
    assert synced(found)
    assert "AAPL" in presets_of(stored, SYMBOLS)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"AAPL": 3}', '{"AAPL": {"quantity": 7, "kind": "x", "sizes": ["NaN", "-1", "5"]}}'],
)
def test_what_is_stored_and_makes_no_sense_is_passed_over(text: str) -> None:
    stored = Stored()
    stored.settings["u1", SYMBOLS] = text
    found = presets(stored)
    assert synced(found)
    assert found.last("AAPL") in (None, TicketPreset(kind="x"))
    assert found.usual("AAPL") in (100, 5)


def test_names_are_tidied_and_limited_and_deleting_one_that_is_gone_is_no_error() -> None:
    found = presets(Stored())
    for bad in ("", "  ", "x" * 31, "a\nb"):
        with pytest.raises(BadInput, match="a name of up to 30 characters"):
            found.keep(bad, SCALP)
    found.keep(" Scalp ", SCALP)
    found.keep("Scalp", STANDARD)
    assert dict(found.named) == {"Scalp": STANDARD}
    found.forget("Scalp")
    found.forget("Scalp")
    assert dict(found.named) == {}
    for number in range(MOST_NAMED):
        found.keep(f"p{number}", SCALP)
    with pytest.raises(BadInput, match="delete one first"):
        found.keep("one more", SCALP)


def test_only_the_newest_symbols_are_remembered() -> None:
    found = presets(Stored())
    for number in range(MOST_SYMBOLS + 1):
        found.remember(f"S{number}", STANDARD, D(1))
    assert (found.last("S0"), found.last("S1")) == (None, STANDARD)


def presets_of(stored: Stored, key: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(stored.settings["u1", key])
    return found
