"""A separate process that speaks the vendors' wire protocols over a synthetic or replayed market."""
