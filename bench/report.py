"""What all benchmarks share: progress on standard error, percentiles, one last line of JSON."""

import json
import statistics
import sys
from collections.abc import Sequence


def progress(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def percentile(values: Sequence[float], percent: int) -> float:
    """The inclusive percentile (of five values, p95 lies near the largest). Raises `ValueError` for none."""
    if not values:
        raise ValueError("nothing was measured")
    if len(values) == 1:
        return values[0]
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def result(**figures: float) -> None:
    """The last line of a benchmark."""
    sys.stdout.write(json.dumps({name: round(value, 1) for name, value in figures.items()}) + "\n")
