"""Tables of evidence: what a repository shows, with path and line, beside what the group says."""

import polars as pl

from mlops_mentor.schemas.table import GROUP_ID, TEXT_LIST, Column, Table, count

OUTCOMES = ("yes", "partial", "no", "not_checkable", "not_available", "error")
STRENGTHS = ("present", "wired", "executed")
CLAIMED = ("yes", "no", "missing", "unknown")
VERDICTS = (
    "supported",
    "partly_supported",
    "unsupported",
    "unclaimed",
    "not_claimed",
    "not_asked",
    "not_checkable",
    "not_available",
    "unclear",
)
REPORT_TEMPLATES = ("27-36", "31-52", "31-53")
WHOLE_REPORT = "report"
REPORT_CHECK_NAMES = (
    "found",
    "length",
    "image_count",
    "image_files",
    "example_figures",
    "links",
    "num_tests",
    "coverage_figure",
    "workflow_link",
    "docker_link",
    "study_numbers",
    "members_named",
)

REPORT_ANSWERS = Table(
    "report_answers",
    "The answers of a group's exam report: a row a question of its template; none where no report was found.",
    (
        GROUP_ID,
        Column("question", pl.Int64, "The question's number in the course's template.", True, minimum=1),
        Column("topic", pl.String, "What is asked about: the same word in every template.", True),
        Column("title", pl.String, "The question in a few words.", True),
        Column("is_answered", pl.Boolean, "Something other than the placeholder stands there.", True),
        count(
            "num_words",
            "Words as the course counts them: what blanks part in the Markdown, without placeholders, quotation marks "
            "and comments; null where the question was not found in the report.",
        ),
        count("num_images", "Images shown, as `![]()` or `<img>`; null where the question was not found."),
        Column("path", pl.String, "The report.", True),
        Column("line", pl.Int64, "Where the answer begins, or its question; null where neither was found.", minimum=1),
        Column("template", pl.String, "Questions and boxes of the template.", True, values=REPORT_TEMPLATES),
        Column("text", pl.String, "The answer, at most 50,000 characters. Personal data: never exported."),
    ),
    key=("question",),
    version="1",
)

REPORT_CHECKS = Table(
    "report_checks",
    "What the course's rules and the repository say of each answer; `found` is about the report as a whole.",
    (
        GROUP_ID,
        Column("question", pl.Int64, "The question's number in the template; null for the whole report.", minimum=1),
        Column("topic", pl.String, "What is asked about; `report` for the whole report.", True),
        Column("check", pl.String, "What was checked.", True, values=REPORT_CHECK_NAMES),
        Column(
            "outcome",
            pl.String,
            "`not_checkable`: the files cannot show it; `not_available`: they could, and cannot be read now.",
            True,
            values=OUTCOMES,
        ),
        Column("reason", pl.String, "What was seen, with its numbers.", True),
        Column("path", pl.String, "The report; null where none was found."),
        Column("line", pl.Int64, "Where it stands; null for the report as a whole.", minimum=1),
        Column("snippet", pl.String, "That line, short, without secrets and personal data."),
        Column("blob_id", pl.String, "Git's id of the report's content."),
        Column("remedy", pl.String, "What the group can do; null where nothing has to be done."),
    ),
    # Topics and not numbers: no two questions of a template share one, and the whole report has one too.
    key=("topic", "check"),
    version="1",
)

CHECKLIST = Table(
    "checklist",
    "The course's checklist: what a group ticked beside what its repository shows; a row an item, in the list's order, "
    "whatever the group's own list holds.",
    (
        GROUP_ID,
        Column("item", pl.String, "The item: W1-01 to W3-09 by week, and EX-01 to EX-06.", True),
        Column("title", pl.String, "The item in a few words.", True),
        Column("module", pl.String, "The course's module that it belongs to; null where it belongs to none."),
        Column("week", pl.Int64, "The course's week; null for what is extra.", minimum=1),
        Column(
            "claimed",
            pl.String,
            "The box in the report: `missing` where there is none, `unknown` where its mark is not understood, two "
            "boxes disagree or the report cannot be read.",
            True,
            values=CLAIMED,
        ),
        Column(
            "shown",
            pl.String,
            "What the repository shows, whatever was claimed. `not_checkable`: no repository could show it; "
            "`not_available`: it could, and cannot be looked at now.",
            True,
            values=OUTCOMES,
        ),
        Column(
            "verdict",
            pl.String,
            "The claim against what is shown. `unclaimed`: shown and not ticked; `not_claimed`: neither ticked nor "
            "fully shown; `not_asked`: the group's list has no such item, or there is no list; `unclear`: the mark is "
            "not understood.",
            True,
            values=VERDICTS,
        ),
        Column(
            "strength",
            pl.String,
            "`present`: it is there; `wired`: something uses it; `executed`: there is a trace of its having run.",
            values=STRENGTHS,
        ),
        Column("path", pl.String, "The file that shows it best; null where no file does."),
        Column("line", pl.Int64, "The line in it; null for the file as a whole.", minimum=1),
        Column("reason", pl.String, "What was seen.", True),
        Column("snippet", pl.String, "That line, short, without secrets and personal data."),
        Column("blob_id", pl.String, "Git's id of that file's content."),
        Column("other_places", TEXT_LIST, "Up to four more places, `path:line`.", True),
        Column("claim_path", pl.String, "The report; null where none was found."),
        Column("claim_line", pl.Int64, "Where the item stands in it; null where it does not.", minimum=1),
        Column("expects", pl.String, "What counts as shown, and what in part.", True),
        Column("remedy", pl.String, "What the group can do; null where nothing has to be done."),
    ),
    key=("item",),
    version="2",
)
