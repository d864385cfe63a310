"""Tables of who did what: computed from git, GitHub and the map of identities that a TA keeps."""

import polars as pl

from mlops_mentor.schemas.metrics import CONTRIBUTOR_KINDS
from mlops_mentor.schemas.table import GROUP_ID, TEXT_LIST, UTC, Column, Table, count

CONTRIBUTION_KINDS = (*CONTRIBUTOR_KINDS, "outsider")
MEMBER_SOURCES = ("identities.csv", "study number")
AREA_SHARES = pl.List(pl.Struct({"area": pl.String, "share": pl.Float64}))

_NAME = "Personal data: never exported."

CONTRIBUTIONS = Table(
    "contributions",
    "What each contributor did, one row a person, bot or AI assistant. The numbers inform and never grade: whoever "
    "works at one keyboard with others, or on what leaves no lines, shows little here.",
    (
        GROUP_ID,
        Column("contributor_id", pl.String, "Stable id within the group: hash of the smallest e-mail.", True),
        Column("name", pl.String, f"The most used name of this contributor. {_NAME}", True),
        Column(
            "kind",
            pl.String,
            "`outsider` is a person of whom `identities.csv` says that they are no member of the group.",
            True,
            values=CONTRIBUTION_KINDS,
        ),
        Column(
            "member",
            pl.String,
            f"The member who this is: a study number of the roster, or what `identities.csv` calls them; null "
            f"where neither says it for certain. {_NAME}",
        ),
        Column("member_source", pl.String, "What says who the member is.", values=MEMBER_SOURCES),
        Column("logins", TEXT_LIST, f"Accounts on GitHub taken for this contributor. {_NAME}", True),
        Column("login_reasons", TEXT_LIST, f"Why, for each of them: `login: reason`. {_NAME}", True),
        count(
            "num_commits",
            "Commits authored, merges included, on the default branch or in pull requests.",
            is_required=True,
        ),
        count("num_commits_on_default", "Of these, reachable from the snapshot.", is_required=True),
        count("num_merges", "Of `num_commits`, merges.", is_required=True),
        count("num_co_authored", "Commits of others that name this contributor as `Co-authored-by`.", is_required=True),
        count(
            "num_with_assistant",
            "Of `num_commits`, those that name an AI assistant as `Co-authored-by`.",
            is_required=True,
        ),
        count(
            "lines_added",
            "Lines that the commits authored added to the group's own text files, as `git log --numstat` counts: "
            "Python, tests, Docker, workflows, configuration, documentation and other code; no vendored, generated, "
            "data and lock files, no notebooks, nothing with a blob of the starter code. A commit made by squashing "
            "a pull request does not count where the commits of that pull request do.",
            is_required=True,
        ),
        count("lines_removed", "Lines that they removed from such files.", is_required=True),
        count(
            "lines_surviving",
            "Lines of the group's own text files at the snapshot whose last author this is, by `git blame -w -M -C`: "
            "changes of white space do not count, and lines that were moved or copied are credited to their writer. "
            "Lines that already stood in a blob of the starter code are nobody's. Of commits with co-authors the "
            "author has all lines. A commit that squashes a pull request counts as a merge of it, so that lines "
            "belong to who wrote them there. Null where blame gave nothing.",
        ),
        count("num_prs_opened", "Pull requests that the contributor's accounts opened; null where GitHub never said."),
        count("num_prs_merged", "Of these, merged."),
        count("num_prs_reviewed", "Pull requests of others that these accounts reviewed."),
        count("num_active_days", "Calendar days (course time zone) with an authored commit.", is_required=True),
        Column("first_work_at", UTC, "Author date of the earliest commit authored or co-authored (UTC)."),
        Column("last_work_at", UTC, "Author date of the latest commit authored or co-authored (UTC)."),
        Column(
            "areas",
            AREA_SHARES,
            "Areas touched (`metrics/areas.yaml`), largest share first. Each commit authored, merges and "
            "squashed pull requests left out, is divided evenly among the areas of its files (vendored and generated "
            "ones left out); the share is of the contributor's commits that have any. Shares add up to 1.",
            True,
        ),
        Column(
            "share_commits",
            pl.Float64,
            "Commits authored, without merges, as a share of those of all persons who are no outsiders; null for "
            "everybody else and where there are none.",
            minimum=0,
            maximum=1,
        ),
        Column(
            "share_lines_surviving",
            pl.Float64,
            "Surviving lines as a share of those of all persons who are no outsiders; null for everybody else and "
            "where there are none.",
            minimum=0,
            maximum=1,
        ),
        Column(
            "not_available",
            TEXT_LIST,
            "`column: reason` for what could not be known or is a lower bound; the same for the whole group.",
            True,
        ),
    ),
    key=("contributor_id",),
    version="1",
)

UNMAPPED_IDENTITIES = Table(
    "unmapped_identities",
    "Identities of persons of whom nothing says for certain which member they are, for a TA to map in "
    "`identities.csv`. An account on GitHub without a contributor stands here with its noreply address.",
    (
        GROUP_ID,
        Column("name", pl.String, f"As in commits and trailers; empty for accounts. {_NAME}", True),
        Column("email", pl.String, f"As in commits and trailers; `<login>@users.noreply.github.com`. {_NAME}", True),
        Column("contributor_id", pl.String, "The contributor whom it is taken for; null for accounts without one."),
        Column("contributor_name", pl.String, f"The most used name of that contributor. {_NAME}"),
        count("num_commits", "Commits authored under this identity.", is_required=True),
        count("num_co_authored", "Commits that name it as `Co-authored-by`.", is_required=True),
        count("num_prs_opened", "Pull requests that this account opened; null for identities of git."),
        count("num_prs_reviewed", "Pull requests of others that this account reviewed; null for identities of git."),
        Column("first_work_at", UTC, "Earliest author date among these commits; opening of a pull request (UTC)."),
        Column("last_work_at", UTC, "Latest of them (UTC)."),
    ),
    key=("name", "email"),
    version="1",
)
