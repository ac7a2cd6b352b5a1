"""The packages of the clients under test are pinned, and their lock file says nothing of where to download them."""

import json
import re

from tests.interop.node_peer import FOLDER


def test_every_package_is_pinned_and_the_lock_file_names_no_address() -> None:
    wanted = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))["dependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values()), wanted
    packages = json.loads((FOLDER / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert {name: packages[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert not any("resolved" in entry for entry in packages.values())
    assert all("integrity" in entry for path, entry in packages.items() if path)
