"""The Dagster instance under the data directory: its configuration, and opening it.

Belongs here: what stands in `dagster.yaml`. The command line and the UI share the instance, so that each sees the
other's runs. Where storage, launcher or monitoring are another machine's, a file of the operator says so
(`MENTOR_DAGSTER_CONFIG`); what it does not say stays as it is here.
"""

from pathlib import Path
from typing import Any

import dagster as dg
import yaml
from filelock import FileLock

from mlops_mentor.errors import ConfigError
from mlops_mentor.settings import Settings
from mlops_mentor.storage.whole_files import PRIVATE, replace_whole

# Runs that ask a model at the same time, each with `llm_concurrency` calls.
_RUNS_AT_A_MODEL = 2
_STORAGES = ("event_log_storage", "run_storage", "schedule_storage")
_HEAD = "# Written by mlops-mentor at each start, from its settings (MENTOR_*). Changes here are lost.\n"


def instance_config(settings: Settings) -> dict[str, Any]:
    """The content of `dagster.yaml`.

    Raises:
        ConfigError: the operator's file cannot be used.
    """
    return _with_operators(_own_config(settings), _operators_config(settings.dagster_config))


def _own_config(settings: Settings) -> dict[str, Any]:
    return {
        "telemetry": {"enabled": False},
        "nux": {"enabled": False},
        "concurrency": {
            "runs": {"max_concurrent_runs": settings.max_concurrent_runs},
            # The pool of the model: a TA's single group need not wait for the class. The UI can change its limit.
            "pools": {"granularity": "op", "default_limit": _RUNS_AT_A_MODEL},
        },
        "run_coordinator": {
            "module": "dagster.core.run_coordinator",
            "class": "QueuedRunCoordinator",
            # Without threads runs never overlap, whatever their number; the interval must be a whole number.
            "config": {
                "dequeue_use_threads": True,
                "dequeue_num_workers": settings.max_concurrent_runs,
                "dequeue_interval_seconds": 1,
            },
        },
        "event_log_storage": {
            "module": "mlops_mentor.defs.event_log",
            "class": "OpenSqliteEventLogStorage",
            "config": {"base_dir": str(settings.dagster_home / "history" / "runs")},
        },
        "run_storage": {
            "module": "mlops_mentor.defs.open_storages",
            "class": "OpenSqliteRunStorage",
            "config": {"base_dir": str(settings.dagster_home / "history")},
        },
        "schedule_storage": {
            "module": "mlops_mentor.defs.open_storages",
            "class": "OpenSqliteScheduleStorage",
            "config": {"base_dir": str(settings.dagster_home / "schedules")},
        },
        # A sensor that looks every few seconds has 17,000 ticks a day, which nobody needs.
        "retention": {"sensor": {"purge_after_days": {"skipped": 1}}},
    }


def _operators_config(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        stated = yaml.safe_load(file.expanduser().read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(
            f"MENTOR_DAGSTER_CONFIG: {file} cannot be read ({error}). Correct the file or its name."
        ) from None
    if not isinstance(stated, dict) or not isinstance(stated.get("concurrency", {}), dict):
        raise ConfigError(f"MENTOR_DAGSTER_CONFIG: {file} has no sections such as `storage:`. See deploy/dagster/.")
    return stated


def _with_operators(own: dict[str, Any], stated: dict[str, Any]) -> dict[str, Any]:
    """Sections that the operator states take the place of ours, storage that of our three."""
    kept = {name: section for name, section in own.items() if name not in _STORAGES or "storage" not in stated}
    # Limits one by one: whoever sets that of runs must not lose that of the model by it.
    limits = {"concurrency": own["concurrency"] | stated.get("concurrency", {})}
    return kept | stated | limits


def prepare_home(settings: Settings) -> Path:
    """Write `dagster.yaml` and return the directory for DAGSTER_HOME.

    Raises:
        ConfigError: the operator's file cannot be used.
    """
    home = settings.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    text = _HEAD + yaml.safe_dump(instance_config(settings), sort_keys=False)
    file = home / "dagster.yaml"
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        replace_whole(file, text.encode(), mode=PRIVATE)
    return home


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """The instance under the data directory; a context manager."""
    home = prepare_home(settings)
    # Dagster makes its tables when it first opens them, and two processes that do so at once get into each other's way.
    with FileLock(home / ".open.lock", timeout=60):
        return dg.DagsterInstance.from_config(str(home))
