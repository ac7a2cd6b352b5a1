"""What is installed is what was tested: every package is pinned, once, and nothing says from where to download it."""

import re
import tomllib
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def constraints() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line.split("==") for line in lines if line and not line.startswith("#")]
    assert all(len(pin) == 2 and re.fullmatch(r"[\w.]+", pin[1]) for pin in pins), "NAME==VERSION and nothing else"
    return {canonicalize_name(name): version for name, version in pins}


def direct() -> list[Requirement]:
    project = PROJECT["project"]
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    lines = [*project["dependencies"], *extras, *PROJECT["build-system"]["requires"]]
    return [Requirement(line) for line in lines]


def test_direct_dependencies_are_pinned_to_the_same_version_in_both_files() -> None:
    pins = constraints()
    wanted = {canonicalize_name(requirement.name): str(requirement.specifier) for requirement in direct()}
    assert wanted == {name: f"=={pins.get(name)}" for name in wanted}


def test_everything_they_stand_on_is_pinned_too() -> None:
    pins = constraints()
    missing: set[str] = set()
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [(canonicalize_name(requirement.name), frozenset(requirement.extras)) for requirement in direct()]
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        if name not in pins:
            missing.add(name)
            continue
        for line in _requires(name):
            needed = Requirement(line)
            environments = [{"extra": extra} for extra in extras] or [{"extra": ""}]
            if needed.marker is None or any(needed.marker.evaluate(environment) for environment in environments):
                waiting.append((canonicalize_name(needed.name), frozenset(needed.extras)))
    assert not missing


def _requires(name: str) -> list[str]:
    """What an installed package stands on; the fuzzer need not be installed, and stands on nothing."""
    if name == "atheris":
        return []
    return requires(name) or []
