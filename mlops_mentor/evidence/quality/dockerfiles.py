"""Dockerfiles: hadolint's rules, and two of our own that it does not have.

Belongs here: one run of hadolint over the group's Dockerfiles, and reading instructions for what a build in layers and
a container that starts need. Nothing is built.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops_mentor.evidence.code.sources import Source, Sources, write_texts
from mlops_mentor.evidence.quality.hits import Hit, Linted, in_order
from mlops_mentor.evidence.quality.programs import ProgramError, Programs, rules, run

_SEVERITIES = {"error": "error", "warning": "warning"}
_INSTALL = re.compile(
    r"\b(pip3?\s+install|uv\s+(sync|pip\s+install)|poetry\s+install|pipenv\s+(install|sync)|pdm\s+(install|sync)"
    r"|conda\s+(install|env\s+(create|update))|mamba\s+(install|env\s+(create|update))|npm\s+(ci|install))\b"
)
_HEREDOC = re.compile(r"<<-?\s*[\"']?(?P<word>[A-Za-z_]\w*)[\"']?")
_FLAG = re.compile(r"--\S+\s+")
_ESCAPE = re.compile(r"#\s*escape\s*=\s*`", re.IGNORECASE)


@dataclass(frozen=True)
class Instruction:
    """One instruction of a Dockerfile, its lines joined: its name in capitals, what follows, where it begins."""

    name: str
    value: str
    line: int


def lint_dockerfiles(sources: Sources, directory: Path, programs: Programs) -> Linted:
    """Hits in the group's own Dockerfiles. Never raises: what cannot be looked at is a reason."""
    own = [hit for source in sources.found for hit in _own_hits(source)]
    if not sources.found:
        return Linted(reasons=sources.reasons, is_complete=not sources.skipped)
    try:
        found = _hadolint(sources.found, directory, programs)
    except ProgramError as error:
        return Linted(in_order(own), len(sources.found), (*sources.reasons, f"Dockerfiles: {error}"), False)
    return Linted(in_order([*own, *found]), len(sources.found), sources.reasons, not sources.skipped)


def _hadolint(sources: Sequence[Source], directory: Path, programs: Programs) -> list[Hit]:
    home = directory / "docker"
    names = write_texts(home, [(source.path, source.text) for source in sources], ".dockerfile")
    # A file of ours, or it would look for one in the folders above.
    (home / "hadolint.yaml").write_text("{}\n", encoding="utf-8")
    ignored = [f"--ignore={rule}" for rule in rules()["hadolint"]["ignore"]]
    args = ["--config=hadolint.yaml", "--format=json", "--no-fail", "--no-color", "--disable-ignore-pragma", *ignored]
    output = run(programs.hadolint, [*args, *sorted(names)], home, programs.timeout_s)
    try:
        found: list[dict[str, Any]] = json.loads(output.stdout)
    except ValueError:
        raise ProgramError("hadolint's answer is not JSON") from None
    by_path = {source.path: source for source in sources}
    hits = []
    for each in found:
        source = by_path[names[Path(each["file"]).name]]
        severity = _SEVERITIES.get(each["level"], "info")
        # DL1000 says what its parser expected, with our names in it.
        message = "cannot be parsed as a Dockerfile" if each["code"] == "DL1000" else each["message"]
        hits.append(_hit(source, each["code"], severity, message, each["line"]))
    return hits


def _own_hits(source: Source) -> Iterator[Hit]:
    found = list(instructions(source.text))
    copied: Instruction | None = None
    is_reported = False
    for each in found:
        if each.name == "FROM":
            copied = None
        elif each.name in ("COPY", "ADD") and _copies_all(each.value):
            copied = copied or each
        elif each.name == "RUN" and copied and not is_reported and _INSTALL.search(each.value):
            is_reported = True
            message = f"Everything is copied before line {each.line} installs: each change of code installs all anew"
            yield _hit(source, "copy-before-install", "info", message, copied.line)
    if lacking := _lacks_command(found):
        message = "The last stage has neither CMD nor ENTRYPOINT: the image starts what its base image starts"
        yield _hit(source, "no-command", "info", message, lacking.line)


def _copies_all(value: str) -> bool:
    # From another stage comes what was built there.
    if value.lstrip().startswith("--from"):
        return False
    words = re.sub(r"[\[\]\",]", " ", _FLAG.sub("", value)).split()
    return any(word in (".", "./", "*") for word in words[:-1])


def _lacks_command(found: Sequence[Instruction]) -> Instruction | None:
    """The last FROM, where neither its stage nor those that it builds on say what to start."""
    stages: dict[str, bool] = {}
    name, base, last, has_command = "", "", None, False
    for each in [*found, Instruction("FROM", "", 0)]:
        if each.name == "FROM":
            if last is not None:
                stages[name] = has_command or stages.get(base, False)
                if not each.line:
                    return None if stages[name] else last
            words = _FLAG.sub("", each.value).split()
            base = words[0].lower() if words else ""
            name = words[2].lower() if len(words) > 2 and words[1].upper() == "AS" else f" {each.line}"
            last, has_command = each, False
        elif each.name in ("CMD", "ENTRYPOINT"):
            has_command = True
    return None


def instructions(text: str) -> Iterator[Instruction]:
    """The instructions of a Dockerfile: continued lines joined, comments and here-documents left out."""
    lines = text.splitlines()
    escape = "`" if lines and _ESCAPE.match(lines[0]) else "\\"
    number = 0
    while number < len(lines):
        start = number
        parts: list[str] = []
        while number < len(lines):
            line = lines[number].strip()
            number += 1
            if line.startswith("#") or (not line and parts):
                continue
            parts.append(line.removesuffix(escape).strip())
            if not line.endswith(escape):
                break
        joined = " ".join(parts)
        name, _, value = joined.partition(" ")
        if name.upper() in ("RUN", "COPY", "ADD") and (match := _HEREDOC.search(value)):
            end = next((at for at in range(number, len(lines)) if lines[at].strip() == match["word"]), None)
            if end is not None:
                value = " ".join([value, *lines[number:end]])
                number = end + 1
        if name.isalpha():
            yield Instruction(name.upper(), value.strip(), start + 1)


def _hit(source: Source, rule: str, severity: str, message: str, line: int | None) -> Hit:
    return Hit("dockerfile", rule, severity, message, source.path, line, source.blob_id)
