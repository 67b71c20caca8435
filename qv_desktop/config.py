"""Settings: shipped defaults, then the settings file, then ``QV_…`` environment variables; the later wins."""

import os
import tomllib
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from qv_desktop import paths
from qv_desktop.domain.accounts import Environment
from qv_desktop.domain.errors import BadInput


class Settings(BaseSettings):
    """Everything a person can set. Addresses are full URLs; an empty ``database_url`` means the embedded database."""

    model_config = SettingsConfigDict(env_prefix="QV_", extra="forbid", frozen=True, validate_default=False)

    home: Path = Field(default_factory=paths.home)
    database_url: str = ""
    environment: Environment = "PAPER"
    alpaca_url: str = "https://paper-api.alpaca.markets"
    alpaca_stream_url: str = "wss://paper-api.alpaca.markets/stream"
    alpaca_data_url: str = "https://data.alpaca.markets"
    alpaca_prices_url: str = "wss://stream.data.alpaca.markets/v2/iex"
    polygon_url: str = "https://api.polygon.io"
    polygon_stream_url: str = "wss://socket.polygon.io/stocks"
    watchlist: tuple[str, ...] = ()
    log_level: str = "INFO"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file, whose values arrive as ``init`` arguments."""
        return env_settings, init_settings


def load(home: Path | None = None) -> Settings:
    """The settings in force. Raises BadInput with the file, the line or key, and what to do."""
    folder = home or paths.home()
    values = {**_read(paths.resources() / "defaults.toml"), **_read(paths.settings_file(folder)), "home": folder}
    try:
        return Settings(**values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise BadInput(
            f"The setting “{key}” cannot be used ({first['msg'].lower()}); "
            f"correct it in {paths.settings_file(folder)} or in QV_{key.upper()}."
        ) from None


def save(settings: Settings, changes: dict[str, str]) -> Settings:
    """The settings with ``changes``, written to the settings file so that a crash leaves the old or the new file whole."""
    file = paths.settings_file(settings.home)
    kept = {**_read(file), **changes}
    lines = [f"{key} = {_toml(value)}" for key, value in sorted(kept.items())]
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_suffix(".new")
        fresh.write_text("\n".join(lines) + "\n", encoding="utf-8")
        os.replace(fresh, file)
    except OSError as error:
        raise BadInput(f"The settings could not be written to {file} ({error.strerror}); free some space or choose QV_HOME.") from error
    return load(settings.home)


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"The settings file {file} is damaged ({error}); correct that line, or move the file away.") from None
    except OSError as error:
        raise BadInput(f"The settings file {file} cannot be read ({error.strerror}); check its permissions.") from None


def _toml(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
