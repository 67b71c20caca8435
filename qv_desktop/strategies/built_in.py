"""The strategies that ship with the program, as values with their source and its hash."""

import hashlib
from datetime import datetime
from pathlib import Path
from types import ModuleType

from qv_desktop.domain.strategies import Strategy
from qv_desktop.strategies import breakout, rsi_reversion, sma_cross


def built_in(created: datetime) -> list[Strategy]:
    """Every shipped strategy, stamped with ``created`` (UTC)."""
    return [_strategy(module, created) for module in (sma_cross, rsi_reversion, breakout)]


def _strategy(module: ModuleType, created: datetime) -> Strategy:
    name = module.__name__.rpartition(".")[2]
    source = Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8")
    digest = hashlib.sha256(source.encode()).hexdigest()
    return Strategy(digest[:12], name, module.TITLE, 1, module.PARAMS, source, digest, "QuantVision", created)
