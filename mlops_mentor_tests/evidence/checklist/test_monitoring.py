"""What is shown of metrics, monitoring and alerts."""

import pytest

from mlops_mentor_tests.evidence.checklist.cases import Case, check

METRICS = """from fastapi import FastAPI
from prometheus_client import Counter, make_asgi_app
app = FastAPI()
ERRORS = Counter("errors", "Errors")
app.mount("/metrics", make_asgi_app())


@app.get("/")
def root():
    ERRORS.inc()
"""
POLICY = """displayName: errors
combiner: OR
conditions:
- displayName: too many
  conditionThreshold:
    thresholdValue: 5
"""

CASES = {
    "defined and served": Case("W3-04", {"api.py": METRICS}, "yes", "api.py:4", "wired"),
    "an instrumentator": Case(
        "W3-04",
        {
            "api.py": "from fastapi import FastAPI\nfrom prometheus_fastapi_instrumentator import Instrumentator\n"
            "app = FastAPI()\nInstrumentator().instrument(app).expose(app)\n@app.get('/')\ndef a(): ...\n"
        },
        "yes",
        "api.py:4",
        "wired",
    ),
    "in a module that the API imports": Case(
        "W3-04",
        {
            "src/metrics.py": "from prometheus_client import Counter\nERRORS = Counter('a', 'b')\n",
            "src/api.py": "from fastapi import FastAPI\nfrom prometheus_client import make_asgi_app\n"
            "from src.metrics import ERRORS\napp = FastAPI()\napp.mount('/m', make_asgi_app())\n"
            "@app.get('/')\ndef a(): ERRORS.inc()\n",
        },
        "yes",
        "src/metrics.py:2",
        "wired",
    ),
    "served by nothing": Case("W3-04", {"api.py": METRICS.replace("app.mount", "pass  # ")}, "partial", "api.py:4"),
    "by hand": Case(
        "W3-04",
        {
            "api.py": "import psutil\nfrom fastapi import FastAPI\napp = FastAPI()\n@app.get('/metrics')\ndef m():\n"
            "    return psutil.cpu_percent()\n"
        },
        "partial",
        "api.py:6",
    ),
    "metrics of a model": Case("W3-04", {"m.py": "from torchmetrics import Accuracy\nmetric = Accuracy()\n"}, "no"),
    "a Counter of the standard library": Case(
        "W3-04",
        {
            "api.py": "from collections import Counter\nfrom fastapi import FastAPI\napp = FastAPI()\n"
            "@app.get('/')\ndef a():\n    return Counter('abc')\n"
        },
        "no",
    ),
    "declared alone": Case("W3-04", {"requirements.txt": "prometheus-client\n"}, "no"),
    "imported alone": Case("W3-04", {"api.py": "import prometheus_client\n"}, "no"),
    "terraform": Case(
        "W3-05",
        {"infra/main.tf": '# google_monitoring_dashboard\nresource "google_monitoring_dashboard" "a" {\n}\n'},
        "yes",
        "infra/main.tf:2",
    ),
    "a sidecar": Case(
        "W3-05",
        {
            "service.yaml": "spec:\n  containers:\n  - image: cloud-ops-agents-artifacts/cloud-run-gmp-"
            "sidecar/cloud-run-gmp-sidecar:1.2.0\n"
        },
        "yes",
        "service.yaml:3",
    ),
    "a command": Case(
        "W3-05", {"m.sh": "gcloud monitoring dashboards create --config-from-file=a.json\n"}, "yes", "m.sh:1"
    ),
    "prometheus of one's own": Case(
        "W3-05", {"prometheus.yml": "scrape_configs:\n- job_name: a\n"}, "not_checkable", "prometheus.yml:2"
    ),
    "a comment in terraform": Case("W3-05", {"main.tf": "# google_monitoring_dashboard\n"}, "not_checkable"),
    "prose on monitoring": Case(
        "W3-05", {"README.md": "```\ngcloud monitoring dashboards list\n```\n"}, "not_checkable"
    ),
    "a policy of terraform": Case(
        "W3-06", {"main.tf": 'resource "google_monitoring_alert_policy" "a" {\n}\n'}, "yes", "main.tf:1"
    ),
    "a budget": Case("W3-06", {"main.tf": 'resource "google_billing_budget" "a" {\n}\n'}, "partial", "main.tf:1"),
    "a policy as exported": Case("W3-06", {"alerts/errors.yaml": POLICY}, "yes", "alerts/errors.yaml:1"),
    "a command for a policy": Case(
        "W3-06", {"a.sh": "gcloud alpha monitoring policies create --policy-from-file=p.json\n"}, "yes", "a.sh:1"
    ),
    "a policy of python": Case(
        "W3-06",
        {"a.py": "from google.cloud import monitoring_v3\nc = monitoring_v3.AlertPolicyServiceClient()\n"},
        "yes",
        "a.py:2",
    ),
    "rules of prometheus": Case(
        "W3-06", {"rules.yml": "groups:\n- name: a\n  rules:\n  - alert: Down\n"}, "not_checkable", "rules.yml:4"
    ),
    "an alert of wandb": Case("W3-06", {"a.py": "import wandb\nwandb.alert('x')\n"}, "not_checkable"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_monitoring_is_shown(case: Case) -> None:
    check(case)
