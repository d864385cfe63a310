"""Ruff with our own rules on a snapshot's Python: violations by family, complexity of every function.

Belongs here: one run over the texts of the group, and what it says. The rules are data (`rules.yaml`).
"""

import json
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlops_mentor.evidence.code.sources import write_texts
from mlops_mentor.evidence.code.syntax import Module
from mlops_mentor.evidence.quality.programs import ProgramError, Programs, rules, run

_COMPLEXITY = re.compile(r"`(?P<name>[^`]*)` is too complex \((?P<number>\d+) > 0\)")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,60}")
_NO_RULES = ("invalid-syntax", "E902", "E999")


@dataclass(frozen=True)
class Complexity:
    """Cyclomatic complexity of a function (McCabe, as ruff counts it: nested functions add to the outer one)."""

    path: str
    line: int
    name: str
    number: int


@dataclass(frozen=True)
class RuffResult:
    """What ruff says. `broken` are paths with their first error; `by_family` counts violations in all other files."""

    by_family: Mapping[str, int] = field(default_factory=dict)
    by_rule: Mapping[str, int] = field(default_factory=dict)
    complexities: tuple[Complexity, ...] = ()
    broken: Mapping[str, tuple[int, str]] = field(default_factory=dict)


def check(modules: Sequence[Module], own_names: Collection[str], directory: Path, programs: Programs) -> RuffResult:
    """One run over the modules that have a text. `own_names` are the group's modules, which are no third party.

    Raises:
        ProgramError: ruff is not installed, too slow, or says what cannot be understood.
    """
    home = directory / "ruff"
    home.mkdir()
    texts = [module for module in modules if module.text]
    if not texts:
        return RuffResult()
    names = {
        f"{folder}/{name}": path
        for folder, is_test in (("code", False), ("tests", True))
        for name, path in write_texts(
            home / folder, [(each.source.path, each.text) for each in texts if each.is_test is is_test], ".py"
        ).items()
    }
    found = _run(own_names, home, programs)
    return _result(found, {str((home / name).resolve()): path for name, path in names.items()})


def _run(own_names: Collection[str], home: Path, programs: Programs) -> list[dict[str, Any]]:
    own = sorted(name for name in own_names if _IDENTIFIER.fullmatch(name))[:2000]
    ours = rules()["ruff"]
    options = [*ours["options"], f"lint.isort.known-first-party = {json.dumps(own)}"]
    args = ["check", "--isolated", "--ignore-noqa", "--no-cache", "--no-respect-gitignore", "--no-fix", "--quiet"]
    # As arguments and not as options: of two options `select` would undo `ignore`.
    args += [f"--select={','.join(ours['select'])}", f"--ignore={','.join(ours['ignore'])}"]
    args += ["--exit-zero", "--output-format=json", *(f"--config={option}" for option in options), "code", "tests"]
    output = run(programs.ruff, args, home, programs.timeout_s)
    try:
        found: list[dict[str, Any]] = json.loads(output.stdout)
    except ValueError:
        raise ProgramError("ruff's answer is not JSON") from None
    return found


def _result(found: Sequence[Mapping[str, Any]], paths: Mapping[str, str]) -> RuffResult:
    broken: dict[str, tuple[int, str]] = {}
    placed = [(paths.get(each["filename"], ""), each["code"] or "", each) for each in found]
    for path, code, each in placed:
        if code in _NO_RULES:
            broken.setdefault(path, (each["location"]["row"], each["message"]))
    maximum = rules()["ruff"]["max_complexity"]
    complexities, by_rule = [], Counter[str]()
    for path, code, each in placed:
        if path in broken:
            continue
        if match := _COMPLEXITY.search(each["message"]) if code == "C901" else None:
            number = int(match["number"])
            complexities.append(Complexity(path, each["location"]["row"], match["name"], number))
            if number <= maximum:
                continue
        by_rule[code] += 1
    by_family = Counter[str]()
    for code, number in by_rule.items():
        by_family[family(code)] += number
    return RuffResult(by_family, by_rule, tuple(complexities), broken)


def family(code: str) -> str:
    """The family of a rule of ruff's; `errors` for what has none."""
    letters = re.match(r"[A-Z]*", code)
    prefix = letters.group() if letters else ""
    families: dict[str, list[str]] = rules()["ruff"]["families"]
    for name, prefixes in families.items():
        if any(prefix == each or (code.startswith(each) and each[-1].isdigit()) for each in prefixes):
            return name
    return "errors"
