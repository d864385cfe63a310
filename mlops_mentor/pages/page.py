"""Templates of the pages, and what all of them need.

Belongs here: filling in a template of the folder `templates`.
"""

from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from mlops_mentor.pages.render import environment
from mlops_mentor.pages.texts import inline, markdown, ticked

ASSETS = Path(__file__).parent / "assets"


def filled(template: str, **values: Any) -> Markup:
    """A template with its values, all escaped."""
    # The environment escapes: what it gives is HTML.
    return Markup(_environment().get_template(template).render(**values))  # noqa: S704


@cache
def _environment() -> Any:
    found = environment(Path(__file__).parent / "templates")
    found.filters.update(ticked=ticked, markdown=markdown, inline=inline)
    return found
