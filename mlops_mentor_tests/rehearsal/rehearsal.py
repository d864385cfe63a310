"""The dress rehearsal: a class is made, lives through three weeks, comes to rest, and is looked at by others.

Belongs here: the order of these, and what is reported of them.
"""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from mlops_mentor.settings import Settings
from mlops_mentor_tests.rehearsal.checks.all import Lived, all_problems
from mlops_mentor_tests.rehearsal.checks.money import BUDGET_DAY_USD, PRICE_IN, PRICE_OUT
from mlops_mentor_tests.rehearsal.checks.remains import check_remains, grow_old, temporaries
from mlops_mentor_tests.rehearsal.driver import Driver
from mlops_mentor_tests.rehearsal.machine import Machine
from mlops_mentor_tests.rehearsal.model import RehearsalModel
from mlops_mentor_tests.rehearsal.processes import Product
from mlops_mentor_tests.rehearsal.repository import now
from mlops_mentor_tests.rehearsal.simulated import control
from mlops_mentor_tests.rehearsal.stored import runs, stale_groups
from mlops_mentor_tests.rehearsal.story import DEADLINE_AT, FAULTS, make_story
from mlops_mentor_tests.rehearsal.tas import TAs
from mlops_mentor_tests.rehearsal.watcher import Watcher
from mlops_mentor_tests.rehearsal.world import World

_CONCURRENCY = 8
_KEY = "sk-rehearsal-0123456789abcdef"
_TOKEN = "rehearsal-token-0123456789"


@dataclass(frozen=True)
class Plan:
    """What is asked for: `repositories` is a folder of real ones, `github` a simulated GitHub; made-up ones without."""

    folder: Path
    num_groups: int = 100
    seed: int = 1
    minutes: float = 5.0
    faults: tuple[str, ...] = FAULTS
    repositories: Path | None = None
    github: str | None = None
    # Longer than the pause after which the sensor asks again for groups whose run was killed.
    quiet_s: float = 480.0
    is_compared: bool = True
    has_ui: bool = True


@dataclass
class Report:
    """What came of it; `lived` is what the checks need to look again."""

    figures: dict[str, object] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    lived: Lived | None = None


def rehearse(plan: Plan, tell: Callable[[str], None]) -> Report:
    """Live through it; problems are what the independent check found."""
    report = Report()
    world = World(plan.folder, plan.seed)
    began = time.monotonic()
    deadline = now() + timedelta(seconds=plan.minutes * 60 * DEADLINE_AT + 2 + plan.num_groups * 0.06)
    world.build(plan.num_groups, deadline, plan.repositories, plan.github)
    tell(f"{plan.num_groups} groups made in {time.monotonic() - began:.1f} s; the deadline is {deadline:%H:%M:%S} UTC")
    model = RehearsalModel(plan.seed, 0.15 if "llm" in plan.faults else 0.0)
    with model.server:
        product = Product(world, _settings(model, plan.github))
        machine = Machine(world, product, random.Random(f"machine {plan.seed}"), plan.has_ui)
        settings = Settings(data_dir=product.data, course=world.course)
        tas = TAs(settings, random.Random(f"TAs {plan.seed}"))
        driver = Driver(world, machine, model, tas, random.Random(f"driver {plan.seed}"))
        watcher = Watcher(product.data)
        watcher.start()
        try:
            _live(plan, driver, report, tell)
        finally:
            watcher.stop()
            product.kill(product.processes())
        report.problems += [*machine.problems, *watcher.problems]
        _finish(plan, driver, report)
        num_kills = sum(number for kind, number in driver.counts.items() if kind.startswith("kill"))
        report.lived = Lived(world, watcher.shown, model.books(), {_KEY, _TOKEN}, num_kills * _CONCURRENCY)
        report.problems += [f"remains: {problem}" for problem in check_remains(product)]
        report.problems += all_problems(report.lived, tell)
        report.figures |= _figures(driver, watcher, model)
        if plan.github is not None:
            endpoints = control(plan.github, "stats")["endpoints"]
            report.figures["requests to GitHub"] = {name: each["requests"] for name, each in endpoints.items()}
    report.figures["seconds in all"] = round(time.monotonic() - began)
    return report


def _settings(model: RehearsalModel, github: str | None) -> dict[str, str]:
    on_github = {"GITHUB_SERVER_URL": github, "GITHUB_TOKEN": _TOKEN} if github else {}
    return on_github | {
        "MENTOR_REVIEWER": "model",
        "MENTOR_MODEL": "tiny",
        "OPENAI_BASE_URL": model.server.url,
        "OPENAI_API_KEY": _KEY,
        "MENTOR_LLM_PRICE": f"{PRICE_IN},{PRICE_IN},{PRICE_OUT}",
        "MENTOR_LLM_BUDGET_RUN_USD": "5",
        "MENTOR_LLM_BUDGET_DAY_USD": str(BUDGET_DAY_USD),
        "MENTOR_LLM_CONCURRENCY": str(_CONCURRENCY),
        "MENTOR_LLM_TIMEOUT_S": "5",
        "MENTOR_LLM_MAX_WAIT_S": "10",
        "MENTOR_PACK_TOKENS": "3000",
        "MENTOR_LOOK_EVERY_S": "10",
    }


def _live(plan: Plan, driver: Driver, report: Report, tell: Callable[[str], None]) -> None:
    world, machine = driver.world, driver.machine
    pushes = {team.group_id: len(team.repository.steps) for team in world.teams.values()}
    story = make_story(plan.seed, list(world.teams), pushes, plan.faults)
    tell(f"{len(story)} events in {plan.minutes:g} minutes")
    driver.live(story, plan.minutes * 60)
    world.write_roster()
    driver.model.is_out.clear()
    waited_s = machine.wait_until_quiet(plan.quiet_s)
    stale = stale_groups(world, machine.product.data)
    tell(f"quiet after {waited_s:.0f} s more, {len(stale)} groups stale")
    report.figures["seconds until quiet"] = round(waited_s)
    if stale and plan.has_ui:
        report.problems.append(f"the sensors left {len(stale)} groups as they were: {stale[:10]}")
    machine.end()


def _finish(plan: Plan, driver: Driver, report: Report) -> None:
    """The last runs: one that finishes what is left, one that must find nothing to do, one on an empty folder."""
    world, product = driver.world, driver.machine.product
    # What goes wrong now is no fault that was planned.
    driver.model.stop_failing()
    old = temporaries(product.data)
    grow_old(old)
    report.figures["temporaries that kills left"] = len(old)
    names = ["the run that finishes", "the run that finds nothing"]
    if not plan.has_ui:
        # Nobody has taken over what TAs say while there is no sensor, and at the end there is something to speak of.
        names.insert(1, "the run after the TAs' last word")
    for name in names:
        if "last word" in name:
            driver.say()
        code, output, seconds = driver.machine.run_once_more()
        report.figures[f"seconds of {name}"] = round(seconds, 1)
        if code != 0:
            report.problems.append(f"{name} ended with {code}: {output[-300:]}")
    unreadable = [team.group_id for team in world.teams.values() if not team.repository.is_readable]
    wanted = f"{len(unreadable)} of" if unreadable else "nothing changed in"
    if f"\n{wanted} {len(world.teams)} groups" not in f"\n{output}":
        lines = [line for line in output.splitlines() if "groups in" in line or "groups worked" in line]
        line = lines[0] if lines else output[-200:]
        report.problems.append(f"the last run was to find {wanted} {len(world.teams)} groups changed, and says: {line}")
    if plan.is_compared:
        code = product.start("run", data=world.fresh, variables={"MENTOR_REVIEWER": "rules"}).wait(3600)
        if code != 0:
            report.problems.append(f"the run on an empty folder ended with {code}")


def _figures(driver: Driver, watcher: Watcher, model: RehearsalModel) -> dict[str, object]:
    counts = driver.counts + driver.machine.counts
    statuses = Counter(status for _, status in runs(driver.machine.product.data))
    books = model.books()
    return {
        "events": dict(sorted(counts.items())),
        "what TAs said": dict(driver.tas.counts),
        "what readers read": dict(watcher.counts),
        "snapshots shown": len(watcher.shown),
        "runs of Dagster": dict(statuses),
        "requests to the model": books.num_requests,
        "tokens sent and received": (books.billed.prompt, books.billed.completion),
        "faults of the model": dict(model.faults),
    }
