"""Alpaca's adapter."""
