"""What runs behind the window: one program for each data folder, wherever its database is."""

import asyncio
from pathlib import Path

import pytest

from qv_desktop.app.backend import Store
from qv_desktop.config import Settings
from qv_desktop.domain.errors import BadInput


def test_two_programs_do_not_share_a_folder_on_a_remote_database_either(postgres_url: str, tmp_path: Path) -> None:
    first = Store(Settings(home=tmp_path, database_url=postgres_url))
    try:
        assert not asyncio.run(first.opened()).down
        second = Store(Settings(home=tmp_path, database_url=postgres_url))
        with pytest.raises(BadInput, match="already running"):
            asyncio.run(second.opened())
        second.close()
        looking = Store(Settings(home=tmp_path, database_url=postgres_url), shared=True)  # a command beside the window
        assert not asyncio.run(looking.opened()).down
        looking.close()
    finally:
        first.close()
    again = Store(Settings(home=tmp_path, database_url=postgres_url))
    assert not asyncio.run(again.opened()).down
    again.close()
