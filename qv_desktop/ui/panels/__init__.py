"""The docked panels: values in through show… and upsert, wishes out as signals."""
