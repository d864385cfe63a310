"""`make rehearsal`: three weeks of a class in minutes, and an independent check of what is left of them.

    make rehearsal ARGS="--groups 100 --seed 1 --minutes 5 --faults all --repos FOLDER"

Exit code 1 where the check found anything wrong.
"""

import argparse
import json
import pickle
import shutil
import sys
import tempfile
import time
from pathlib import Path

from mlops_mentor_tests.rehearsal.checks.all import all_problems
from mlops_mentor_tests.rehearsal.rehearsal import Plan, Report, rehearse
from mlops_mentor_tests.rehearsal.story import FAULTS

_MOST_SHOWN = 60
_LIVED = "lived.pickle"


def main() -> int:
    """Rehearse and report."""
    options = _options()
    if options.again is not None:
        return _look_again(options.again)
    folder = options.folder or Path(tempfile.mkdtemp(prefix="mentor-rehearsal-"))
    plan = Plan(
        folder.resolve(), options.groups, options.seed, options.minutes, _faults(options.faults), options.repos,
        options.github,
        is_compared=not options.quick,
    )  # fmt: skip
    plan.folder.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    report = rehearse(plan, lambda line: _say(f"[{time.monotonic() - began:6.1f} s] {line}"))
    _show(report)
    kept = json.dumps({"figures": report.figures, "problems": report.problems}, indent=2, default=str)
    (plan.folder / "report.json").write_text(f"{kept}\n")
    (plan.folder / _LIVED).write_bytes(pickle.dumps(report.lived))
    if options.folder is None and not report.problems:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        _say(f"Everything is in {plan.folder}.")
    return 1 if report.problems else 0


def _look_again(folder: Path) -> int:
    # Written by this program a while ago.
    problems = all_problems(pickle.loads((folder / _LIVED).read_bytes()), _say)  # noqa: S301
    _show(Report(problems=problems))
    return 1 if problems else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make rehearsal", description="Three weeks of a class in minutes.")
    parser.add_argument("--groups", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=5.0, help="that the three weeks take")
    parser.add_argument("--faults", default="all", help=f"all, none, or some of {','.join(FAULTS)}")
    parser.add_argument("--repos", type=Path, help="a folder of bare repositories, in place of made-up ones")
    parser.add_argument("--github", metavar="URL", help="a simulated GitHub on 127.0.0.1, with its repositories")
    parser.add_argument("--folder", type=Path, help="where to do it, kept afterwards; a temporary one when not given")
    parser.add_argument("--again", type=Path, metavar="FOLDER", help="only check one that was kept, once more")
    parser.add_argument("--quick", action="store_true", help="do not compare with a run on an empty folder")
    return parser.parse_args()


def _faults(text: str) -> tuple[str, ...]:
    if text in ("all", "none"):
        return FAULTS if text == "all" else ()
    chosen = tuple(text.split(","))
    if unknown := set(chosen) - set(FAULTS):
        raise SystemExit(f"--faults: {', '.join(sorted(unknown))} is none of {', '.join(FAULTS)}")
    return chosen


def _show(report: Report) -> None:
    for name, value in report.figures.items():
        _say(f"{name:28} {value}")
    _say(f"{len(report.problems)} problems found")
    for problem in report.problems[:_MOST_SHOWN]:
        _say(f"  {problem}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
