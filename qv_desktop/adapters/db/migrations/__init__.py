"""The schema's history, run in-process by Alembic; one file per step under ``versions``."""
