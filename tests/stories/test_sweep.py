"""Every home of a story is searched for passwords at its end; the search finds one wherever it lies."""

from pathlib import Path

import pytest

from tests.stories import program


@pytest.mark.parametrize("secret", [program.TYPED, "the-demos-own", "the-servers-own"])
def test_a_password_in_any_file_but_its_own_is_found(tmp_path: Path, secret: str) -> None:
    for name, kept in (("demo/demo-password", "the-demos-own\n"), ("demo/postgres/password", "the-servers-own")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(kept, encoding="utf-8")
    assert program.leaks(tmp_path) == []
    spilled = tmp_path / "demo" / "postgres" / "data" / "base" / "1259"
    spilled.parent.mkdir(parents=True)
    spilled.write_bytes(b"\x00" * 8192 + secret.encode() + b"\xff" * 100)
    assert program.leaks(tmp_path) == ["demo/postgres/data/base/1259"]
