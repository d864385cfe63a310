"""Workflows of GitHub Actions: zizmor's audits, and whether each is a workflow at all.

Belongs here: one offline run of zizmor over the group's own workflows. Whether they pass is for `github/`.
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from mlops_mentor.evidence.code.depth import check_yaml
from mlops_mentor.evidence.code.sources import Source, Sources, write_texts
from mlops_mentor.evidence.quality.hits import Hit, Linted, in_order
from mlops_mentor.evidence.quality.programs import ProgramError, Programs, run

UNPINNED = "unpinned-uses"
_SEVERITIES = {"High": "error", "Medium": "warning"}
_NOT_A_WORKFLOW = re.compile(r"failed to validate \S*?(?P<name>\d{5}\.yml) as workflow")
_UNREAD = "failed to parse input"
_NOTHING_TO_AUDIT = 3
_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def lint_workflows(sources: Sources, directory: Path, programs: Programs) -> Linted:
    """Hits in the group's own workflows. Never raises: what cannot be looked at is a reason."""
    broken = [hit for source in sources.found if (hit := _broken(source))]
    paths = {hit.path for hit in broken}
    sound = [source for source in sources.found if source.path not in paths]
    num_files = len(sources.found)
    if not sound:
        return Linted(in_order(broken), num_files, sources.reasons, not sources.skipped)
    try:
        found, num_unread = _zizmor(sound, directory, programs)
    except ProgramError as error:
        return Linted(in_order(broken), num_files, (*sources.reasons, f"workflows: {error}"), False)
    reasons = sources.reasons
    if num_unread:
        # It does not say which.
        reasons = (*reasons, f"workflows: zizmor cannot read {num_unread} of them")
    return Linted(in_order([*broken, *found]), num_files, reasons, not sources.skipped and not num_unread)


def _zizmor(sources: Sequence[Source], directory: Path, programs: Programs) -> tuple[list[Hit], int]:
    """Hits, and how many files it could not read although they are YAML."""
    home = directory / "workflows"
    names = write_texts(home, [(source.path, source.text) for source in sources], ".yml")
    args = ["--offline", "--no-config", "--no-ignores", "--no-progress", "--no-exit-codes", "--color=never"]
    args += ["--format=json-v1", f"--cache-dir={home / 'cache'}", *sorted(names)]
    output = run(programs.zizmor, args, home, programs.timeout_s, ok=(0, _NOTHING_TO_AUDIT))
    by_path = {source.path: source for source in sources}
    by_name = {name: by_path[path] for name, path in names.items()}
    try:
        found: list[dict[str, Any]] = json.loads(output.stdout) if output.exit_code == 0 else []
    except ValueError:
        raise ProgramError("zizmor's answer is not JSON") from None
    hits = [hit for each in found if (hit := _hit(each, by_name))]
    for match in _NOT_A_WORKFLOW.finditer(output.stderr):
        source = by_name[match["name"]]
        message = "Not a workflow: GitHub's schema does not allow what is in it"
        hits.append(Hit("workflow", "invalid-workflow", "error", message, source.path, None, source.blob_id))
    return hits, output.stderr.count(_UNREAD)


def _hit(found: Mapping[str, Any], by_name: Mapping[str, Source]) -> Hit | None:
    primary = next((each for each in found["locations"] if each["symbolic"]["kind"] == "Primary"), None)
    if primary is None:
        return None
    source = by_name[Path(primary["symbolic"]["key"]["Local"]["verbatim_path"]).name]
    line = primary["concrete"]["location"]["start_point"]["row"] + 1
    severity = _SEVERITIES.get(found["determinations"]["severity"], "info")
    return Hit("workflow", found["ident"], severity, found["desc"], source.path, line, source.blob_id)


def _broken(source: Source) -> Hit | None:
    """What keeps GitHub from reading the file: no YAML, not a mapping, a key twice. Nodes only: no alias multiplies."""

    def hit(rule: str, message: str, line: int | None) -> Hit:
        return Hit("workflow", rule, "error", message, source.path, line, source.blob_id)

    try:
        check_yaml(source.text)
        root = yaml.compose(source.text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return hit("invalid-yaml", "Not valid YAML: GitHub does not run it", mark.line + 1 if mark else None)
    except (yaml.YAMLError, ValueError, RecursionError, MemoryError):
        return hit("invalid-yaml", "Not valid YAML: GitHub does not run it", None)
    if not isinstance(root, yaml.MappingNode):
        return hit("invalid-yaml", "Not a mapping: GitHub does not run it", None)
    line = _repeated_key(root)
    return hit("repeated-key", "A key stands here twice: GitHub does not run it", line) if line else None


def _repeated_key(root: yaml.Node) -> int | None:
    stack, seen = [root], set[int]()
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            keys = [key for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
            values = [key.value for key in keys]
            if len(set(values)) < len(values):
                return next(key.start_mark.line + 1 for at, key in enumerate(keys) if key.value in values[:at])
            stack += [value for _, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            stack += node.value
    return None
