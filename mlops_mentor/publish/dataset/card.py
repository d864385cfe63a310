"""The dataset's card: `README.md` of an export, for the Hub and for whoever opens the folder.

Belongs here: its front matter, which says where each config's file is, and its text.
"""

import re
from collections.abc import Mapping

import yaml

from mlops_mentor.publish.manifest import Manifest, PublishedFile

_TAGS = ["education", "mlops", "tabular"]
_LICENCE_OTHER = "`other`: for this course's students and teachers; ask before using it for anything else"


def card_text(manifest: Manifest, *, fewest_persons: int, show_repositories: bool, has_aliases: bool) -> str:
    """The card of the export that `manifest` describes."""
    filled = {name: table for name, table in manifest.tables.items() if table.file is not None}
    title = f"{manifest.course}, {manifest.term}: group projects"
    sections = [
        _front_matter(manifest, title, filled),
        f"# {_line(title)}",
        _about(manifest, filled),
        _privacy(fewest_persons, show_repositories=show_repositories, has_aliases=has_aliases),
        _columns(manifest.tables),
        _loading(filled),
        _terms(manifest),
    ]
    return "\n\n".join(sections) + "\n"


def _front_matter(manifest: Manifest, title: str, filled: Mapping[str, PublishedFile]) -> str:
    front: dict[str, object] = {
        "license": manifest.licence,
        "pretty_name": title,
        "language": ["en"],
        "tags": _TAGS,
    }
    if filled:
        front["configs"] = [
            {"config_name": name, "data_files": [{"split": "train", "path": table.file}]}
            | ({"default": True} if place == 0 else {})
            for place, (name, table) in enumerate(filled.items())
        ]
    text = yaml.safe_dump(front, sort_keys=False, allow_unicode=True, width=1000)
    return f"---\n{text}---"


def _about(manifest: Manifest, filled: Mapping[str, PublishedFile]) -> str:
    as_of = f"{manifest.as_of:%Y-%m-%d %H:%M} UTC" if manifest.as_of else "nothing yet"
    rows = "\n".join(f"| `{name}` | {table.num_rows} | {_cell(table.description)} |"
                     for name, table in manifest.tables.items())  # fmt: skip
    empty = [f"`{name}`" for name in manifest.tables if name not in filled]
    absent = f"\n\nWithout rows so far, and therefore not among the configs: {', '.join(empty)}." if empty else ""
    return f"""\
What the repositories of {len(manifest.groups)} student groups show, and the feedback that their teaching assistants \
have released. The numbers are computed from git, and from GitHub where it was asked. They inform; they never grade or \
rank: rows are in the order of the course's roster.

- Project: {manifest.project_start} to {manifest.deadline:%Y-%m-%d %H:%M} UTC. Days and hours are in \
{manifest.time_zone}.
- Newest commit seen, or feedback released: {as_of}. That is no time of export: the same content is the same files.
- Progress weighs {_weights(manifest.parts)}.

| config | rows | what |
| --- | ---: | --- |
{rows}{absent}"""


def _privacy(fewest_persons: int, *, show_repositories: bool, has_aliases: bool) -> str:
    called = "an alias that the course chose" if has_aliases else "its number"
    shown = (
        "- Addresses of repositories are shown: the class agreed to that."
        if show_repositories
        else "- Repositories are not named: `repo_url` and `snapshot_sha` are null."
    )
    small = (
        f"""\
- Small counts: where fewer than {fewest_persons} persons of a group committed, or all members but \
{_one_to(fewest_persons - 1)}, and in groups of two, whatever counts persons or says what single persons did is null \
and named in `withheld`: contributors, balance, active days, reviews, hours, commits by day. They are withheld \
together, so that none tells another.
- `progress` does not contain `balance`, in any group: with the whole and the other parts it could be computed. By day \
balance is not published at all."""
        if fewest_persons > 1
        else "- Small counts are not withheld: the course set `fewest_persons: 1`."
    )
    return f"""\
## Privacy

Names, study numbers, e-mail addresses, accounts and keys are not in here. What is published is an allow-list of \
columns; each text passed a gate that knows the class's people and looks for personal data and secrets.

- A group is called by {called}; its members are `[member A]`, `[member B]` in texts. A group can ask to be left out, \
and is then nowhere in here.
- Left out: commits, authors, code, the answers of reports, quoted lines, flags, drafts of feedback, and who wrote or \
released it.
{shown}
{small}
- Of a table in which a group's text did not pass the gate, that group has no row (`withheld` in `export.json`).

Members of a group, and people who know it, may still recognise it by its work."""


def _columns(tables: Mapping[str, PublishedFile]) -> str:
    parts = ["## Columns"]
    for name, table in tables.items():
        rows = "\n".join(f"| `{column}` | {_cell(text)} |" for column, text in table.columns.items())
        parts.append(f"### {name}\n\n{_line(table.description)}\n\n| column | what it is |\n| --- | --- |\n{rows}")
    return "\n\n".join(parts)


def _loading(filled: Mapping[str, PublishedFile]) -> str:
    name = next(iter(filled), "leaderboard")
    return f"""\
## How to load it

```python
from datasets import load_dataset

rows = load_dataset("<this dataset, or its folder>", "{name}", split="train")
```

Or read `<config>/all-*.parquet` with Polars, pandas or DuckDB. Names of files hold a hash of what is in them; \
`export.json` says which belong together."""


def _terms(manifest: Manifest) -> str:
    licence = _LICENCE_OTHER if manifest.licence == "other" else f"`{manifest.licence}`"
    return f"""\
## Licence, retention, contact

- Licence: {licence}.
- Retention: {_line(manifest.retention)}
- Contact, also to have a group left out or erased: {_line(manifest.contact)}."""


def _weights(parts: Mapping[str, float]) -> str:
    return ", ".join(f"`{name}` {weight:g}" for name, weight in parts.items())


def _one_to(most: int) -> str:
    return {1: "1", 2: "1 or 2"}.get(most, f"1 to {most}")


def _cell(text: str) -> str:
    return _line(text).replace("|", "\\|")


def _line(text: str) -> str:
    """`text` in one line; what would open a tag of HTML is a bracket to whoever shows the card."""
    return re.sub(r"<(?=[A-Za-z/!])", r"\\<", " ".join(text.split()))
