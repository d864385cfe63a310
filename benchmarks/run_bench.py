"""`make bench`: a run of a whole class beside what it could be at best, and beside what it was.

- git alone, on the same repositories with the same number of workers: `clone --bare`, `log --numstat` (`--raw` where
  blobs are missing) and `ls-tree -r -l`;
- `mlops-mentor run` into an empty directory, then again with nothing changed, then once more into an empty one with a
  watch on its steps: what takes the time;
- asking a model: how close 520 questions come to the time that its server needs;
- with `--github URL --roster FILE`: the run asks that server, and the way of the system before is replayed on it for
  some groups. Any server on this machine that speaks GitHub's API will do.

Without a server the class is made of copies of the sample repositories, or of the bare repositories under
`--repositories`. Figures go to the screen and to `<directory>/figures.json`.
"""

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import llm_bench, original_way
from benchmarks.class_of_copies import ClassOfCopies, class_on_server, make_class
from benchmarks.processes import Usage, measured

ROOT = Path(__file__).parents[1]
_TOKEN = "benchmark"
_SHOWN_STEPS = 24


def main() -> None:
    """Measure and report."""
    options = _options()
    directory = Path(tempfile.mkdtemp(prefix="mentor-bench-")) if options.directory is None else options.directory
    try:
        figures = _figures(directory, options)
        (directory / "figures.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
        _report(figures)
    finally:
        if options.directory is None:
            shutil.rmtree(directory, ignore_errors=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repositories", type=Path, help="directory with bare repositories, one a folder or deeper")
    parser.add_argument("--github", help="address of a server on this machine that speaks GitHub's API")
    parser.add_argument("--roster", type=Path, help="the roster of the class that is on that server")
    parser.add_argument("--original-groups", type=int, default=5, help="groups for which the old way is replayed")
    parser.add_argument("--groups", type=int, default=130, help="at most; of a roster those at its beginning")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="of git alone and of mlops-mentor")
    parser.add_argument("--questions", type=int, default=520, help="to the model; 0 leaves it out")
    parser.add_argument("--directory", type=Path, help="where to work, kept afterwards; a temporary one when not given")
    options = parser.parse_args()
    if bool(options.github) != bool(options.roster):
        parser.error("--github and --roster belong together")
    if options.github and urlsplit(options.github).hostname not in ("127.0.0.1", "localhost", "::1"):
        parser.error("--github: a server on this machine")
    return options


def _figures(directory: Path, options: argparse.Namespace) -> dict[str, Any]:
    the_class = _class(directory, options)
    figures: dict[str, Any] = {"groups": the_class.num_groups, "different repositories": the_class.num_sources,
                               "workers": options.workers}  # fmt: skip
    figures["git alone (s)"] = _git_alone(the_class.repositories, directory / "git", options.workers)
    environment = _environment(options)
    first = _run(directory / "data", the_class, environment, directory / "first.log")
    second = _run(directory / "data", the_class, environment, directory / "second.log")
    figures |= {
        "first run (s)": first.seconds,
        "first run, a group (s)": first.seconds / the_class.num_groups,
        "first run, CPU of all its processes (s)": first.cpu_s,
        "first run / git alone": first.seconds / figures["git alone (s)"],
        "second run, nothing changed (s)": second.seconds,
        "peak memory of all its processes (MB)": first.peak_mb,
    }
    steps = _steps(directory, the_class, environment)
    figures["steps"] = {kind: steps[kind] for kind in ("stage", "table", "program")}
    if options.github:
        replayed = _original(the_class.repositories[: options.original_groups], options.github)
        figures |= {"requests a group": steps["num_requests"] / the_class.num_groups, **replayed}
        figures["first run / original's way"] = (
            figures["first run, a group (s)"] / replayed["original's way (s a group)"]
        )
    if options.questions:
        with tempfile.TemporaryDirectory(prefix="mentor-llm-bench-") as answers:
            asked = llm_bench.measure(options.questions, 2.0, 8, Path(answers))
        figures |= {"model: questions": asked.num_requests, "model: asking (s)": asked.total_s,
                    "model: asking / ideal": asked.ratio}  # fmt: skip
    return figures


def _class(directory: Path, options: argparse.Namespace) -> ClassOfCopies:
    if options.roster is None:
        return make_class(directory, options.groups, options.repositories)
    with options.roster.open(encoding="utf-8-sig", newline="") as file:
        addresses = [row["github_repo"].strip() for row in csv.DictReader(file, skipinitialspace=True)]
    return class_on_server(directory, addresses[: options.groups])


def _environment(options: argparse.Namespace) -> dict[str, str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "MENTOR_WORKERS": str(options.workers)}
    if not options.github:
        return environment
    url = options.github.rstrip("/")
    return environment | {"GITHUB_TOKEN": _TOKEN, "GITHUB_SERVER_URL": url, "GITHUB_API_URL": url,
                          "GITHUB_GRAPHQL_URL": f"{url}/graphql"}  # fmt: skip


def _git_alone(repositories: tuple[str, ...], target: Path, workers: int) -> float:
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    began = time.monotonic()
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(lambda each: _git_on_one(each[1], target / f"{each[0]}.git"), enumerate(repositories)))
    seconds = time.monotonic() - began
    shutil.rmtree(target)
    return seconds


def _git_on_one(repository: str, clone: Path) -> None:
    _git("clone", "--quiet", "--bare", repository, str(clone))
    if _git("-C", str(clone), "log", "--all", "--numstat") != 0:
        _git("-C", str(clone), "log", "--all", "--raw", "--no-renames")
    _git("-C", str(clone), "ls-tree", "-r", "-l", "HEAD")


def _git(*arguments: str) -> int:
    return subprocess.run(
        ["git", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
    ).returncode


def _run(data_dir: Path, the_class: ClassOfCopies, environment: dict[str, str], log: Path) -> Usage:
    command = [sys.executable, "-P", "-m", "mlops_mentor", "run", "--data-dir", str(data_dir)]
    return measured([*command, "--roster", str(the_class.roster), "--course", str(the_class.course)], environment, log)


def _steps(directory: Path, the_class: ClassOfCopies, environment: dict[str, str]) -> dict[str, Any]:
    """A first run once more, with a watch on its steps."""
    found, data_dir = directory / "steps.json", directory / "watched"
    shutil.rmtree(data_dir, ignore_errors=True)
    settings = {"MENTOR_DATA_DIR": data_dir, "MENTOR_ROSTER": the_class.roster, "MENTOR_COURSE": the_class.course}
    command = [sys.executable, "-P", "-m", "benchmarks.timed_run", str(found)]
    measured(command, environment | {name: str(value) for name, value in settings.items()}, directory / "steps.log")
    steps: dict[str, Any] = json.loads(found.read_text(encoding="utf-8"))
    return steps


def _original(repositories: tuple[str, ...], url: str) -> dict[str, float]:
    names = ["/".join(each.removesuffix(".git").split("/")[-2:]) for each in repositories]
    found = [original_way.replay(url, _TOKEN, name, each) for name, each in zip(names, repositories, strict=True)]
    return {
        "original's way: requests a group": sum(each.num_requests for each in found) / len(found),
        "original's way: asking (s a group)": sum(each.asking_s for each in found) / len(found),
        "original's way: cloning (s a group)": sum(each.cloning_s for each in found) / len(found),
        "original's way (s a group)": sum(each.asking_s + each.cloning_s for each in found) / len(found),
    }


def _report(figures: dict[str, Any]) -> None:
    for name, value in figures.items():
        if name != "steps":
            print(f"{name:42} {value:.2f}" if isinstance(value, float) else f"{name:42} {value}")
    for kind, steps in figures["steps"].items():
        print(f"\n{'by ' + kind:42} {'times':>8} {'s':>9} {'CPU s':>9}")
        most = sorted(steps.items(), key=lambda step: -step[1][2])[:_SHOWN_STEPS]
        for name, (times, seconds, cpu_s) in most:
            print(f"{name:42} {times:8.0f} {seconds:9.1f} {cpu_s:9.1f}")


if __name__ == "__main__":
    main()
