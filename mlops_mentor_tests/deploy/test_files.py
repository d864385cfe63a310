"""The files of deploy/: they agree with one another and with ours, and hold no secret."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from mlops_mentor.defs.instance import instance_config
from mlops_mentor.settings import Settings
from mlops_mentor_tests.deploy.services import ROOT

DEPLOY = ROOT / "deploy"
LAUNCHERS = {"postgres": None, "celery": "CeleryRunLauncher", "docker": "DockerRunLauncher"}


def load(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / name).read_text())
    return loaded


@pytest.mark.parametrize("name", LAUNCHERS)
def test_each_variant_keeps_our_limits_and_has_the_same_storage(name: str, tmp_path: Path) -> None:
    ours = instance_config(Settings(data_dir=tmp_path))
    found = instance_config(Settings(data_dir=tmp_path, dagster_config=DEPLOY / "dagster" / f"{name}.yaml"))
    assert found["concurrency"] == ours["concurrency"]
    assert found["run_coordinator"] == ours["run_coordinator"]
    assert found["storage"] == load("dagster/postgres.yaml")["storage"]
    assert found.get("run_launcher", {}).get("class") == LAUNCHERS[name]


def test_the_chart_is_told_our_limits(tmp_path: Path) -> None:
    ours, told = instance_config(Settings(data_dir=tmp_path)), load("kubernetes/values.yaml")
    assert told["concurrency"]["pools"]["defaultLimit"] == ours["concurrency"]["pools"]["default_limit"]
    assert told["concurrency"]["runs"]["maxConcurrentRuns"] == ours["concurrency"]["runs"]["max_concurrent_runs"]
    coordinator = told["dagsterDaemon"]["runCoordinator"]["config"]["queuedRunCoordinator"]
    assert coordinator["dequeueIntervalSeconds"] == ours["run_coordinator"]["config"]["dequeue_interval_seconds"]


def test_pages_of_the_containers_are_published_on_this_machine_alone() -> None:
    services = load("compose.yaml")["services"]
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_containers_of_runs_are_given_names_that_are_set_and_an_image() -> None:
    # Dagster's launcher refuses every run where one of the names is not set, or where it finds no image.
    environment = load("compose.yaml")["services"]["daemon"]["environment"]
    lines = (DEPLOY / ".env.example").read_text().splitlines()
    is_set = {*environment, *(line.split("=")[0] for line in lines if "=" in line and not line.startswith("#"))}
    assert set(load("dagster/docker.yaml")["run_launcher"]["config"]["env_vars"]) <= is_set
    assert environment["DAGSTER_CURRENT_IMAGE"] == load("compose.yaml")["services"]["code"]["image"]
    with_socket = load("compose.docker.yaml")["services"]
    assert all(service["volumes"] for service in with_socket.values())
    assert with_socket.keys() <= load("compose.yaml")["services"].keys()


def test_the_class_page_sees_the_export_alone() -> None:
    app = load("compose.yaml")["services"]["app"]
    assert "env_file" not in app
    assert [(each["target"], each["read_only"]) for each in app["volumes"]] == [("/data/export", True)]
    unit = (DEPLOY / "systemd" / "mentor-app.service").read_text()
    assert "EnvironmentFile" not in unit
    assert "TemporaryFileSystem=/var/lib/mentor" in unit


def test_no_file_holds_a_secret() -> None:
    for line in (DEPLOY / ".env.example").read_text().splitlines():
        if "PASSWORD" in line or "TOKEN" in line:
            assert line.endswith("=")
    assert not (DEPLOY / ".env").exists() or ".env" in (ROOT / ".gitignore").read_text().splitlines()
