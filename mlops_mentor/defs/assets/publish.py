"""Assets of what others see: `dataset_export`, `static_site`, and `dataset_push`, which alone leaves this machine."""

from typing import Any

import dagster as dg
import polars as pl
from filelock import FileLock

from mlops_mentor.defs.automation import ONCE_A_WAVE
from mlops_mentor.defs.group_step import OWNER
from mlops_mentor.defs.metadata import table_metadata, tables_metadata
from mlops_mentor.defs.resources import Mentor
from mlops_mentor.pages.static_site import write_site
from mlops_mentor.publish.class_export import export_class, manifest_digest, note_site
from mlops_mentor.publish.hub.target import NoTarget, hub_lock, hub_target
from mlops_mentor.schemas import (
    CHECKLIST,
    COMMITS,
    FEEDBACK_REPORTS,
    GROUPS,
    LEADERBOARD,
    LEADERBOARD_HISTORY,
    PROGRESS,
    REPO_STATS,
    REPORT_ANSWERS,
    REPORT_CHECKS,
)
from mlops_mentor.schemas.published import PUBLISHED

DATASET_PUSH = "dataset_push"
_INPUTS = (GROUPS, COMMITS, REPORT_ANSWERS, REPORT_CHECKS, CHECKLIST, PROGRESS, REPO_STATS, FEEDBACK_REPORTS,
           LEADERBOARD, LEADERBOARD_HISTORY)  # fmt: skip
_NOTHING_PRIVATE = dg.AssetCheckSpec(
    "nothing_is_withheld",
    asset="dataset_export",
    description="The privacy gate found nothing that it could not redact. What it finds is withheld: of that group, in "
    "that table, no row goes out.",
)


@dg.asset(
    deps=[table.name for table in _INPUTS],
    group_name="publish",
    metadata=tables_metadata(each.table for each in PUBLISHED),
    owners=[OWNER],
    kinds={"parquet"},
    automation_condition=ONCE_A_WAVE,
    check_specs=[_NOTHING_PRIVATE],
)
def dataset_export(mentor: Mentor) -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster knows the bare class alone
    """What the class may see, behind the privacy gate: a dataset's folder, `export/`. Nothing is sent anywhere."""
    settings = mentor.settings()
    exported = export_class(settings)
    rows = pl.DataFrame({"table": list(exported.num_rows), "num_rows": list(exported.num_rows.values())})
    redacted = pl.DataFrame({"kind": list(exported.num_redacted), "times": list(exported.num_redacted.values())})
    withheld = [dg.TableRecord({"table": hit.table, "group": hit.group, "column": hit.column, "kind": hit.kind})
                for hit in exported.withheld]  # fmt: skip
    check = dg.AssetCheckResult(
        check_name=_NOTHING_PRIVATE.name,
        passed=not withheld,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={"withheld": dg.MetadataValue.table(withheld)} if withheld else {},
    )
    return dg.MaterializeResult(
        check_results=[check],
        metadata={
            "path": dg.MetadataValue.path(str(settings.export_dir)),
            "changed": exported.written.changed,
            "mb": round(exported.written.num_bytes / 1e6, 2),
            "tables": table_metadata(rows, rows.columns, max_rows=len(rows)),
            "redacted": table_metadata(redacted, redacted.columns, max_rows=len(redacted)),
        },
    )


@dg.asset(
    deps=["dataset_export"],
    group_name="publish",
    owners=[OWNER],
    kinds={"html"},
    automation_condition=ONCE_A_WAVE,
)
def static_site(mentor: Mentor) -> dg.MaterializeResult[Any]:
    """The pages of the class as plain files with a strict content security policy, from the export alone."""
    settings = mentor.settings()
    settings.locks_dir.mkdir(parents=True, exist_ok=True)
    # Two at once would write the same files beside their places, and one would find its own gone.
    with FileLock(settings.locks_dir / "site.lock", timeout=600):
        # Before the pages are made: an export that comes meanwhile makes them anew.
        manifest = manifest_digest(settings)
        site = write_site(settings.export_dir, settings.site_dir)
        note_site(settings, manifest)
    return dg.MaterializeResult(
        metadata={
            "path": dg.MetadataValue.path(str(settings.site_dir)),
            "num_pages": site.num_pages,
            "mb": round(site.num_bytes / 1e6, 2),
            "changed": site.changed,
        }
    )


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            DATASET_PUSH,
            deps=["dataset_export"],
            description="The export on the Hugging Face Hub: one commit, none when nothing has changed. Skipped where "
            "MENTOR_HF_REPO or HF_TOKEN is not set; never by itself.",
            group_name="publish",
            owners=[OWNER],
            kinds={"huggingface"},
            skippable=True,
        )
    ],
    name=DATASET_PUSH,
)
def dataset_push(context: dg.AssetExecutionContext, mentor: Mentor) -> Any:
    """Push what is exported. Nothing is yielded where there is nowhere to push to."""
    settings = mentor.settings()
    target = hub_target(settings)
    if isinstance(target, NoTarget):
        context.log.warning(f"Nothing is pushed. {target.reason}")
        return
    # Slow to import, and only those who push need it.
    from mlops_mentor.publish.hub.push import push_folder

    tag = f"run-{context.run.run_id[:8]}"
    pushed = push_folder(settings.export_dir, target, tag=tag, lock=hub_lock(settings))
    yield dg.MaterializeResult(
        asset_key=DATASET_PUSH,
        metadata={
            "url": dg.MetadataValue.url(pushed.url),
            "commit": pushed.commit or "",
            "changed": pushed.was_changed,
            "num_files": pushed.num_files,
            "num_attempts": pushed.num_attempts,
            "tag": pushed.tag or "",
        },
    )
