"""`mlops-mentor ui`: Dagster's web server and daemon on this machine alone."""

import os
import sys

import typer

from mlops_mentor.errors import MentorError
from mlops_mentor.settings import Settings


def serve_ui(settings: Settings, port: int) -> None:
    """Make the partitions those of the roster, then become `dagster dev`. Does not return."""
    from mlops_mentor.defs.instance import prepare_home
    from mlops_mentor.defs.launch import launcher

    try:
        # So that "Materialize all" has groups to choose from at the very first look.
        with launcher(settings) as dagster:
            dagster.run_roster()
    except MentorError as error:
        typer.secho(f"roster not loaded: {error} The UI starts all the same.", err=True, fg="yellow")
    environment = os.environ | {
        "DAGSTER_HOME": str(prepare_home(settings)),
        "MENTOR_DATA_DIR": str(settings.root),
        "MENTOR_COURSE": str(settings.course_file),
        "PYTHONWARNINGS": "ignore",
    }
    if settings.roster is not None:
        environment["MENTOR_ROSTER"] = str(settings.roster_file)
    typer.echo(f"Dagster on http://127.0.0.1:{port} (Ctrl-C ends it)")
    arguments = ["dev", "--module-name", "mlops_mentor.definitions", "--host", "127.0.0.1", "--port", str(port)]
    # Nothing here is left to do: the process becomes Dagster's, so that signals reach it.
    os.execve(sys.executable, [sys.executable, "-m", "dagster", *arguments], environment)  # noqa: S606
