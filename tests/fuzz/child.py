"""`python -m tests.fuzz.child SCRIPT TARGET [libFuzzer flags]`: what `tests.fuzz.run` starts, instrumented.

`SCRIPT` is an executable that does the same: libFuzzer calls itself by it when it merges.
"""

import sys

import atheris

from tests.fuzz.target import load_target


def main() -> None:
    script, name, *flags = sys.argv[1:]
    with atheris.instrument_imports(include=["classroom", "media_server", "aioice", "tests.fuzz.targets"]):
        target = load_target(name)
    atheris.Setup([script, *flags], target.run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
