"""Tests of the database: real Postgres, real processes."""
