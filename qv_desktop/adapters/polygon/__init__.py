"""Polygon (Massive): words to our words, sockets and REST."""
