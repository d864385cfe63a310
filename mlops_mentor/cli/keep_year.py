"""`mlops-mentor keep-year`: what next year's class is compared with."""

import re

import polars as pl

from mlops_mentor.cli.output import say
from mlops_mentor.errors import ConfigError
from mlops_mentor.metrics.earlier_years import earlier_years_frame
from mlops_mentor.metrics.same_code import compared_files
from mlops_mentor.repos.starter import read_starter_commits, starter_addresses, starter_mirror
from mlops_mentor.schemas import COMMITS, FILES, GROUPS
from mlops_mentor.settings import Settings
from mlops_mentor.storage.lake import Lake
from mlops_mentor.storage.whole_files import replace_whole


def keep_class(settings: Settings, year: str) -> None:
    """Write the ids of this class into the folder of earlier years.

    Raises:
        MentorError: the course cannot be used, the class was never read, or `year` cannot be a file's name.
    """
    if re.fullmatch(r"\w[\w-]{0,40}", year) is None:
        raise ConfigError(f"YEAR: {year} cannot be a file's name. Write letters, digits and hyphens, such as 2027.")
    lake, course, folder = Lake(settings.lake_dir), settings.the_course, settings.earlier_years_dir
    group_ids = lake.read(GROUPS)["group_id"].to_list()
    files = compared_files(lake.read_groups(FILES, group_ids), course.flags)
    addresses = starter_addresses(course.starter_code, settings.course_file)
    mirrors = [starter_mirror(settings.mirrors_dir, address) for address in addresses]
    handed_out = read_starter_commits(mirror for mirror in mirrors if mirror.exists())
    commits = lake.read_groups(COMMITS, group_ids).filter(~pl.col("sha").is_in(list(handed_out)))
    frame = earlier_years_frame(year, files, commits)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{year}.csv"
    replace_whole(file, frame.write_csv().encode())
    say(f"Kept {files.height} files and {frame.height - files.height} commits of {len(group_ids)} groups in {file}.")
