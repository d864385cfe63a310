"""Tables of feedback: what a reviewer saw, what it said, what it cost, and what the TAs make of it."""

import polars as pl

from mlops_mentor.schemas.table import GROUP_ID, TEXT_LIST, UTC, Column, Table, count

REVIEWERS = ("rules", "model")
# `reviewed`: the reviewer that was asked for has answered, and its citations hold. `needs_review`: so it has, and a TA
# should look before anybody relies on it. `stand_in`: the model gave nothing usable, so the rules wrote. `kept`: the
# model gave nothing usable, and what stands here is of an earlier pack. `nothing_to_review`: there is no such file.
FEEDBACK_STATES = ("reviewed", "needs_review", "stand_in", "kept", "nothing_to_review")
# The worst first.
REMARK_SEVERITIES = ("critical", "major", "minor")
CALL_PURPOSES = ("first", "repair", "second", "second_repair")
# What became of a call: `answered` whatever the text is worth; all others gave no text.
CALL_OUTCOMES = (
    "answered",
    "refused",
    "too_long",
    "rate_limited",
    "server_error",
    "timeout",
    "unreachable",
    "no_answer",
    "not_allowed",
    "bad_request",
)
RESPONSE_FORMATS = ("json_schema", "json_object", "text")
RELEASE_STATES = ("draft", "changed_since_release", "released")

CITATION = pl.Struct(
    {
        "path": pl.String,
        "start_line": pl.Int64,
        "end_line": pl.Int64,
        "quote": pl.String,
        "blob_id": pl.String,
        "is_moved": pl.Boolean,
    }
)
REMARK = pl.Struct(
    {
        "criterion": pl.String,
        "severity": pl.String,
        "text": pl.String,
        "advice": pl.String,
        "citations": pl.List(CITATION),
    }
)
CRITERION_SCORE = pl.Struct({"criterion": pl.String, "score": pl.Int64})
_REMARK_WORDS = (
    "each with the rubric's `criterion`, `severity` (minor, major, critical; null for strengths), `text`, `advice` "
    "(null for strengths) and `citations`: `path`, `start_line`, `end_line` (from 1, both included), `quote`, "
    "`blob_id`, and `is_moved` where the reviewer named other lines than those on which the quote stands"
)

REVIEW_PACKS = Table(
    "review_packs",
    "What a reviewer is shown of a group: one row an area of the rubric. Secrets and personal data are replaced in it. "
    "The text itself lies in `packs/` of the data directory, named by `pack_id`.",
    (
        GROUP_ID,
        Column("area", pl.String, "The area, as the rubric calls it.", True),
        Column("pack_id", pl.String, "Hash of everything that is shown: equal packs have equal ids.", True),
        Column("snapshot_sha", pl.String, "The commit that it was made from.", True),
        count("num_files", "Files that concern the area: own ones, not vendored, generated, data or starter code.",
              is_required=True),
        count("num_files_shown", "Of these, files of which something is shown.", is_required=True),
        count("num_lines", "Lines of the files that concern the area.", is_required=True),
        count("num_lines_shown", "Of these, lines that are shown.", is_required=True),
        count("num_tokens", "Tokens of the text, estimated from its length.", is_required=True),
        count("num_replaced", "Secrets and personal data that were replaced in what is shown.", is_required=True),
        count("num_withheld", "Lines withheld because they address a reviewer.", is_required=True),
        Column("coverage", pl.String, "What is shown, in words: `41 of 57 files, 62 % of their lines`.", True),
        Column("files", TEXT_LIST, "Paths of which something is shown, in the pack's order.", True),
        Column("left_out", TEXT_LIST, "What is not shown and why: `path: reason`, at most 200.", True),
    ),
    key=("area",),
    version="1",
)  # fmt: skip

FEEDBACK = Table(
    "feedback",
    "What a reviewer says of a group: one row an area of the rubric. A draft until a TA releases it; scores inform and "
    "never grade. Every citation was found in the file at the commit; remarks without one were dropped.",
    (
        GROUP_ID,
        Column("area", pl.String, "The area, as the rubric calls it.", True),
        Column("state", pl.String, "How far it can be relied on.", True, values=FEEDBACK_STATES),
        Column("reason", pl.String, "Why it is no `reviewed`; null where it is."),
        Column("reviewer", pl.String, "Who wrote it: fixed rules, or a language model.", True, values=REVIEWERS),
        Column("model", pl.String, "The model that was asked for; null for rules."),
        Column("score", pl.Int64, "On the rubric's scale; null where nothing was to be reviewed.", minimum=1),
        Column("criteria", pl.List(CRITERION_SCORE), "Scores of the area's criteria, where they were given.", True),
        Column("summary", pl.String, "A few sentences.", True),
        Column("strengths", pl.List(REMARK), f"What is good: {_REMARK_WORDS}.", True),
        Column("improvements", pl.List(REMARK), f"What could be better: {_REMARK_WORDS}.", True),
        Column("confidence", pl.Int64, "The reviewer's own, 1 to 10. It says little.", minimum=1, maximum=10),
        count("num_remarks_dropped", "Remarks that were dropped for want of a citation that holds.", is_required=True),
        count("num_citations", "Citations that the reviewer gave.", is_required=True),
        count("num_citations_moved", "Of these, those whose lines were corrected.", is_required=True),
        count("num_citations_dropped", "Of these, those that did not hold.", is_required=True),
        Column("dropped", TEXT_LIST, "Why each did not hold: `path:line: reason`.", True),
        Column("second_model", pl.String, "The second model, where one judged too."),
        Column("second_score", pl.Int64, "Its score.", minimum=1),
        Column("pack_id", pl.String, "What the reviewer saw; null where nothing was to be reviewed."),
        Column("snapshot_sha", pl.String, "The commit that it is about.", True),
        Column("rubric_version", pl.String, "The rubric.", True),
        Column("prompt_version", pl.String, "The prompts; null for rules."),
        Column("written_at", UTC, "When this text was first written (UTC): the same text keeps its time.", True),
        count("num_calls", "Calls of a model that it took, those of earlier runs included.", is_required=True),
        count("prompt_tokens", "Tokens sent, of all these calls.", is_required=True),
        count("completion_tokens", "Tokens received, of all these calls.", is_required=True),
        Column("cost_usd", pl.Float64, "What they cost (US dollars); null where a price is not known.", minimum=0),
        Column("input_key", pl.String, "Key of pack, rubric, prompt, model and parameters; empty where the reviewer "
               "that was asked for has yet to answer.", True),
    ),
    key=("area",),
    version="1",
)  # fmt: skip

LLM_CALLS = Table(
    "llm_calls",
    "Calls of a language model: one row a call, also of those that failed. What was answered from what is stored "
    "is none.",
    (
        GROUP_ID,
        Column("area", pl.String, "The area of the rubric.", True),
        Column("call_id", pl.String, "A name for this call.", True),
        Column(
            "purpose", pl.String, "`repair`: told what was wrong with the first answer.", True, values=CALL_PURPOSES
        ),
        Column("attempt", pl.Int64, "1 for the first, more where it was tried again.", True, minimum=1),
        Column("model", pl.String, "The model that was asked for.", True),
        Column("model_answered", pl.String, "The model that the server says has answered."),
        Column("server", pl.String, "The server, without path, login or key.", True),
        Column("began_at", UTC, "When (UTC).", True),
        Column("seconds", pl.Float64, "How long it took, from the request to the end of the answer.", True, minimum=0),
        Column("outcome", pl.String, "What became of it.", True, values=CALL_OUTCOMES),
        Column("reason", pl.String, "Why there was no text, in words; null where there was."),
        Column("status", pl.Int64, "HTTP's status; null where there was none."),
        Column("response_format", pl.String, "What was asked of the answer's form.", True, values=RESPONSE_FORMATS),
        Column("finish_reason", pl.String, "Why the text ended, as the server says."),
        count("prompt_tokens", "Tokens sent.", is_required=True),
        count("cached_tokens", "Of these, those that the server had in its cache.", is_required=True),
        count("completion_tokens", "Tokens received, those of reasoning included.", is_required=True),
        Column("is_estimated", pl.Boolean, "The server said no numbers: these are estimates, rather too high.", True),
        Column("cost_usd", pl.Float64, "What it cost (US dollars); null where the price is not known.", minimum=0),
        Column("answer_id", pl.String, "Under this name the answer is stored in `answers/`; null where there is none."),
        Column("run_id", pl.String, "Dagster's run."),
    ),
    key=("call_id",),
    version="1",
)

REVIEWS = Table(
    "reviews",
    "The TAs' word on the feedback, from `reviews.csv`: one row a usable row of it, in the file's order. For each "
    "group and area the newest row that says something counts.",
    (
        GROUP_ID,
        Column("row", pl.Int64, "The row of the file.", True, minimum=1),
        Column("area", pl.String, "The area of the rubric; null for all of the group.", False),
        Column("score", pl.Int64, "The TA's score; null where the machine's stands.", minimum=1),
        Column("comment", pl.String, "What the group is told besides; null for nothing."),
        Column("text", pl.String, "The TA's own text in place of the reviewer's summary and remarks, as long as the "
               "draft that it was written on stands; empty where an earlier one is taken back, null for nothing."),
        Column("is_released", pl.Boolean, "Released to the group (true) or taken back (false); null where it "
               "says nothing of that."),
        Column("reviewer", pl.String, "Who. Personal data: never exported.", True),
        Column("reviewed_at", UTC, "When (UTC).", True),
    ),
    key=("row",),
    version="2",
    is_by_group=False,
)  # fmt: skip

FEEDBACK_REPORTS = Table(
    "feedback_reports",
    "A group's feedback as one page: one row a group, none without a commit. The page marks what is a draft.",
    (
        GROUP_ID,
        Column("state", pl.String, "`released` where every area is.", True, values=RELEASE_STATES),
        Column("areas_released", TEXT_LIST, "Areas that are released as they stand.", True),
        Column("areas_overridden", TEXT_LIST, "Areas in which a TA's score replaces the machine's.", True),
        Column("areas_to_review", TEXT_LIST, "Areas that a TA should look at before relying on them.", True),
        Column("overall_code", pl.Int64, "Code quality, unit testing and CI/CD together, by the rubric's formula.",
               minimum=1, maximum=10),
        Column("overall_report", pl.Int64, "The report's criteria together, by the rubric's formula.", minimum=1,
               maximum=10),
        Column("reviewer", pl.String, "`rules` where no area was written by a model.", True, values=REVIEWERS),
        Column("snapshot_sha", pl.String, "The commit that it is about.", True),
        Column("markdown", pl.String, "The page as a TA reads it, drafts marked.", True),
        Column("released_markdown", pl.String, "What the group may read: released areas alone, as they were when they "
               "were released; null where none is."),
        Column("released", pl.List(pl.Struct({"area": pl.String, "text": pl.String, "score": pl.Int64,
               "released_at": UTC})), "By area, what was released and when: a later draft leaves it as it is.", True),
    ),
    key=("group_id",),
    version="1",
)  # fmt: skip

FEEDBACK_AGREEMENT = Table(
    "feedback_agreement",
    "How far reviewer and TAs agree, over the areas that a TA has given a score: a row a reviewer, model and area, and "
    "one over all areas.",
    (
        Column("reviewer", pl.String, "Rules or model.", True, values=REVIEWERS),
        Column("model", pl.String, "The model; empty for rules.", True),
        Column("area", pl.String, "The area of the rubric; `all` for all.", True),
        count("num_scores", "Pairs of scores.", is_required=True),
        Column("share_exact", pl.Float64, "Share of equal scores.", True, minimum=0, maximum=1),
        Column("share_within_one", pl.Float64, "Share that differs by one at the most.", True, minimum=0, maximum=1),
        Column("qwk", pl.Float64, "Cohen's kappa with quadratic weights, -1 to 1; null where it is not defined: both "
               "gave one and the same score throughout.", minimum=-1, maximum=1),
        Column("leniency", pl.Float64, "Mean of the reviewer's score less the TA's: above 0 the reviewer is milder.",
               True),
    ),
    key=("reviewer", "model", "area"),
    version="1",
    is_by_group=False,
)  # fmt: skip
