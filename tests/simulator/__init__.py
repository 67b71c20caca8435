"""The simulator, driven as a real process over real sockets."""
