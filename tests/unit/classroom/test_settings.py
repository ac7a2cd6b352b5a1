from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path

import pytest

from classroom.catalog import LANGUAGES, text_of
from classroom.errors import BadSettings
from classroom.logs import LogFormat
from classroom.settings import ServerRole, Settings, load_settings, local_addresses


def toml(folder: Path, content: str) -> Path:
    path = folder / "qianshou.toml"
    path.write_text(content, "utf-8")
    return path


def refused(
    config: Path | None = None, overrides: dict[str, object] | None = None, environment: dict[str, str] | None = None
) -> BadSettings:
    with pytest.raises(BadSettings) as error:
        load_settings(config, overrides, environment or {})
    for language in LANGUAGES:
        shown = text_of(error.value, language)
        assert "\n" not in shown.message + shown.remedy
        assert "?" not in shown.message
    return error.value


def test_everything_has_a_default() -> None:
    settings = load_settings(environment={})
    assert (settings.host, settings.port, settings.media_port) == ("0.0.0.0", 8080, 7800)
    assert (settings.role, settings.language, settings.log_format) == (ServerRole.ALL, "zh-CN", LogFormat.TEXT)
    assert settings.store_url.startswith("sqlite+aiosqlite:////")
    assert settings.store_url.endswith("qianshou.db")
    assert settings.secret_path == settings.data / "secret.key"
    assert settings.media_addresses[-1] == "127.0.0.1"


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    config = toml(tmp_path, 'port = 1\nmedia_port = 1\nhost = "127.0.0.1"\nlanguage = "en"')
    environment = {"QIANSHOU_PORT": "2", "QIANSHOU_MEDIA_PORT": "2", "OTHER_PORT": "9"}
    settings = load_settings(config, {"port": 3, "media_port": None}, environment)
    assert (settings.port, settings.media_port, settings.host, settings.language) == (3, 2, "127.0.0.1", "en")


@pytest.mark.parametrize("value", ["10.0.0.1,192.168.0.0/24 , ::1", '["10.0.0.1", "192.168.0.0/24", "::1"]'])
def test_lists_in_the_environment_are_json_or_separated_by_commas(value: str) -> None:
    settings = load_settings(environment={"QIANSHOU_TRUSTED_PROXIES": value})
    assert settings.trusted_proxies == [
        IPv4Network("10.0.0.1/32"),
        IPv4Network("192.168.0.0/24"),
        IPv6Network("::1/128"),
    ]


def test_an_unknown_name_in_the_environment_is_refused_with_the_nearest() -> None:
    error = refused(environment={"QIANSHOU_PROT": "80"})
    assert error.code == "setting_unknown"
    assert (error.data["key"], error.data["place"]) == ("QIANSHOU_PROT", "environment")
    assert "QIANSHOU_PORT" in text_of(error).message
    assert "QIANSHOU_DATA" in text_of(error).remedy


def test_an_unknown_name_in_the_file_is_refused_with_the_file(tmp_path: Path) -> None:
    error = refused(toml(tmp_path, "zzz = 1"))
    assert error.code == "setting_unknown"
    assert (error.data["key"], error.data["place"]) == ("zzz", str(tmp_path / "qianshou.toml"))
    assert "port" in text_of(error, "en").remedy


def test_a_table_in_the_file_is_refused(tmp_path: Path) -> None:
    assert refused(toml(tmp_path, "[server]\nport = 1")).data["key"] == "server"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("port", "http"),
        ("port", "-1"),
        ("media_port", "65536"),
        ("host", ""),
        ("role", "boss"),
        ("language", "fr"),
        ("log_format", "xml"),
        ("log_level", "loud"),
        ("media_addresses", "somewhere"),
        ("media_addresses", ""),
        ("trusted_proxies", "10.0.0.0/40"),
        ("database_url", "mysql://db/q"),
        ("bus_url", "amqp://mq"),
        ("public_url", "school.example"),
    ],
)
def test_a_wrong_value_is_refused_by_name(tmp_path: Path, key: str, value: str) -> None:
    name = f"QIANSHOU_{key.upper()}"
    error = refused(environment={name: value})
    assert (error.code, error.data["key"], error.data["place"]) == ("setting_wrong", name, "environment")
    assert name in text_of(error).message
    option = "--" + key.replace("_", "-")
    error = refused(overrides={key: [value] if key in {"media_addresses", "trusted_proxies"} else value})
    assert (error.data["key"], error.data["place"]) == (option, "command line")


def test_a_wrong_type_in_the_file_is_refused(tmp_path: Path) -> None:
    error = refused(toml(tmp_path, "trusted_proxies = 5"))
    assert (error.code, error.data["key"]) == ("setting_wrong", "trusted_proxies")


def test_a_wrong_url_does_not_show_its_password() -> None:
    for name in ("QIANSHOU_DATABASE_URL", "QIANSHOU_BUS_URL", "QIANSHOU_PUBLIC_URL"):
        error = refused(environment={name: "ftp://user:s3cr//et@host/x"})
        assert "s3cr" not in str(error)
        assert "s3cr" not in text_of(error).message
        assert "ftp://host/x" in text_of(error).message


@pytest.mark.parametrize("content", ["port = ", "port 80", "port = 1\nport = 2"])
def test_a_malformed_file_is_named(tmp_path: Path, content: str) -> None:
    error = refused(toml(tmp_path, content))
    assert (error.code, error.data["path"]) == ("config_malformed", str(tmp_path / "qianshou.toml"))


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "qianshou.toml"
    path.write_bytes(b"\xff\xfe\x00")
    assert refused(path).code == "config_malformed"


def test_a_missing_file_and_a_directory_are_named(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.toml").code == "config_unreadable"
    assert refused(tmp_path).data["path"] == str(tmp_path)


def test_paths_may_begin_at_home() -> None:
    settings = load_settings(environment={"QIANSHOU_DATA": "~/school"})
    assert settings.data == Path.home() / "school"


def test_a_public_url_has_no_slash_at_its_end() -> None:
    assert load_settings(environment={"QIANSHOU_PUBLIC_URL": "https://a.example/"}).public_url == "https://a.example"


@pytest.mark.parametrize("role", ["hub", "media"])
def test_half_a_server_needs_a_bus_to_the_other_half(role: str) -> None:
    error = refused(overrides={"role": role})
    assert (error.code, error.data) == ("bus_needed", {"role": role})
    assert load_settings(None, {"role": role, "bus_url": "redis://bus"}, {}).role is ServerRole(role)


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        setattr(Settings(), "port", 1)  # noqa: B010 - mypy knows that it is frozen


def test_local_addresses_are_addresses_once_each() -> None:
    found = local_addresses()
    assert [str(ip_address(address)) for address in found] == found
    assert len(set(found)) == len(found)


def test_every_setting_is_described() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
