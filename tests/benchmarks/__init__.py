"""Benchmarks: each module gives its figures as a dict; `dev bench NAME` runs one."""
