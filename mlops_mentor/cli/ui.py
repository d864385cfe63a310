"""`mlops-mentor ui` and `prepare`: Dagster's web server and daemon on this machine, or what others that run need."""

import os
import sys
from pathlib import Path

from mlops_mentor.cli.output import say
from mlops_mentor.errors import MentorError
from mlops_mentor.settings import Settings


def serve_ui(settings: Settings, port: int) -> None:
    """Make the partitions those of the roster, then become `dagster dev`. Does not return.

    Raises:
        MentorError: there is a UI on this data directory already.
    """
    from mlops_mentor.defs.orphans import hold_ui_lock
    from mlops_mentor.defs.remnants import end_remnants

    if not hold_ui_lock(settings.locks_dir):
        raise MentorError(f"a UI on {settings.root} is running already. Use that one, or end it.")
    end_remnants(settings.dagster_home)
    home = _home_with_groups(settings, is_ui_starting=True)
    environment = os.environ | {
        "DAGSTER_HOME": str(home),
        "MENTOR_DATA_DIR": str(settings.root),
        "MENTOR_COURSE": str(settings.course_file),
        "PYTHONWARNINGS": "ignore",
        # No file of the directory in which this was started (a student's checkout, say) takes the place of a library.
        "PYTHONSAFEPATH": "1",
    }
    if settings.roster is not None:
        environment["MENTOR_ROSTER"] = str(settings.roster_file)
    say(f"Dagster on http://127.0.0.1:{port} (Ctrl-C ends it)")
    arguments = ["dev", "--module-name", "mlops_mentor.definitions", "--working-directory", str(home)]
    arguments += ["--host", "127.0.0.1", "--port", str(port)]
    # Nothing here is left to do: the process becomes Dagster's, so that signals reach it.
    os.execve(sys.executable, [sys.executable, "-m", "dagster", *arguments], environment)  # noqa: S606


def prepare(settings: Settings) -> None:
    """Do all that `ui` does before it starts Dagster, for a web server and daemon that somebody else starts.

    Raises:
        ConfigError: the operator's part of `dagster.yaml` cannot be used.
    """
    home = _home_with_groups(settings, is_ui_starting=False)
    say(f"DAGSTER_HOME={home}")


def _home_with_groups(settings: Settings, *, is_ui_starting: bool) -> Path:
    from mlops_mentor.defs.instance import prepare_home
    from mlops_mentor.defs.launch import launcher

    home = prepare_home(settings)
    try:
        # So that "Materialize all" has groups to choose from at the very first look.
        with launcher(settings, is_ui_starting=is_ui_starting) as dagster:
            dagster.run_roster()
    except MentorError as error:
        say(f"roster not loaded: {error} The UI starts all the same.", err=True, fg="yellow")
    return home
