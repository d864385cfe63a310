"""How each number is defined, in the words of the export itself.

Belongs here: the page. The words are the schemas', which the manifest carries.
"""

from markupsafe import Markup

from mlops_mentor.pages.links import APP_LINKS, Links
from mlops_mentor.pages.numbers import moment, title_of
from mlops_mentor.pages.page import filled
from mlops_mentor.pages.published import PublishedClass


def definitions_html(cls: PublishedClass, links: Links = APP_LINKS) -> Markup:
    """The page's body, headed by an `<h1>`; each definition has the anchor `def-<table>-<column>`."""
    return cls.kept(
        ("definitions", links),
        lambda: filled(
            "definitions.html",
            manifest=cls.manifest,
            links=links,
            title_of=title_of,
            as_of=moment(cls.manifest.as_of, cls.manifest.time_zone),
        ),
    )
