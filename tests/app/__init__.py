"""Tests of the program's own parts."""
