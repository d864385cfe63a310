"""Areas of a project, such as model, data, tests or workflows, as paths tell them (`areas.yaml`).

Belongs here: the area of a path. Who works in which is for `contributions` and `attribution`.
"""

from functools import cache
from pathlib import Path

import polars as pl
import yaml


def area_of(path: pl.Expr) -> pl.Expr:
    """The area that a path belongs to (`areas.yaml`)."""
    lowered = path.str.to_lowercase()
    found = [pl.when(lowered.str.contains(pattern)).then(pl.lit(name)) for name, pattern in _areas()]
    return pl.coalesce(*found, pl.lit("other"))


@cache
def _areas() -> tuple[tuple[str, str], ...]:
    content = yaml.safe_load(Path(__file__).with_name("areas.yaml").read_text(encoding="utf-8"))
    return tuple((name, pattern) for name, pattern in content["areas"])
