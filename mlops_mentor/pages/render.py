"""Rendering: Jinja with escaping always on.

Belongs here: the environment. Templates lie beside those who use them, in a folder `templates`.
"""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def environment(templates: Path) -> Environment:
    """Templates of a folder; every value is escaped unless it is `Markup`, and a name that is not given is an error."""
    return Environment(
        loader=FileSystemLoader(templates, encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
