"""Freshness: what each part of a table was computed from, so that what is unchanged costs next to nothing.

Belongs here: the keys of inputs, and the question whether a group is up to date. A key covers the version of its table
and the keys of what it is computed from, so that a change of code recomputes what it concerns and nothing else.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime

from mlops_mentor.chain.inputs import Inputs, starter_key
from mlops_mentor.errors import GitHubError, LakeError
from mlops_mentor.evidence.checklist.items import checklist_key
from mlops_mentor.github.access import NotAsked
from mlops_mentor.github.heads import Observation
from mlops_mentor.metrics.earlier_years import earlier_years_key
from mlops_mentor.roster.roster import Group
from mlops_mentor.schemas import (
    CHECKLIST,
    CODE_QUALITY,
    COMMITS,
    COMMITTED_SECRETS,
    CONTRIBUTIONS,
    CONTRIBUTORS,
    FEEDBACK_REPORTS,
    FILES,
    FLAG_DATES,
    FLAGS,
    GITHUB_REPOS,
    GITHUB_TABLES,
    GROUP_OUTCOMES,
    GROUP_TABLES,
    GROUPS,
    HOSTILE_CONTENT,
    LEADERBOARD,
    LINT_HITS,
    PROGRESS,
    PULL_REQUESTS,
    PUSHES,
    REPO_SNAPSHOTS,
    REPO_STATS,
    REPORT_ANSWERS,
    REPORT_CHECKS,
    REVIEW_PACKS,
    REVIEWS,
    UNMAPPED_IDENTITIES,
    WORKFLOW_RUNS,
    Table,
)
from mlops_mentor.settings import Settings
from mlops_mentor.storage.lake import Lake

# What a look at a repository on GitHub gave.
Seen = Observation | NotAsked | GitHubError
# Begins the key of an empty part that stands where GitHub was not asked.
_NOT_ASKED = "not asked: "


def evidence_key(inputs: Inputs) -> str:
    """The key of what a commit shows, beside its files: the starter code, and how checklist and report are read."""
    return table_key(CHECKLIST, checklist_key(), REPORT_ANSWERS.version, inputs.starter_key, inputs.starter_shapes_key)


def standing_key(inputs: Inputs) -> str:
    """The key of what `progress` keeps of a commit: it covers how the commit's files are listed, too."""
    return table_key(PROGRESS, evidence_key(inputs), FILES.version)


def github_keys(
    group: Group, seen: Observation | NotAsked, content_id: str | None, *, is_over: bool
) -> Mapping[str, str]:
    """By table from GitHub, the key of the group's part, given what a look saw and what git shows.

    Once the deadline `is_over` the pushes are read once more, though all branches be where they were before: one may
    have been moved and moved back between two looks.
    """
    url = group.address.url
    if isinstance(seen, NotAsked):
        keys = {table.name: f"{_NOT_ASKED}{seen.status}" for table in GITHUB_TABLES}
        return keys | {GITHUB_REPOS.name: table_key(GITHUB_REPOS, url, seen.status)}
    return {
        GITHUB_REPOS.name: table_key(GITHUB_REPOS, url, seen.seen_id),
        PUSHES.name: table_key(PUSHES, url, seen.branches_id, "after" if is_over else "before"),
        PULL_REQUESTS.name: table_key(PULL_REQUESTS, url, seen.pull_requests_id),
        WORKFLOW_RUNS.name: table_key(
            WORKFLOW_RUNS, url, content_id, seen.branches_id, seen.pull_requests_id, seen.runs_id
        ),
    }


def wanted_details(lake: Lake, group: Group, seen: Observation, inputs: Inputs) -> set[str]:
    """Names of the tables whose details GitHub will have to be asked for, given what a look saw."""
    keys = github_keys(group, seen, content_id(lake, group), is_over=inputs.is_over(group))
    stored = {table.name: lake.input_key(table, group.group_id) for table in (PULL_REQUESTS, WORKFLOW_RUNS)}
    wanted = {name for name, key in stored.items() if inputs.ask_again or key != keys[name]}
    # The last commits of pull requests have runs too: without any runs stored, none of them may be left out.
    is_first = not was_asked(lake, WORKFLOW_RUNS, group.group_id)
    return wanted | ({PULL_REQUESTS.name} if is_first else set())


def was_asked(lake: Lake, table: Table, group_id: str) -> bool:
    """Whether the group's part of a table from GitHub is what GitHub said, now or before."""
    key = lake.input_key(table, group_id)
    return bool(key) and not str(key).startswith(_NOT_ASKED)


def snapshot_key(lake: Lake, group: Group, refs_id: str, inputs: Inputs) -> str:
    """The key of the group's snapshot, given the heads of its repository. Passing the deadline changes it."""
    deadline, is_over = inputs.deadline(group), inputs.is_over(group)
    pushes = lake.input_key(PUSHES, group.group_id) if is_over else None
    phase = "after" if is_over else "before"
    return table_key(REPO_SNAPSHOTS, group.address.url, refs_id, deadline.isoformat(), phase, pushes)


def content_id(lake: Lake, group: Group) -> str | None:
    """What git shows of the group at its snapshot, as stored; None where nothing is."""
    try:
        return lake.read(REPO_SNAPSHOTS, group.group_id)["content_id"].item()  # type: ignore[no-any-return]
    except LakeError:
        return None


# The tables of the group from which a table is computed; more than they say goes into `_besides`.
_UPSTREAM: Mapping[str, tuple[Table, ...]] = {
    COMMITS.name: (),
    FILES.name: (),
    CODE_QUALITY.name: (FILES,),
    LINT_HITS.name: (FILES,),
    COMMITTED_SECRETS.name: (FILES,),
    HOSTILE_CONTENT.name: (FILES,),
    REPORT_ANSWERS.name: (FILES,),
    REPORT_CHECKS.name: (REPO_SNAPSHOTS, FILES, CODE_QUALITY),
    CONTRIBUTORS.name: (COMMITS, FILES),
    CHECKLIST.name: (REPO_SNAPSHOTS, COMMITS, FILES, PULL_REQUESTS, WORKFLOW_RUNS, CODE_QUALITY, CONTRIBUTORS,
                     CONTRIBUTIONS),
    CONTRIBUTIONS.name: (COMMITS, FILES, PULL_REQUESTS),
    UNMAPPED_IDENTITIES.name: (COMMITS, FILES, PULL_REQUESTS),
    FLAG_DATES.name: (REPO_SNAPSHOTS, COMMITS, PUSHES, WORKFLOW_RUNS, REPORT_ANSWERS, REPORT_CHECKS),
    FLAGS.name: (FLAG_DATES, CHECKLIST, CONTRIBUTIONS, COMMITTED_SECRETS, HOSTILE_CONTENT),
    PROGRESS.name: (COMMITS, FILES, WORKFLOW_RUNS),
    REPO_STATS.name: (GITHUB_REPOS, REPO_SNAPSHOTS, COMMITS, FILES, PULL_REQUESTS, WORKFLOW_RUNS, REPORT_CHECKS,
                      CONTRIBUTORS, CONTRIBUTIONS, PROGRESS),
    REVIEW_PACKS.name: (FILES, CODE_QUALITY, LINT_HITS, COMMITTED_SECRETS, HOSTILE_CONTENT, REPORT_ANSWERS,
                        REPORT_CHECKS, CHECKLIST, COMMITS, CONTRIBUTORS, CONTRIBUTIONS, PULL_REQUESTS, WORKFLOW_RUNS,
                        REPO_STATS),
    # Noted last: without it the chain was cut short, whatever else is there.
    GROUP_OUTCOMES.name: GROUP_TABLES,
}  # fmt: skip


def input_key(lake: Lake, table: Table, group: Group, content: str | None, inputs: Inputs) -> str:
    """The key of a part that is computed from stored parts, given what git shows at the snapshot.

    Tables from GitHub and the snapshots depend on what is outside: `github_keys`, `snapshot_key`. Those of feedback
    depend on more than a group's evidence: `feedback.inputs`.
    """
    upstream = [lake.input_key(each, group.group_id) for each in _UPSTREAM[table.name]]
    if table.name == CONTRIBUTIONS.name:
        # Not the whole row of the repository: blame may take seconds, and a run that has ended changes nothing of it.
        upstream.append(_github_reason(lake, group))
    if table.name == FLAGS.name:
        upstream.append(num_due(lake, group, inputs.now))
    return table_key(table, *upstream, *_besides(table, group, content, inputs))


def num_due(lake: Lake, group: Group, now: datetime) -> str | None:
    """How many of the moments have passed from which a flag holds: what the time of day is to the group's flags.

    It changes when a flag is due and at no midnight besides, and after the deadline never, as no moment is later.
    """
    try:
        moments = lake.read(FLAG_DATES, group.group_id)["from_at"]
    except LakeError:
        return None
    return str(int((moments <= now).sum()))


def _github_reason(lake: Lake, group: Group) -> str | None:
    """Why GitHub does not say what it could, as stored; None where it does, and where nothing is stored."""
    try:
        return lake.read(GITHUB_REPOS, group.group_id)["reason"].item()  # type: ignore[no-any-return]
    except LakeError:
        return None


def _besides(table: Table, group: Group, content: str | None, inputs: Inputs) -> tuple[str | None, ...]:
    course = inputs.course
    who_is_who = (inputs.identities.key(group.group_id), *group.students)
    flagged_from = (course.flags.model_dump_json(), course.project_start.isoformat(), course.time_zone)
    besides: Mapping[str, tuple[str | None, ...]] = {
        COMMITS.name: (content,),
        FILES.name: (content, inputs.starter_key),
        CODE_QUALITY.name: (inputs.programs,),
        LINT_HITS.name: (inputs.programs,),
        COMMITTED_SECRETS.name: (inputs.programs,),
        REPORT_CHECKS.name: group.students,
        CHECKLIST.name: (evidence_key(inputs), str(len(group.students))),
        CONTRIBUTORS.name: (course.time_zone, *who_is_who),
        CONTRIBUTIONS.name: (course.time_zone, inputs.starter_key, *who_is_who),
        UNMAPPED_IDENTITIES.name: who_is_who,
        PROGRESS.name: (
            course.time_zone,
            *who_is_who,
            course.project_start.isoformat(),
            course.progress.model_dump_json(),
            standing_key(inputs),
        ),
        FLAG_DATES.name: flagged_from,
        FLAGS.name: (*flagged_from, str(len(group.students))),
        REPO_STATS.name: (str(len(group.students)), course.project_start.isoformat()),
    }
    return besides.get(table.name, ())


def is_current(lake: Lake, group: Group, seen: Seen, refs_id: str, inputs: Inputs) -> bool:
    """Whether every table of the group is stored as it would be computed now. Failed parts carry no key, so never.

    Where GitHub does not answer at present, what it said before counts.
    """
    lake = lake.keeping((*GROUP_TABLES, GROUP_OUTCOMES))
    stored = {table.name: lake.input_key(table, group.group_id) for table in (*GROUP_TABLES, GROUP_OUTCOMES)}
    if not all(stored.values()):
        return False
    content = content_id(lake, group)
    expected: dict[str, str] = {}
    if not isinstance(seen, GitHubError):
        expected |= github_keys(group, seen, content, is_over=inputs.is_over(group))
    if isinstance(seen, NotAsked):
        # What GitHub said while there was a token stays.
        expected = {GITHUB_REPOS.name: expected[GITHUB_REPOS.name]}
    expected[REPO_SNAPSHOTS.name] = snapshot_key(lake, group, refs_id, inputs)
    # From here on keys follow from what is stored, which is what is expected as far as it was compared.
    if any(stored[name] != key for name, key in expected.items()):
        return False
    others = [table for table in (*GROUP_TABLES, GROUP_OUTCOMES) if table not in (*GITHUB_TABLES, REPO_SNAPSHOTS)]
    return all(stored[table.name] == input_key(lake, table, group, content, inputs) for table in others)


def class_key(lake: Lake, besides: str = "") -> str:
    """The key of what the tables over all groups and the warehouse are computed from.

    `besides` is what else they depend on: `class_inputs_key`.
    """
    groups = lake.read(GROUPS)
    ids = groups["group_id"]
    parts = [lake.input_key(table, group_id) for table in (GROUP_OUTCOMES, FEEDBACK_REPORTS) for group_id in ids]
    said = lake.input_key(REVIEWS)
    return table_key(LEADERBOARD, groups.write_json(), starter_key(lake), besides, said, *parts)


def class_inputs_key(settings: Settings) -> str:
    """The key of what the tables over all groups depend on besides the groups: thresholds, and earlier years.

    Raises:
        ConfigError: the course cannot be used.
    """
    return f"{settings.the_course.flags.model_dump_json()} {earlier_years_key(settings.earlier_years_dir)}"


def table_key(table: Table, *parts: str | None) -> str:
    text = "\x1f".join([table.name, table.version, *(part if part is not None else "\x00" for part in parts)])
    return hashlib.sha256(text.encode()).hexdigest()[:32]
