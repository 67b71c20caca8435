"""Plain values and pure functions: what the program is about, with no input, output, clock or library."""
