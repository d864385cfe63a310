"""Assets of evidence, by group: the report, the checklist, how the code stands, what is hostile."""

from mlops_mentor.chain.group_work import Computed, GroupWork
from mlops_mentor.defs.group_step import group_asset
from mlops_mentor.evidence.checklist.claims import read_claims
from mlops_mentor.evidence.checklist.detect import detect
from mlops_mentor.evidence.checklist.facts import group_facts
from mlops_mentor.evidence.checklist.items import checklist as course_checklist
from mlops_mentor.evidence.checklist.tables import checklist_frame
from mlops_mentor.evidence.code.facts import Facts
from mlops_mentor.evidence.code.project import Project
from mlops_mentor.evidence.hostile import find_hostile, hostile_content_frame
from mlops_mentor.evidence.report.cross_checks import RepoFacts
from mlops_mentor.evidence.report.tables import report_answers_frame, report_checks_frame
from mlops_mentor.schemas import (
    CHECKLIST,
    CODE_QUALITY,
    COMMITS,
    COMMITTED_SECRETS,
    CONTRIBUTIONS,
    CONTRIBUTORS,
    FILES,
    HOSTILE_CONTENT,
    LINT_HITS,
    PULL_REQUESTS,
    REPO_SNAPSHOTS,
    REPORT_ANSWERS,
    REPORT_CHECKS,
    WORKFLOW_RUNS,
)


@group_asset(CODE_QUALITY, deps=["files"], kinds={"python"})
def code_quality(work: GroupWork) -> Computed:
    """Measured with rules of ours: nothing of the group's is run, and none of its settings counts."""
    return Computed(work.quality.code_quality)


@group_asset(LINT_HITS, deps=["files"], kinds={"docker"})
def lint_hits(work: GroupWork) -> Computed:
    """Each place in Dockerfiles and workflows, with the rule that it breaks."""
    return Computed(work.quality.lint_hits)


@group_asset(COMMITTED_SECRETS, deps=["files"], kinds={"python"})
def committed_secrets(work: GroupWork) -> Computed:
    """Where and of what kind; the value is kept nowhere."""
    return Computed(work.quality.committed_secrets)


@group_asset(HOSTILE_CONTENT, deps=["files"], kinds={"python"})
def hostile_content(work: GroupWork) -> Computed:
    """Looked at and never followed."""
    found = find_hostile(work.read(FILES), work.read_blobs)
    return Computed(hostile_content_frame(work.group.group_id, found))


@group_asset(REPORT_ANSWERS, deps=["files"], kinds={"markdown"})
def report_answers(work: GroupWork) -> Computed:
    """The exam report, found by its content, split into its questions."""
    return Computed(report_answers_frame(work.group.group_id, work.read(FILES), work.report))


@group_asset(REPORT_CHECKS, deps=["files", "repo_snapshots", "code_quality"], kinds={"markdown"})
def report_checks(work: GroupWork) -> Computed:
    """The rules of the report, and what it says compared with what is there."""
    branch, renamed_to = work.read(REPO_SNAPSHOTS).select("default_branch", "renamed_to").row(0)
    addresses = [work.group.address.url, *([renamed_to] if renamed_to else [])]
    facts = RepoFacts(
        repos=tuple("/".join(url.replace(":", "/").split("/")[-2:]) for url in addresses),
        default_branch=branch,
        num_tests=work.read(CODE_QUALITY)["num_tests"].item(),
        members=work.group.students,
        starter_blobs=frozenset(work.starter_blobs) if work.starter_blobs is not None else None,
    )
    return Computed(report_checks_frame(work.group.group_id, work.read(FILES), work.report, facts))


@group_asset(
    CHECKLIST,
    deps=["repo_snapshots", "commits", "files", "pull_requests", "workflow_runs", "code_quality", "contributors",
          "contributions", "starter_shapes"],
    kinds={"markdown", "python"},
)  # fmt: skip
def checklist(work: GroupWork) -> Computed:
    """The boxes of the report, and what the files show of each item, the report itself left out."""
    findings = detect(Project(work.own_files, _facts(work)), course_checklist().items)
    return Computed(checklist_frame(work.group.group_id, read_claims(work.report), findings))


def _facts(work: GroupWork) -> Facts:
    """What is known of the group beside its files."""
    tables = {table.name: work.read(table) for table in (CONTRIBUTORS, CONTRIBUTIONS, COMMITS, CODE_QUALITY)}
    return group_facts(
        work.mirror,
        work.snapshot_sha,
        work.read(FILES),
        work.report,
        branches=work.branches,
        group_size=len(work.group.students),
        starter_blobs=work.starter_blobs,
        tables={**tables, **{table.name: work.said_by_github(table) for table in (WORKFLOW_RUNS, PULL_REQUESTS)}},
    )
