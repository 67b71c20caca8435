"""A backtest's terms as plain values and back, to be stored and to be written into files."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import date, time
from typing import Any

from qv_desktop.domain.backtests import BacktestSpec, Sizing, Stops, TradingHours
from qv_desktop.domain.errors import BadInput


def plain(spec: BacktestSpec) -> dict[str, Any]:
    """Text, numbers, lists and dictionaries only."""
    told = asdict(spec)
    hours = {name: value.isoformat() if isinstance(value, time) else value for name, value in told["hours"].items()}
    return told | {
        "symbols": list(spec.symbols), "first": spec.first.isoformat(), "last": spec.last.isoformat(),
        "parameters": [[name, value] for name, value in spec.parameters], "hours": hours,
    }  # fmt: skip


def terms(told: Mapping[str, Any]) -> BacktestSpec:
    """The terms that ``plain`` told; what a later version added is left out. Raises BadInput when they cannot be read."""
    known = {field.name for field in fields(BacktestSpec)}
    values = {name: value for name, value in told.items() if name in known}
    try:
        hours: dict[str, Any] = {
            name: time.fromisoformat(value) if name != "kind" and value else value
            for name, value in told["hours"].items()
        }
        values |= {
            "symbols": tuple(told["symbols"]), "first": date.fromisoformat(told["first"]), "last": date.fromisoformat(told["last"]),
            "parameters": tuple((name, float(value)) for name, value in told["parameters"]), "sizing": Sizing(**told["sizing"]),
            "stops": Stops(**told["stops"]), "hours": TradingHours(**hours),
        }  # fmt: skip
        return BacktestSpec(**values)
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(
            f"The terms of a stored backtest cannot be read ({error}); it can be deleted, not run again."
        ) from error
