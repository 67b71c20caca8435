"""Alpaca: words to our words, sockets, the broker and history."""
