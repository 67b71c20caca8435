"""One table model with declared columns, used by every table."""
