"""`mlops-mentor ui`: Dagster's web server and daemon on this machine alone."""

import os
import sys

from mlops_mentor.cli.output import say
from mlops_mentor.errors import MentorError
from mlops_mentor.settings import Settings


def serve_ui(settings: Settings, port: int) -> None:
    """Make the partitions those of the roster, then become `dagster dev`. Does not return.

    Raises:
        MentorError: there is a UI on this data directory already.
    """
    from mlops_mentor.defs.instance import prepare_home
    from mlops_mentor.defs.launch import launcher
    from mlops_mentor.defs.orphans import hold_ui_lock

    if not hold_ui_lock(settings.locks_dir):
        raise MentorError(f"a UI on {settings.root} is running already. Use that one, or end it.")
    try:
        # So that "Materialize all" has groups to choose from at the very first look.
        with launcher(settings, is_ui_starting=True) as dagster:
            dagster.run_roster()
    except MentorError as error:
        say(f"roster not loaded: {error} The UI starts all the same.", err=True, fg="yellow")
    home = prepare_home(settings)
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
