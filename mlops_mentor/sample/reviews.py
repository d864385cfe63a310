"""The TAs' word in the sample class: `reviews.csv` as a TA would begin it.

Belongs here: what the file says. It releases nothing: a release counts for what was written before it, and feedback on
the sample class is written whenever somebody runs it.
"""

_ROWS = (
    "group_id,area,score,comment,reviewer,time,released",
    '3,unit_testing,2,"The API is tested; the model, which matters most, is not.",TA,2026-01-26T10:00,',
    '1,,,"A pleasure to read. Ask us how to write the README for newcomers.",TA,2026-01-26T10:20,',
)


def reviews_text() -> str:
    """The file: a score that replaces the reviewer's with a comment, and a comment on a group as a whole."""
    return "\n".join(_ROWS) + "\n"
