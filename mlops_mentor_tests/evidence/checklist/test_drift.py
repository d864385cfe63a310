"""What is shown of drift, and of what an API collects."""

import pytest

from mlops_mentor.evidence.code.facts import Facts
from mlops_mentor_tests.evidence.checklist.cases import Case, check

REPORT = """from evidently.report import Report
from evidently.metric_preset import DataDriftPreset


def main():
    report = Report(metrics=[DataDriftPreset()])
    report.run(reference_data=a, current_data=b)


if __name__ == "__main__":
    main()
"""
API = """from fastapi import FastAPI, BackgroundTasks
from src.drift import main
app = FastAPI()


@app.get("/drift")
def drift():
    return main()
"""
DOCKER = "FROM python:3.12\nCOPY src src\nCMD uvicorn src.drift_api:app --port 8080\n"
DEPLOY = "on: push\njobs:\n  d:\n    steps:\n      - run: |\n          gcloud run deploy drift-api --image x\n"
KEEP = """from fastapi import FastAPI, BackgroundTasks
app = FastAPI()


def add_to_database(data, prediction):
    with open("predictions.csv", "a") as file:
        file.write(f"{data},{prediction}")


@app.post("/predict")
def predict(data: dict, background_tasks: BackgroundTasks):
    prediction = model(data)
    background_tasks.add_task(add_to_database, data, prediction)
    return prediction
"""


def api(body: str) -> dict[str, str]:
    """An API whose one route has this body."""
    lines = "".join(f"    {line}\n" for line in body.split("\n"))
    head = "import csv, json, logging\nfrom io import StringIO\nfrom fastapi import FastAPI\napp = FastAPI()\n"
    return {"src/api.py": f"{head}logger = logging.getLogger()\n@app.post('/predict')\ndef predict(data):\n{lines}"}


CASES = {
    "a library": Case("W3-01", {"src/drift.py": REPORT}, "yes", "src/drift.py:6", "wired"),
    "a library with its report": Case(
        "W3-01", {"src/drift.py": REPORT, "reports/drift_report.html": "<html>"}, "yes", "src/drift.py:6", "executed"
    ),
    "a library in a script among tests": Case("W3-01", {"tests/look.py": REPORT}, "yes", "tests/look.py:6"),
    "a statistical test": Case(
        "W3-01",
        {"src/drift.py": "from scipy.stats import ks_2samp\ndef check(a, b):\n    return ks_2samp(a, b)\n"},
        "yes",
        "src/drift.py:3",
    ),
    "a function of its own": Case(
        "W3-01", {"m.py": "def find_drift(a, b):\n    return abs(a - b) > 0.1\n"}, "yes", "m.py:1"
    ),
    "a function that compares nothing": Case("W3-01", {"m.py": "def drift(a):\n    return a\n"}, "partial", "m.py:1"),
    "a report without code": Case("W3-01", {"reports/data_drift.html": "<html>"}, "partial", "reports/data_drift.html"),
    "perturbed inputs": Case("W3-01", {"m.py": "def test_robustness(a):\n    return a\n"}, "partial", "m.py:1"),
    "a declared dependency": Case("W3-01", {"requirements.txt": "evidently==0.5\n"}, "no"),
    "an import alone": Case("W3-01", {"m.py": "import evidently\n"}, "no"),
    "a comment": Case("W3-01", {"m.py": "# evidently.Report() finds drift\nx = f()\n"}, "no"),
    "prose": Case("W3-01", {"README.md": "We use evidently to look for drift.\n"}, "no"),
    "another test": Case("W3-01", {"m.py": "from scipy.stats import ks_2samp\nks_2samp(a, b)\n"}, "no"),
    "removed": Case(
        "W3-01",
        {"m.py": "x = f()\n"},
        "no",
        "old.py:2",
        facts=Facts(past_texts=lambda: [("old.py", "b", "a = 1\nfrom evidently import Report\n")]),
    ),
    "a background task": Case("W3-02", {"src/api.py": KEEP}, "yes", "src/api.py:6", "wired"),
    "a function elsewhere": Case(
        "W3-02",
        {
            "src/store.py": "def save_prediction(row):\n    client.insert_one(row)\n",
            "src/api.py": "from fastapi import FastAPI\nfrom src.store import save_prediction\napp = FastAPI()\n"
            "@app.post('/p')\ndef p(x):\n    save_prediction(x)\n",
        },
        "yes",
        "src/store.py:2",
    ),
    "an object in a bucket": Case("W3-02", api("bucket.blob('prediction').upload_from_string(str(data))"), "yes"),
    "a row in a database": Case("W3-02", api("db.execute('INSERT INTO predictions VALUES (?)', data)"), "yes"),
    "a log": Case("W3-02", api("prediction = f(data)\nlogger.info('got %s', prediction)"), "partial", "src/api.py:9"),
    "an upload on its way": Case("W3-02", api("open('input.png', 'wb').write(data)"), "no"),
    "a text in memory": Case("W3-02", api("out = StringIO()\nprediction.to_csv(out)\nreturn out.getvalue()"), "no"),
    "a query": Case("W3-02", api("db.execute('SELECT * FROM predictions')"), "no"),
    "a log of the start": Case("W3-02", api("logger.info('predict was called')"), "no"),
    "a script that writes": Case("W3-02", {"src/train.py": "open('predictions.csv', 'a').write(x)\n"}, "no"),
    "a write that no route reaches": Case(
        "W3-02", {"src/api.py": KEEP.replace("add_task(add_to", "pass_by(x_to")}, "no"
    ),
    "served and deployed": Case(
        "W3-03",
        {"src/drift.py": REPORT, "src/drift_api.py": API, ".github/workflows/d.yml": DEPLOY},
        "yes",
        "src/drift_api.py:7",
    ),
    "an image beside a deployment": Case(
        "W3-03",
        {
            "src/drift.py": REPORT,
            "src/drift_api.py": API,
            "Dockerfile": DOCKER,
            "deploy.sh": "gcloud run deploy service --image x\n",
        },
        "yes",
        "src/drift_api.py:7",
    ),
    "an API alone": Case("W3-03", {"src/drift.py": REPORT, "src/drift_api.py": API}, "partial", "src/drift_api.py:7"),
    "deployed in prose": Case(
        "W3-03",
        {"src/drift.py": REPORT, "src/drift_api.py": API, "README.md": "```\ngcloud run deploy drift-api\n```\n"},
        "partial",
    ),
    "a check without an API": Case("W3-03", {"src/drift.py": REPORT, ".github/workflows/d.yml": DEPLOY}, "no"),
    "another API": Case("W3-03", {"src/api.py": KEEP}, "no"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_drift_and_collection_are_shown(case: Case) -> None:
    check(case)
