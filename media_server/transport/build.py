"""Compiles the native egress loop with the machine's C compiler; run when the package is built or installed.

`python -m media_server.transport.build` compiles without installing.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
SOURCE, LIBRARY = FOLDER / "egress.c", FOLDER / "_egress.so"
_FLAGS = ("-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC")


def build_egress() -> bool:
    """Whether the library stands for the source as it is now; False where there is no compiler.

    Raises `CalledProcessError` when the compiler fails; what it says has then been shown.
    """
    if LIBRARY.is_file() and LIBRARY.stat().st_mtime_ns >= SOURCE.stat().st_mtime_ns:
        return True
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if compiler is None:
        return False
    new = LIBRARY.with_suffix(".new")
    subprocess.run([compiler, *_FLAGS, "-o", str(new), str(SOURCE)], check=True, stdout=sys.stderr)
    new.replace(LIBRARY)  # a running server keeps the one it has loaded
    return True


if __name__ == "__main__":
    sys.stderr.write("built\n" if build_egress() else "no C compiler: the server will send with its Python loop\n")
