"""Bringing a database to the newest schema: one SELECT when it is there, Alembic in-process when it is not."""

from pathlib import Path

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import ProgrammingError

from qv_desktop.adapters.db.tables import HEAD
from qv_desktop.domain.errors import BadInput

FOLDER = Path(__file__).parent / "migrations"  # shipped as files: in a checkout, a wheel and a frozen build alike
OLDEST_SERVER = 140_000


def current(connection: Connection) -> str:
    """The database's step, or nothing for a new one."""
    try:
        found = connection.execute(text("SELECT version_num FROM public.alembic_version")).scalar()
    except ProgrammingError:  # no such table, or made under another role that shares it with nobody
        connection.rollback()
        return ""
    return str(found or "")


def check(here: str, login: str) -> None:
    """Raises BadInput unless ``here`` is what this program knows: a personal login cannot change the schema."""
    if not here:
        raise BadInput(
            f"The login {login} has no rights in this database; ask whoever keeps it to run qv-desktop db grant for you."
        )
    if here > HEAD:
        raise BadInput(
            f"This database is of a newer QuantVision Desktop (step {here}, this one knows {HEAD}); update the program."
        )
    if here < HEAD:
        raise BadInput(f"This database is at step {here} and this program needs {HEAD}; ask whoever keeps it to run "
                       "qv-desktop db migrate and then db grant.")  # fmt: skip


def bring_to_head(engine: Engine, here: str) -> None:
    """Run what is missing in one transaction. Raises BadInput for a database that is too new or a server that is too old."""
    if here > HEAD:
        raise BadInput(
            f"This database was used by a newer QuantVision Desktop (step {here}, this one knows {HEAD}); update the program."
        )
    with engine.begin() as connection:
        if int(connection.execute(text("SHOW server_version_num")).scalar_one()) < OLDEST_SERVER:
            raise BadInput("The database server is too old; PostgreSQL 14 or newer is needed.")
        connection.execute(
            text("SELECT pg_advisory_xact_lock(hashtext('qv_migrate'))")
        )  # two programs may start together
        _upgrade(connection)


def _upgrade(connection: Connection) -> None:
    from alembic import command  # 0.2 s that only a migration pays
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
