"""The file with the connections: whole or not at all, without secrets, and a sentence when it cannot be used."""

from pathlib import Path

import pytest

from qv_desktop.adapters.connections import FILE, ConnectionFile
from qv_desktop.domain.connections import Connection, Known
from qv_desktop.domain.errors import BadInput

KNOWN = Known((Connection("a", "Paper"), Connection("b", "Réal “one”", "LIVE", "oauth", "polygon")), "b")


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    assert ConnectionFile(tmp_path / "home").read() is None
    ConnectionFile(tmp_path / "home").write(KNOWN)
    assert ConnectionFile(tmp_path / "home").read() == KNOWN
    assert [file.name for file in (tmp_path / "home").iterdir()] == [FILE]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"schema": 1}', '{"schema": 1, "active": "", "connections": [{"id": "a"}]}',
             '{"schema": 1, "active": "", "connections": [{"id": "a", "name": "x", "environment": "PROD"}]}', "\xff"]
)  # fmt: skip
def test_a_damaged_file_says_what_to_do(text: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(text, encoding="latin-1")
    with pytest.raises(BadInput, match="move it away"):
        ConnectionFile(tmp_path).read()


def test_a_file_of_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('{"schema": 2, "active": "", "connections": []}')
    with pytest.raises(BadInput, match="newer QuantVision"):
        ConnectionFile(tmp_path).read()


def test_a_file_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    with pytest.raises(BadInput, match="could not be written"):
        ConnectionFile(tmp_path).write(KNOWN)
