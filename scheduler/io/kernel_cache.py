"""Where the compiled kernel is kept between processes."""

import hashlib
import os
import tempfile
from pathlib import Path

import scheduler.planning

KERNEL = Path(scheduler.planning.__file__).parent / "kernel"


def use_kernel_cache() -> Path:
    """Tell numba, which must not be imported yet, where to keep machine code; returns the folder.

    Its name has a digest of all sources of the kernel: numba itself would not notice that a function changed which
    another one, in another file, has been compiled with. `NUMBA_CACHE_DIR` in the environment is the operator's choice
    and stays.
    """
    if chosen := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(chosen)
    digest = hashlib.sha256()
    for source in sorted(KERNEL.glob("*.py")):
        digest.update(source.read_bytes())
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = base / "qianshou" / f"kernel-{digest.hexdigest()[:16]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        # A service without a home: kept for this process and its children. Never a name that others could have made
        # before us: numba runs what it finds there.
        folder = Path(tempfile.mkdtemp(prefix="qianshou-kernel-"))
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    return folder
