"""`mlops-mentor leaderboard` and `sql`: what the published warehouse says."""

from mlops_mentor.cli.output import Format, print_table
from mlops_mentor.leaderboard.warehouse import query
from mlops_mentor.settings import Settings

# What fits a terminal; CSV and JSON have every column.
_SHOWN = """
    select group_id as "group", state, group_size as size, num_contributors as people,
        num_commits_to_main as on_main, total_commits as commits, num_active_days as days, num_prs as prs,
        actions_passing as actions, lines_python as py_lines, lines_test as test_lines, num_docker_files as docker,
        num_workflow_files as workflows, readme_length as readme,
        strftime(latest_commit at time zone 'UTC', '%Y-%m-%d %H:%M') as latest_utc, left(snapshot_sha, 7) as commit,
        num_late_commits as late, num_flags as flags, num_serious_flags as serious,
        round(progress)::int as progress, unsupported
    from leaderboard left join (
        select group_id, count(*) filter (verdict = 'unsupported') as unsupported from checklist group by group_id
    ) using (group_id)
"""


def show_leaderboard(settings: Settings, format: Format) -> None:
    """Print the leaderboard.

    Raises:
        WarehouseError: nothing was published yet.
    """
    result = query(settings.warehouse_file, _SHOWN if format is Format.TABLE else "select * from leaderboard")
    print_table(result.columns, result.rows, format)


def show_query(settings: Settings, sql: str, format: Format) -> None:
    """Print the answer to a query.

    Raises:
        WarehouseError: nothing was published yet, or the query is wrong.
    """
    result = query(settings.warehouse_file, sql)
    print_table(result.columns, result.rows, format)


def failed_groups(settings: Settings) -> list[tuple[str, str]]:
    """(group, reason) of those that failed or are incomplete, in the roster's order."""
    asked = "select group_id, reason from leaderboard where state in ('failed', 'incomplete')"
    found = query(settings.warehouse_file, asked)
    return [(str(group_id), str(reason)) for group_id, reason in found.rows]
