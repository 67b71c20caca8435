"""The strategies that ship with the program, as values with their source and its hash."""

from datetime import datetime
from pathlib import Path
from types import ModuleType

from qv_desktop.domain.strategies import Strategy, digest
from qv_desktop.strategies import bollinger, breakout, macd, momentum_rotation, rsi_reversion, sma_cross

AUTHOR = "QuantVision"
MODULES = (sma_cross, rsi_reversion, breakout, bollinger, macd, momentum_rotation)


def built_in(created: datetime) -> list[Strategy]:
    """Every shipped strategy, stamped with ``created`` (UTC)."""
    return [_strategy(module, created) for module in MODULES]


def _strategy(module: ModuleType, created: datetime) -> Strategy:
    name = module.__name__.rpartition(".")[2]
    source = Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8")
    return Strategy(
        f"built-in-{name}", name, module.TITLE, 1, module.PARAMS, source, digest(source), AUTHOR, created, built_in=True
    )
