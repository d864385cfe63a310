"""The shelf: the files of a group that a reviewer may see, each cleaned once, with the lines that citations name.

Belongs here: which files those are, and their text. Which of them an area needs is for `choose`.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256

import polars as pl

from mlops_mentor.evidence.code.own_files import OwnFiles
from mlops_mentor.evidence.code.python_file import PythonFile
from mlops_mentor.evidence.report.comments import without_comments
from mlops_mentor.evidence.report.locate import NoReport, Report
from mlops_mentor.feedback.packs.pack import Cleaned, Cleaner, Source
from mlops_mentor.feedback.packs.quoting import one_line

# What holds credentials by its name alone; examples of such files do not.
_SECRET_FILE = re.compile(
    r"(^|/)\.env(\.(?!example|sample|template|dist)[^/]*)?$|\.(pem|key|p12|pfx|jks|keystore|kdbx|tfvars|tfstate)$"
    r"|(^|/)(id_(rsa|dsa|ecdsa|ed25519)|\.netrc|\.pypirc|\.npmrc|\.htpasswd|\.git-credentials|kaggle\.json"
    r"|kubeconfig|config\.local)$"
    r"|(^|/)[^/]{0,80}(credential|secret|service[-_]?account|gcp[-_]?key|api[-_]?key)[^/]{0,80}"
    r"\.(json|ya?ml|toml|ini|cfg|txt|env)$",
    re.IGNORECASE,
)
_MAYBE_CREDENTIALS = (
    r"\.env|\.(pem|key|p12|pfx|jks|keystore|kdbx|tfvars|tfstate)$|id_(rsa|dsa|ecdsa|ed25519)$|rc$|htpasswd$|kaggle"
    r"|kubeconfig|config\.local$|credential|secret|service.?account|gcp.?key|api.?key"
)
_IN_PLACE_OF_IT = "[secret]"
_UNSURE = "low"
_SUFFIX = re.compile(r"(\.[a-z0-9]{1,8})?$")


@dataclass(frozen=True)
class OwnFile:
    """A file on the shelf: its lines as committed, without a last one that is empty; `python` where it was parsed."""

    path: str
    blob_id: str
    kind: str
    lines: tuple[str, ...]
    python: PythonFile | None = None

    @cached_property
    def num_bytes(self) -> int:
        return sum(map(len, self.lines)) + len(self.lines)


@dataclass(frozen=True, eq=False)
class Shelf:
    """A group's files as a reviewer may see them; `secrets` is its part of the table `committed_secrets`."""

    own: OwnFiles
    report: Report | NoReport
    cleaner: Cleaner
    secrets: pl.DataFrame
    _cleaned: dict[str, Cleaned] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def files(self) -> Mapping[str, OwnFile]:
        """Own files by path, without the report and without what holds secrets."""
        found = [_of_python(each, "test" if each.is_test else "python") for each in self.own.all_python]
        found += [_of_python(each, "notebook") for each in self.own.notebooks]
        found += [OwnFile(each.path, each.blob_id, each.kind, _plain(each.lines)) for each in self.own.texts]
        kept = [each for each in found if each.lines and each.kind != "data" and not self._is_secret(each)]
        return {each.path: each for each in sorted(kept, key=lambda each: each.path)}

    @cached_property
    def with_secrets(self) -> list[str]:
        """Paths of own files that are kept back because of the secrets in them."""
        notebooks = [each.path for each in self.own.notebooks if each.path in self._secret_lines]
        # Of 75,000 files nearly all are ruled out here.
        maybe = self.own.kept.filter("is_own", pl.col("path").str.to_lowercase().str.contains(_MAYBE_CREDENTIALS))
        return sorted({*notebooks, *(path for path in maybe["path"] if _SECRET_FILE.search(path))})

    @cached_property
    def report_file(self) -> OwnFile | None:
        """The report, without comments; None where there is none."""
        if isinstance(self.report, NoReport):
            return None
        lines = without_comments(list(enumerate(self.report.lines)))
        shown = _plain([line for _, line in lines])
        return OwnFile(self.report.path, self.report.blob_id, "docs", shown)

    @cached_property
    def declared(self) -> frozenset[str]:
        """Names of distributions that are declared as needed, as folders are called."""
        return frozenset(each.name.lower().replace("-", "_") for each in self.own.declared.dependencies)

    def cleaned(self, path: str) -> Cleaned:
        """The file's lines as they may be shown.

        Raises:
            KeyError: no such file is on the shelf.
        """
        if path not in self._cleaned:
            file = self._file(path)
            if file is None:
                raise KeyError(path)
            self._cleaned[path] = _without(self.cleaner.clean(path, file.lines), self._secret_lines.get(path, ()))
        return self._cleaned[path]

    def source(self, path: str) -> Source | None:
        """The whole file, cleaned, by its path or by the one that is shown; None for what is not on the shelf."""
        file = self._file(path) or self._file(self._by_shown.get(path, path))
        return None if file is None else Source(file.path, file.blob_id, self.cleaned(file.path).lines)

    def shown_path(self, path: str) -> str:
        """The path of a file on the shelf as it may be shown: no two have the same."""
        return self._shown[path]

    def real_path(self, shown: str) -> str:
        """The path that is shown so."""
        return self._by_shown[shown]

    @cached_property
    def _shown(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        taken: set[str] = set()
        report = [self.report_file.path] if self.report_file else []
        for path in [*self.files, *report]:
            shown = self.cleaner.clean_path(path)
            if shown is None or shown in taken:
                # Still to be told from others, and the same in every run.
                shown = f"file-{sha256(path.encode()).hexdigest()[:8]}{_SUFFIX.search(path.lower())[0]}"  # type: ignore[index]
            found[path] = shown
            taken.add(shown)
        return found

    @cached_property
    def _by_shown(self) -> Mapping[str, str]:
        return {shown: path for path, shown in self._shown.items()}

    def _file(self, path: str) -> OwnFile | None:
        if self.report_file is not None and path == self.report_file.path:
            return self.report_file
        return self.files.get(path)

    def _is_secret(self, file: OwnFile) -> bool:
        # The table knows lines of a notebook's file, not of its code.
        is_marked_notebook = file.kind == "notebook" and file.path in self._secret_lines
        return is_marked_notebook or _SECRET_FILE.search(file.path) is not None

    @cached_property
    def _secret_lines(self) -> Mapping[str, Collection[int]]:
        sure = self.secrets.filter(pl.col("confidence") != _UNSURE)
        found: dict[str, set[int]] = {}
        for path, line in sure.select("path", "line").iter_rows():
            found.setdefault(path, set()).add(line)
        return found


def _of_python(file: PythonFile, kind: str) -> OwnFile:
    return OwnFile(file.path, file.blob_id, kind, _plain(file.lines), file)


def _plain(lines: Collection[str]) -> tuple[str, ...]:
    """The lines without what no editor shows, and without empty ones at the end."""
    kept = [one_line(line.rstrip("\r")) for line in lines]
    while kept and not kept[-1].strip():
        kept.pop()
    return tuple(kept)


def _without(cleaned: Cleaned, numbers: Collection[int]) -> Cleaned:
    """Without the lines in which a scanner saw a secret, unless the cleaner has replaced one there too."""
    sure = {
        number
        for number in numbers
        if number <= len(cleaned.lines) and _IN_PLACE_OF_IT not in cleaned.lines[number - 1]
    } - cleaned.withheld
    if not sure:
        return cleaned
    lines = tuple(_IN_PLACE_OF_IT if number in sure else line for number, line in enumerate(cleaned.lines, start=1))
    missed = len(sure - cleaned.replaced)
    return replace(cleaned, lines=lines, num_replaced=cleaned.num_replaced + missed, replaced=cleaned.replaced | sure)
