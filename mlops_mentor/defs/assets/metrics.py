"""Assets of numbers, by group: who did what, flags, progress by day, and the row of `repo_stats`."""

from mlops_mentor.chain.group_work import Computed, GroupWork
from mlops_mentor.defs.group_step import group_asset
from mlops_mentor.evidence.code.facts import Facts
from mlops_mentor.evidence.daily import standings
from mlops_mentor.metrics.contributions import contributions_frame, unmapped_identities_frame
from mlops_mentor.metrics.contributors import contributors_frame
from mlops_mentor.metrics.flags import Facts as FlagFacts
from mlops_mentor.metrics.flags import flag_dates_frame, flags_frame
from mlops_mentor.metrics.progress import known_standings, progress_frame
from mlops_mentor.metrics.repo_stats import GitHubSays, repo_stats_frame, root_readme
from mlops_mentor.repos.blame import read_surviving
from mlops_mentor.repos.blobs import read_blobs
from mlops_mentor.repos.days import commit_by_day
from mlops_mentor.repos.diffs import read_changes
from mlops_mentor.repos.files import read_files_at
from mlops_mentor.schemas import (
    CHECKLIST,
    COMMITS,
    COMMITTED_SECRETS,
    CONTRIBUTIONS,
    CONTRIBUTORS,
    FILES,
    FLAG_DATES,
    FLAGS,
    GITHUB_REPOS,
    HOSTILE_CONTENT,
    PROGRESS,
    PULL_REQUESTS,
    PUSHES,
    REPO_SNAPSHOTS,
    REPO_STATS,
    REPORT_ANSWERS,
    REPORT_CHECKS,
    UNMAPPED_IDENTITIES,
    WORKFLOW_RUNS,
)


@group_asset(CONTRIBUTORS, deps=["commits", "files"], kinds={"polars"})
def contributors(work: GroupWork) -> Computed:
    """Who wrote the commits, identities merged, bots and assistants told apart."""
    found = work.read(COMMITS)
    rules = work.inputs.identities.of(work.group.group_id)
    return Computed(contributors_frame(work.group, found, work.mailmap(found), work.inputs.course.zone, rules))


@group_asset(CONTRIBUTIONS, deps=["commits", "files", "pull_requests", "starter_files"], kinds={"git", "polars"})
def contributions(work: GroupWork) -> Computed:
    """Who wrote the lines that are there (`git blame`), who committed, opened and reviewed."""
    found, tracked = work.read(COMMITS), work.read(FILES)
    return Computed(
        contributions_frame(
            work.group,
            work.attribution,
            read_changes(work.mirror, found, tracked, work.starter_blobs),
            read_surviving(work.mirror, work.snapshot_sha, tracked, found, work.starter_blobs),
            zone=work.inputs.course.zone,
            github_reason=work.read(GITHUB_REPOS)["reason"].item(),
        )
    )


@group_asset(UNMAPPED_IDENTITIES, deps=["commits", "files", "pull_requests"], kinds={"polars"})
def unmapped_identities(work: GroupWork) -> Computed:
    """Whom a TA should map in `identities.csv`."""
    return Computed(unmapped_identities_frame(work.group, work.attribution))


@group_asset(
    FLAG_DATES,
    deps=["repo_snapshots", "pushes", "commits", "workflow_runs", "report_answers", "report_checks"],
    kinds={"polars"},
)
def flag_dates(work: GroupWork) -> Computed:
    """When silence, a report not begun and workflows that stay red will be flags."""
    return Computed(flag_dates_frame(work.group.group_id, _facts(work), work.inputs.course))


@group_asset(
    FLAGS,
    deps=["repo_snapshots", "pushes", "commits", "flag_dates", "checklist", "contributions", "committed_secrets",
          "hostile_content"],
    kinds={"polars"},
)  # fmt: skip
def flags(work: GroupWork) -> Computed:
    """From all that is known of the group, with the thresholds of `course.yaml`."""
    return Computed(flags_frame(work.group.group_id, _facts(work), work.inputs.course, work.inputs.now))


def _facts(work: GroupWork) -> FlagFacts:
    return FlagFacts(
        snapshot=work.read(REPO_SNAPSHOTS).row(0, named=True),
        commits=work.read(COMMITS),
        group_size=len(work.group.students),
        pushes=work.said_by_github(PUSHES),
        workflow_runs=work.said_by_github(WORKFLOW_RUNS),
        report_answers=work.known(REPORT_ANSWERS),
        report_checks=work.known(REPORT_CHECKS),
        checklist=work.known(CHECKLIST),
        contributions=work.known(CONTRIBUTIONS),
        committed_secrets=work.known(COMMITTED_SECRETS),
        hostile_content=work.known(HOSTILE_CONTENT),
    )


@group_asset(PROGRESS, deps=["commits", "files", "workflow_runs", "starter_shapes"], kinds={"git", "polars"})
def progress(work: GroupWork) -> Computed:
    """What stood at the end of each day: days that were computed before are not computed again."""
    course, snapshot_sha = work.inputs.course, work.snapshot_sha
    tracked = {snapshot_sha: work.read(FILES)} if snapshot_sha else {}
    days = commit_by_day(work.read(COMMITS), snapshot_sha, course.zone, course.project_start)
    found = known_standings(work.known(PROGRESS), work.standing_key)
    wanted = [sha for sha in days.values() if sha not in found]
    former = [sha for sha in wanted if sha not in tracked]
    tracked |= read_files_at(work.mirror, work.group.group_id, former, work.starter_blobs)
    size = len(work.group.students)
    files = {sha: tracked[sha] for sha in wanted}
    found |= standings(files, work.read_blobs, work.starter_shapes, Facts(group_size=size), work.own_files.cache)
    return Computed(
        progress_frame(
            work.group.group_id,
            days,
            found,
            evidence_key=work.standing_key,
            attribution=work.attribution,
            runs=work.said_by_github(WORKFLOW_RUNS),
            group_size=size,
            zone=course.zone,
            weights=course.progress,
        )
    )


@group_asset(
    REPO_STATS,
    deps=[
        "commits",
        "contributors",
        "contributions",
        "files",
        "pull_requests",
        "workflow_runs",
        "report_checks",
        "progress",
    ],
    kinds={"polars"},
)
def repo_stats(work: GroupWork) -> Computed:
    """The numbers of the group, one row: they inform and never grade."""
    tracked = work.read(FILES)
    readme = root_readme(tracked)
    reason, observed_at = work.read(GITHUB_REPOS).select("reason", "observed_at").row(0)
    return Computed(
        repo_stats_frame(
            work.group,
            work.inputs.course,
            snapshot=work.read(REPO_SNAPSHOTS).row(0, named=True),
            commits=work.read(COMMITS),
            contributors=work.read(CONTRIBUTORS),
            contributions=work.read(CONTRIBUTIONS),
            report_checks=work.read(REPORT_CHECKS),
            progress=work.read(PROGRESS),
            files=tracked,
            readme=dict(read_blobs(work.mirror, [readme]))[readme] if readme else None,
            github=GitHubSays(
                work.said_by_github(PULL_REQUESTS), work.said_by_github(WORKFLOW_RUNS), reason, observed_at
            ),
        )
    )
