"""`make bench-ui`: Dagster's UI on a class, as a TA and an idle day meet it.

Measures how long pages take, how long it takes from a click on one group to its new row in the leaderboard, and what
web server, daemon and sensors need while nothing happens. The class is made of copies, unless a data directory that has
been run is given: of that one, no group is changed, so that a click finds nothing to do.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.class_of_copies import add_commit, make_class
from benchmarks.processes import cpu_by_process, measured, memory_mb
from mlops_mentor.schemas import GROUP_TABLES, GROUPS, LEADERBOARD, REPO_STATS
from mlops_mentor.storage.lake import Lake
from mlops_mentor_tests.rehearsal.dagster_ui import ask, switch_sensors_on

ROOT = Path(__file__).parents[1]
_LOCATION = "mlops_mentor.definitions"
# What the UI asks for: the list of assets, an asset's page with its partitions, the runs, what is automatic.
_PAGES = {
    "all assets": """{ assetNodes { id assetKey { path } groupName kinds isPartitioned partitionStats {
        numMaterialized numFailed numPartitions numMaterializing } } }""",
    "an asset by group": """{ assetNodeOrError(assetKey: {path: ["repo_stats"]}) { ... on AssetNode {
        partitionStats { numMaterialized numFailed numPartitions } partitionKeysByDimension { partitionKeys }
        assetPartitionStatuses { ... on DefaultPartitionStatuses { materializedPartitions failedPartitions } }
        assetMaterializations(limit: 100) { runId partition timestamp metadataEntries { label } } } } }""",
    "the leaderboard": """{ assetNodeOrError(assetKey: {path: ["leaderboard"]}) { ... on AssetNode {
        assetMaterializations(limit: 1) { timestamp metadataEntries { label ... on TableMetadataEntry { table {
        records } } } } } } }""",
    "the runs": """{ runsOrError(limit: 30) { ... on Runs { results { id status startTime endTime tags { key value }
        } } } }""",
    "the sensors": """{ repositoriesOrError { ... on RepositoryConnection { nodes { sensors { name sensorState {
        status ticks(limit: 20) { status timestamp } } } } } } }""",
}
_LAUNCH = """mutation($params: ExecutionParams!) { launchRun(executionParams: $params) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""


def main() -> None:
    """Measure and report."""
    options = _options()
    directory = options.directory or Path(tempfile.mkdtemp(prefix="mentor-ui-bench-"))
    try:
        data_dir = options.data_dir or _class_that_was_run(directory, options.groups)
        with server(data_dir, options.port, directory / "ui.log") as pid:
            _report_pages(options.port, options.times)
            if not switch_sensors_on(options.port):
                raise SystemExit("the sensors cannot be switched on")
            for _ in range(options.clicks):
                _report_click(data_dir, options.port, is_ours=options.data_dir is None)
            if options.idle_minutes:
                _report_idle(pid, options.idle_minutes)
    finally:
        if options.directory is None:
            shutil.rmtree(directory, ignore_errors=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--groups", type=int, default=130)
    parser.add_argument("--data-dir", type=Path, help="a data directory that has been run, in place of a made-up class")
    parser.add_argument("--clicks", type=int, default=3, help="how often a single group is asked for")
    parser.add_argument("--times", type=int, default=5, help="how often each page is asked for")
    parser.add_argument("--idle-minutes", type=float, default=10.0)
    parser.add_argument("--port", type=int, default=3377)
    parser.add_argument("--directory", type=Path, help="where to work, kept afterwards; a temporary one when not given")
    return parser.parse_args()


def _class_that_was_run(directory: Path, num_groups: int) -> Path:
    made = make_class(directory, num_groups)
    command = [sys.executable, "-P", "-m", "mlops_mentor", "run", "--data-dir", str(directory), "--course"]
    usage = measured([*command, str(made.course)], _environment(), directory / "run.log")
    print(f"{num_groups} groups: run in {usage.seconds:.0f} s")
    return directory


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT)}


@contextmanager
def server(data_dir: Path, port: int, log: Path) -> Iterator[int]:
    """`mlops-mentor ui` on a data directory that has its own `course.yaml`, until the block ends; its process."""
    command = [sys.executable, "-P", "-m", "mlops_mentor", "ui", "--data-dir", str(data_dir), "--port", str(port)]
    command += ["--course", str(data_dir / "course.yaml")]
    began = time.monotonic()
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=_environment(), stdout=out, stderr=subprocess.STDOUT)
    try:
        while ask(port, "{ repositoriesOrError { ... on RepositoryConnection { nodes { id } } } }") is None:
            if process.poll() is not None or time.monotonic() - began > 300:
                raise SystemExit(f"the UI does not answer. See {log}.")
            time.sleep(0.5)
        print(f"UI: answers after {time.monotonic() - began:.1f} s")
        yield process.pid
    finally:
        process.terminate()
        process.wait(timeout=60)


def _report_pages(port: int, times: int) -> None:
    for name, query in _PAGES.items():
        seconds = []
        for _ in range(times):
            began = time.monotonic()
            if ask(port, query) is None:
                raise SystemExit(f"{name}: no answer")
            seconds.append(time.monotonic() - began)
        print(f"UI: {name:20} first {seconds[0]:.2f} s, then {statistics.median(seconds[1:] or seconds):.2f} s")


def _report_click(data_dir: Path, port: int, *, is_ours: bool) -> None:
    """One group is asked for, after a new commit where its repository is a copy of ours."""
    lake = Lake(data_dir / "lake")
    row = lake.read(GROUPS).row(0, named=True)
    group_id = row["group_id"]
    before = lake.confirmed_at(LEADERBOARD)
    if is_ours:
        add_commit(Path(row["repo_url"]), f"commit of {time.time():.0f}")
    began = time.monotonic()
    selector = {"repositoryLocationName": _LOCATION, "repositoryName": "__repository__", "jobName": "__ASSET_JOB"}
    selector |= {"assetSelection": [{"path": [table.name]} for table in GROUP_TABLES]}  # type: ignore[dict-item]
    tags = [{"key": "dagster/partition", "value": group_id}]
    params = {"selector": selector, "runConfigData": {}, "mode": "default", "executionMetadata": {"tags": tags}}
    answer = ask(port, _LAUNCH, params=params)
    if answer is None or answer["launchRun"]["__typename"] != "LaunchRunSuccess":
        raise SystemExit(f"the run was not taken: {answer}")
    numbers_s = None
    stats = lake.confirmed_at(REPO_STATS, group_id)
    while lake.confirmed_at(LEADERBOARD) == before:
        if numbers_s is None and lake.confirmed_at(REPO_STATS, group_id) != stats:
            numbers_s = time.monotonic() - began
        if time.monotonic() - began > 180:
            raise SystemExit("there is no new leaderboard after three minutes")
        time.sleep(0.05)
    row_s = time.monotonic() - began
    steps = f" (its numbers after {numbers_s:.1f} s)" if numbers_s is not None else ""
    print(f"click: a single group's new row in the leaderboard after {row_s:.1f} s{steps}")
    time.sleep(20)


def _report_idle(pid: int, minutes: float) -> None:
    # What followed from the clicks has to be over.
    time.sleep(60)
    used = cpu_by_process(pid, 60 * minutes)
    for name, seconds in sorted(used.items(), key=lambda each: -each[1]):
        print(f"idle: {100 * seconds / (60 * minutes):5.2f} % of a core  {seconds:6.2f} s  {name}")
    total = sum(used.values())
    print(f"idle: {100 * total / (60 * minutes):5.2f} % of a core in all, over {minutes:g} minutes, "
          f"{memory_mb(pid):.0f} MB")  # fmt: skip


if __name__ == "__main__":
    main()
