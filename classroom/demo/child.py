"""`python -m classroom.demo.child …`: a `qianshou …` command that ends when the process that started it does.

Even a killed demo must not leave a room agent behind that goes on encoding.
"""

import ctypes
import signal
import sys
from typing import Final

from classroom.cli.main import run

_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h


def main() -> None:
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
