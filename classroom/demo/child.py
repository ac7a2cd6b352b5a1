"""`python -m classroom.demo.child FILM …`: the demo room's process.

It makes the film where there is none and becomes `qianshou room --told …`, which loads while the server does and waits
to be told on standard input where that is. The token comes the same way, since arguments are there for every user of
the machine to see.

One process for both, because loading FFmpeg takes longer than anything else a start has to do. When the demo's own
process ends, however it ends, so does this one: nobody wants a forgotten encoder.
"""

import ctypes
import signal
import sys
from pathlib import Path
from typing import Final

from classroom.cli.main import run

_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h


def main() -> int:
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    film, *arguments = sys.argv[1:]
    if not Path(film).exists():
        failed = run(["room-demo-video", film])
        if failed:
            return failed
    return run(["room", "--told", *arguments])


if __name__ == "__main__":
    sys.exit(main())
