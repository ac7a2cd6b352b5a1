import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from classroom.auth.secret import KEY_BYTES, load_secret
from classroom.errors import BadSettings


def test_it_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "data" / "secret.key"
    key = load_secret(path)
    assert len(key) == KEY_BYTES
    assert load_secret(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["secret.key"]


def test_processes_that_start_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        keys = list(pool.map(load_secret, [tmp_path / "secret.key"] * 16))
    assert len(set(keys)) == 1


@pytest.mark.parametrize("content", ["", "zz", "ab" * (KEY_BYTES - 1), "密钥"])
def test_a_damaged_file_is_not_replaced(tmp_path: Path, content: str) -> None:
    path = tmp_path / "secret.key"
    path.write_text(content, "utf-8")
    with pytest.raises(BadSettings) as error:
        load_secret(path)
    assert (error.value.code, error.value.data["path"]) == ("secret_malformed", str(path))
    assert path.read_text("utf-8") == content


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "secret.key", Path("/proc/qianshou/secret.key")):
        with pytest.raises(BadSettings) as error:
            load_secret(path)
        assert (error.value.code, error.value.data["path"]) == ("data_unwritable", str(path))
