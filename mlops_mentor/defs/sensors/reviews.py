"""`reviews_sensor`: takes over the TAs' reviews, and renews the pages of the groups that they are about."""

import hashlib
from collections.abc import Callable, Mapping, Sequence

import dagster as dg

from mlops_mentor.defs.jobs import refresh_pages, refresh_reviews
from mlops_mentor.defs.partitions import NAME, range_tags
from mlops_mentor.defs.resources import Mentor
from mlops_mentor.defs.sensors.ticks import INTERVAL_S, MINUTE_S, guarded, known_groups
from mlops_mentor.errors import LakeError
from mlops_mentor.feedback.inputs import has_commit, page_key, reviews_of, sheet_key
from mlops_mentor.feedback.rubric import load_rubric
from mlops_mentor.roster.roster import Group
from mlops_mentor.schemas import (
    FEEDBACK,
    FEEDBACK_REPORTS,
    LLM_CALLS,
    REPO_SNAPSHOTS,
    REVIEW_PACKS,
    REVIEWS,
    Table,
)
from mlops_mentor.settings import Settings
from mlops_mentor.storage.lake import Lake

# What pages are made of, and whether there is a page to make.
_BEHIND_PAGES = (REPO_SNAPSHOTS, REVIEW_PACKS, FEEDBACK, LLM_CALLS, FEEDBACK_REPORTS)


def make_reviews_sensor(*, interval_s: int = INTERVAL_S) -> dg.SensorDefinition:
    """The sensor; it looks every `interval_s` seconds, and once a minute at least."""

    @dg.sensor(
        name="reviews_sensor",
        jobs=[refresh_reviews, refresh_pages],
        minimum_interval_seconds=min(MINUTE_S, interval_s),
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Takes over the TAs' reviews.csv, and renews the pages of the groups that it is about.",
    )
    def reviews_sensor(context: dg.SensorEvaluationContext, mentor: Mentor) -> dg.SensorResult | dg.SkipReason:
        return guarded(context, "the reviews", lambda: _reviews_tick(context, mentor.settings()))

    return reviews_sensor


def _reviews_tick(context: dg.SensorEvaluationContext, settings: Settings) -> dg.SensorResult | dg.SkipReason:
    lake = Lake(settings.lake_dir)
    known = context.instance.get_dynamic_partitions(NAME)
    groups = known_groups(settings, known)
    key = sheet_key(reviews_of(settings, tuple(groups)))
    if key != lake.input_key(REVIEWS):
        # The same request as long as nothing has come of it, as Dagster starts it once; and another one where a row
        # is written, deleted and written again.
        run_key = f"reviews-{_stored_at(lake, REVIEWS)}-{key}"
        return dg.SensorResult([dg.RunRequest(job_name=refresh_reviews.name, run_key=run_key)])
    rubric, said = load_rubric(settings.rubric_file), lake.read_or_empty(REVIEWS)
    state = _pages_state(lake, groups, (key, settings.the_course.model_dump_json(), rubric.model_dump_json()))
    if state == context.cursor:
        return dg.SkipReason(
            f"{said.height} rows, as in {settings.reviews_file}, and no feedback since every page was made."
        )
    pages = _stale_pages(lake, groups, lambda group: page_key(lake, group, settings.the_course, rubric, said))
    if not pages:
        reason = f"{said.height} rows, as in {settings.reviews_file}; every page has them."
        return dg.SensorResult(skip_reason=reason, cursor=state)
    # One run for all: starting one takes longer than its pages, and few may run at once. What lies between is left out.
    wanted = [group_id for group_id in known if group_id in pages]
    digest = hashlib.sha256("".join(pages[group_id] for group_id in wanted).encode()).hexdigest()[:16]
    request = dg.RunRequest(
        job_name=refresh_pages.name,
        run_key=f"pages-{wanted[0]}-{wanted[-1]}-{digest}",
        tags=range_tags(wanted),
        run_config={"ops": {"group_feedback": {"config": {"only": wanted}}}},
    )
    return dg.SensorResult([request])


def _pages_state(lake: Lake, groups: Mapping[str, Group], course: Sequence[str]) -> str:
    """The hash of all that `_stale_pages` depends on, as far as dates of files tell: no file is read for it."""
    parts = [*course, *(f"{group_id} {group.address.url}" for group_id, group in groups.items())]
    # Another version of the code makes other pages of the same files.
    parts += [f"{table.name} {table.version}" for table in _BEHIND_PAGES]
    parts += [_stored_at(lake, table, group_id) for table in _BEHIND_PAGES for group_id in groups]
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def _stale_pages(lake: Lake, groups: Mapping[str, Group], key_of: Callable[[Group], str]) -> dict[str, str]:
    """Groups whose page is not as it would be made now, with what tells this request from the last for the same."""
    found = {}
    for group_id, group in groups.items():
        try:
            if not has_commit(lake, group) or not lake.read_or_empty(FEEDBACK, group_id).height:
                continue
            key = key_of(group)
        except LakeError:
            # One damaged part must not keep the others' pages from being renewed; the group's next run says so.
            continue
        if lake.input_key(FEEDBACK_REPORTS, group_id) != key:
            found[group_id] = f"{key} {_stored_at(lake, FEEDBACK_REPORTS, group_id)}"
    return found


def _stored_at(lake: Lake, table: Table, group_id: str | None = None) -> str:
    moment = lake.confirmed_at(table, group_id)
    return "never" if moment is None else f"{moment.timestamp():.6f}"
