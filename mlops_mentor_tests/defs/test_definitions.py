"""What Dagster is given: every asset is there, described, owned, and says what its columns mean."""

import dagster as dg
import pytest

from mlops_mentor.defs.build import build_defs
from mlops_mentor.defs.partitions import group_partitions
from mlops_mentor.schemas import FEEDBACK_TABLES, GROUP_TABLES, TABLES

BY_GROUP = {
    "github_repos", "pushes", "repo_snapshots", "commits", "files", "pull_requests", "workflow_runs",
    "code_quality", "lint_hits", "committed_secrets", "hostile_content", "report_answers", "report_checks",
    "contributors", "checklist", "contributions", "unmapped_identities", "flag_dates", "flags", "progress",
    "repo_stats",
}  # fmt: skip
FEEDBACK = {"review_packs", "feedback", "llm_calls", "feedback_reports"}
PARTITIONED = BY_GROUP | FEEDBACK
OF_THE_CLASS = {"group_status", "same_code", "leaderboard", "leaderboard_history", "feedback_agreement"}
WHOLE = {"groups", "starter_files", "starter_shapes", "reviews"} | OF_THE_CLASS
FOR_OTHERS = {"dataset_export", "static_site", "dataset_push"}
DEPENDENCIES = {
    "groups": set(),
    "starter_files": set(),
    "starter_shapes": {"starter_files"},
    "github_repos": {"groups"},
    "pushes": {"github_repos"},
    "repo_snapshots": {"groups", "pushes"},
    "commits": {"repo_snapshots"},
    "files": {"repo_snapshots", "starter_files"},
    "pull_requests": {"github_repos"},
    "workflow_runs": {"github_repos", "repo_snapshots"},
    "code_quality": {"files"},
    "lint_hits": {"files"},
    "committed_secrets": {"files"},
    "hostile_content": {"files"},
    "report_answers": {"files"},
    "report_checks": {"files", "repo_snapshots", "code_quality"},
    "contributors": {"commits", "files"},
    "checklist": {
        "repo_snapshots", "commits", "files", "pull_requests", "workflow_runs", "code_quality", "contributors",
        "contributions",
        "starter_shapes",
    },
    "contributions": {"commits", "files", "pull_requests", "starter_files"},
    "unmapped_identities": {"commits", "files", "pull_requests"},
    "flag_dates": {"repo_snapshots", "pushes", "commits", "workflow_runs", "report_answers", "report_checks"},
    "flags": {
        "repo_snapshots", "pushes", "commits", "flag_dates", "checklist", "contributions", "committed_secrets",
        "hostile_content",
    },
    "progress": {"commits", "files", "workflow_runs", "starter_shapes"},
    "repo_stats": {
        "commits", "contributors", "contributions", "files", "pull_requests", "workflow_runs", "report_checks",
        "progress",
    },
    "reviews": {"groups"},
    "review_packs": {
        "files", "code_quality", "lint_hits", "committed_secrets", "hostile_content", "report_answers", "report_checks",
        "commits", "contributors", "contributions", "pull_requests", "workflow_runs", "checklist", "repo_stats",
    },
    "feedback": {"review_packs"},
    "llm_calls": {"feedback"},
    "feedback_reports": {"review_packs", "feedback", "llm_calls", "reviews"},
    "feedback_agreement": {"groups", "reviews", "feedback"},
    "group_status": {"groups", "github_repos", "repo_snapshots", "repo_stats"},
    "same_code": {"groups", "starter_files", "files", "commits"},
    "leaderboard": {"groups", "group_status", "repo_stats", "flags", "same_code"},
    "leaderboard_history": {"groups", "leaderboard"},
    "dataset_export": {
        "groups", "commits", "report_answers", "report_checks", "checklist", "progress", "repo_stats",
        "feedback_reports", "leaderboard", "leaderboard_history",
    },
    "static_site": {"dataset_export"},
    "dataset_push": {"dataset_export"},
}  # fmt: skip
CHECKS = {
    ("groups", "rows_are_good"),
    ("groups", "nobody_vanished"),
    ("groups", "extensions_are_good"),
    ("groups", "identities_are_good"),
    ("repo_snapshots", "is_accessible"),
    ("repo_snapshots", "is_fresh"),
    ("flags", "no_serious_flags"),
    ("same_code", "no_serious_flags"),
    ("reviews", "rows_are_usable"),
    ("feedback", "reviewer_answered"),
    ("feedback", "needs_no_review"),
    ("dataset_export", "nothing_is_withheld"),
    ("group_status", "has_every_group"),
    ("leaderboard", "has_every_group"),
    *((name, "fits_schema") for name in PARTITIONED),
}


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return build_defs()


@pytest.fixture(scope="module")
def specs(definitions: dg.Definitions) -> dict[str, dg.AssetSpec]:
    return {spec.key.to_user_string(): spec for spec in definitions.resolve_all_asset_specs()}


def test_the_definitions_can_be_loaded_by_dagster(definitions: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(definitions)
    from mlops_mentor.definitions import defs

    assert isinstance(defs, dg.Definitions)


def test_the_assets_are_these(specs: dict[str, dg.AssetSpec]) -> None:
    assert set(specs) == PARTITIONED | WHOLE | FOR_OTHERS | {"warehouse"}
    assert {table.name for table in GROUP_TABLES} == BY_GROUP
    assert {table.name for table in FEEDBACK_TABLES} == FEEDBACK


def test_every_asset_depends_on_what_it_reads(specs: dict[str, dg.AssetSpec]) -> None:
    found = {name: {dep.asset_key.to_user_string() for dep in spec.deps} for name, spec in specs.items()}
    assert {name: deps for name, deps in found.items() if name != "warehouse"} == DEPENDENCIES
    assert found["warehouse"] >= (PARTITIONED | WHOLE) - {"groups", "repo_snapshots"}


def test_every_asset_has_a_description_an_owner_kinds_and_a_group(specs: dict[str, dg.AssetSpec]) -> None:
    for name, spec in specs.items():
        assert spec.owners == ["team:teaching-assistants"], name
        assert spec.kinds, name
        assert spec.group_name and spec.group_name != "default", name
        assert len(spec.description or "") > 40, name


def test_every_table_says_what_its_columns_are(specs: dict[str, dg.AssetSpec]) -> None:
    tables = {table.name: table for table in TABLES}
    for name in PARTITIONED | WHOLE:
        schema = specs[name].metadata["dagster/column_schema"]
        shown = [(column.name, column.constraints.nullable) for column in schema.columns]
        assert shown == [(column.name, not column.is_required) for column in tables[name].columns], name
        assert all(column.description and column.type for column in schema.columns), name
        assert specs[name].code_version == tables[name].version


def test_tables_by_group_are_partitioned_and_the_others_are_not(specs: dict[str, dg.AssetSpec]) -> None:
    partitioned = {name for name, spec in specs.items() if spec.partitions_def is not None}
    assert partitioned == PARTITIONED
    assert {specs[name].partitions_def for name in PARTITIONED} == {group_partitions}


def test_the_checks_exist_and_are_described(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    assert {(key.asset_key.to_user_string(), key.name) for key in graph.asset_check_keys} == CHECKS
    assert all(len(graph.get_check_spec(key).description or "") > 20 for key in graph.asset_check_keys)


def test_what_the_class_is_about_refreshes_by_itself_and_nothing_is_pushed(specs: dict[str, dg.AssetSpec]) -> None:
    automatic = {name for name, spec in specs.items() if spec.automation_condition is not None}
    assert automatic == OF_THE_CLASS | {"warehouse", "dataset_export", "static_site"}


def test_the_sensor_runs_from_the_start_and_covers_what_refreshes_by_itself(definitions: dg.Definitions) -> None:
    (sensor,) = [each for each in definitions.sensors or [] if each.name == "refresh_after_wave"]
    assert isinstance(sensor, dg.AutomationConditionSensorDefinition)
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    selected = sensor.asset_selection.resolve(definitions.resolve_asset_graph())
    assert {key.to_user_string() for key in selected} == OF_THE_CLASS | {"warehouse", "dataset_export", "static_site"}


def test_sensors_look_as_often_as_the_setting_says_and_once_a_minute_at_local_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = {}
    for seconds in (20, 900):
        monkeypatch.setenv("MENTOR_LOOK_EVERY_S", str(seconds))
        sensors = build_defs().get_repository_def().sensor_defs
        found[seconds] = {each.name: each.minimum_interval_seconds for each in sensors}
    assert {name: found[20][name] for name in found[20] if name != "refresh_after_wave"} == {
        "roster_sensor": 20, "repository_sensor": 20, "reviews_sensor": 20,
    }  # fmt: skip
    assert (found[900]["roster_sensor"], found[900]["repository_sensor"]) == (60, 900)


def test_what_watches_and_what_runs_at_night_is_off_at_first(definitions: dg.Definitions) -> None:
    repository = definitions.get_repository_def()
    nightly = repository.schedule_defs
    sensors = {each.name: each for each in repository.sensor_defs if each.name != "refresh_after_wave"}
    found = {name: ({job.name for job in each.jobs}, each.minimum_interval_seconds) for name, each in sensors.items()}
    assert found == {
        "roster_sensor": ({"refresh_roster"}, 60),
        "repository_sensor": ({"refresh_groups"}, 300),
        "reviews_sensor": ({"refresh_reviews", "refresh_pages"}, 60),
    }
    assert {each.default_status for each in sensors.values()} == {dg.DefaultSensorStatus.STOPPED}
    schedules = {each.name: (each.job.name, each.cron_schedule) for each in nightly}
    assert schedules == {
        "nightly_roster": ("refresh_roster", "30 2 * * *"),
        "nightly_groups": ("refresh_groups", "0 3 * * *"),
        "nightly_feedback": ("refresh_feedback", "0 5 * * *"),
    }
    assert {each.default_status for each in nightly} == {dg.DefaultScheduleStatus.STOPPED}
    assert all(len(each.description or "") > 40 for each in sensors.values())
    assert all(len(each.description or "") > 40 for each in nightly)
