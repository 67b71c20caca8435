"""A granted database with a person of each role, each with a database login and a password of their own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import make_url

from qv_desktop.adapters.db import grants, logins, passwords
from qv_desktop.adapters.db.privileges import group
from qv_desktop.domain.access import BUILT_IN, Role

WORDS = "four plain words here"  # everybody's password in the program and in the database
ROLES = BUILT_IN


@dataclass(frozen=True)
class Person:
    """Somebody with a login; ``name`` is that of the user too."""

    name: str
    role: Role

    @property
    def group(self) -> str:
        """The role's group in the database."""
        return group(self.role)


def address(owner_url: str, login: str) -> str:
    """The address of the same database for another login."""
    return make_url(owner_url).set(username=login, password=WORDS).render_as_string(hide_password=False)


def people(owner_url: str, mark: str) -> dict[Role, Person]:
    """Grant everything, and let in one person of each role; ``mark`` makes their names this server's only ones."""
    grants.granted(owner_url, ROLES)
    hashed = passwords.hashed(WORDS)
    found = {role: Person(f"{role.lower()}_{mark}", role) for role in Role}
    for person in found.values():
        logins.let_in(owner_url, ROLES, logins.Login(person.name, person.role, WORDS))
        run(owner_url, 'INSERT INTO users VALUES (%s, %s, %s, %s, 1, %s, now())', f"id-{person.name}", person.name, person.role, "active",
            hashed)  # fmt: skip
    return found


def plain(url: str) -> str:
    """The address as libpq reads it."""
    return url.replace("+psycopg", "", 1).replace(" ", "%20")


def run(url: str, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """One statement by one login, committed; its rows."""
    with psycopg.connect(plain(url)) as server:
        cursor = server.execute(statement.encode(), values or None)
        return cursor.fetchall() if cursor.description else []


@contextmanager
def connected(url: str, role: str | None = None) -> Iterator["psycopg.Connection[tuple[Any, ...]]"]:
    """A raw connection, acting as ``role``; whatever it does is undone."""
    with psycopg.connect(plain(url)) as server:
        if role is not None:
            server.execute(f'SET ROLE "{role}"'.encode())
        try:
            yield server
        finally:
            server.rollback()


def refusal(server: "psycopg.Connection[tuple[Any, ...]]", statement: str, *values: object) -> str:
    """The SQLSTATE with which Postgres refuses the statement, or nothing when it does it; what it did is undone."""
    server.execute("SAVEPOINT before")
    try:
        server.execute(statement.encode(), values or None)
    except psycopg.Error as error:
        return error.sqlstate or "?"
    finally:
        server.execute("ROLLBACK TO SAVEPOINT before")
    return ""
