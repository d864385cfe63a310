"""`mlops-mentor doctor`: what is configured, what can be reached, and what to do about the rest."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from pathlib import Path

from mlops_mentor.chain.inputs import extensions_of, identities_of
from mlops_mentor.cli.output import console, rich_table
from mlops_mentor.diagnosis import Finding
from mlops_mentor.errors import MentorError, RepoError, WarehouseError
from mlops_mentor.feedback.inputs import reviews_of
from mlops_mentor.feedback.llm.diagnosis import diagnose_reviewer
from mlops_mentor.feedback.rubric import load_rubric
from mlops_mentor.github.access import github_access, repo_name
from mlops_mentor.github.diagnosis import WITHOUT_TOKEN, diagnose_github
from mlops_mentor.leaderboard.warehouse import query
from mlops_mentor.publish.names import load_left_out, load_public_names
from mlops_mentor.repos import git
from mlops_mentor.repos.login import Login, github_login
from mlops_mentor.repos.refs import remote_refs
from mlops_mentor.roster.addresses import Address, AddressError, parse_address
from mlops_mentor.roster.roster import load_roster
from mlops_mentor.settings import Settings
from mlops_mentor.sheets.reading import RowProblem

_MIN_GIT = (2, 36)
_MIN_FREE_GB = 5
_MAX_LISTED = 10
_ASK_TIMEOUT_S = 15.0
_INSTALL_GIT = "install git 2.36 or newer"


_Check = Callable[[Settings], Iterator[Finding]]


def diagnose(settings: Settings) -> bool:
    """Print the diagnosis; whether everything that is needed is there."""
    findings: list[Finding] = []
    told: set[str] = set()
    for what, check, remedy in _CHECKS:
        findings += _guarded(what, check, remedy, settings, told)
    rows = [("ok" if finding.is_good else "LOOK", finding.what, finding.found, finding.remedy) for finding in findings]
    console().print(rich_table(["", "what", "found", "what to do"], rows))
    return all(finding.is_good for finding in findings)


def _guarded(what: str, check: _Check, remedy: str, settings: Settings, told: set[str]) -> Iterator[Finding]:
    """What the check finds until it fails, and why it fails; checks that read one file fail alike, `told` once."""
    try:
        yield from check(settings)
    except Exception as error:  # noqa: BLE001 - a diagnosis that dies says nothing of the rest
        reason = str(error) if isinstance(error, MentorError) else f"{type(error).__name__}: {error}"
        if reason not in told:
            yield Finding(what, False, reason, remedy)
        told.add(reason)


def _python(_: Settings) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("Python", sys.version_info >= (3, 11), version, "" if sys.version_info >= (3, 11) else "install 3.11")


def _git(_: Settings) -> Iterator[Finding]:
    if not _has_git():
        yield Finding("git", False, "not found", _INSTALL_GIT)
        return
    version = git.version()
    is_good = version >= _MIN_GIT
    yield Finding("git", is_good, ".".join(map(str, version)), "" if is_good else _INSTALL_GIT)


def _data_dir(settings: Settings) -> Iterator[Finding]:
    place = next(path for path in (settings.root, *settings.root.parents) if path.exists())
    if not place.is_dir():
        yield Finding("data directory", False, f"{place} is no directory", "set MENTOR_DATA_DIR to a directory")
        return
    is_writable = os.access(place, os.W_OK)
    yield Finding("data directory", is_writable, str(settings.root), "" if is_writable else "set MENTOR_DATA_DIR")
    free_gb = shutil.disk_usage(place).free / 1e9
    is_enough = free_gb >= _MIN_FREE_GB
    yield Finding("disk", is_enough, f"{free_gb:.0f} GB free", "" if is_enough else "make room for the mirrors")


def _env_file(_: Settings) -> Iterator[Finding]:
    file = Path(".env").absolute()
    yield Finding(".env", True, f"read: {file}" if file.is_file() else f"none in {file.parent}")


def _warehouse(settings: Settings) -> Iterator[Finding]:
    file = settings.warehouse_file
    if not file.exists():
        yield Finding("warehouse", True, "not published yet", "`mlops-mentor run` publishes it")
        return
    try:
        published_at = query(file, "select published_at from publication").rows[0][0]
    except WarehouseError as error:
        yield Finding("warehouse", False, f"{file}: {error}", "`mlops-mentor run` makes it anew")
        return
    yield Finding("warehouse", True, f"published {published_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC; {file}")


def _course(settings: Settings) -> Iterator[Finding]:
    course = settings.the_course
    yield Finding("course", True, f"{course.course}, {course.term}; {settings.course_file}")
    yield Finding("deadline", True, f"{course.deadline_utc:%Y-%m-%d %H:%M} UTC")


def _roster(settings: Settings) -> Iterator[Finding]:
    roster = load_roster(settings.roster_file)
    yield Finding("roster", True, f"{len(roster.groups)} groups; {settings.roster_file}")
    for problem in roster.problems[:_MAX_LISTED]:
        yield Finding("roster", False, str(problem), "correct the row")
    if len(roster.problems) > _MAX_LISTED:
        num_more = len(roster.problems) - _MAX_LISTED
        yield Finding("roster", False, f"{num_more} more rows cannot be used", "`mlops-mentor run` lists all")


def _starter_code(settings: Settings) -> Iterator[Finding]:
    for text in settings.the_course.starter_code:
        try:
            address = parse_address(text, base=settings.course_file.parent)
        except AddressError as error:
            yield Finding("starter code", False, f"{error}.", f"correct {settings.course_file}")
            continue
        if _has_git():
            yield from _asked(f"starter code {address.url}", address, github_login(settings))


def _extensions(settings: Settings) -> Iterator[Finding]:
    file = settings.extensions_file
    extensions = extensions_of(settings, [group.group_id for group in load_roster(settings.roster_file).groups])
    yield from _sheet("extensions", file, f"{len(extensions.until)} groups", extensions.problems)


def _identities(settings: Settings) -> Iterator[Finding]:
    file = settings.identities_file
    found = identities_of(settings, load_roster(settings.roster_file).groups)
    num_rows = sum(len(rules) for rules in found.rules.values())
    yield from _sheet("identities", file, f"{num_rows} rows", found.problems)


def _rubric(settings: Settings) -> Iterator[Finding]:
    rubric = load_rubric(settings.rubric_file)
    where = settings.rubric_file or "the bundled one"
    yield Finding("rubric", True, f"version {rubric.version}, {len(rubric.areas)} areas; {where}")


def _reviews(settings: Settings) -> Iterator[Finding]:
    file = settings.reviews_file
    found = reviews_of(settings, [group.group_id for group in load_roster(settings.roster_file).groups])
    yield from _sheet("reviews", file, f"{found.frame.height} rows", found.problems)


def _publishing(settings: Settings) -> Iterator[Finding]:
    groups = load_roster(settings.roster_file).groups
    ids = [group.group_id for group in groups]
    shown = load_public_names(settings, groups)
    left_out = load_left_out(settings.unpublished_file, ids)
    called = "numbers" if settings.the_course.publish.groups == "number" else "aliases"
    yield Finding("publishing", True, f"{len(shown)} of {len(ids)} groups, by their {called}")
    for problem in left_out.problems[:_MAX_LISTED]:
        yield Finding("publishing", False, str(problem), "correct the row, or delete it")


def _sheet(name: str, file: Path, holds: str, problems: Sequence[RowProblem]) -> Iterator[Finding]:
    """A sheet that need not exist: what it holds, and its rows that cannot be used."""
    yield Finding(name, True, f"{holds}; {file}" if file.exists() else f"none; {file}")
    for problem in problems[:_MAX_LISTED]:
        yield Finding(name, False, str(problem), "correct the row")


def _github(settings: Settings) -> Iterator[Finding]:
    groups = load_roster(settings.roster_file).groups
    server = settings.github_server_url
    if not any(repo_name(group.address, server) for group in groups):
        return
    access = github_access(settings)
    if access is None:
        yield Finding("GitHub", True, "no token: git alone is read", WITHOUT_TOKEN)
        return
    told = diagnose_github(access, server, groups)
    yield from told[: _MAX_LISTED + 1]
    if len(told) > _MAX_LISTED + 1:
        num_more = len(told) - _MAX_LISTED - 1
        yield Finding("GitHub", False, f"{num_more} more repositories to look at", "correct these first")


def _reviewer(settings: Settings) -> Iterator[Finding]:
    yield from diagnose_reviewer(settings)


def _repositories(settings: Settings) -> Iterator[Finding]:
    if not _has_git():
        yield Finding("repositories", False, "not asked, without git", _INSTALL_GIT)
        return
    groups = load_roster(settings.roster_file).groups
    with ThreadPoolExecutor(settings.workers) as pool:
        login = github_login(settings)
        answers = list(pool.map(lambda group: list(_asked(f"group {group.group_id}", group.address, login)), groups))
    silent = [finding for answer in answers for finding in answer if not finding.is_good]
    yield Finding("repositories", True, f"{len(groups) - len(silent)} of {len(groups)} answer")
    yield from silent[:_MAX_LISTED]
    if len(silent) > _MAX_LISTED:
        yield Finding(
            "repositories", False, f"{len(silent) - _MAX_LISTED} more do not answer", "`mlops-mentor run` lists all"
        )


def _asked(what: str, address: Address, login: Login | None) -> Iterator[Finding]:
    try:
        if address.is_local and not Path(address.url).exists():
            raise RepoError("not_found", f"{address.url} does not exist")
        refs, renamed_to = remote_refs(address, cwd=Path.cwd(), timeout_s=_ASK_TIMEOUT_S, login=login)
    except RepoError as error:
        yield Finding(what, False, error.reason.splitlines()[0], "correct the address, or give access")
        return
    moved = f"write {renamed_to} instead" if renamed_to else ""
    yield Finding(what, not moved, f"{refs.num_heads} heads", moved)


def _has_git() -> bool:
    return shutil.which("git") is not None


# What is looked at, and what to do where the look itself fails.
_CHECKS: tuple[tuple[str, _Check, str], ...] = (
    ("Python", _python, "install Python 3.11 or newer"),
    ("git", _git, _INSTALL_GIT),
    ("data directory", _data_dir, "set MENTOR_DATA_DIR to a directory that you may write"),
    (".env", _env_file, "make .env readable"),
    ("warehouse", _warehouse, "make the data directory readable"),
    ("course", _course, "correct course.yaml, or set MENTOR_COURSE"),
    ("roster", _roster, "correct the roster, or set MENTOR_ROSTER"),
    ("extensions", _extensions, "correct extensions.csv"),
    ("identities", _identities, "correct identities.csv"),
    ("rubric", _rubric, "correct the rubric's file, or leave it out of course.yaml"),
    ("reviews", _reviews, "correct reviews.csv"),
    ("publishing", _publishing, "correct aliases.csv and unpublished.csv"),
    ("starter code", _starter_code, "correct starter_code in course.yaml"),
    ("repositories", _repositories, "correct the roster, or set MENTOR_ROSTER"),
    ("GitHub", _github, "correct GITHUB_TOKEN and GITHUB_SERVER_URL"),
    ("reviewer", _reviewer, "correct MENTOR_REVIEWER, MENTOR_MODEL, OPENAI_BASE_URL and OPENAI_API_KEY"),
)
