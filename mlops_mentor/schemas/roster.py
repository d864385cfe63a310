"""Tables that come from the roster and the course: who the groups are, what they started from."""

import polars as pl

from mlops_mentor.schemas.table import GROUP_ID, TEXT_LIST, Column, Table, count

GROUPS = Table(
    "groups",
    "The roster: one row a group, in the roster's order.",
    (
        GROUP_ID,
        Column("repo_url", pl.String, "Where the group's repository is, without credentials and `.git`.", True),
        Column("transport", pl.String, "How git reaches it.", True, values=("https", "http", "ssh", "file")),
        Column("students", TEXT_LIST, "Study numbers as the roster has them. Personal data: never exported.", True),
        count("group_size", "Number of students in the roster's row.", is_required=True),
        Column("roster_row", pl.Int64, "Line of the roster file, the header being line 1.", True, minimum=1),
    ),
    key=("group_id",),
    version="1",
    is_by_group=False,
)

STARTER_FILES = Table(
    "starter_files",
    "Every blob in any commit of the course's starter-code repositories: what no group has written itself.",
    (
        Column("repo_url", pl.String, "The starter-code repository.", True),
        Column("blob_id", pl.String, "Git's id of the content.", True),
    ),
    key=("repo_url", "blob_id"),
    version="1",
    is_by_group=False,
)

STARTER_SHAPES = Table(
    "starter_shapes",
    "What the starter code looks like, so that it is known again where a template was filled in, or a file edited: "
    "functions and classes by their syntax trees, lines of template files. In it U+E000 stands for a project's name, "
    "U+E001 for a version, U+E002 for any text.",
    (
        Column("kind", pl.String, "What has the shape.", True, values=("definition", "statement", "line")),
        Column(
            "name",
            pl.String,
            "Of a definition its own name, empty where a placeholder is in it; of a statement empty; of a line its "
            "file's name in small letters, or the whole path after `/` where the repository is no template.",
            True,
        ),
        Column("version", pl.String, "Of a line the blob that it is in; else empty.", True),
        Column(
            "value", pl.String, "The line, or the syntax tree: a digest, all of it where a placeholder is in it.", True
        ),
        count("times", "How often the line is in the file; else 1.", is_required=True),
    ),
    key=("kind", "name", "version", "value"),
    version="1",
    is_by_group=False,
)
