"""Postgres: the embedded server, the tables, and what is kept in them."""
