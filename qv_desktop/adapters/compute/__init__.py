"""Backtests in processes of their own."""
