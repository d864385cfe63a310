"""Secrets that were committed: place and kind.

Belongs here: one run of betterleaks over the snapshot's texts. It is told to redact, and neither a value nor a hash of
one is kept: a hash of a short password is that password. Nothing is validated, because that would use it.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops_mentor.evidence.code.sources import Source, Sources, write_texts
from mlops_mentor.evidence.finding import Finding, Location
from mlops_mentor.evidence.quality.programs import ProgramError, Programs, rules, run

CONFIDENCES = ("high", "medium", "low")
MAX_SECRETS = 500
_CHECK_ID = "quality.no_secrets"


@dataclass(frozen=True)
class Secret:
    """Where something stands that looks like a secret, and of what kind it is."""

    path: str
    line: int
    kind: str
    confidence: str
    blob_id: str


@dataclass(frozen=True)
class Secrets:
    """What was found in so many files; `is_complete` is False where not all could be looked at."""

    found: tuple[Secret, ...] = ()
    num_files: int = 0
    reasons: tuple[str, ...] = ()
    is_complete: bool = True

    def finding(self) -> Finding:
        """As a finding, without snippets: a snippet would be the secret. `yes` says that there are none."""
        certain = [each for each in self.found if each.confidence != "low"]
        places = tuple(Location(each.path, each.line, None, each.blob_id) for each in certain)
        if certain:
            kinds = ", ".join(sorted({each.kind for each in certain}))
            reason = f"{len(certain)} places look like a secret: {kinds}"
            remedy = "Revoke it where it was issued, and only then remove it: it stays in the history."
            return Finding(_CHECK_ID, "no", reason, "present", places, remedy)
        if not self.is_complete:
            return Finding(_CHECK_ID, "not_available", "; ".join(self.reasons))
        return Finding(_CHECK_ID, "yes", f"nothing in {self.num_files} files looks like a secret", "present")


def find_secrets(sources: Sources, directory: Path, programs: Programs) -> Secrets:
    """Never raises: what cannot be looked at is a reason."""
    texts = [source for source in sources.found if b"\0" not in source.content[:8000]]
    if not texts:
        return Secrets(reasons=sources.reasons, is_complete=not sources.skipped)
    home = directory / "texts"
    names = write_texts(home, [(source.path, source.content) for source in texts])
    by_path = {source.path: source for source in texts}
    args = ["fs", "--no-banner", "--redact", "--no-allow-signatures", "--jsonl", "--exit-code=0", "--log-level=error"]
    # Go's own engine: half the time of the other's start, and as linear.
    args += ["--regex-engine=stdlib", "--no-color", "--max-decode-depth=2", "--max-archive-depth=0", "--jobs=2"]
    args += [f"--disable-rule={rule}" for rule in rules()["betterleaks"]["disable"]]
    try:
        output = run(programs.betterleaks, [*args, "texts"], directory, programs.timeout_s)
        by_name = {name: by_path[path] for name, path in names.items()}
        # A rule that fires twice in a line says nothing more, whatever it takes to be certain.
        found = {(each.path, each.line, each.kind): each for each in _secrets(output.stdout, by_name)}
    except ProgramError as error:
        return Secrets((), 0, (*sources.reasons, f"secrets: {error}"), False)
    ordered = sorted(
        found.values(), key=lambda each: (CONFIDENCES.index(each.confidence), each.path, each.line, each.kind)
    )
    return Secrets(tuple(ordered[:MAX_SECRETS]), len(texts), sources.reasons, not sources.skipped)


def _secrets(answer: bytes, by_name: Mapping[str, Source]) -> Iterator[Secret]:
    is_ended = False
    for line in answer.splitlines():
        try:
            content: dict[str, Any] = json.loads(line)
        except ValueError:
            raise ProgramError("betterleaks' answer is not JSON") from None
        if "scan" in content:
            is_ended = content["scan"].get("state") == "complete"
        finding = content.get("finding", content)
        if "rule_id" not in finding:
            continue
        source = by_name[Path(finding["location"]["path"]).name]
        confidence = finding.get("confidence")
        yield Secret(
            source.path,
            finding["location"]["start_line"],
            finding["rule_id"],
            confidence if confidence in CONFIDENCES else "low",
            source.blob_id,
        )
    if not is_ended:
        raise ProgramError("betterleaks did not look at everything")
