"""Report files: CSV, JSON and HTML."""
