"""`make bench`: a class of 130 groups, worked on by git alone and by `mlops-mentor run`, side by side.

git alone means what a script would do with the same number of workers: `clone --bare`, `log --numstat` (`--raw` where
blobs are missing) and `ls-tree -r -l` of each repository. The class is made of copies of the sample repositories, or of
the bare repositories under `--repositories`. Figures go to the screen and to `<directory>/figures.json`.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mlops_mentor.sample import build_sample_class

_COURSE = """course: "benchmark"
term: "any"
time_zone: Europe/Copenhagen
project_start: 2022-01-03
deadline: "2099-01-01T12:00:00"
roster: group_info.csv
starter_code: []
"""
_SAMPLES = ("group-01", "group-02", "group-03", "group-04", "group-05", "group-06", "group-10")


def main() -> None:
    """Measure and report."""
    options = _options()
    directory = Path(tempfile.mkdtemp(prefix="mentor-bench-")) if options.directory is None else options.directory
    directory.mkdir(parents=True, exist_ok=True)
    try:
        sources = _sources(directory, options.repositories)
        roster = _make_class(directory, sources, options.groups)
        rows = [_round(directory, roster, options.workers) for _ in range(options.rounds)]
        figures = _figures(rows, len(sources), options)
        (directory / "figures.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
        for name, value in figures.items():
            print(f"{name:32} {value}")
    finally:
        if options.directory is None:
            shutil.rmtree(directory, ignore_errors=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repositories", type=Path, help="directory with bare repositories, one a folder or deeper")
    parser.add_argument("--groups", type=int, default=130)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="of git alone and of mlops-mentor")
    parser.add_argument("--rounds", type=int, default=1, help="of which the medians are reported")
    parser.add_argument("--directory", type=Path, help="where to work, kept afterwards; a temporary one when not given")
    return parser.parse_args()


def _sources(directory: Path, repositories: Path | None) -> list[Path]:
    if repositories is None:
        sample = build_sample_class(directory / "sample")
        return [sample.repositories / name for name in _SAMPLES]
    return sorted(head.parent for head in repositories.glob("**/HEAD") if (head.parent / "objects").is_dir())


def _make_class(directory: Path, sources: list[Path], num_groups: int) -> Path:
    """A roster of copies: each group has a repository of its own, with objects linked where the disk allows."""
    lines = ["group_nb,student 1,student 2,student 3,student 4,student 5,github_repo"]
    for number in range(1, num_groups + 1):
        copy = directory / "repositories" / f"{number:04d}.git"
        if not copy.exists():
            shutil.copytree(sources[number % len(sources)], copy, copy_function=_link)
        lines.append(f"{number},s990001,s990002,s990003,,,{copy}")
    roster = directory / "group_info.csv"
    roster.write_text("\n".join(lines) + "\n", encoding="utf-8")
    (directory / "course.yaml").write_text(_COURSE, encoding="utf-8")
    return roster


def _link(source: str, target: str) -> None:
    # References are written to by git and must be the copy's own; objects never change.
    if "objects" in Path(source).parts:
        os.link(source, target)
    else:
        shutil.copy2(source, target)


def _round(directory: Path, roster: Path, workers: int) -> dict[str, float]:
    repositories = sorted((directory / "repositories").iterdir())
    shutil.rmtree(directory / "git", ignore_errors=True)
    shutil.rmtree(directory / "data", ignore_errors=True)
    git_s = _timed(lambda: _git_alone(repositories, directory / "git", workers))
    first_s, first_mb = _mentor(directory, roster, workers)
    second_s, _ = _mentor(directory, roster, workers)
    return {"git_s": git_s, "first_s": first_s, "second_s": second_s, "peak_mb": first_mb}


def _git_alone(repositories: list[Path], target: Path, workers: int) -> None:
    target.mkdir(parents=True)
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(lambda repository: _git_on_one(repository, target / repository.name), repositories))


def _git_on_one(repository: Path, clone: Path) -> None:
    _git("clone", "--quiet", "--bare", str(repository), str(clone))
    if _git("-C", str(clone), "log", "--all", "--numstat") != 0:
        _git("-C", str(clone), "log", "--all", "--raw", "--no-renames")
    _git("-C", str(clone), "ls-tree", "-r", "-l", "HEAD")


def _git(*arguments: str) -> int:
    return subprocess.run(
        ["git", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
    ).returncode


def _mentor(directory: Path, roster: Path, workers: int) -> tuple[float, float]:
    """Seconds, and the peak memory (MB) of the process itself."""
    command = [sys.executable, "-m", "mlops_mentor", "run", "--roster", str(roster), "--course",
               str(directory / "course.yaml"), "--data-dir", str(directory / "data")]  # fmt: skip
    environment = os.environ | {"MENTOR_WORKERS": str(workers)}
    began = time.monotonic()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f"mlops-mentor run ended with {os.waitstatus_to_exitcode(status)}")
    kilobytes = usage.ru_maxrss if platform.system() == "Linux" else usage.ru_maxrss / 1024
    return time.monotonic() - began, kilobytes / 1024


def _timed(work: object) -> float:
    began = time.monotonic()
    work()  # type: ignore[operator]
    return time.monotonic() - began


def _figures(rows: list[dict[str, float]], num_sources: int, options: argparse.Namespace) -> dict[str, object]:
    median = {name: statistics.median(row[name] for row in rows) for name in rows[0]}
    return {
        "groups": options.groups,
        "different repositories": num_sources,
        "workers": options.workers,
        "rounds": options.rounds,
        "git alone (s)": round(median["git_s"], 1),
        "first run (s)": round(median["first_s"], 1),
        "second run, nothing changed (s)": round(median["second_s"], 2),
        "first run / git alone": round(statistics.median(row["first_s"] / row["git_s"] for row in rows), 2),
        "second run / first run": round(statistics.median(row["second_s"] / row["first_s"] for row in rows), 3),
        "peak memory (MB)": round(max(row["peak_mb"] for row in rows)),
    }


if __name__ == "__main__":
    main()
