from pathlib import Path

import pytest

from classroom.errors import BadSettings
from room_agent.config import MAX_SOURCES, load_config
from room_agent.encode.ladder import DEFAULT_LADDER, Rung


def write(folder: Path, text: str) -> Path:
    path = folder / "room.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_names_sources(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
        [sources.teacher]
        spec = "camera:0+mic:"
        channels = 2
        [sources.slides]
        spec = "screen:"
        encodings = [{ height = 1080, bitrate_bps = 2_000_000 }, { height = 360, bitrate_bps = 300_000 }]
        """,
    )
    config = load_config(path, [])
    assert config.sources["teacher"].ladder == DEFAULT_LADDER
    assert config.sources["teacher"].max_fps == 25
    assert config.sources["slides"].max_fps == 10
    assert config.sources["slides"].ladder == (Rung("h", 1080, 2_000_000), Rung("m", 360, 300_000))


def test_the_command_line_replaces_a_source_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, '[sources.teacher]\nspec = "camera:0"\n')
    config = load_config(path, ["teacher=file:clip.mp4", "slides=synthetic:slides"])
    assert {name: source.spec for name, source in config.sources.items()} == {
        "teacher": "file:clip.mp4",
        "slides": "synthetic:slides",
    }


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('[sources.teacher]\nspec = "camera:0"\nfsp = 25', "sources.teacher.fsp"),
        ('[source.teacher]\nspec = "camera:0"', "source"),
        ('[sources.teacher]\nspec = "camera:0"\nfps = 0', "sources.teacher.fps"),
        ('[sources.teacher]\nspec = "camera:0"\nchannels = 6', "sources.teacher.channels"),
        ("[sources.teacher]\nfps = 25", "sources.teacher.spec"),
        ('[sources.t]\nspec = "mic:"\nencodings = [{ height = 20, bitrate_bps = 1 }]', "sources.t.encodings.0.height"),
    ],
)
def test_a_wrong_key_or_value_is_named_with_its_file(tmp_path: Path, text: str, key: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(BadSettings) as refused:
        load_config(path, [])
    assert refused.value.code == "room_config_wrong"
    assert refused.value.data["file"] == str(path)
    assert refused.value.data["key"] == key


def test_a_file_that_is_no_toml_or_is_not_there_is_named(tmp_path: Path) -> None:
    for path in (write(tmp_path, "= no"), tmp_path / "other.toml"):
        with pytest.raises(BadSettings) as refused:
            load_config(path, [])
        assert refused.value.code == "room_config_unreadable"
        assert refused.value.data["file"] == str(path)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], "room_without_sources"),
        (["teacher"], "source_argument_wrong"),
        (["teacher="], "source_argument_wrong"),
        (["Lehrer Müller=mic:"], "source_name_wrong"),
        (["teacher=tape:1"], "source_spec_wrong"),
        ([f"s{number}=mic:" for number in range(MAX_SOURCES + 1)], "room_config_wrong"),
    ],
)
def test_wrong_arguments_are_named(arguments: list[str], code: str) -> None:
    with pytest.raises(BadSettings) as refused:
        load_config(None, arguments)
    assert refused.value.code == code
