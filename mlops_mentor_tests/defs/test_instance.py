"""What stands in `dagster.yaml`, and what an operator may put in the place of it."""

from pathlib import Path

import pytest
import yaml

from mlops_mentor.defs.instance import instance_config, open_instance, prepare_home
from mlops_mentor.errors import ConfigError
from mlops_mentor.settings import Settings


def of_operator(tmp_path: Path, text: str) -> Settings:
    file = tmp_path / "operator.yaml"
    file.write_text(text)
    return Settings(data_dir=tmp_path / "data", dagster_config=file)


def test_storage_of_the_operator_takes_the_place_of_ours_and_everything_else_stays(tmp_path: Path) -> None:
    ours = instance_config(Settings(data_dir=tmp_path / "data"))
    found = instance_config(of_operator(tmp_path, "storage: {postgres: {postgres_url: {env: URL}}}"))
    assert found["storage"] == {"postgres": {"postgres_url": {"env": "URL"}}}
    storages = {"event_log_storage", "run_storage", "schedule_storage"}
    assert storages <= ours.keys()
    assert found == {name: section for name, section in ours.items() if name not in storages} | {
        "storage": found["storage"]
    }


def test_a_launcher_of_the_operator_leaves_our_event_log(tmp_path: Path) -> None:
    found = instance_config(of_operator(tmp_path, "run_launcher: {module: dagster, class: DefaultRunLauncher}"))
    assert found["run_launcher"]["class"] == "DefaultRunLauncher"
    assert found["event_log_storage"]["class"] == "OpenSqliteEventLogStorage"


def test_a_limit_of_runs_leaves_the_limit_of_the_model(tmp_path: Path) -> None:
    found = instance_config(of_operator(tmp_path, "concurrency: {runs: {max_concurrent_runs: 12}}"))
    assert found["concurrency"] == {
        "runs": {"max_concurrent_runs": 12},
        "pools": {"granularity": "op", "default_limit": 2},
    }


def test_passwords_stay_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "not-to-be-seen")
    settings = of_operator(tmp_path, "storage: {postgres: {postgres_db: {password: {env: PGPASSWORD}}}}")
    written = (prepare_home(settings) / "dagster.yaml").read_text()
    assert "not-to-be-seen" not in written
    assert yaml.safe_load(written)["storage"]["postgres"]["postgres_db"]["password"] == {"env": "PGPASSWORD"}


def test_dagster_opens_the_instance_that_the_operator_describes(tmp_path: Path) -> None:
    settings = of_operator(tmp_path, f"storage: {{sqlite: {{base_dir: {tmp_path / 'elsewhere'}}}}}")
    with open_instance(settings) as instance:
        assert instance.get_runs() == []
        assert instance.global_op_concurrency_default_limit == 2
    assert (tmp_path / "elsewhere" / "history").is_dir()


@pytest.mark.parametrize("text", ["- a list", "storage: [", "concurrency: 4"])
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"MENTOR_DAGSTER_CONFIG: .*operator\.yaml"):
        instance_config(of_operator(tmp_path, text))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.yaml cannot be read"):
        instance_config(Settings(data_dir=tmp_path, dagster_config=tmp_path / "gone.yaml"))
