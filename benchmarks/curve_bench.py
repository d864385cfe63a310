"""`make bench-curve`: time and memory of a run over classes of growing size, and what the class's tables take of it.

Close to linear is the aim: seconds a group must not grow with the number of groups. The classes are copies of the
sample repositories, each group with a repository of its own.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.class_of_copies import make_class
from benchmarks.processes import measured

ROOT = Path(__file__).parents[1]
_STAGES = ("run_groups", "run_feedback", "run_class", "run_export")


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[13, 130, 1300])
    options = parser.parse_args()
    heads = [f"{stage.removeprefix('run_'):>9}" for stage in _STAGES]
    print(f"{'groups':>7} {'first run s':>12} {'s a group':>10} {'CPU s':>8} {'peak MB':>8} {'again s':>8}", *heads)
    for size in options.sizes:
        with tempfile.TemporaryDirectory(prefix="mentor-curve-") as name:
            _report(Path(name), size)


def _report(directory: Path, size: int) -> None:
    made = make_class(directory, size)
    found = directory / "steps.json"
    settings = {"MENTOR_DATA_DIR": directory / "data", "MENTOR_ROSTER": made.roster, "MENTOR_COURSE": made.course}
    environment = os.environ | {name: str(value) for name, value in settings.items()} | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-P", "-m", "benchmarks.timed_run", str(found)]
    first = measured(command, environment, directory / "first.log")
    stages = json.loads(found.read_text(encoding="utf-8"))["stage"]
    again = measured(command, environment, directory / "again.log")
    seconds = " ".join(f"{stages[stage][1]:9.1f}" for stage in _STAGES)
    print(
        f"{size:7} {first.seconds:12.1f} {first.seconds / size:10.2f} {first.cpu_s:8.1f} {first.peak_mb:8.0f} "
        f"{again.seconds:8.1f} {seconds}", flush=True,
    )  # fmt: skip


if __name__ == "__main__":
    main()
