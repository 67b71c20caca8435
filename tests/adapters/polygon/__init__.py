"""Polygon's adapter."""
