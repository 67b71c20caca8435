"""Settings: shipped defaults, then the settings file, then ``QV_…`` environment variables; the later wins."""

import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_type_hints

import msgspec

from qv_desktop import paths
from qv_desktop.domain.accounts import Environment
from qv_desktop.domain.addresses import host_of
from qv_desktop.domain.errors import BadInput

PREFIX = "QV_"
OTHER_VARIABLES = (
    "QV_HOME",
    "QV_ALPACA_KEY",
    "QV_ALPACA_SECRET",
    "QV_POLYGON_KEY",
    "QV_STARTUP_REPORT",
)  # read elsewhere

ADDRESSES = ("alpaca_url", "alpaca_stream_url", "alpaca_live_url", "alpaca_live_stream_url", "alpaca_data_url",
             "alpaca_prices_url", "polygon_url", "polygon_stream_url")  # fmt: skip
# what a demo chooses for itself
LOOK = (
    "theme",
    "price_colors",
    "density",
    "strategy_workers",
    "strategy_seconds",
    "strategy_cpu_seconds",
    "strategy_memory_mb",
)

type Days = Annotated[int, msgspec.Meta(ge=0, le=36_500)]  # 0: for ever


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything a person can set. Addresses are full URLs; an empty ``database_url`` means the embedded database."""

    home: Path
    database_url: str = ""
    environment: Environment = "PAPER"
    alpaca_url: str = "https://paper-api.alpaca.markets"
    alpaca_stream_url: str = "wss://paper-api.alpaca.markets/stream"
    alpaca_live_url: str = "https://api.alpaca.markets"
    alpaca_live_stream_url: str = "wss://api.alpaca.markets/stream"
    oauth_authorize_url: str = "https://app.alpaca.markets/oauth/authorize"
    oauth_token_url: str = "https://api.alpaca.markets/oauth/token"  # noqa: S105 - an address
    oauth_port: Annotated[int, msgspec.Meta(ge=0, le=65_535)] = 47_823  # on 127.0.0.1; 0: any free one
    alpaca_data_url: str = "https://data.alpaca.markets"
    alpaca_prices_url: str = "wss://stream.data.alpaca.markets/v2/iex"
    polygon_url: str = "https://api.polygon.io"
    polygon_stream_url: str = "wss://socket.polygon.io/stocks"
    polygon_per_minute: int = 5  # requests that the plan allows
    alpaca_per_minute: int = 200
    watchlist: tuple[str, ...] = ()
    keep_trades_days: Days = 30
    keep_seconds_days: Days = 7
    keep_minutes_days: Days = 0
    spool_megabytes: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 2048
    strategy_workers: Annotated[int, msgspec.Meta(ge=0, le=64)] = (
        0  # runs at once; 0: the processors less one, four at most
    )
    strategy_seconds: Annotated[int, msgspec.Meta(ge=1, le=86_400)] = 600  # of one run by the clock
    strategy_cpu_seconds: Annotated[int, msgspec.Meta(ge=1, le=86_400)] = 600  # of one run's processor time
    strategy_memory_mb: Annotated[int, msgspec.Meta(ge=64, le=1_000_000)] = 4096  # of one run
    sweep_workers: Annotated[int, msgspec.Meta(ge=0, le=256)] = 0  # processes of a sweep; 0: one for each processor
    sweep_megabytes: Annotated[int, msgspec.Meta(ge=300, le=1024)] = 1024  # that each of them may use
    cluster: str = ""  # a Dask scheduler, tls://HOST:PORT, that computes sweeps; empty: this machine
    cluster_ca: str = ""  # PEM files: the cluster's authority, and this program's certificate and key
    cluster_certificate: str = ""
    cluster_key: str = ""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    theme: Literal["dark", "light", "high-contrast"] = "dark"
    price_colors: Literal["us", "east-asia", "colour-blind"] = "us"  # what rises and falls is painted in
    density: Literal["compact", "normal", "comfort"] = "normal"  # how high the rows of tables are


def load(home: Path | None = None) -> Settings:
    """The settings in force. Raises BadInput with the key, the reason, and where to correct it."""
    folder = home or paths.home()
    shipped, chosen = _read(paths.resources() / "defaults.toml"), _read(paths.settings_file(folder))
    values = {**shipped, **chosen, **_environment(), "home": str(folder)}
    try:
        return _addressed(msgspec.convert(values, Settings, strict=False, dec_hook=lambda kind, value: kind(value)))
    except msgspec.ValidationError as error:
        raise BadInput(_complaint(str(error), folder)) from None


def _addressed(settings: Settings) -> Settings:
    """The settings, once no address in them can be read in two ways or would send secrets in the open. Raises BadInput."""
    for key in ADDRESSES:
        try:
            host_of(getattr(settings, key))
        except BadInput as error:
            raise BadInput(f"The setting {_where(key, settings.home)} cannot be used. {error}") from None
    return settings


def _where(key: str, folder: Path) -> str:
    return f"{PREFIX}{key.upper()}" if key in _environment() else f"{key} in {paths.settings_file(folder)}"


def looked(settings: Settings, home: Path) -> Settings:
    """``settings`` with what the settings file of ``home`` names of the look and of strategies' runs. Raises BadInput as ``load``."""
    own, named = load(home), _read(paths.settings_file(home))
    return msgspec.structs.replace(settings, **{key: getattr(own, key) for key in LOOK if key in named})


def _complaint(words: str, folder: Path) -> str:
    """What is wrong with which setting, where it was set, and what would do."""
    found = re.search(r"`\$\.(\w+)|unknown field `(\w+)`", words)
    key = (found[1] or found[2]) if found else ""
    where = _where(key, folder)
    kinds = get_type_hints(Settings)
    if key not in kinds:
        return f"There is no setting {where}; the settings are {', '.join(name for name in kinds if name != 'home')}."
    kind = kinds[key]
    choices = get_args(getattr(kind, "__value__", kind)) if kind not in (str, Path) else ()
    named = [choice for choice in choices if isinstance(choice, str)]
    cause = words.partition(" - at")[0]
    return f"The setting {where} cannot be used ({cause}); " + (
        f"use {' or '.join(named)}." if named else "correct it."
    )


def _environment() -> dict[str, Any]:
    """``QV_…`` variables by setting; lists are written with commas."""
    found = {name.removeprefix(PREFIX).lower(): text for name, text in os.environ.items()
             if name.startswith(PREFIX) and name not in OTHER_VARIABLES}  # fmt: skip
    if "log_level" in found:
        found["log_level"] = found["log_level"].upper()
    found |= {key: found[key].lower() for key in LOOK if key in found}
    return {
        key: [part.strip() for part in text.split(",")] if key == "watchlist" else text for key, text in found.items()
    }


def save(settings: Settings, changes: dict[str, str]) -> Settings:
    """The settings with ``changes``, written to the settings file so that a crash leaves the old or the new file whole."""
    file = paths.settings_file(settings.home)
    values = {**_read(file), **changes}
    lines = [f"{key} = {_toml(value)}" for key, value in sorted(values.items())]
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        fresh.touch(mode=0o600)  # a database's address may hold its password
        fresh.write_text("\n".join(lines) + "\n", encoding="utf-8")
        os.replace(fresh, file)
    except OSError as error:
        raise BadInput(
            f"The settings could not be written to {file} ({error.strerror}); free some space or choose QV_HOME."
        ) from error
    return load(settings.home)


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(
            f"The settings file {file} is damaged ({error}); correct that line, or move the file away."
        ) from None
    except OSError as error:
        raise BadInput(f"The settings file {file} cannot be read ({error.strerror}); check its permissions.") from None


def _toml(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
