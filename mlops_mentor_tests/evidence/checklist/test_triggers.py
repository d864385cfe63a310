"""Detectors of workflows that data, registries and images are about."""

from collections.abc import Mapping

import pytest

from mlops_mentor_tests.evidence.checklist.projects import shown
from mlops_mentor_tests.evidence.checklist.test_testing import runs, workflow

PATH = ".github/workflows/w.yaml"
DATA = ".github/workflows/cml_data.yaml"
BUILD = "steps:\n- name: gcr.io/cloud-builders/docker\n  args: [build, -t, x, .]\n"


def on_paths(*paths: str) -> str:
    return f"{{push: {{paths: {list(paths)}}}}}"


@pytest.mark.parametrize(
    ("contents", "outcome", "place"),
    [
        ({PATH: workflow("dvc pull", on_paths("data/**"))}, "yes", f"{PATH}:2"),
        ({PATH: workflow("dvc pull", on_paths("**/*.dvc", "src/**"))}, "yes", f"{PATH}:2"),
        ({PATH: workflow("pytest", on_paths("src/**", "data.dvc"))}, "partial", f"{PATH}:2"),
        ({DATA: workflow("dvc pull", "workflow_dispatch")}, "partial", f"{DATA}:8"),
        ({"Makefile": "up:\n\tgcloud functions deploy f --trigger-bucket=b\n"}, "partial", "Makefile:2"),
        ({f"sub/{PATH}": workflow("dvc pull", on_paths("data/**"))}, "partial", f"sub/{PATH}:7"),
        ({PATH: workflow("pytest", on_paths("src/proj/data/**", "src/data.py"))}, "no", None),
        ({PATH: workflow("pytest", on_paths("!data/**"))}, "no", None),
        ({PATH: workflow("dvc pull")}, "no", None),
    ],
)
def test_a_workflow_on_data_names_its_paths(contents: Mapping[str, str], outcome: str, place: str | None) -> None:
    finding = shown("W2-08", contents)
    assert finding.outcome == outcome
    if place:
        assert str(finding.locations[0]) == place


def test_a_workflow_on_data_is_as_strong_as_its_runs() -> None:
    contents = {PATH: workflow("dvc pull", on_paths("data/**"))}
    assert shown("W2-08", contents).strength == "wired"
    assert shown("W2-08", contents, runs("success")).strength == "executed"


@pytest.mark.parametrize(
    ("contents", "outcome"),
    [
        ({PATH: workflow("pytest", "{repository_dispatch: {types: [staged_model]}}")}, "yes"),
        ({PATH: workflow("pytest", on_paths("models/**"))}, "partial"),
        ({".github/workflows/promote_model.yaml": workflow("echo wandb-registry-model")}, "partial"),
        ({PATH: workflow("pytest", "{repository_dispatch: {types: [deploy-docs]}}")}, "no"),
        ({PATH: workflow("pytest", on_paths("src/models/**.py"))}, "no"),
        ({PATH: "# on: repository_dispatch model\n" + workflow("pytest")}, "no"),
        ({"README.md": "A registry starts a workflow by repository_dispatch.\n"}, "no"),
    ],
)
def test_a_registry_starts_a_workflow_from_outside(contents: Mapping[str, str], outcome: str) -> None:
    assert shown("W2-09", contents).outcome == outcome


@pytest.mark.parametrize(
    ("contents", "outcome", "place"),
    [
        ({PATH: workflow("docker build -t x .")}, "yes", f"{PATH}:8"),
        ({PATH: workflow("x").replace("actions/checkout@v4", "docker/build-push-action@v6")}, "yes", f"{PATH}:7"),
        ({PATH: workflow("gcloud builds submit . --config cloudbuild.yaml")}, "yes", f"{PATH}:8"),
        ({"infra/main.tf": 'resource "google_cloudbuild_trigger" "t" {\n}\n'}, "yes", "infra/main.tf:1"),
        ({PATH: workflow("docker build .", "workflow_dispatch")}, "partial", f"{PATH}:8"),
        ({"cloudbuild.yaml": BUILD}, "partial", "cloudbuild.yaml:3"),
        ({PATH: workflow("docker run image pytest")}, "no", None),
        ({"Makefile": "image:\n\tdocker build .\n"}, "no", None),
        ({"cloudbuild.yaml": "steps:\n- name: gcr.io/cloud-builders/gcloud\n  args: [info]\n"}, "no", None),
    ],
)
def test_images_are_built_by_a_push(contents: Mapping[str, str], outcome: str, place: str | None) -> None:
    finding = shown("W2-11", contents)
    assert finding.outcome == outcome
    if place:
        assert str(finding.locations[0]) == place
