"""Settings: the command line, then the environment (`QIANSHOU_…`), then a TOML file, then defaults.

An unknown name or a wrong value is refused with its name, the place it stands in and what is allowed there, because
a mistyped setting that is silently ignored is found only when a lesson fails.
"""

import difflib
import os
import shlex
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path
from typing import Annotated, Any, Literal

import ifaddr
from pydantic import Field, SecretStr, TypeAdapter, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from classroom.errors import BadSettings
from classroom.logs import LogFormat

ENV_PREFIX = "QIANSHOU_"

__all__ = ["RecordingRule", "ServerRole", "Settings", "load_settings", "local_addresses"]


class ServerRole(StrEnum):
    """Which services a process runs: all of them, those around the store, or only the media plane."""

    ALL = "all"
    HUB = "hub"
    MEDIA = "media"


def local_addresses() -> list[str]:
    """Addresses of this machine, in the order in which browsers shall try them: IPv4, then IPv6, 127.0.0.1 last.

    IPv4 before IPv6 because some encoders (FFmpeg) look no further than the first candidate.
    """
    found = [ip.ip if isinstance(ip.ip, str) else ip.ip[0] for adapter in ifaddr.get_adapters() for ip in adapter.ips]
    usable = [address for address in map(ip_address, dict.fromkeys(found)) if not address.is_link_local]
    outward = sorted((address for address in usable if not address.is_loopback), key=lambda each: each.version)
    return [*map(str, outward), "127.0.0.1"]


def default_data() -> Path:
    """`$XDG_DATA_HOME/qianshou`, as the XDG base directory specification has it."""
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "qianshou"


RecordingRule = Literal["always", "without_agent", "never"]
Port = Annotated[int, Field(ge=0, le=65535)]


class Settings(BaseSettings):
    """All settings of a server process. Every field is `QIANSHOU_<NAME>` in the environment and `name` in TOML."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, validate_default=True)

    # every interface: a server is there for its network
    host: str = Field("0.0.0.0", min_length=1, description="Address the HTTP server listens on.")  # noqa: S104
    port: Port = Field(8080, description="TCP port of the pages and the API; 0 takes any free one.")
    media_port: Port = Field(7800, description="UDP and TCP port of all sound and picture; 0: any free one.")
    media_addresses: list[str] = Field(
        default_factory=local_addresses, min_length=1, description="IPv4 and IPv6 addresses announced for media_port."
    )
    data: Path = Field(default_factory=default_data, description="Directory of the database, keys and recordings.")
    role: ServerRole = Field(ServerRole.ALL, description="Services run here: all, hub or media.")
    database_url: str = Field("", description="postgresql://…; empty: SQLite in the data directory.")
    bus_url: str = Field("", description="redis://… when several processes form one server; empty: in memory.")
    public_url: str = Field("", description="https://… as browsers reach this server, when behind a proxy.")
    trusted_proxies: list[IPv4Network | IPv6Network] = Field(
        [], description="Addresses or networks whose X-Forwarded-For is believed."
    )
    secret_file: Path | None = Field(None, description="Key that signs tokens; the same on every process of a server.")
    recordings_store: str = Field(
        "", description="Where recordings are kept: a directory, or s3://bucket/prefix; empty: in the data directory."
    )
    recordings_s3_endpoint: str = Field("", description="https://… of an S3-compatible store; empty: Amazon's.")
    recordings_s3_region: str = Field("", description="Region of the bucket, if its store has regions.")
    recordings_s3_access_key: str = Field("", description="Access key of the bucket.")
    recordings_s3_secret_key: SecretStr = Field(SecretStr(""), description="Secret key of the bucket.")
    recordings_keep_free_mb: int = Field(
        1000, ge=0, description="Space on the disk that recordings never take, for the database's sake (MB)."
    )
    recordings_server: RecordingRule = Field(
        "without_agent",
        description="What this server records of what it receives: always, without_agent "
        "(what no room's agent publishes, since that records it itself) or never.",
    )
    recordings_scrub_days: float = Field(
        30, gt=0, description="Every kept segment is read and verified again within so many days."
    )
    recordings_derived_mb: int = Field(
        20_000,
        ge=100,
        description="Space for what is made from recordings and can be made again: pictures, AAC (MB).",
    )
    archive_email: str = Field("root@localhost", description="Whom other platforms write to about the archive.")
    archive_recogniser: str = Field(
        "", description="Command that is given a WAV file and a language and writes what is said as WebVTT."
    )
    log_format: LogFormat = Field(LogFormat.TEXT, description="Log lines for people (text) or collectors (json).")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")
    language: Literal["zh-CN", "en"] = Field("zh-CN", description="Language of this server's own messages.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # `load_settings` gathers the sources itself, to know afterwards where a wrong value stood.
        return (init_settings,)

    @field_validator("media_addresses")
    @classmethod
    def _addresses(cls, values: list[str]) -> list[str]:
        return [str(ip_address(value)) for value in values]

    @field_validator("data", "secret_file")
    @classmethod
    def _expand(cls, path: Path | None) -> Path | None:
        return path.expanduser() if path else path

    @field_validator("database_url")
    @classmethod
    def _database(cls, url: str) -> str:
        return _with_scheme(url, ("sqlite", "sqlite+aiosqlite", "postgresql", "postgres", "postgresql+asyncpg"))

    @field_validator("bus_url")
    @classmethod
    def _bus(cls, url: str) -> str:
        return _with_scheme(url, ("memory", "redis", "rediss", "unix"))

    @field_validator("public_url")
    @classmethod
    def _public(cls, url: str) -> str:
        return _with_scheme(url, ("http", "https")).rstrip("/")

    @field_validator("recordings_store")
    @classmethod
    def _recordings(cls, place: str) -> str:
        # A directory on Windows may begin with "C:", so only what looks like a URL is held against the schemes.
        return _with_scheme(place, ("s3",)) if "://" in place else place

    @field_validator("recordings_s3_endpoint")
    @classmethod
    def _endpoint(cls, url: str) -> str:
        return _with_scheme(url, ("http", "https")).rstrip("/")

    @property
    def recordings_path(self) -> Path:
        """The directory of recordings; with an S3-compatible store, of what is on its way there."""
        if self.recordings_store and "://" not in self.recordings_store:
            return Path(self.recordings_store).expanduser()
        return self.data / "recordings"

    @property
    def archive_recogniser_name(self) -> str:
        """What people call the recogniser: its script rather than the interpreter; empty without one."""
        words = shlex.split(self.archive_recogniser)
        return next((Path(word).stem for word in words if word.endswith(".py")), Path(words[0]).name if words else "")

    @property
    def store_url(self) -> str:
        """`database_url`, or SQLite in the data directory."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data.absolute() / 'qianshou.db'}"

    @property
    def secret_path(self) -> Path:
        """Where the signing key lies."""
        return self.secret_file or self.data / "secret.key"


def _with_scheme(url: str, schemes: tuple[str, ...]) -> str:
    if url and url.partition(":")[0] not in schemes:
        raise ValueError(f"must begin with one of {', '.join(scheme + '://' for scheme in schemes)}")
    return url


def load_settings(
    config: Path | None = None,
    overrides: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """Gather the settings of this process. `overrides` come from the command line; those that are None are not given.

    Raises `BadSettings` naming the setting, where it stands, and what is allowed.
    """
    values: dict[str, Any] = {}
    places: dict[str, str] = {}

    def take(found: Mapping[str, Any], place: str, spelling: Mapping[str, str]) -> None:
        for key, value in found.items():
            if key not in Settings.model_fields:
                raise _unknown(spelling.get(key, key), place, sorted(spelling.get(k, k) for k in Settings.model_fields))
            values[key] = value
            places[key] = place

    if config is not None:
        take(_read_toml(config), str(config), {})
    env = os.environ if environment is None else environment
    named = {name: value for name, value in env.items() if name.upper().startswith(ENV_PREFIX)}
    spelling = {field: ENV_PREFIX + field.upper() for field in Settings.model_fields}
    spelling |= {name[len(ENV_PREFIX) :].lower(): name for name in named}
    take(
        {name[len(ENV_PREFIX) :].lower(): _from_env(name, value) for name, value in named.items()},
        "environment",
        spelling,
    )
    options = {field: "--" + field.replace("_", "-") for field in Settings.model_fields}
    take({key: value for key, value in (overrides or {}).items() if value is not None}, "command line", options)

    try:
        settings = Settings(**values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = str(first["loc"][0]) if first["loc"] else ""
        place = places.get(key, "default")
        shown = {"environment": spelling, "command line": options}.get(place, {}).get(key, key)
        raise BadSettings(
            "setting_wrong",
            key=shown,
            place=place,
            value=_without_password(str(first["input"]))[:200],
            problem=first["msg"].removeprefix("Value error, "),
            allowed=Settings.model_fields[key].description or "" if key in Settings.model_fields else "",
        ) from None
    if settings.role is not ServerRole.ALL and settings.bus_url in {"", "memory://"}:
        # each half would run, and neither ever hear of the other
        raise BadSettings("bus_needed", role=settings.role.value)
    return settings


def _without_password(value: str) -> str:
    """A URL as it may be shown: without what stands before its host."""
    scheme, slashes, rest = value.partition("//")
    # a password may hold any of these characters, a host none
    return scheme + slashes + rest.rpartition("@")[2] if slashes else value.rpartition("@")[2]


def _from_env(name: str, value: str) -> Any:
    field = Settings.model_fields.get(name[len(ENV_PREFIX) :].lower())
    if field is None or not str(field.annotation).startswith("list"):
        return value
    # a list is JSON, or plainly separated by commas
    if value.lstrip().startswith("["):
        try:
            return TypeAdapter(list[str]).validate_json(value)
        except ValidationError:
            return [value]
    return [part.strip() for part in value.split(",") if part.strip()]


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise BadSettings("config_malformed", path=str(path), problem=str(error)) from None
    except UnicodeDecodeError:
        raise BadSettings("config_malformed", path=str(path), problem="not UTF-8") from None
    except OSError as error:
        raise BadSettings("config_unreadable", path=str(path), problem=error.strerror or str(error)) from None


def _unknown(key: str, place: str, allowed: list[str]) -> BadSettings:
    near = difflib.get_close_matches(key, allowed, n=1)
    return BadSettings("setting_unknown", key=key, place=place, nearest=near[0] if near else "-", allowed=allowed)
