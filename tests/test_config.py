"""What a person sets is kept, checked, and in force at the next start."""

import os
from pathlib import Path

import pytest

from qv_desktop import config, paths
from qv_desktop.app.backend import demo_settings
from qv_desktop.domain.errors import BadInput


@pytest.fixture(autouse=True)
def _unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of this machine counts."""
    for name in [name for name in os.environ if name.startswith(config.PREFIX)]:
        monkeypatch.delenv(name)


def test_the_look_is_dark_with_green_rises_until_a_person_chooses_another(tmp_path: Path) -> None:
    settings = config.load(tmp_path)
    assert (settings.theme, settings.price_colors) == ("dark", "us")
    config.save(settings, {"theme": "light", "price_colors": "east-asia"})
    settings = config.load(tmp_path)
    assert (settings.theme, settings.price_colors) == ("light", "east-asia")


def test_a_variable_wins_over_the_file_however_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.save(config.load(tmp_path), {"theme": "light"})
    monkeypatch.setenv("QV_THEME", "High-Contrast")
    monkeypatch.setenv("QV_PRICE_COLORS", "colour-blind")
    settings = config.load(tmp_path)
    assert (settings.theme, settings.price_colors) == ("high-contrast", "colour-blind")


@pytest.mark.parametrize(
    ("variable", "offer"),
    [("QV_THEME", "dark or light or high-contrast"), ("QV_PRICE_COLORS", "us or east-asia or colour-blind")],
)
def test_a_look_that_there_is_not_is_answered_with_those_that_there_are(
    variable: str, offer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "pink")
    with pytest.raises(BadInput, match=rf"{variable} .*; use {offer}\."):
        config.load(tmp_path)


def test_a_look_in_the_file_that_there_is_not_is_answered_with_the_file(tmp_path: Path) -> None:
    paths.settings_file(tmp_path).write_text('theme = "pink"\n', encoding="utf-8")
    with pytest.raises(BadInput, match=r"theme in .*settings\.toml .*; use dark or light or high-contrast\."):
        config.load(tmp_path)


def test_a_demo_looks_as_the_real_one_until_it_has_a_look_of_its_own(tmp_path: Path) -> None:
    real = config.save(config.load(tmp_path), {"theme": "light", "price_colors": "east-asia", "environment": "LIVE"})
    demo = demo_settings(real)
    assert (demo.theme, demo.price_colors, demo.environment) == ("light", "east-asia", "SIMULATION")
    config.save(demo, {"theme": "high-contrast"})
    demo = demo_settings(config.load(tmp_path))
    assert (demo.theme, demo.price_colors, demo.environment) == ("high-contrast", "east-asia", "SIMULATION")
    assert config.load(tmp_path) == real


def test_the_file_that_may_hold_a_password_is_its_owners_alone(tmp_path: Path) -> None:
    file = paths.settings_file(tmp_path)
    file.write_text("")
    file.chmod(0o644)
    config.save(config.load(tmp_path), {"database_url": "postgresql://anna:secret@db.example/qv"})
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("key", "address"),
    [
        ("alpaca_stream_url", "ws://stream.example/orders"),
        ("alpaca_url", "https://api.alpaca.markets\\\\@127.0.0.1/.."),
    ],
)
def test_an_address_that_would_send_keys_in_the_open_or_elsewhere_is_named(
    tmp_path: Path, key: str, address: str
) -> None:
    paths.settings_file(tmp_path).write_text(f'{key} = "{address}"\n')
    with pytest.raises(BadInput, match=f"The setting {key} in .* cannot be used"):
        config.load(tmp_path)
