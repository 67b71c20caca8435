"""QuantVision Desktop: a trading terminal for US equities."""

__version__ = "0.1.0"
