"""`python benchmarks/llm_bench.py`: 520 questions to a model's server of our own that takes 2 s each, 8 at once.

What is measured is all that asking adds: finding out what the server takes, the budget's ledger, storing answers. The
ideal is that only the server's seconds count.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from dataclasses import dataclass
from math import ceil
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from mlops_mentor_tests.feedback.llm.asking import make_question, open_caller
from mlops_mentor_tests.feedback.llm.fault_server import FaultServer


@dataclass(frozen=True)
class Figures:
    """Seconds in all, seconds if asking itself were free, and how often the server was asked."""

    total_s: float
    ideal_s: float
    num_requests: int

    @property
    def ratio(self) -> float:
        return self.total_s / self.ideal_s


def measure(num_questions: int, latency_s: float, concurrency: int, directory: Path) -> Figures:
    """Ask as many questions of a server that needs so long for each; opening the client is counted as well."""
    # Importing openai takes a second, once a process.
    import mlops_mentor.feedback.llm.client  # noqa: F401

    text = "def f(x):\n    return x\n" * 1_500

    async def ask(url: str) -> None:
        async with open_caller(url, directory, concurrency=concurrency, timeout_s=60.0) as caller:
            questions = [make_question(number, text=text) for number in range(num_questions)]
            await asyncio.gather(*map(caller.ask, questions))

    with FaultServer(latency_s=latency_s) as server:
        began = time.monotonic()
        asyncio.run(ask(server.url))
        total_s = time.monotonic() - began
        return Figures(total_s, ceil(num_questions / concurrency) * latency_s, len(server.seen))


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=520)
    parser.add_argument("--latency", type=float, default=2.0, help="seconds that the server needs for each")
    parser.add_argument("--concurrency", type=int, default=8)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mentor-llm-bench-") as directory:
        figures = measure(options.questions, options.latency, options.concurrency, Path(directory))
    print(
        f"{figures.num_requests} requests, {figures.total_s:.1f} s, ideal {figures.ideal_s:.1f} s: {figures.ratio:.3f}"
    )


if __name__ == "__main__":
    main()
