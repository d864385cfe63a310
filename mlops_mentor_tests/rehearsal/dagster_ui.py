"""What a person does in Dagster's UI, asked of its web server: sensors on, backfills.

Belongs here: GraphQL of the web server. Answers of None mean that it is not there at the moment.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any

SENSORS = ("roster_sensor", "repository_sensor", "reviews_sensor")
_LOCATION = "mlops_mentor.definitions"
_START = """mutation($selector: SensorSelector!) { startSensor(sensorSelector: $selector) {
  __typename ... on Sensor { name } ... on PythonError { message } } }"""
_BACKFILL = """mutation($params: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $params) {
  __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""


def ask(port: int, query: str, **variables: Any) -> dict[str, Any] | None:
    """The data of an answer."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/graphql", body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - of this machine
            data = json.load(answer).get("data")
    except (OSError, ValueError):
        return None
    return dict(data) if data is not None else None


def switch_sensors_on(port: int) -> bool:
    """Whether all of them run now."""
    return all(_typename(ask(port, _START, selector=_selector(name)), "startSensor") == "Sensor" for name in SENSORS)


def backfill(port: int, assets: Sequence[str], partitions: Sequence[str]) -> bool:
    """Materialize these assets of these groups; whether it was taken."""
    params = {"assetSelection": [{"path": [name]} for name in assets], "partitionNames": list(partitions)}
    return _typename(ask(port, _BACKFILL, params=params), "launchPartitionBackfill") == "LaunchBackfillSuccess"


def _selector(name: str) -> dict[str, str]:
    return {"repositoryName": "__repository__", "repositoryLocationName": _LOCATION, "sensorName": name}


def _typename(data: dict[str, Any] | None, field: str) -> str | None:
    return None if data is None else str((data.get(field) or {}).get("__typename"))
