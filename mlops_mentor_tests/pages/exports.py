"""Made-up exports: folders as `dataset_export` writes them, of any number of groups, with hostile texts if wanted.

Belongs here: building. It writes as the export does: files named by their content, the manifest last.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from mlops_mentor.publish.manifest import MANIFEST, Manifest, PublishedFile
from mlops_mentor.schemas.published import PUBLISHED

START = date(2026, 1, 5)
DEADLINE = datetime(2026, 1, 23, 11, tzinfo=UTC)
AS_OF = datetime(2026, 1, 22, 9, 30, tzinfo=UTC)
NUM_DAYS = 18
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "![beacon](https://evil.example/beacon.png)",
    "[click](javascript:alert(1)) <javascript:alert(2)> [a](https://evil.example/a)",
    "</table></div></body><iframe src=https://evil.example></iframe>",
    "\u202egnp.exe\u202c \u200bhidden\u2066",
    "{{ 7 * 7 }} {% raw %} </style><style>*{background:url(https://evil.example)}</style>",
    "<svg/onload=alert(1)><a href=javascript:alert(1)>x</a><base href=https://evil.example>",
    "`code <b>bold</b>` & `unclosed",
    "| a |\n|:-:|\n| <img src=https://evil.example> |\n\n",
    "```x\" onload=alert(1)\ncode\n```\n\n# Heading\n\n<div onclick=x>",
)  # fmt: skip
_ITEMS = (
    ("W1-01", "Git repository", 1, "yes", "yes", "supported", None),
    ("W1-02", "Dedicated environment", 1, "yes", "no", "unsupported", "Commit a lock file such as `uv.lock`."),
    ("W1-03", "Data script", 1, "yes", "partial", "partly_supported", "Let `data.py` read the data."),
    ("W1-04", "Configuration", 1, "no", "no", "not_claimed", "Load the configuration with Hydra."),
    ("W2-01", "Unit tests", 2, "no", "yes", "unclaimed", None),
    ("W2-02", "Continuous integration", 2, "yes", "no", "unsupported", "Add a workflow that runs the tests."),
    ("W2-03", "Caching", 2, "missing", "no", "not_asked", "Add a cache to the workflow."),
    ("W3-01", "Drift", 3, "no", "not_checkable", "not_checkable", None),
    ("W3-02", "Monitoring", 3, "unknown", "yes", "unclear", None),
    ("W3-03", "Load test", 3, "yes", "not_available", "not_available", None),
    ("EX-01", "Documentation", None, "no", "no", "not_claimed", "Write pages with MkDocs."),
)
_QUESTIONS = (("group_number", "Group number"), ("study_numbers", "Study numbers"), ("dependencies", "Dependencies"),
              ("tests", "Unit tests"), ("architecture", "Architecture of the project"))  # fmt: skip
_AREAS = (("code_quality", "Code quality"), ("unit_testing", "Unit testing"), ("report", "Exam report"))


@dataclass(frozen=True)
class Made:
    """What to make. `nulls` are columns of the leaderboard that nobody has; `empty` tables without rows.

    `offset` changes every number a little, so that another export differs; `released` groups have feedback.
    """

    num_groups: int = 8
    names: Sequence[str] = ()
    hostile: bool = False
    empty: Sequence[str] = ()
    nulls: Sequence[str] = ()
    offset: int = 0
    released: int | None = None
    repo_url: str | None = None
    withheld: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    withheld_columns: Sequence[str] = ()

    @property
    def groups(self) -> tuple[str, ...]:
        return tuple(self.names) or tuple(str(number) for number in range(1, self.num_groups + 1))

    def text(self, plain: str, place: int = 0) -> str:
        return f"{plain} {HOSTILE[place % len(HOSTILE)]}" if self.hostile else plain


def write_export(folder: Path, made: Made | None = None) -> Path:
    """The folder of an export; called again for the same folder, it replaces the export and deletes the old files."""
    made = made or Made()
    old = set(folder.rglob("*.parquet"))
    tables = {}
    for published in PUBLISHED:
        rows = [] if published.name in made.empty else _ROWS[published.name](made)
        frame = _frame(rows, published.table.schema)
        file = _written(folder, published.name, frame) if frame.height else None
        old -= {folder / file} if file else set()
        columns = {column.name: column.description for column in published.table.columns}
        tables[published.name] = PublishedFile(
            file=file, num_rows=frame.height, description=published.table.description, columns=columns
        )
    write_manifest(folder, manifest_of(made, tables))
    for file_gone in old:
        file_gone.unlink()
    return folder


def manifest_of(made: Made, tables: dict[str, PublishedFile]) -> Manifest:
    """The manifest of what was made."""
    return Manifest(
        course=made.text("Machine learning operations", 0),
        term=made.text("January 2026", 1),
        time_zone="Europe/Copenhagen",
        project_start=START,
        deadline=DEADLINE,
        as_of=AS_OF,
        contact=made.text("the teachers of the course", 4),
        retention=made.text("Deleted within six months of the exam.", 3),
        licence="other",
        groups=made.groups,
        withheld=dict(made.withheld),
        parts={"checklist_shown": 40, "report_answered": 20, "tests_and_ci": 20, "reproducibility": 10, "balance": 10},
        most=5,
        tables=tables,
    )


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """At once: whoever reads it reads the old one or the new one."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{MANIFEST}.part"
    part.write_text(manifest.model_dump_json(indent=2), encoding="utf-8")
    part.replace(folder / MANIFEST)


def _written(folder: Path, name: str, frame: pl.DataFrame) -> str:
    (folder / name).mkdir(parents=True, exist_ok=True)
    part = folder / name / "part"
    frame.write_parquet(part)
    file = f"{name}/all-{hashlib.sha256(part.read_bytes()).hexdigest()[:8]}.parquet"
    part.replace(folder / file)
    return file


def _frame(rows: Sequence[Mapping[str, Any]], schema: pl.Schema) -> pl.DataFrame:
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)


def _progress(made: Made, place: int, day: int = NUM_DAYS) -> dict[str, Any]:
    share = min((day + 1) / NUM_DAYS, 1.0)
    parts = {
        "checklist_shown": (0.3 + 0.7 * ((place * 37 + made.offset) % 100) / 100) * share,
        "report_answered": ((place * 17) % 100) / 100 * share,
        "tests_and_ci": ((place * 53) % 100) / 100 * share,
        "reproducibility": ((place * 29) % 100) / 100 * share,
        "balance": 0.2 + ((place * 7) % 80) / 100,
    }
    return {"progress": 100 * sum(parts.values()) / 5, **parts}


def _leaderboard(made: Made) -> list[dict[str, Any]]:
    rows = []
    for place, group in enumerate(made.groups):
        is_empty = place % 7 == 6
        row: dict[str, Any] = {
            "group": group,
            "state": "empty" if is_empty else ("incomplete" if place % 11 == 10 else "ok"),
            "group_size": 3 + place % 3,
            "withheld": list(made.withheld_columns),
        }
        if not is_empty:
            row |= _progress(made, place) | _counts(made, place)
        row |= dict.fromkeys((*made.nulls, *made.withheld_columns))
        rows.append(row)
    return rows


def _counts(made: Made, place: int) -> dict[str, Any]:
    return {
        "num_contributors": 3 + place % 2,
        "num_commits_to_main": 20 + (place * 31 + made.offset) % 400,
        "total_commits": 30 + (place * 31) % 500,
        "num_active_days": 1 + place % 18,
        "num_prs": place % 40,
        "num_prs_merged": place % 30,
        "share_merged_prs_reviewed": (place % 10) / 10,
        "num_python_files": 10 + place % 20,
        "num_docker_files": place % 4,
        "num_workflow_files": place % 5,
        "lines_python": 500 + place * 13,
        "lines_test": (place * 41) % 900,
        "repo_size": 1.5 + place,
        "readme_length": 100 + place,
        "average_commit_length_to_main": 31.4,
        "has_requirements_file": True,
        "using_dvc": place % 2 == 0,
        "has_cloudbuild": False,
        "actions_passing": ("passing", "failing", "never_ran", "not_available", "running")[place % 5],
        "num_warnings": place % 6,
        "last_commit_on": START + timedelta(days=place % NUM_DAYS),
        "repo_url": made.repo_url,
    }


def _history(made: Made) -> list[dict[str, Any]]:
    return [
        {"group": group, "day": START + timedelta(days=day), "num_commits": (place + day) % 9, "withheld": []}
        | _progress(made, place, day)
        for place, group in enumerate(made.groups)
        if place % 7 != 6
        for day in range(NUM_DAYS)
    ]


def _statistics(made: Made) -> list[dict[str, Any]]:
    return [
        {
            "group": group,
            "num_prs_open": place % 3,
            "num_files": 40 + place,
            "lines_docs": 10 * place,
            "activity_from": START,
            "activity": [[(day * hour + place) % 5 if 8 < hour < 20 else 0 for hour in range(24)] for day in range(14)],
            "withheld": [],
        }
        for place, group in enumerate(made.groups)
        if place % 7 != 6
    ]


def _evidence(made: Made) -> list[dict[str, Any]]:
    return [row for group in made.groups for row in (*_checklist(made, group), *_report(made, group))]


def _checklist(made: Made, group: str) -> list[dict[str, Any]]:
    return [
        {
            "group": group, "kind": "checklist", "item": item, "check": "", "title": made.text(title, place),
            "module": f"M{place + 1}", "week": week, "claimed": claimed, "shown": shown, "verdict": verdict,
            "strength": "present" if shown == "yes" else None,
            "path": made.text("src/project/train.py", place + 1), "line": place + 1,
            "reason": made.text("Seen in `train.py`.", place + 2),
            "expects": made.text("Shown by a file.", place + 3),
            "remedy": None if remedy is None else made.text(remedy, place + 4),
        }
        for place, (item, title, week, claimed, shown, verdict, remedy) in enumerate(_ITEMS)
    ]  # fmt: skip


def _report(made: Made, group: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {"group": group, "kind": "report_check", "item": "report", "check": "found", "title": "report", "shown": "yes",
         "reason": "5 of 5 questions answered."}
    ]  # fmt: skip
    for place, (topic, title) in enumerate(_QUESTIONS):
        question = {
            "group": group,
            "item": topic,
            "question": place + 1,
            "path": "reports/README.md",
            "line": place + 9,
        }
        rows.append(
            question
            | {"kind": "report_answer", "check": "", "title": made.text(title, place), "num_words": 40 * place,
               "shown": "no" if place == 3 else "yes", "num_images": place % 2}
        )  # fmt: skip
        rows.append(
            question
            | {"kind": "report_check", "check": "length", "title": topic, "shown": "partial" if place == 2 else "yes",
               "reason": made.text("80 words; 100 to 200 words are asked for.", place),
               "remedy": made.text("Write at least 20 words more.", place) if place == 2 else None}
        )  # fmt: skip
    return rows


def _feedback(made: Made) -> list[dict[str, Any]]:
    released = len(made.groups) if made.released is None else made.released
    return [
        {"group": group, "place": place + 1, "area": area, "title": made.text(title, place), "score": 3 + place % 3,
         "text": _page(made, title), "released_at": AS_OF}
        for group in made.groups[:released]
        for place, (area, title) in enumerate(_AREAS)
    ]  # fmt: skip


def _page(made: Made, title: str) -> str:
    hostile = "\n\n".join(HOSTILE) if made.hostile else ""
    return (
        f"## {title}\n\n**3 of 5**: Several criteria are met in part.\n\nA small project in order. {hostile}\n\n"
        "### What is good\n\n- Structure: modules are short.\n  - `src/project/train.py:1`: `import torch`\n\n"
        "### What could be better\n\n1. **minor**, Structure: one file does it all.\n\n"
        f"   *Next step:* Split `train.py` in two. {made.text('', 4)}\n\n"
        "> **A teaching assistant**: Nice work, \\[member A\\]."
    )


_ROWS = {
    "leaderboard": _leaderboard,
    "history": _history,
    "statistics": _statistics,
    "evidence": _evidence,
    "feedback": _feedback,
}
