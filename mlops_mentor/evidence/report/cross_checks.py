"""Answers held against the rest of the repository: tests, coverage, workflows, docker files, members.

Belongs here: what an answer says in numbers and names. Whoever calls brings what the repository shows.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from posixpath import basename

import yaml

from mlops_mentor.evidence.finding import Finding
from mlops_mentor.evidence.report.rules import AnswerView, Linked
from mlops_mentor.evidence.report.templates import words_of

# Longer than any answer that the course allows; numbers further down are not what was asked.
_MAX_TEXT = 20_000
_TOKEN = re.compile(r"[0-9]{1,9}(?:[.,][0-9]{1,6})?(?![0-9A-Za-z])|[A-Za-z]{1,40}|[^\sA-Za-z0-9]")
_PERCENT = re.compile(
    r"(?<![0-9.,])(?:(?P<least>[0-9]{1,3})%?[ \t]{0,2}[-–][ \t]{0,2})?(?P<number>[0-9]{1,9}(?:[.,][0-9]{1,6})?)"  # noqa: RUF001
    r"[*_`\s]{0,4}(?:\\?%|percent\b|per cent\b|pct\b)",
    re.IGNORECASE,
)
_WORKFLOW_NAME = re.compile(r"\.github/workflows|/actions/workflows/", re.IGNORECASE)
_DOCKER_NAME = re.compile(r"docker|container", re.IGNORECASE)
_CODE_SITE = re.compile(
    r"https?://(?:www\.)?(?:github\.com|raw\.githubusercontent\.com|gitlab\.[a-z.]{1,40})/", re.IGNORECASE
)
_NEAR = ("other_case", "misplaced", "missing", "own_other", "outside")
_STUDY_NUMBER = re.compile(r"(?<![A-Za-z0-9])s?([0-9]{6})(?![0-9A-Za-z])", re.IGNORECASE)
_PATH = re.compile(r"[\w./-]{3,200}")
_FURTHEST_WORD = 3
_TESTS = frozenset({"test", "tests", "unittest", "unittests", "testcases"})
_BETWEEN = frozenset({"-", "*", "_", "`", "("})
_MOST_TESTS = 5000


@dataclass(frozen=True)
class _Words:
    """`claims.yaml`, ready for use."""

    numbers: dict[str, int]
    other_things: frozenset[str]
    totals: frozenset[str]
    supposed: frozenset[str]


@cache
def _words() -> _Words:
    content: dict[str, list[str]] = yaml.safe_load(Path(__file__).with_name("claims.yaml").read_text(encoding="utf-8"))
    return _Words(
        numbers={word: number for number, word in enumerate(content["numbers"])},
        other_things=frozenset(content["other_things"]),
        totals=frozenset(content["totals"]),
        supposed=frozenset(content["supposed"]),
    )


@dataclass(frozen=True)
class RepoFacts:
    """What the repository and the roster say; None where it is not known.

    `num_tests` counts test functions, parametrised ones once. `members` are study numbers, as the roster has them.
    `starter_blobs` are ids of everything that the course ever handed out; without them the files' own mark counts.
    `repos` are `owner/name` on GitHub, former names included.
    """

    repos: tuple[str, ...] = ()
    default_branch: str | None = None
    num_tests: int | None = None
    members: tuple[str, ...] | None = None
    starter_blobs: frozenset[str] | None = None


def cross_check(view: AnswerView, facts: RepoFacts) -> Finding | None:
    """The check that this question has beside the course's rules; None where it has none."""
    check = _CHECKS.get(view.answer.question.topic)
    if check is None:
        return None
    name, run = check
    if not view.answer.is_answered:
        return view.finding(name, "not_checkable", "It is not answered.")
    return run(view, facts)


def _tests(view: AnswerView, facts: RepoFacts) -> Finding:
    claims = claimed_tests(view.answer.text)
    if not claims:
        return view.finding("num_tests", "not_checkable", "No number of tests was recognised in the answer.")
    if facts.num_tests is None:
        return view.finding("num_tests", "not_available", f"It says {claims[0]}; the tests could not be counted.")
    counted = facts.num_tests
    claim = min(claims, key=lambda number: abs(number - counted))
    reason = f"It says {claim} tests; {counted} test functions are in the repository."
    if claim == counted:
        return view.finding("num_tests", "yes", reason)
    is_near = abs(claim - counted) <= max(2, counted // 4)
    if counted and (is_near or claim < counted):
        return view.finding("num_tests", "partial", reason, remedy="Say how many tests there are now.")
    return view.finding(
        "num_tests", "no", f"{reason} Parametrised ones count once.", remedy="Say how many tests there are, and where."
    )


def claimed_tests(text: str) -> list[int]:
    """Numbers that the answer may mean: its total where it names one, else the first, the largest, the sum."""
    tokens = [match[0].casefold() for match in _TOKEN.finditer(text[:_MAX_TEXT])]
    if len(tokens) <= 3 and (alone := [int(token) for token in tokens if token.isdecimal()]):
        return alone[:1]
    found = [(i, number) for i, token in enumerate(tokens) if (number := _number(token)) is not None]
    claims = [(i, number) for i, number in found if 0 < number <= _MOST_TESTS and _counts_tests(tokens, i)]
    totals = [number for i, number in claims if _words().totals & set(tokens[max(0, i - 6) : i + 6])]
    if totals:
        return totals[:1]
    numbers = [number for _, number in claims]
    return list(dict.fromkeys([numbers[0], max(numbers), sum(numbers)])) if numbers else []


def _number(token: str) -> int | None:
    return int(token) if token.isdecimal() else _words().numbers.get(token)


def _counts_tests(tokens: Sequence[str], at: int) -> bool:
    """`12 unit tests`, `12 small tests`, `tests: 12`, `the number of tests is 12`."""
    other_things = _words().other_things
    for i in range(at + 1, min(at + 2 + _FURTHEST_WORD, len(tokens))):
        word = tokens[i]
        if word in _TESTS and _is_whole(tokens, i):
            return not at or tokens[at - 1] not in ("_", "/")
        is_between = (word.isalpha() or word in _BETWEEN) and word not in other_things
        if not is_between or _number(word) is not None:
            break
    before = tokens[max(0, at - 3) : at]
    return before[-1:] in ([":"], ["is"], ["="], ["are"]) and not _TESTS.isdisjoint(before)


def _is_whole(tokens: Sequence[str], at: int) -> bool:
    """`tests`, and not `tests/data`, `test_data` or `test files`."""
    following = tokens[at + 1] if at + 1 < len(tokens) else ""
    return following not in _words().other_things and following not in ("/", "_")


def _coverage(view: AnswerView, facts: RepoFacts) -> Finding:
    del facts
    text = view.answer.text[:_MAX_TEXT]
    found = [(match, float(match["number"].replace(",", "."))) for match in _PERCENT.finditer(text)]
    # The question itself asks about 100 %: only whoever reached them says so without an `if`.
    stated = [(match, number) for match, number in found if number != 100 or _is_reached(text[: match.start()])]
    good = next((match for match, number in stated if number <= 100), None)
    if good:
        least = f"{good['least']} to " if good["least"] else ""
        return view.finding("coverage_figure", "yes", f"It says {least}{good['number']} %.")
    if stated:
        reason = f"It says {stated[0][1]:g} %, and no number up to 100."
        return view.finding("coverage_figure", "no", reason, remedy="Correct the number.")
    if found:
        return view.finding(
            "coverage_figure", "not_checkable", "It says 100 %, which may be the question's own number."
        )
    if view.images:
        return view.finding("coverage_figure", "not_checkable", "No percentage in the text; a figure may show it.")
    remedy = "Say the total code coverage in percent."
    return view.finding("coverage_figure", "no", "It states no percentage.", remedy=remedy)


def _is_reached(before: str) -> bool:
    """Whether `... coverage is` or `we have` stands before a number, in a sentence that supposes nothing."""
    sentence = words_of(re.split(r"[.!?]\s", before[-200:])[-1])
    is_said = ("coverage" in sentence and sentence[-1] != "coverage") or sentence[-2:-1] == ("we",)
    return is_said and not _words().supposed & set(sentence)


def _workflow_link(view: AnswerView, facts: RepoFacts) -> Finding:
    del facts
    if found := _linked_kind(view, "workflow_link", "workflow", _WORKFLOW_NAME):
        return found
    if runs := [linked for linked in view.links if linked.target.status == "run"]:
        reason = "It links a run, which the files cannot show."
        return view.finding("workflow_link", "not_checkable", reason, line=runs[0].line)
    return view.finding("workflow_link", "not_checkable", "No workflow is linked; a link is optional.")


def _docker_link(view: AnswerView, facts: RepoFacts) -> Finding:
    del facts
    if found := _linked_kind(view, "docker_link", "docker", _DOCKER_NAME):
        return found
    text = view.answer.text[:_MAX_TEXT]
    names = {basename(path.strip(".")).casefold() for path in _PATH.findall(text)}
    docker = [file.path for file in view.tree.files.values() if file.kind == "docker"]
    named = [path for path in docker if basename(path).casefold() in names]
    remedy = "Link one of the docker files: [train](../dockerfiles/train.dockerfile)."
    if named:
        return view.finding("docker_link", "partial", f"It names {min(named)} and links none.", remedy=remedy)
    return view.finding("docker_link", "no", "It links none of the docker files.", remedy=remedy)


def _linked_kind(view: AnswerView, check: str, kind: str, name: re.Pattern[str]) -> Finding | None:
    """Whether a file of this kind is linked and there; None where none is linked."""
    for linked in view.links:
        if linked.target.status == "found" and _shows(view, linked, kind):
            return view.finding(check, "yes", f"{linked.target.path} is linked and there.", line=linked.line)
    # What people find beats what is not there, and that beats what cannot be seen.
    near = [linked for linked in view.links if linked.target.status in _NEAR and name.search(_meant(linked))]
    if not near:
        return None
    linked = min(near, key=lambda linked: _NEAR.index(linked.target.status))
    if linked.target.status in ("outside", "own_other"):
        reason = f"{linked.name} is not among the files of the snapshot."
        return view.finding(check, "not_checkable", reason, line=linked.line)
    if linked.target.status == "missing":
        remedy = "Link to a file that is in the repository."
        return view.finding(check, "no", f"{linked.name} is not in the repository.", line=linked.line, remedy=remedy)
    remedy = f"Correct the link: the file is {linked.target.path}."
    reason = f"{linked.name} leads elsewhere than to the file."
    return view.finding(check, "partial", reason, line=linked.line, remedy=remedy)


def _meant(linked: Linked) -> str:
    """What a link is about: the path, or the page of a place where code is kept."""
    if linked.target.status in ("outside", "own_other") and not _CODE_SITE.match(linked.reference.target):
        return ""
    return linked.reference.target


def _shows(view: AnswerView, linked: Linked, kind: str) -> bool:
    if linked.target.file is not None:
        return linked.target.file.kind == kind
    folder = linked.target.path
    return bool(folder) and any(file.kind == kind for file in view.tree.files_below(folder or ""))


def _study_numbers(view: AnswerView, facts: RepoFacts) -> Finding:
    named = {number.lower() for number in _STUDY_NUMBER.findall(view.answer.text[:_MAX_TEXT])}
    if facts.members is None:
        return view.finding("study_numbers", "not_available", f"It names {len(named)}; the roster was not read.")
    members = _digits(facts.members)
    reason = f"It names {len(named)} study numbers; the roster has {len(facts.members)} members."
    if named and named == members:
        return view.finding("study_numbers", "yes", reason)
    remedy = "Name the study number of every member, and of nobody else."
    if named and len(named) == len(facts.members):
        reason += f" {len(named - members)} of those named are not in the roster."
        return view.finding("study_numbers", "partial", reason, remedy=remedy)
    return view.finding("study_numbers", "no", reason, remedy=remedy)


def _members_named(view: AnswerView, facts: RepoFacts) -> Finding:
    if facts.members is None:
        return view.finding("members_named", "not_available", "The roster was not read.")
    named = {number.lower() for number in _STUDY_NUMBER.findall(view.answer.text[:_MAX_TEXT])}
    missing = [i for i, member in enumerate(facts.members, start=1) if not _digits([member]) & named]
    number = len(facts.members)
    if not missing:
        return view.finding("members_named", "yes", f"All {number} members are named by study number.")
    if len(missing) == number:
        return view.finding("members_named", "not_checkable", "It names nobody by a study number of the roster.")
    reason = f"{number - len(missing)} of {number} members are named by study number; not member " + (
        ", ".join(map(str, missing)) + " of the roster's row."
    )
    return view.finding("members_named", "partial", reason, remedy="State what each member did, by study number.")


def _digits(members: Sequence[str]) -> set[str]:
    return {match[1] for member in members if (match := _STUDY_NUMBER.search(member))} or set(members)


_CHECKS: dict[str, tuple[str, Callable[[AnswerView, RepoFacts], Finding]]] = {
    "tests": ("num_tests", _tests),
    "coverage": ("coverage_figure", _coverage),
    "integration": ("workflow_link", _workflow_link),
    "docker": ("docker_link", _docker_link),
    "study_numbers": ("study_numbers", _study_numbers),
    "contributions": ("members_named", _members_named),
}
