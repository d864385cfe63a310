"""`python benchmarks/app_bench.py FOLDER`: the web app on an exported folder, as many viewers and a browser meet it.

The server is a process of its own. Viewers ask for pages of groups, each with a connection of its own and one after the
other, as fast as they come: what a browser asks for once it has Gradio's files. The browser measures from the address
to the table that is seen, with nothing in its cache.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import httpx

sys.path.insert(0, str(Path(__file__).parents[1]))

from mlops_mentor.publish.manifest import read_manifest
from mlops_mentor_tests.browser.chromium import find_programs, started

ROOT = Path(__file__).parents[1]
_SERVE = (
    "import sys; from pathlib import Path; from mlops_mentor.app.serve import serve_app; "
    "serve_app(Path(sys.argv[1]), port=0, announce=lambda line: print(line, flush=True))"
)


@dataclass
class Seen:
    """Seconds of each page that came, and what else came."""

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@contextmanager
def server(folder: Path) -> Iterator[tuple[str, float]]:
    """The app's address, and how many seconds it took until it was up."""
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVE, str(folder)], stdout=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        yield line.split()[3], time.monotonic() - began
    finally:
        process.terminate()
        process.wait(timeout=20)


def viewers(url: str, groups: list[str], num_viewers: int, pages_each: int) -> tuple[Seen, float]:
    """All of them start at once; what they saw, and the seconds until the last was done."""
    seen, lock = Seen(), threading.Lock()
    gate = threading.Barrier(num_viewers + 1)

    def view(number: int) -> None:
        with httpx.Client(timeout=30, trust_env=False) as client:
            gate.wait()
            for step in range(pages_each):
                group = groups[(number * 7 + step * 13) % len(groups)]
                began = time.monotonic()
                try:
                    answer = client.get(f"{url}/group?group={quote(group, safe='')}")
                    error = None if answer.status_code == 200 and f"Group {group}" in answer.text else str(answer)
                except httpx.HTTPError as failure:
                    error = repr(failure)
                with lock:
                    seen.errors += [error] if error else []
                    seen.seconds.append(time.monotonic() - began)

    threads = [threading.Thread(target=view, args=(number,)) for number in range(num_viewers)]
    for thread in threads:
        thread.start()
    gate.wait()
    began = time.monotonic()
    for thread in threads:
        thread.join()
    return seen, time.monotonic() - began


def first_tables(url: str, times: int) -> list[float]:
    """Seconds from asking for the address to the table's last row on the screen, with a fresh browser each time."""
    programs = find_programs()
    if programs is None:
        return []
    found = []
    for _ in range(times):
        with (
            tempfile.TemporaryDirectory(prefix="mentor-app-bench-") as folder,
            started(programs, Path(folder), is_eager=True) as browser,
        ):
            browser.driver.get("about:blank")
            began = time.monotonic()
            browser.open(url, until=".mentor-table tbody tr:last-child")
            found.append(time.monotonic() - began)
    return found


def main() -> None:
    """Measure and report; ends with 1 where there was an error."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="an exported folder")
    parser.add_argument("--viewers", type=int, default=50)
    parser.add_argument("--pages", type=int, default=10, help="pages that each viewer asks for")
    parser.add_argument("--browsers", type=int, default=3)
    options = parser.parse_args()
    groups = list(read_manifest(options.folder).groups)
    with server(options.folder) as (url, up_s):
        print(f"up after {up_s:.1f} s (importing Gradio)")
        began = time.monotonic()
        size = len(httpx.get(url, timeout=30, trust_env=False).content)
        print(f"first answer after {time.monotonic() - began:.2f} s: {len(groups)} groups, {size / 1000:.0f} kB")
        if tables := first_tables(url, options.browsers):
            print("first table seen after " + ", ".join(f"{each:.2f}" for each in tables) + " s")
        seen, total_s = viewers(url, groups, options.viewers, options.pages)
        p50, p95 = (statistics.quantiles(seen.seconds, n=100)[place - 1] for place in (50, 95))
        print(
            f"{options.viewers} viewers at once, {len(seen.seconds)} pages in {total_s:.1f} s: "
            f"p50 {p50:.3f} s, p95 {p95:.3f} s, longest {max(seen.seconds):.3f} s, {len(seen.errors)} errors"
        )
    for error in seen.errors[:5]:
        print(error)
    sys.exit(bool(seen.errors))


if __name__ == "__main__":
    main()
