"""`python -m classroom.demo.child FILM …`: the demo room's process.

It makes the film where there is none, then waits for one line of JSON on standard input, `{"server": URL, "token": T}`,
and becomes `qianshou room … --server URL`.

One process for both, because loading FFmpeg takes longer than anything else a start has to do. The token comes by
standard input since arguments are there for every user of the machine to see. When the demo's own process ends,
however it ends, so does this one: nobody wants a forgotten encoder.
"""

import ctypes
import json
import os
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
    line = sys.stdin.readline()
    if not line:
        return 0  # the demo ended first
    told = json.loads(line)
    os.environ["QIANSHOU_ROOM_TOKEN"] = told["token"]
    return run(["room", "--server", told["server"], *arguments])


if __name__ == "__main__":
    sys.exit(main())
