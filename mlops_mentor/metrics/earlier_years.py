"""Earlier years: what former classes handed in, as ids of files and commits, in CSV files of one folder.

Belongs here: the format, reading it, and making it from the tables of a class. A row has the `year`, the `group_id` of
that year, and either a `blob_id` or a `commit_sha`. No name, path or text is in it: git's ids alone.
"""

import hashlib
from pathlib import Path

import polars as pl

from mlops_mentor.errors import ConfigError

COLUMNS = {"year": pl.String, "group_id": pl.String, "blob_id": pl.String, "commit_sha": pl.String}


def earlier_years_key(folder: Path) -> str:
    """Changes when a file of the folder does; empty where there is none."""
    digest = hashlib.sha256()
    files = _files(folder)
    for file in files:
        found = file.stat()
        digest.update(f"{file.name}\0{found.st_size}\0{found.st_mtime_ns}\0".encode())
    return digest.hexdigest()[:32] if files else ""


def read_earlier_years(folder: Path) -> pl.DataFrame:
    """All rows of all files `*.csv` of the folder, as `COLUMNS`; none where it does not exist.

    Raises:
        ConfigError: a file cannot be read, or lacks a column.
    """
    frames = [pl.DataFrame(schema=COLUMNS)]
    for file in _files(folder):
        try:
            frame = pl.read_csv(file, schema_overrides=COLUMNS)
            frames.append(frame.select(list(COLUMNS)).with_columns(pl.col("blob_id", "commit_sha").str.to_lowercase()))
        except (OSError, pl.exceptions.PolarsError):
            raise ConfigError(
                f"{file}: cannot be used. It needs the columns {', '.join(COLUMNS)}, as `mlops-mentor keep-year` "
                "writes them; make it again, or take it out of the folder."
            ) from None
    return pl.concat(frames)


def earlier_years_frame(year: str, compared: pl.DataFrame, commits: pl.DataFrame) -> pl.DataFrame:
    """What to keep of a class: the files `compared` (`group_id`, `blob_id`) and its `commits` (`group_id`, `sha`)."""
    nothing = pl.lit(None, pl.String)
    files = compared.select("group_id", "blob_id", commit_sha=nothing).unique(maintain_order=True)
    history = commits.select("group_id", blob_id=nothing, commit_sha="sha").unique(maintain_order=True)
    return pl.concat([files, history]).select(pl.lit(year).alias("year"), "group_id", "blob_id", "commit_sha")


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.csv")) if folder.is_dir() else []
