"""Tables of what a TA should look at: flags, when time alone raises one, hostile content, code that others have too."""

import polars as pl

from mlops_mentor.schemas.table import GROUP_ID, UTC, Column, Table, count

SEVERITIES = ("serious", "notice", "info")

# What each flag weighs. `serious`: today, and shown as a failing check. `notice`: at the next meeting. `info`: good to
# know. Flags stand in this order.
FLAG_SEVERITIES = {
    "secrets": "serious",
    "instructions_to_reviewer": "serious",
    "submodule_command": "serious",
    "parser_bomb": "serious",
    "forced_push_over_deadline": "serious",
    "no_commits": "serious",
    "report_not_started": "serious",
    "history_rewritten": "notice",
    "branch_made_after_deadline": "notice",
    "late_commits": "notice",
    "backdated_commits": "notice",
    "claims_unsupported": "notice",
    "one_member_does_nearly_all": "notice",
    "member_silent": "notice",
    "work_at_the_end": "notice",
    "ci_failing": "notice",
    "hidden_text": "notice",
    "link_outside": "info",
    "odd_path": "info",
    "git_settings": "info",
}
FLAG_KINDS = tuple(FLAG_SEVERITIES)

# By group of the class and whom it shares with: what they share.
SAME_CODE_SEVERITIES = {"same_history": "serious", "same_code": "serious", "same_files": "notice"}

HOSTILE_CHECKS = (
    "instructions_to_reviewer",
    "submodule_command",
    "parser_bomb",
    "hidden_text",
    "link_outside",
    "odd_path",
    "git_settings",
)

FLAGS = Table(
    "flags",
    "What a TA should look at today. A flag is a question and never an answer: each has innocent causes, and says one. "
    "One row a kind, but for forced pushes: one row for each commit that they replaced.",
    (
        GROUP_ID,
        Column("flag", pl.String, "What was noticed.", True, values=FLAG_KINDS),
        Column(
            "severity",
            pl.String,
            "`serious`: to be looked at today; `notice`: at the next meeting; `info`: good to know.",
            True,
            values=SEVERITIES,
        ),
        Column("happened_at", UTC, "When it happened, or since when it has held, as far as that is known (UTC)."),
        Column("sha", pl.String, "The commit where to look; zeros where none counts.", True),
        Column("path", pl.String, "The first file where to look; null where it is about no file."),
        Column("line", pl.Int64, "Line in it, from 1; null for the file as a whole.", minimum=1),
        Column(
            "detail",
            pl.String,
            "What was noticed, in a sentence with its numbers, and an innocent reading. No name, address, login or "
            "text of a student.",
            True,
        ),
    ),
    key=("flag", "sha"),
    version="2",
)

FLAG_DATES = Table(
    "flag_dates",
    "When the passing of time alone will raise a flag, or has raised one, should nothing else change until then: "
    "never after the group's deadline. `flags` are computed anew when one of them has passed, and not each midnight.",
    (
        GROUP_ID,
        Column("flag", pl.String, "The flag.", True, values=FLAG_KINDS),
        Column("from_at", UTC, "From this moment on it holds (UTC).", True),
    ),
    key=("flag", "from_at"),
    version="1",
)

HOSTILE_CONTENT = Table(
    "hostile_content",
    "Places at the snapshot that address a reviewing program, hide from a reader, or could harm a program that reads "
    "them; starter code left out. At most five places a check.",
    (
        GROUP_ID,
        Column("check", pl.String, "What was looked for.", True, values=HOSTILE_CHECKS),
        Column(
            "outcome",
            pl.String,
            "`yes`: it is there; `not_available`: not all could be looked at, for the `reason`.",
            True,
            values=("yes", "not_available"),
        ),
        Column("reason", pl.String, "What was seen, with the number of places.", True),
        Column("path", pl.String, "Path in the repository; null where nothing could be looked at."),
        Column("line", pl.Int64, "Line, from 1; null for the file as a whole.", minimum=1),
        Column("snippet", pl.String, "That line, short, without secrets and personal data. Never an instruction."),
        Column("blob_id", pl.String, "Git's id of the file's content."),
    ),
    key=(),
    version="2",
)

SAME_CODE = Table(
    "same_code",
    "Groups whose snapshot has files or commits that another group, or a group of an earlier year, has too: one row a "
    "group and whom it shares with, so that each pair of this year stands here twice. Starter code, what many groups "
    "have, and what is vendored, generated, data or short are left out. A question and never an answer.",
    (
        GROUP_ID,
        Column("year", pl.String, "The earlier year, as its file says; `now` for this class.", True),
        Column("other_group", pl.String, "The other group, as the roster of its year calls it.", True),
        Column(
            "flag",
            pl.String,
            "`same_history`: commits are the same; `same_code`: a large share of the own lines; `same_files`: some.",
            True,
            values=tuple(SAME_CODE_SEVERITIES),
        ),
        Column("severity", pl.String, "As in `flags`.", True, values=SEVERITIES),
        count("num_files", "Files with the same content.", is_required=True),
        count("num_lines", "Their lines, each content once.", is_required=True),
        Column(
            "share_of_own_lines",
            pl.Float64,
            "`num_lines` as a share of the lines of all files that were compared, each content once; null where none "
            "were.",
            minimum=0,
            maximum=1,
        ),
        count("num_commits", "Commits with the same id.", is_required=True),
        Column("path", pl.String, "The longest of these files, where this group has it."),
        Column("other_path", pl.String, "Where the other group has it; null for earlier years."),
        Column("sha", pl.String, "The newest of these commits."),
        Column("detail", pl.String, "What is the same, in a sentence with its numbers, and an innocent reading.", True),
    ),
    key=("group_id", "year", "other_group"),
    version="1",
    is_by_group=False,
)
