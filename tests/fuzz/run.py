"""`python -m tests.fuzz.run SECONDS [TARGET …]`: attack each target for so long, guided by what the inputs reach.

libFuzzer (through atheris) mutates the kept corpus; inputs that reach something new join it. A finding is added to the
corpus too, and the ordinary test suite fails on it until it is mended. The last line is one JSON object.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz.corpus import load_corpus, save_corpus, write_files
from tests.fuzz.target import load_target, target_names

MEMORY_MB = 1_024  # a process that grows beyond this has a leak
INPUT_TIMEOUT_S = 10  # one input that takes longer is a finding
_STATISTICS = {
    "executions": r"stat::number_of_executed_units:\s*(\d+)",
    "reached": r"\bcov: (\d+)",
    "peak_rss_mb": r"stat::peak_rss_mb:\s*(\d+)",
}


def fuzz(name: str, seconds: int) -> dict[str, int | str]:
    """Run one target in a process of its own; returns its figures."""
    target = load_target(name)
    kept = load_corpus(name)
    with tempfile.TemporaryDirectory(prefix=f"fuzz-{name}-") as text:
        folder = Path(text)
        for part in ("found", "seeds", "least", "crashes"):
            (folder / part).mkdir()
        write_files(folder / "seeds", [*target.seeds(), *kept])
        log = _libfuzzer(name, folder, [f"-max_total_time={seconds}", f"-max_len={target.MAX_BYTES}", "found", "seeds"])
        findings = [path.read_bytes() for path in sorted((folder / "crashes").iterdir())]
        # The smallest set that reaches as much: what is kept must stay readable in a review.
        _libfuzzer(name, folder, ["-merge=1", "least", "found", "seeds"])
        least = [path.read_bytes() for path in (folder / "least").iterdir()]
        save_corpus(name, [*(least or kept), *findings])
    if findings:
        print(log[max(log.find("=== Uncaught"), 0) :][:6_000], flush=True)
    figures = {key: int(found[-1]) if (found := re.findall(rule, log)) else 0 for key, rule in _STATISTICS.items()}
    return {"target": name, **figures, "corpus": len(least), "findings": len(findings)}


def _libfuzzer(name: str, folder: Path, arguments: list[str]) -> str:
    script = folder / "target"
    if not script.exists():
        script.write_text(
            f'#!/bin/sh\nexec "{sys.executable}" -m tests.fuzz.child "$0" {name} "$@"\n', encoding="utf-8"
        )
        script.chmod(0o755)
    limits = [f"-rss_limit_mb={MEMORY_MB}", f"-timeout={INPUT_TIMEOUT_S}", "-print_final_stats=1"]
    root = str(Path(__file__).parent.parent.parent)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((root, os.environ.get("PYTHONPATH", "")))}
    command = [str(script), *limits, "-artifact_prefix=crashes/", *arguments]
    # A finding ends the process with an error; its figures tell.
    done = subprocess.run(
        command, check=False, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    return done.stdout.decode(errors="replace")


def main() -> None:
    seconds, names = int(sys.argv[1]), sys.argv[2:] or target_names()
    results = []
    for name in names:
        results.append(fuzz(name, seconds))
        print(json.dumps(results[-1]), flush=True)
    total = {key: sum(int(result[key]) for result in results) for key in ("executions", "corpus", "findings")}
    print(json.dumps({"targets": len(results), "seconds_each": seconds, **total}), flush=True)
    sys.exit(1 if total["findings"] else 0)


if __name__ == "__main__":
    main()
