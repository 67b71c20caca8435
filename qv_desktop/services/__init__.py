"""State and decisions: one class per noun, everything passed in, no Qt, no SQL, no sockets."""
