"""What a login cannot make of itself or of the desk at a database prompt, through what the program itself lets it write."""

from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest

from qv_desktop.domain.access import Role
from tests.adapters.db.personal import Person, people, run


@pytest.fixture(scope="module")
def who(postgres_url: str) -> dict[Role, Person]:
    return people(postgres_url, uuid4().hex[:6])


def groups_of(url: str, login: str) -> list[str]:
    """The groups that a login was given."""
    query = "SELECT roleid::regrole::text FROM pg_auth_members WHERE member = %s::regrole ORDER BY 1"
    return [str(row[0]) for row in run(url, query, login)]


# ---- groups


@pytest.fixture
def free_names(postgres_url: str) -> Iterator[None]:
    """As on a database from before names were guarded."""
    run(postgres_url, "ALTER TABLE roles DROP CONSTRAINT roles_name_free")
    yield
    run(postgres_url, "DELETE FROM roles WHERE lower(name) IN ('app', 'door', 'owner', 'loose')")
    run(postgres_url, "ALTER TABLE roles ADD CONSTRAINT roles_name_free CHECK (lower(regexp_replace(name, '[^A-Za-z0-9]+', '', 'g')) "
                      "NOT IN ('app', 'door', 'owner')) NOT VALID")  # fmt: skip


@pytest.mark.parametrize("role", ["App", "app", "Door", "Owner", "Loose"])
def test_a_role_of_the_programs_own_name_lets_nobody_into_the_programs_group(
    postgres_url: str, who: dict[Role, Person], free_names: None, role: str
) -> None:
    viewer = who[Role.VIEWER].name
    run(postgres_url, f"DO $$ BEGIN CREATE ROLE \"{group_name(role)}\"; EXCEPTION WHEN duplicate_object THEN END $$")
    run(postgres_url, "INSERT INTO roles VALUES (%s, '{}', 1, now(), '')", role)
    run(postgres_url, "UPDATE users SET role = %s WHERE name = %s", role, viewer)
    try:
        assert groups_of(postgres_url, viewer) == ["qv_viewer"]
    finally:
        run(postgres_url, "UPDATE users SET role = 'Viewer' WHERE name = %s", viewer)


def group_name(role: str) -> str:
    return f"qv_{role.lower()}"


@pytest.mark.parametrize("role", ["App", "door", "OWNER", " app", "d-o-o-r"])
def test_no_role_is_called_like_a_group_of_the_programs_own(postgres_url: str, role: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        run(postgres_url, "INSERT INTO roles VALUES (%s, '{}', 1, now(), '')", role)
