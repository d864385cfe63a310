"""The command line: `mlops-mentor`.

Belongs here: options, progress, what is printed, exit codes. Each command calls the domain, or Dagster through
`defs.launch`; what is slow to import is imported by the command that needs it.

Exit codes: 0 the command did its work (also where some groups failed), 1 it could not, 2 it was called wrongly or
something it was given cannot be used.
"""

import logging
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from mlops_mentor import __version__
from mlops_mentor.cli.output import Format, PrintableFormatter, say
from mlops_mentor.errors import ConfigError, MentorError, RosterError

app = typer.Typer(
    name="mlops-mentor",
    help="The teaching assistant that a university course cannot hire: facts, evidence and feedback for every student "
    "group's repository.",
    epilog="Start with `mlops-mentor doctor`. Settings come from MENTOR_* variables, or from .env.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)

DataDir = Annotated[
    Path | None, typer.Option("--data-dir", "-d", metavar="DIR", help="Where everything is stored. [MENTOR_DATA_DIR]")
]
Roster = Annotated[Path | None, typer.Option(metavar="FILE", help="The roster, group_info.csv. [MENTOR_ROSTER]")]
CourseFile = Annotated[
    Path | None, typer.Option("--course", metavar="FILE", help="The course's file, course.yaml. [MENTOR_COURSE]")
]
OnlyGroups = Annotated[
    list[str] | None, typer.Option("--group", "-g", metavar="ID", help="Only this group; may be repeated.")
]
OutputFormat = Annotated[Format, typer.Option("--format", "-f", help="How to print it.")]


def main() -> None:
    """Run the command line; errors that a user can act on are one message and an exit code."""
    if logging.lastResort is not None:
        # What is logged while nobody listens goes to the terminal as well.
        logging.lastResort.setFormatter(PrintableFormatter())
    try:
        app()
    except MentorError as error:
        say(f"error: {error}", err=True, fg="red", keep="\n\t")
        sys.exit(2 if isinstance(error, ConfigError | RosterError) else 1)
    except OSError as error:  # `filelock.Timeout` is one too
        what = f"{error.filename}: {error.strerror}." if error.filename and error.strerror else str(error)
        say(f"error: {what}", err=True, fg="red")
        sys.exit(1)


def _need_git() -> None:
    if shutil.which("git") is None:
        raise MentorError("git is not there. Install git 2.36 or newer, and see that it is in PATH.")


def _version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"mlops-mentor {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command()
def run(
    roster: Roster = None,
    data_dir: DataDir = None,
    course: CourseFile = None,
    group: OnlyGroups = None,
    accept_shorter_roster: Annotated[
        bool, typer.Option(help="Remove groups even when more than a fifth of them would go.")
    ] = False,
) -> None:
    """Bring everything up to date: roster, repositories, numbers, leaderboard, warehouse.

    Works on the groups that are new, have failed, or whose repositories have changed. Groups that fail are listed and
    do not stop the others.
    """
    from mlops_mentor.cli.run import run_class
    from mlops_mentor.settings import load_settings

    _need_git()
    settings = load_settings(data_dir=data_dir, roster=roster, course=course)
    run_class(settings, only=group or [], accept_shorter=accept_shorter_roster)


@app.command()
def feedback(
    roster: Roster = None,
    data_dir: DataDir = None,
    course: CourseFile = None,
    group: OnlyGroups = None,
    dry_run: Annotated[bool, typer.Option(help="Ask nobody; say how many calls it takes and what they cost.")] = False,
    ask_again: Annotated[
        bool, typer.Option(help="Ask the model also what it has answered before. Costs money.")
    ] = False,
) -> None:
    """Bring feedback up to date with what is stored of the groups, within the budget. `run` does so too."""
    from mlops_mentor.cli.feedback import make_feedback
    from mlops_mentor.settings import load_settings

    settings = load_settings(data_dir=data_dir, roster=roster, course=course)
    make_feedback(settings, only=group or [], ask_again=ask_again, dry_run=dry_run)


@app.command()
def page(
    group: Annotated[str, typer.Argument(help="The group, as the roster calls it.", metavar="GROUP")],
    data_dir: DataDir = None,
    released: Annotated[bool, typer.Option(help="What the group may read: released areas alone.")] = False,
) -> None:
    """Print a group's feedback as Markdown, drafts marked."""
    from mlops_mentor.cli.feedback import show_page
    from mlops_mentor.settings import load_settings

    show_page(load_settings(data_dir=data_dir), group, released=released)


@app.command()
def leaderboard(data_dir: DataDir = None, format: OutputFormat = Format.TABLE) -> None:
    """Print the leaderboard, in the roster's order. Numbers inform; they never grade."""
    from mlops_mentor.cli.show import show_leaderboard
    from mlops_mentor.settings import load_settings

    show_leaderboard(load_settings(data_dir=data_dir), format)


@app.command()
def sql(
    query: Annotated[str, typer.Argument(help="A query, such as \"from group_status where state <> 'ok'\".")],
    data_dir: DataDir = None,
    format: OutputFormat = Format.TABLE,
) -> None:
    """Query the published warehouse (DuckDB, read-only). `show tables` lists what there is."""
    from mlops_mentor.cli.show import show_query
    from mlops_mentor.settings import load_settings

    show_query(load_settings(data_dir=data_dir), query, format)


@app.command()
def ui(
    roster: Roster = None,
    data_dir: DataDir = None,
    course: CourseFile = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where it listens, on 127.0.0.1 alone.")] = 3000,
) -> None:
    """Open Dagster's UI on http://127.0.0.1:3000, with its daemon, until Ctrl-C."""
    from mlops_mentor.cli.ui import serve_ui
    from mlops_mentor.settings import load_settings

    _need_git()
    serve_ui(load_settings(data_dir=data_dir, roster=roster, course=course), port)


@app.command()
def prepare(roster: Roster = None, data_dir: DataDir = None, course: CourseFile = None) -> None:
    """Write Dagster's configuration and take over the roster: before a web server and daemon of your own start."""
    from mlops_mentor.cli.ui import prepare as prepare_dagster
    from mlops_mentor.settings import load_settings

    _need_git()
    prepare_dagster(load_settings(data_dir=data_dir, roster=roster, course=course))


@app.command()
def export(roster: Roster = None, data_dir: DataDir = None, course: CourseFile = None) -> None:
    """Export what the class may see, behind the privacy gate, and make the static site. `run` does so too."""
    from mlops_mentor.cli.publish import export as export_class
    from mlops_mentor.settings import load_settings

    export_class(load_settings(data_dir=data_dir, roster=roster, course=course))


@app.command()
def push(roster: Roster = None, data_dir: DataDir = None, course: CourseFile = None) -> None:
    """Push the export to the Hugging Face dataset MENTOR_HF_REPO, in one commit; none when nothing has changed."""
    from mlops_mentor.cli.publish import push as push_export
    from mlops_mentor.settings import load_settings

    push_export(load_settings(data_dir=data_dir, roster=roster, course=course))


@app.command()
def erase(
    group: Annotated[str, typer.Argument(help="The group, as the roster calls it.", metavar="GROUP")],
    roster: Roster = None,
    data_dir: DataDir = None,
    course: CourseFile = None,
    make_anew: Annotated[
        bool, typer.Option(help="Delete the dataset and make it anew where old commits can still be seen.")
    ] = False,
    stored: Annotated[bool, typer.Option(help="Delete what is stored here too; the roster must not name it.")] = False,
) -> None:
    """Take a group out of everything published: the export, the site, and the dataset with its whole history."""
    from mlops_mentor.cli.publish import erase as erase_group
    from mlops_mentor.settings import load_settings

    settings = load_settings(data_dir=data_dir, roster=roster, course=course)
    erase_group(settings, group, make_anew=make_anew, stored_too=stored)


@app.command("app")
def app_command(
    data_dir: DataDir = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where it listens, on 127.0.0.1 alone.")] = 7860,
) -> None:
    """Show the class its page on http://127.0.0.1:7860, from the export alone, until Ctrl-C."""
    from mlops_mentor.app.serve import serve_app
    from mlops_mentor.settings import load_settings

    serve_app(load_settings(data_dir=data_dir).export_dir, port=port, announce=say)


@app.command()
def space(
    directory: Annotated[Path, typer.Argument(help="Where to write it.", metavar="DIR")],
    data_dir: DataDir = None,
    course: CourseFile = None,
) -> None:
    """Write the web app as a folder for a Hugging Face Space, which reads the dataset MENTOR_HF_REPO."""
    from mlops_mentor.cli.publish import space as make_space
    from mlops_mentor.settings import load_settings

    make_space(load_settings(data_dir=data_dir, course=course), directory)


@app.command()
def desk(
    roster: Roster = None,
    data_dir: DataDir = None,
    course: CourseFile = None,
    host: Annotated[str, typer.Option(help="Where it listens; others than 127.0.0.1 need a password.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Its port.")] = 7861,
) -> None:
    """Open the TAs' desk on http://127.0.0.1:7861: flags, drafts beside evidence, releases. Until Ctrl-C."""
    from mlops_mentor.desk.server import serve_desk
    from mlops_mentor.settings import load_settings

    serve_desk(load_settings(data_dir=data_dir, roster=roster, course=course), host=host, port=port, tell=say)


@app.command("keep-year")
def keep_year(
    year: Annotated[str, typer.Argument(help="What to call this class, such as 2027.", metavar="YEAR")],
    data_dir: DataDir = None,
    course: CourseFile = None,
) -> None:
    """Keep ids of this class's files and commits, so that next year's class can be compared with it.

    Writes YEAR.csv into the folder that `earlier_years` in course.yaml names: git's ids and group numbers alone.
    """
    from mlops_mentor.cli.keep_year import keep_class
    from mlops_mentor.settings import load_settings

    keep_class(load_settings(data_dir=data_dir, course=course), year)


@app.command()
def doctor(roster: Roster = None, data_dir: DataDir = None, course: CourseFile = None) -> None:
    """Say what is configured, what can be reached, and what to do about the rest."""
    from mlops_mentor.cli.doctor import diagnose
    from mlops_mentor.settings import load_settings

    if not diagnose(load_settings(data_dir=data_dir, roster=roster, course=course)):
        raise typer.Exit(1)


@app.command()
def sample(
    directory: Annotated[Path, typer.Argument(help="Where to put it; what is there already is kept.", metavar="DIR")],
) -> None:
    """Make the sample class: ten small repositories with histories, their roster and course.yaml."""
    from mlops_mentor.sample import build_sample_class

    _need_git()
    made = build_sample_class(directory)
    say(f"Made {made.roster} and {made.course}.")
