"""Tables read from git: one part a group."""

import polars as pl

from mlops_mentor.schemas.table import GROUP_ID, TEXT_LIST, UTC, Column, Table, count

SNAPSHOT_STATUSES = ("ok", "empty", "not_found", "no_access", "timeout", "error")
# With these the repository was read.
READABLE_STATUSES = ("ok", "empty")
SNAPSHOT_RULES = ("tip", "deadline_push_time", "deadline_commit_date")
FILE_KINDS = (
    "python",
    "notebook",
    "test",
    "docker",
    "workflow",
    "config",
    "docs",
    "data",
    "model",
    "image",
    "code",
    "other",
    "lfs_pointer",
    "gitlink",
    "symlink",
)

REPO_SNAPSHOTS = Table(
    "repo_snapshots",
    "The state of a group's repository and the commit that counts.",
    (
        GROUP_ID,
        Column("repo_url", pl.String, "The repository that the roster names.", True),
        Column("status", pl.String, "What became of the last attempt to read it.", True, values=SNAPSHOT_STATUSES),
        Column("reason", pl.String, "Why the status is not `ok`, and what to do about it; null when it is."),
        Column("default_branch", pl.String, "Branch that the repository's HEAD names."),
        Column("tip_sha", pl.String, "Last commit of the default branch when it was fetched."),
        Column("snapshot_sha", pl.String, "The commit that counts; all other tables describe it."),
        Column(
            "snapshot_rule",
            pl.String,
            "How it was chosen: `tip` before the deadline; afterwards `deadline_push_time`, the default branch's tip "
            "at the deadline by GitHub's push times, or `deadline_commit_date`, its newest first-parent commit whose "
            "committer date is not after the deadline.",
            values=SNAPSHOT_RULES,
        ),
        Column("rule_reason", pl.String, "Why committer dates had to do; null with the other rules."),
        Column("snapshot_at", UTC, "Committer date of the commit that counts (UTC)."),
        Column("deadline_at", UTC, "The group's deadline, extensions included (UTC).", True),
        count("num_late_commits", "Commits of the default branch that do not count: not reachable from the snapshot."),
        Column("last_late_at", UTC, "Newest committer date among them (UTC)."),
        Column("rewritten_at", UTC, "When it was last found that the default branch lost commits (UTC)."),
        Column("rewritten_from", pl.String, "The tip that was known before, and is no longer in the branch."),
        Column("renamed_to", pl.String, "Where the server redirected us, when the repository was renamed or moved."),
        count("num_heads", "Branches and tags that the repository has."),
        count("num_pull_request_heads", "`refs/pull/*/head`: pull requests of whatever state."),
        Column("refs_id", pl.String, "SHA-256 over HEAD and all heads: changes whenever anybody pushed."),
        Column(
            "content_id",
            pl.String,
            "SHA-256 over the address, the snapshot and the pull requests' heads: what the other "
            "tables read from git depend on.",
        ),
        count("mirror_bytes", "Bytes of the mirror on disk."),
        Column("fetched_at", UTC, "When these heads were read (UTC); kept while the repository cannot be reached."),
        Column("checked_at", UTC, "When the repository was last asked, with whatever answer (UTC).", True),
    ),
    key=("group_id",),
    version="2",
    is_one_row=True,
)

COMMITS = Table(
    "commits",
    "Every commit reachable from the snapshot or from a pull request's head, once.",
    (
        GROUP_ID,
        Column("sha", pl.String, "Git's id of the commit.", True),
        Column("parents", TEXT_LIST, "Ids of its parents.", True),
        Column("is_on_default", pl.Boolean, "Reachable from the snapshot.", True),
        Column("is_merge", pl.Boolean, "Has more than one parent.", True),
        Column("author_name", pl.String, "As committed, without `.mailmap`.", True),
        Column("author_email", pl.String, "As committed, without `.mailmap`.", True),
        Column("authored_at", UTC, "Author date (UTC); null when git holds a date outside years 1 to 9999."),
        Column("author_offset_minutes", pl.Int32, "The author's clock against UTC (minutes, east positive)."),
        Column("committer_name", pl.String, "As committed; `GitHub` for merges made on its pages.", True),
        Column("committer_email", pl.String, "As committed.", True),
        Column("committed_at", UTC, "Committer date (UTC); null when git holds a date outside years 1 to 9999."),
        Column("committer_offset_minutes", pl.Int32, "The committer's clock against UTC (minutes, east positive)."),
        Column("message", pl.String, "Whole message, trailing line breaks removed.", True),
        Column("co_authors", TEXT_LIST, "Values of the `Co-authored-by` trailers, `name <email>`.", True),
        count(
            "num_files_changed",
            "Files in the commit's diff against its parent, a rename once; 0 for merges, as "
            "`git log --numstat` has it. Where a blob is missing only renames without edits are seen.",
            is_required=True,
        ),
        count("lines_added", "Lines of text added (`git log --numstat`); 0 for merges; null where a blob is missing."),
        count("lines_removed", "Lines of text removed; 0 for merges; null where a blob is missing."),
    ),
    key=("sha",),
    version="1",
)

FILES = Table(
    "files",
    "Every tracked file at the snapshot.",
    (
        GROUP_ID,
        Column("path", pl.String, "Path in the repository; bytes that are not UTF-8 appear as `\\xNN`.", True),
        count("bytes", "Size of the content in bytes; null for gitlinks and where the blob is missing."),
        Column(
            "kind",
            pl.String,
            "What the file is for, by path and mode (`repos/file_kinds.yaml`).",
            True,
            values=FILE_KINDS,
        ),
        count(
            "lines",
            "Lines of text, a last one without line break included; null for binary content, links, and "
            "where the blob is missing.",
        ),
        Column("blob_id", pl.String, "Git's id of the content (of the commit for a gitlink).", True),
        Column("mode", pl.String, "Git's mode: 100644, 100755, 120000 (symbolic link), 160000 (gitlink).", True),
        Column(
            "is_available", pl.Boolean, "The content is in the mirror; false means not looked at, not absent.", True
        ),
        Column("is_vendored", pl.Boolean, "Third-party code or an environment that was committed.", True),
        Column("is_generated", pl.Boolean, "Written by a tool: run outputs, lock files, builds.", True),
        Column(
            "is_starter_code",
            pl.Boolean,
            "Same blob as in any commit of the starter-code repositories; null when those could not be read.",
        ),
    ),
    key=(),
    version="2",
)
