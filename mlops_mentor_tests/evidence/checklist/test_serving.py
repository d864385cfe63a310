"""Detectors of the API, its load test, specialized serving and the frontend."""

from collections.abc import Mapping

import pytest

from mlops_mentor.evidence.code.facts import Facts
from mlops_mentor_tests.evidence.checklist.projects import shown

Contents = Mapping[str, str]
API = "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.post('/predict')\ndef predict_it(x: int):\n    {body}\n"
HELPED = "from fastapi import APIRouter\nfrom p.infer import answer\n\nrouter = APIRouter()\n\n\n" \
         "@router.post('/')\nasync def post(x):\n    return answer(x)\n"  # fmt: skip
HELPER = "import torch\n\n\ndef answer(x):\n    return helper(x)\n\n\ndef helper(x):\n    torch.load('m')\n"
FLASK = "from flask import Flask\n\napp = Flask('x')\n\n\n@app.route('/')\ndef root():\n    return model.predict(1)\n"
DOCKER = {"api.dockerfile": 'FROM python\nCMD ["uvicorn", "p.api:app"]\n'}


@pytest.mark.parametrize(
    ("contents", "outcome", "strength", "place"),
    [
        ({"src/p/api.py": API.format(body="return model(x)")}, "yes", "present", "src/p/api.py:6"),
        ({"src/p/api.py": API.format(body="return model(x)")} | DOCKER, "yes", "wired", "src/p/api.py:6"),
        ({"src/p/api.py": HELPED, "src/p/infer.py": HELPER}, "yes", "present", "src/p/api.py:7"),
        ({"src/p/api.py": API.format(body="return {'x': x}")}, "partial", "present", "src/p/api.py:6"),
        ({"src/p/api.py": API.format(body="# model.predict(x)\n    return x")}, "partial", "present", "src/p/api.py:6"),
        ({"src/p/api.py": "from fastapi import FastAPI\n\napp = FastAPI()\n"}, "partial", "present", "src/p/api.py:3"),
        ({"src/p/api.py": FLASK}, "partial", "present", "src/p/api.py:6"),
        (
            {"src/p/api.py": "import fastapi\n\n\ndef predict(model):\n    return model(1)\n"},
            "no",
            None,
            "src/p/api.py:1",
        ),
        ({"requirements.txt": "fastapi\n", "README.md": "FastAPI serves the model.\n"}, "no", None, None),
    ],
)
def test_a_route_leads_to_the_model(contents: Contents, outcome: str, strength: str | None, place: str | None) -> None:
    finding = shown("W2-13", contents)
    assert (finding.outcome, finding.strength) == (outcome, strength)
    if place:
        assert str(finding.locations[0]) == place


def test_the_route_that_predicts_is_shown_before_one_that_only_loads() -> None:
    text = API.format(body="return model(x)").replace(
        "@app.post", "@app.get('/health')\ndef health():\n    return load_model()\n\n\n@app.post"
    )
    assert str(shown("W2-13", {"src/p/api.py": text}).locations[0]) == "src/p/api.py:11"


LOCUST = "from locust import HttpUser, task\n\n\nclass User(HttpUser):\n    {task}\n    def go(self):\n        pass\n"
SCRIPT = "import requests\n\nfor _ in range(100):\n    requests.post('http://x', json={})\n"


@pytest.mark.parametrize(
    ("contents", "outcome", "strength"),
    [
        ({"tests/locustfile.py": LOCUST.format(task="@task(3)")}, "yes", "present"),
        ({"tests/locustfile.py": LOCUST.format(task="@task"), "Makefile": "l:\n\tuv run locust\n"}, "yes", "wired"),
        ({"locustfile.py": LOCUST.format(task="@task"), "locust_stats.csv": "a,b\n1,2\n"}, "yes", "executed"),
        ({"load/t.js": "import http from 'k6/http';\n"}, "yes", "present"),
        ({"scripts/load_test.py": SCRIPT}, "yes", "present"),
        ({"README.md": "```\nlocust -f x.py\n```\n"}, "partial", "present"),
        ({"tests/locustfile.py": LOCUST.format(task="x = 1")}, "no", None),
        ({"requirements.txt": "locust\n"}, "no", None),
        ({"src/p/data.py": "def load_test():\n    return 'HttpUser'\n"}, "no", None),
    ],
)
def test_a_load_test_has_users_with_tasks(contents: Contents, outcome: str, strength: str | None) -> None:
    finding = shown("W2-16", contents)
    assert (finding.outcome, finding.strength) == (outcome, strength)


def test_what_is_declared_or_was_there_before_is_said() -> None:
    facts = Facts(past_texts=lambda: [("tests/locustfile.py", "0" * 40, "from locust import HttpUser\n")])
    finding = shown("W2-16", {"requirements.txt": "locust\n"}, facts)
    assert finding.outcome == "no"
    assert "declared" in finding.reason
    assert "former" in finding.reason
    assert str(finding.locations[0]) == "tests/locustfile.py:1"


EXPORT = "import torch\n\n\ndef export(model):\n    torch.onnx.export(model, 1, 'm.onnx')\n"
SERVICE = "import bentoml\n\n\n@bentoml.service\nclass S:\n    pass\n"


@pytest.mark.parametrize(
    ("contents", "outcome", "strength", "place"),
    [
        ({"src/p/export.py": EXPORT}, "yes", "present", "src/p/export.py:5"),
        (
            {"src/p/export.py": EXPORT, "src/p/a.py": "from p.export import export\n"},
            "yes",
            "wired",
            "src/p/export.py:5",
        ),
        ({"src/p/s.py": SERVICE, "Makefile": "s:\n\tbentoml serve\n"}, "yes", "wired", "src/p/s.py:4"),
        ({"models/m.onnx": b"\x08", "src/p/export.py": EXPORT}, "yes", "executed", "src/p/export.py:5"),
        ({"bentofile.yaml": "service: s\n"}, "partial", "present", "bentofile.yaml"),
        ({"models/m.onnx": b"\x08"}, "partial", "present", "models/m.onnx"),
        ({"requirements.txt": "onnx\n"}, "no", None, "requirements.txt"),
        ({"src/p/a.py": "import onnx  # onnx.load\n"}, "no", None, None),
    ],
)
def test_onnx_and_bentoml_are_calls(contents: Contents, outcome: str, strength: str | None, place: str | None) -> None:
    finding = shown("W2-17", contents)
    assert (finding.outcome, finding.strength) == (outcome, strength)
    if place:
        assert str(finding.locations[0]) == place


STREAMLIT = "import streamlit as st\nimport requests\n\nst.cache_data()\nst.title('x')\nrequests.post('http://api')\n"


@pytest.mark.parametrize(
    ("contents", "outcome", "strength", "place"),
    [
        ({"front/app.py": STREAMLIT}, "yes", "present", "front/app.py:5"),
        ({"front/app.py": STREAMLIT, "run.sh": "streamlit run front/app.py\n"}, "yes", "wired", "front/app.py:5"),
        ({"web/index.html": "<p>\n<script>fetch('/predict')</script>\n"}, "yes", "present", "web/index.html:2"),
        ({"web/index.html": "<p>Hello\n"}, "partial", "present", "web/index.html"),
        ({"docs/index.html": "<form action='/x'>\n", "reports/drift_report.html": "fetch('x')\n"}, "no", None, None),
        ({"requirements.txt": "streamlit\n"}, "no", None, "requirements.txt"),
        ({"src/p/a.py": "import streamlit\n# streamlit.title('x')\n"}, "no", None, None),
    ],
)
def test_a_frontend_is_an_application_or_a_page_that_calls(
    contents: Contents, outcome: str, strength: str | None, place: str | None
) -> None:
    finding = shown("W2-18", contents)
    assert (finding.outcome, finding.strength) == (outcome, strength)
    if place:
        assert str(finding.locations[0]) == place
