"""The export of a class: from the lake, through the privacy gate, into the dataset's folder.

Belongs here: the order of these steps, and by what one sees that the stored export is current. Where a table comes from
is for `tables`, what may leave for `privacy`, how the folder is written for `dataset`.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from mlops_mentor.errors import LakeError
from mlops_mentor.feedback.rubric import load_rubric
from mlops_mentor.publish.code_key import code_key
from mlops_mentor.publish.dataset.facts import Facts, latest_change
from mlops_mentor.publish.dataset.folder import CARD, Written, write_folder
from mlops_mentor.publish.manifest import MANIFEST, read_manifest
from mlops_mentor.publish.names import load_public_names
from mlops_mentor.publish.privacy import scanner
from mlops_mentor.publish.privacy.gate import Gated, Hit, pass_gate
from mlops_mentor.publish.privacy.known import known_people
from mlops_mentor.publish.privacy.public_names import check_public_names
from mlops_mentor.publish.tables.all import published_frames
from mlops_mentor.publish.tables.source import Source
from mlops_mentor.roster.roster import groups_from_frame
from mlops_mentor.schemas import FEEDBACK_REPORTS, GROUP_OUTCOMES, GROUPS, LEADERBOARD, LEADERBOARD_HISTORY
from mlops_mentor.schemas.published import PUBLISHED
from mlops_mentor.settings import Settings
from mlops_mentor.storage.lake import Lake
from mlops_mentor.storage.lake_files import LakePath
from mlops_mentor.storage.whole_files import replace_whole

_LOCK_TIMEOUT_S = 600


@dataclass(frozen=True)
class Exported:
    """An export: what was written, rows by config, replacements by kind, and what the gate withheld.

    `is_scanned`: a scanner for secrets looked at the texts, too.
    """

    written: Written
    num_rows: Mapping[str, int]
    num_redacted: Mapping[str, int]
    withheld: tuple[Hit, ...]
    is_scanned: bool


def export_class(settings: Settings) -> Exported:
    """Write the export of the class into `settings.export_dir`; two at once wait for each other.

    Raises:
        ConfigError: the course or a sheet cannot be used.
        LakeError: the class's tables were never made, or cannot be read.
        PrivacyError: something would have left that must not; what was exported before stays.
    """
    settings.locks_dir.mkdir(parents=True, exist_ok=True)
    with FileLock(settings.locks_dir / "export.lock", timeout=_LOCK_TIMEOUT_S):
        # The key is taken before the tables are read: what changes meanwhile must not count as exported.
        key = export_key(settings)
        gated, facts = _gated(settings)
        written = write_folder(settings.export_dir, gated.frames, facts)
        _note(settings, key)
    num_rows = {name: frame.height for name, frame in gated.frames.items()}
    return Exported(written, num_rows, gated.num_redacted, gated.withheld, gated.is_scanned)


def _gated(settings: Settings) -> tuple[Gated, Facts]:
    course, rubric, lake = settings.the_course, load_rubric(settings.rubric_file), Lake(settings.lake_dir)
    groups = groups_from_frame(lake.read(GROUPS))
    names = load_public_names(settings, groups)
    people = known_people(lake, groups, names, settings)
    check_public_names(names, people, show_addresses=course.publish.show_repositories)
    frames = published_frames(Source(lake, course, rubric, names))
    gated = pass_gate(frames, people, show_addresses=course.publish.show_repositories)
    facts = Facts(
        course=course,
        groups=tuple(names.values()),
        as_of=latest_change(lake.read_or_empty(LEADERBOARD_HISTORY), gated.frames["feedback"], names),
        most=rubric.scale.most,
        withheld=_withheld_tables(gated.withheld),
    )
    return gated, facts


def _withheld_tables(hits: Iterable[Hit]) -> dict[str, tuple[str, ...]]:
    """By group, tables of which the gate let nothing out, in the order of `PUBLISHED`."""
    pairs = {(hit.group, hit.table) for hit in hits}
    tables = [published.name for published in PUBLISHED]
    return {
        group: tuple(table for table in tables if (group, table) in pairs)
        for group in sorted({each for each, _ in pairs})
    }


def export_key(settings: Settings) -> str:
    """The key of what an export is made from: cheap, no table by group is read.

    It covers the groups' tables by the keys of their parts, tables over all groups and sheets by their content, the
    course, the rubric, whether there is a scanner for secrets, and this code.

    Raises:
        ConfigError: the course or the rubric cannot be used.
        LakeError: the roster was never materialized.
    """
    lake, course = Lake(settings.lake_dir), settings.the_course
    groups = lake.read(GROUPS)
    whole = [lake.path(table) for table in (LEADERBOARD, LEADERBOARD_HISTORY)]
    sheets = [settings.aliases_file, settings.unpublished_file, settings.identities_file]
    parts = [
        code_key(),
        str(scanner.is_there()),
        *(f"{published.name} {published.table.version}" for published in PUBLISHED),
        course.model_dump_json(),
        load_rubric(settings.rubric_file).model_dump_json(),
        groups.write_json(),
        *(_digest(file) for file in [*whole, *sheets]),
        *(_part_key(lake, group_id) for group_id in groups["group_id"]),
    ]
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def is_export_current(settings: Settings) -> bool:
    """Whether the stored export is the one that would be made now, with all of its files.

    Raises:
        ConfigError: the course or the rubric cannot be used.
    """
    try:
        noted = json.loads(_note_file(settings).read_text(encoding="utf-8"))
        tables = read_manifest(settings.export_dir).tables.values()
        files = [CARD, *(table.file for table in tables if table.file is not None)]
        is_whole = all((settings.export_dir / file).is_file() for file in files)
        return is_whole and noted == _noted(settings, export_key(settings))
    except (OSError, ValueError, LakeError):
        return False


def note_site(settings: Settings, manifest: str) -> None:
    """Remember that the site was made of the export whose manifest has this digest (`manifest_digest`)."""
    settings.locks_dir.mkdir(parents=True, exist_ok=True)
    replace_whole(_site_note_file(settings), manifest.encode())


def manifest_digest(settings: Settings) -> str:
    """The digest of the stored export's manifest; empty where there is none."""
    return _digest(settings.export_dir / MANIFEST)


def is_site_current(settings: Settings) -> bool:
    """Whether the site was made of the export that is stored: a process may have been killed in between."""
    try:
        noted = _site_note_file(settings).read_text(encoding="utf-8")
    except OSError:
        return False
    return noted == manifest_digest(settings) and (settings.site_dir / "index.html").is_file()


def _note(settings: Settings, key: str) -> None:
    # Beside the export and not in it: the key may change where no byte of the export does.
    replace_whole(_note_file(settings), json.dumps(_noted(settings, key)).encode())


def _noted(settings: Settings, key: str) -> dict[str, str]:
    return {"key": key, "manifest": manifest_digest(settings)}


def _note_file(settings: Settings) -> Path:
    return settings.locks_dir / "export.json"


def _site_note_file(settings: Settings) -> Path:
    return settings.locks_dir / "site.digest"


def _part_key(lake: Lake, group_id: str) -> str:
    """The key of what is stored of a group; where a part has none, for it failed, when it was stored."""
    tables = (GROUP_OUTCOMES, FEEDBACK_REPORTS)
    return " ".join(lake.input_key(table, group_id) or str(lake.confirmed_at(table, group_id)) for table in tables)


def _digest(file: LakePath) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except FileNotFoundError:
        return ""
