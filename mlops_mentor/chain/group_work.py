"""What the assets of one group work with: its tables so far, its mirror, what was read of it for several tables.

Belongs here: reading, once, and what GitHub and the mirror say at this moment. Running a group's chain is for `chain`.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import polars as pl

from mlops_mentor.chain.freshness import github_keys, standing_key, was_asked
from mlops_mentor.chain.inputs import Inputs
from mlops_mentor.errors import LakeError, RepoError
from mlops_mentor.evidence.code.own_files import OwnFiles
from mlops_mentor.evidence.code.starter import StarterShapes
from mlops_mentor.evidence.code.starter_shapes import load_shapes
from mlops_mentor.evidence.code.trees import KeptTrees
from mlops_mentor.evidence.quality.code_quality import Quality, measure_quality
from mlops_mentor.evidence.quality.programs import installed_programs
from mlops_mentor.evidence.report.locate import NoReport, Report, find_report
from mlops_mentor.github.access import NotAsked
from mlops_mentor.github.collector import RepoActivity
from mlops_mentor.github.heads import Observation
from mlops_mentor.identities.merging import Identity, read_mailmap
from mlops_mentor.metrics.attribution import Attribution, attribute
from mlops_mentor.metrics.contributors import commit_identities
from mlops_mentor.repos.blobs import KeptBlobs
from mlops_mentor.repos.mirror import Limits
from mlops_mentor.repos.refs import Refs, mirror_refs
from mlops_mentor.roster.roster import Group
from mlops_mentor.schemas import (
    COMMITS,
    FILES,
    GROUP_OUTCOMES,
    GROUP_TABLES,
    PULL_REQUESTS,
    REPO_SNAPSHOTS,
    STARTER_FILES,
    Table,
    empty,
    problems,
)
from mlops_mentor.storage.lake import Lake


def mirror_stem(group_id: str) -> str:
    """How the names of a group's mirrors begin, whatever their addresses."""
    return group_id.replace(" ", "_")


def mirror_of(mirrors_dir: Path, group: Group) -> Path:
    """Where the mirror of a group's repository lies, or would."""
    # By address, so that a group whose repository changes gets a mirror of its own and the old one stays whole.
    digest = hashlib.sha256(group.address.url.encode()).hexdigest()[:10]
    return mirrors_dir / f"{mirror_stem(group.group_id)}-{digest}.git"


@dataclass
class GroupWork:
    """What an asset of a group works with: the group, the lake, the mirror's place, limits, the course, GitHub.

    `refs` and `parts` hold what this very chain has read or computed, so that the next link need not read it again.
    """

    group: Group
    lake: Lake
    inputs: Inputs
    limits: Limits
    mirrors_dir: Path
    github: RepoActivity | NotAsked
    refs: Refs | None = None
    parts: dict[str, pl.DataFrame] = field(default_factory=dict)

    @property
    def mirror(self) -> Path:
        return mirror_of(self.mirrors_dir, self.group)

    @contextmanager
    def reading_once(self) -> Iterator[None]:
        """While the group's lock is held: nobody else writes these tables, and each part need be read once."""
        lake = self.lake
        self.lake = lake.keeping((*GROUP_TABLES, GROUP_OUTCOMES))
        try:
            yield
        finally:
            self.lake = lake

    @cached_property
    def starter_blobs(self) -> pl.Series | None:
        """Ids of the starter code's blobs; None when they are not known."""
        return self.lake.read(STARTER_FILES)["blob_id"] if self.inputs.starter_key is not None else None

    @cached_property
    def starter_shapes(self) -> StarterShapes:
        """What the starter code looks like; none where that is not known."""
        key = self.inputs.starter_shapes_key
        return load_shapes(self.lake, key) if key is not None else StarterShapes.none()

    @property
    def standing_key(self) -> str:
        """The key of what is kept of a commit that stood at the end of a day."""
        return standing_key(self.inputs)

    @property
    def pull_request_shas(self) -> list[str]:
        """Heads of the pull requests in the mirror."""
        return self._known_refs.pull_request_shas

    @property
    def branches(self) -> tuple[str, ...]:
        """Names of the branches in the mirror."""
        names = sorted(self._known_refs.heads)
        return tuple(name.removeprefix("refs/heads/") for name in names if name.startswith("refs/heads/"))

    @property
    def _known_refs(self) -> Refs:
        self.refs = self.refs or mirror_refs(self.mirror)
        return self.refs

    def read(self, table: Table) -> pl.DataFrame:
        """The group's part of a table that comes before."""
        if table.name not in self.parts:
            self.parts[table.name] = self.lake.read(table, self.group.group_id)
        return self.parts[table.name]

    def known(self, table: Table) -> pl.DataFrame | None:
        """What is stored of the group, whether or not it is up to date; None where nothing (readable) is.

        What an older version stored counts: of a repository that is gone by now there will be nothing else.
        """
        group_id = self.group.group_id
        if self.lake.has_current(table, group_id):
            return self.read(table)
        try:
            older = self.lake.read_or_empty(table, group_id)
        except LakeError:
            return None
        return older if older.height and not problems(table, older) else None

    def said_by_github(self, table: Table) -> pl.DataFrame | None:
        """What GitHub said, now or before; None where it never did."""
        return self.known(table) if was_asked(self.lake, table, self.group.group_id) else None

    def forget(self, *tables: Table) -> None:
        """Empty the group's parts of these tables: what they say is of another repository."""
        for table in tables:
            self.parts.pop(table.name, None)
            if table.is_one_row:
                # It cannot be empty: it is as in a group that was never read.
                self.lake.remove(table, self.group.group_id)
            elif self.lake.has(table, self.group.group_id):
                self.lake.write(table, empty(table), self.group.group_id)

    @cached_property
    def read_blobs(self) -> KeptBlobs:
        """Reads the mirror's blobs, and keeps them for the next table."""
        return KeptBlobs(self.mirror)

    @cached_property
    def own_files(self) -> OwnFiles:
        """The snapshot's own files, read and parsed once for all tables."""
        path = self.report.path if isinstance(self.report, Report) else None
        return OwnFiles(self.read(FILES), self.read_blobs, self.starter_shapes, path, parsed=self.parsed)

    @cached_property
    def parsed(self) -> KeptTrees:
        """Parses Python of the group, and keeps the trees for the next table."""
        return KeptTrees()

    @cached_property
    def report(self) -> Report | NoReport:
        """The group's exam report: three tables from one search."""
        return find_report(self.read(FILES), self.read_blobs)

    @cached_property
    def quality(self) -> Quality:
        """How the snapshot's code stands: three tables from one reading."""
        programs = installed_programs()
        return measure_quality(self.group.group_id, self.read(FILES), self.read_blobs, programs, self.parsed)

    @cached_property
    def attribution(self) -> Attribution:
        """Whose the commits and the accounts of the group are: two tables from one decision."""
        found = self.read(COMMITS)
        return attribute(
            self.group,
            found,
            self.mailmap(found),
            self.inputs.identities.of(self.group.group_id),
            self.said_by_github(PULL_REQUESTS),
        )

    def mailmap(self, commits: pl.DataFrame) -> dict[Identity, Identity]:
        """What the `.mailmap` of the snapshot makes of the identities in `commits`."""
        if not (self.read(FILES)["path"] == ".mailmap").any():
            return {}
        return dict(read_mailmap(self.mirror, self.snapshot_sha or "", commit_identities(commits)))

    def seen(self) -> Observation | NotAsked:
        """What a look at the repository on GitHub saw.

        Raises:
            GitHubError: GitHub does not say.
        """
        return self.github if isinstance(self.github, NotAsked) else self.github.observation()

    def github_key(self, table: Table, content_id: str | None) -> str:
        """The key of the group's part of a table from GitHub, as it would be fetched now.

        Raises:
            GitHubError: GitHub does not say.
        """
        is_over = self.inputs.is_over(self.group)
        return github_keys(self.group, self.seen(), content_id, is_over=is_over)[table.name]

    @property
    def snapshot_sha(self) -> str | None:
        """The commit that counts; None for a repository without one.

        Raises:
            RepoError: the repository was never read.
        """
        status, reason, sha, rule = self.read(REPO_SNAPSHOTS).select(
            "status", "reason", "snapshot_sha", "snapshot_rule").row(0)  # fmt: skip
        if rule is None:
            raise RepoError(status, reason)
        return sha  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Computed:
    """A group's part of a table; `input_key` where only the computation knows it."""

    frame: pl.DataFrame
    input_key: str | None = None
