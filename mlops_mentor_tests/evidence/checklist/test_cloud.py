"""Detectors of what is in Google's cloud."""

from collections.abc import Mapping

import pytest

from mlops_mentor_tests.evidence.checklist.projects import shown
from mlops_mentor_tests.evidence.checklist.test_testing import runs, workflow

PATH = ".github/workflows/w.yaml"


def remotes(**urls: str) -> str:
    return "[core]\n    remote = a\n" + "".join(
        f"['remote \"{name}\"']\n    url = {url}\n" for name, url in urls.items()
    )


@pytest.mark.parametrize(
    ("contents", "outcome", "strength", "place"),
    [
        ({".dvc/config": remotes(a="gs://b/x")}, "yes", "present", ".dvc/config:4"),
        (
            {".dvc/config": remotes(a="gdrive://b", b="gs://b"), "data.dvc": "outs: []\n"},
            "yes",
            "wired",
            ".dvc/config:6",
        ),
        ({"sub/.dvc/config": remotes(a="gs://b"), PATH: workflow("dvc pull")}, "yes", "wired", "sub/.dvc/config:4"),
        ({".dvc/config": remotes(a="s3://b")}, "partial", "wired", ".dvc/config:4"),
        (
            {"src/p/d.py": "from google.cloud import storage\n\nc = storage.Client()\n"},
            "partial",
            "wired",
            "src/p/d.py:3",
        ),
        ({"Makefile": "get:\n\tgsutil cp gs://b/x .\n"}, "partial", "wired", "Makefile:2"),
        ({".dvc/config": remotes(a="gdrive://b")}, "no", None, ".dvc/config:4"),
        ({".dvc/config": "# url = gs://b\n", "README.md": "gs://bucket\n", ".dvcignore": "x\n"}, "no", None, None),
    ],
)
def test_data_are_in_a_bucket(
    contents: Mapping[str, str], outcome: str, strength: str | None, place: str | None
) -> None:
    finding = shown("W2-10", contents)
    assert (finding.outcome, finding.strength) == (outcome, strength)
    if place:
        assert str(finding.locations[0]) == place


def test_a_workflow_that_has_fetched_the_data_shows_the_bucket() -> None:
    contents = {".dvc/config": remotes(a="gs://b"), PATH: workflow("uv run dvc pull")}
    assert shown("W2-10", contents, runs("success")).strength == "executed"


VERTEX = "workerPoolSpecs:\n  machineSpec:\n    machineType: n1-standard-4\n  replicaCount: 1\n"
JOB = "from google.cloud import aiplatform\n\njob = aiplatform.CustomJob(display_name='x')\njob.run()\n"


@pytest.mark.parametrize(
    ("contents", "outcome", "strength", "place"),
    [
        ({"train.sh": "gcloud ai custom-jobs create --config=c.yaml\n"}, "yes", "wired", "train.sh:1"),
        ({"c.yaml": VERTEX}, "yes", "present", "c.yaml:3"),
        ({"src/p/submit.py": JOB}, "yes", "present", "src/p/submit.py:3"),
        ({"vm.sh": "gcloud compute instances create vm\n"}, "partial", "present", "vm.sh:1"),
        ({"README.md": "```\ngcloud ai custom-jobs create\n```\n"}, "partial", "present", "README.md:2"),
        ({"src/p/use.py": "from google.cloud import aiplatform\n\ne = aiplatform.Endpoint('x')\n"}, "no", None, None),
        (
            {"README.md": "We trained on Vertex AI.\n", "requirements.txt": "google-cloud-aiplatform\n"},
            "no",
            None,
            None,
        ),
        ({"train.sh": "# gcloud ai custom-jobs create\n"}, "no", None, None),
    ],
)
def test_training_is_started_in_the_cloud(
    contents: Mapping[str, str], outcome: str, strength: str | None, place: str | None
) -> None:
    finding = shown("W2-12", contents)
    assert (finding.outcome, finding.strength) == (outcome, strength)
    if place:
        assert str(finding.locations[0]) == place


STEP = "steps:\n- name: gcr.io/google.com/cloudsdktool/cloud-sdk\n  entrypoint: gcloud\n  args: [run, deploy, api]\n"
ADDRESS = "URL = 'https://api-1-ew.a.run.app/predict'\n"


@pytest.mark.parametrize(
    ("contents", "outcome", "strength", "place"),
    [
        ({PATH: workflow("gcloud run deploy api --image x")}, "yes", "wired", f"{PATH}:8"),
        ({PATH: workflow("x").replace("actions/checkout", "google-github-actions/deploy-cloudrun")}, "yes", "wired",
         f"{PATH}:7"),
        ({"cloudbuild.yaml": STEP}, "yes", "wired", "cloudbuild.yaml:4"),
        ({"deploy.sh": "gcloud functions deploy f\n"}, "yes", "wired", "deploy.sh:1"),
        ({"infra/main.tf": 'resource "google_cloud_run_v2_service" "api" {\n}\n'}, "yes", "present", "infra/main.tf:1"),
        ({"service.yaml": "apiVersion: serving.knative.dev/v1\nkind: Service\n"}, "yes", "present", "service.yaml:1"),
        ({"src/p/front.py": ADDRESS}, "yes", "wired", "src/p/front.py:1"),
        ({"README.md": "Go to https://api-1-ew.a.run.app/docs\n"}, "partial", "present", "README.md:1"),
        ({"deploy.sh": "gcloud app deploy\n"}, "partial", "present", "deploy.sh:1"),
        ({"report.html": "<a href='https://api-1-ew.a.run.app'>x</a>\n"}, "no", None, None),
        ({"deploy.sh": "# gcloud run deploy\ndocker push x\n"}, "no", None, None),
    ],
)  # fmt: skip
def test_the_model_is_deployed(
    contents: Mapping[str, str], outcome: str, strength: str | None, place: str | None
) -> None:
    finding = shown("W2-14", contents)
    assert (finding.outcome, finding.strength) == (outcome, strength)
    if place:
        assert str(finding.locations[0]) == place
