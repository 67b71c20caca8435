"""The proof that a server lives: it answers ``SELECT 1``, and from the data folder that we mean."""

from pathlib import Path

DATABASE = "quantvision"
ASK = "SELECT 1, current_setting('data_directory')"


def answers(url: str, data: Path) -> bool:
    """Whether the server at ``url`` serves ``data``; its database is made when it is not there yet."""
    import psycopg  # 60 ms that a program with a remote database need not pay here

    plain = url.replace("+psycopg", "", 1)
    try:
        with psycopg.connect(plain, connect_timeout=3, autocommit=True) as connection:
            row = connection.execute(ASK).fetchone()
    except psycopg.OperationalError as error:
        return f'database "{DATABASE}" does not exist' in str(error) and _made(plain) and answers(url, data)
    return row is not None and row[0] == 1 and Path(row[1]).resolve() == data.resolve()


def _made(url: str) -> bool:
    import psycopg

    with psycopg.connect(url.replace(f"/{DATABASE}", "/postgres", 1), connect_timeout=3, autocommit=True) as connection:
        try:
            connection.execute(f"CREATE DATABASE {DATABASE}")
        except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
            pass  # another program of ours made it in this moment
    return True
