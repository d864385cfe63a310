"""Assets of the TAs' word: `reviews`, and how far reviewer and TAs agree. Feedback by group is in `feedback_step`."""

from typing import Any

import dagster as dg

from mlops_mentor.defs.automation import ONCE_A_WAVE
from mlops_mentor.defs.group_step import OWNER
from mlops_mentor.defs.metadata import asset_metadata, png_metadata, table_metadata
from mlops_mentor.defs.resources import Mentor
from mlops_mentor.feedback.agreement import agreement_frame, agreement_plot, pairs_frame
from mlops_mentor.feedback.inputs import reviews_of, sheet_key
from mlops_mentor.feedback.rubric import load_rubric
from mlops_mentor.schemas import FEEDBACK, FEEDBACK_AGREEMENT, GROUPS, REVIEWS
from mlops_mentor.storage.lake import Lake

_MAX_PREVIEW = 200
_USABLE_ROWS = dg.AssetCheckSpec(
    "rows_are_usable", asset=REVIEWS.name, description="Every row of reviews.csv can be used."
)


@dg.asset(
    name=REVIEWS.name,
    deps=["groups"],
    description=REVIEWS.description,
    metadata=asset_metadata(REVIEWS),
    group_name="feedback",
    code_version=REVIEWS.version,
    owners=[OWNER],
    kinds={"csv"},
    check_specs=[_USABLE_ROWS],
)
def reviews(mentor: Mentor) -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster knows the bare class alone
    """The TAs' sheet; rows that cannot be used are named, and the others count."""
    settings, lake = mentor.settings(), mentor.lake()
    found = reviews_of(settings, _ids(lake))
    lake.write(REVIEWS, found.frame, input_key=sheet_key(found))
    problems = [dg.TableRecord({"row": str(problem)}) for problem in found.problems]
    check = dg.AssetCheckResult(
        check_name=_USABLE_ROWS.name,
        passed=not problems,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"rows": dg.MetadataValue.table(problems)} if problems else {},
    )
    shown = ["group_id", "area", "score", "is_released", "reviewed_at"]
    return dg.MaterializeResult(
        check_results=[check],
        metadata={
            "dagster/row_count": found.frame.height,
            "path": dg.MetadataValue.path(str(settings.reviews_file)),
            "newest": table_metadata(found.frame.sort("reviewed_at", descending=True), shown, max_rows=_MAX_PREVIEW),
        },
    )


@dg.asset(
    name=FEEDBACK_AGREEMENT.name,
    deps=["groups", "reviews", "feedback"],
    description=FEEDBACK_AGREEMENT.description,
    metadata=asset_metadata(FEEDBACK_AGREEMENT),
    group_name="leaderboard",
    code_version=FEEDBACK_AGREEMENT.version,
    owners=[OWNER],
    kinds={"polars"},
    automation_condition=ONCE_A_WAVE,
)
def feedback_agreement(mentor: Mentor) -> dg.MaterializeResult[Any]:
    """The reviewer's scores beside the TAs', in numbers and as a picture."""
    settings, lake = mentor.settings(), mentor.lake()
    rubric = load_rubric(settings.rubric_file)
    feedback, said = lake.read_groups(FEEDBACK, _ids(lake)), lake.read_or_empty(REVIEWS)
    frame = lake.write(FEEDBACK_AGREEMENT, agreement_frame(feedback, said, rubric))
    metadata: dict[str, Any] = {
        "dagster/row_count": frame.height,
        "agreement": table_metadata(frame, frame.columns, max_rows=_MAX_PREVIEW),
    }
    if frame.height:
        metadata["scores"] = png_metadata(
            agreement_plot(pairs_frame(feedback, said, rubric), rubric), "reviewer against TAs"
        )
    return dg.MaterializeResult(metadata=metadata)


def _ids(lake: Lake) -> list[str]:
    return lake.read(GROUPS)["group_id"].to_list()
