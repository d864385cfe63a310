"""Packs of a group: one an area of the rubric, of the files that concern it and of what was found.

Belongs here: putting them together within the budget, and making one shorter. Choosing, cutting, measuring and
cleaning are for the modules beside this one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import polars as pl

from mlops_mentor.evidence.code.own_files import OwnFiles
from mlops_mentor.evidence.report.locate import NoReport, Report
from mlops_mentor.feedback.evidence import GroupEvidence
from mlops_mentor.feedback.llm.calls import estimate_tokens
from mlops_mentor.feedback.packs.answers import MAX_LINE, ShownAnswers, show_answers, thinned
from mlops_mentor.feedback.packs.choose import Choice, chosen
from mlops_mentor.feedback.packs.excerpts import (
    BAR,
    BYTES_A_TOKEN,
    FENCES,
    LEAST_ROOM,
    Piece,
    fill,
    line_cost,
    share,
    shown_line,
)
from mlops_mentor.feedback.packs.facts import facts_of_code
from mlops_mentor.feedback.packs.pack import Cleaned, Cleaner, Excerpt, Pack, ReadSource
from mlops_mentor.feedback.packs.quoting import quoted
from mlops_mentor.feedback.packs.render import render
from mlops_mentor.feedback.packs.report_facts import facts_of_report
from mlops_mentor.feedback.packs.shelf import Shelf
from mlops_mentor.feedback.rubric import Area, Rubric
from mlops_mentor.schemas import REVIEW_PACKS

# Facts may take so much of the budget; what follows is dropped.
_SHARE_OF_FACTS = 0.4
# What is said around files and facts, and the list of what is left out.
_TOKENS_AROUND = 250
_SHARE_OF_LIST = 0.1
_MAX_LEFT_OUT = 200
_SLACK = 60
# Bytes that a file takes at the least: the smallest ones with their fences are about so long.
_LEAST_OF_A_FILE = 250
# "not shown in full" of every answer, and what is said of it in the list.
_SLACK_OF_REPORT = 1200
_FACTS = "facts"
# As long as a boundary, for counting.
_BOUNDARY = "0" * 24


@dataclass(frozen=True)
class _Shown:
    """What a pack is made of beside its facts."""

    excerpts: tuple[Excerpt, ...]
    num_files: int
    num_lines: int
    left_out: tuple[str, ...]


def build_packs(
    evidence: GroupEvidence,
    own: OwnFiles,
    report: Report | NoReport,
    rubric: Rubric,
    cleaner: Cleaner,
    max_tokens: int,
) -> list[Pack]:
    """One pack an area, in the rubric's order, each within `max_tokens` (estimated); some may show no file."""
    shelf = Shelf(own, report, cleaner, evidence.committed_secrets)
    return [_build(area, evidence, shelf, max_tokens) for area in rubric.areas]


def sources(evidence: GroupEvidence, own: OwnFiles, report: Report | NoReport, cleaner: Cleaner) -> ReadSource:
    """Reads whole files as packs show parts of them, each cleaned once."""
    return Shelf(own, report, cleaner, evidence.committed_secrets).source


def review_packs_frame(group_id: str, snapshot_sha: str, packs: Sequence[Pack]) -> pl.DataFrame:
    """The table `review_packs` of a group."""
    rows = [
        {
            "group_id": group_id,
            "area": pack.area,
            "pack_id": pack.pack_id,
            "snapshot_sha": snapshot_sha,
            "num_files": pack.num_files,
            "num_files_shown": len(pack.excerpts),
            "num_lines": pack.num_lines,
            "num_lines_shown": pack.num_lines_shown,
            "num_tokens": tokens_of(pack),
            "num_replaced": pack.num_replaced,
            "num_withheld": pack.num_withheld,
            "coverage": pack.coverage,
            "files": [excerpt.path for excerpt in pack.excerpts],
            "left_out": list(pack.left_out),
        }
        for pack in packs
    ]
    return pl.DataFrame(rows, schema=REVIEW_PACKS.schema)


def tokens_of(pack: Pack) -> int:
    """Tokens of the pack's text, estimated."""
    return estimate_tokens([render(pack, _BOUNDARY)])


def shorter(pack: Pack, max_tokens: int) -> Pack:
    """The pack cut to fewer tokens, for a server that takes less: of each passage its beginning.

    The pack itself where it is short enough. Facts go last: below some hundred tokens nothing else is left.
    """
    if tokens_of(pack) <= max_tokens:
        return pack
    facts = _fitting(pack.facts, int(max_tokens * _SHARE_OF_FACTS))
    room = _room(facts, max_tokens)
    left_out = _listed(pack.left_out, int(room * _SHARE_OF_LIST))
    room -= sum(map(_cost, left_out))
    costs = [_frame(each) + sum(line_cost(text, MAX_LINE) for _, text in each.lines) for each in pack.excerpts]
    shares = share(costs, [1] * len(costs), room, [LEAST_ROOM] * len(costs))
    kept = [thinned(each, given - _frame(each)) for each, given in zip(pack.excerpts, shares, strict=True) if given]
    return replace(pack, excerpts=tuple(each for each in kept if each.lines), facts=facts, left_out=left_out)


def _build(area: Area, evidence: GroupEvidence, shelf: Shelf, max_tokens: int) -> Pack:
    if area.overall == "report":
        return _of_report(area, evidence, shelf, max_tokens)
    facts = _fitting(_clean(shelf.cleaner, facts_of_code(area.id, evidence, shelf)), int(max_tokens * _SHARE_OF_FACTS))
    shown = _of_files(area.id, shelf, facts, max_tokens)
    return _pack(area.id, shelf, facts, shown)


def _of_report(area: Area, evidence: GroupEvidence, shelf: Shelf, max_tokens: int) -> Pack:
    report, file = shelf.report, shelf.report_file
    if isinstance(report, NoReport) or file is None:
        facts = _clean(shelf.cleaner, facts_of_report(area, evidence, report, ()))
        return Pack(area.id, (), _fitting(facts, int(max_tokens * _SHARE_OF_FACTS)), 0, 0)
    # Which answers are cut short is one of the facts, and hardly changes their length.
    room = _room(_report_facts(area, evidence, shelf, (), max_tokens), max_tokens) - _SLACK_OF_REPORT
    path = shelf.shown_path(file.path)
    answers = show_answers(report, path, shelf.cleaned(file.path), len(file.lines), room)
    facts = _report_facts(area, evidence, shelf, answers.cut, max_tokens)
    return _pack(area.id, shelf, facts, _shown_answers(answers, path))


def _report_facts(
    area: Area, evidence: GroupEvidence, shelf: Shelf, cut: Sequence[int], max_tokens: int
) -> tuple[str, ...]:
    facts = _clean(shelf.cleaner, facts_of_report(area, evidence, shelf.report, cut))
    return _fitting(facts, int(max_tokens * _SHARE_OF_FACTS))


def _shown_answers(answers: ShownAnswers, path: str) -> _Shown:
    excerpts = (answers.excerpt,) if answers.excerpt else ()
    left_out = [f"{path}: no room for all of the answer to question {number}" for number in answers.cut]
    return _Shown(excerpts, 1, answers.num_lines, tuple(left_out))


def _of_files(area: str, shelf: Shelf, facts: Sequence[str], max_tokens: int) -> _Shown:
    choices = chosen(area, shelf)
    wanted = {shelf.shown_path(choice.file.path): _num_wanted(choice) for choice in choices}
    kept_back = [f"{path}: may hold secrets" for path in _paths(shelf)] if area == "ci_cd" else []
    room = _room(facts, max_tokens)
    pieces = _pieces(choices, shelf, room)
    # How long the list of what is left out becomes is known afterwards.
    for_list = int(room * _SHARE_OF_LIST)
    for _ in range(2):
        filled = fill(pieces, room - for_list)
        num_shown = {piece.path: len(numbers) for piece, numbers in filled}
        left_out = _listed(kept_back + _reasons(wanted, num_shown), for_list)
        for_list = min(for_list, sum(map(_cost, left_out)) + 2 * _SLACK)
    excerpts = tuple(piece.excerpt(numbers) for piece, numbers in filled)
    return _Shown(excerpts, len(choices), sum(wanted.values()), left_out)


def _paths(shelf: Shelf) -> list[str]:
    return [shown for path in shelf.with_secrets if (shown := shelf.cleaner.clean_path(path)) is not None]


def _pieces(choices: Sequence[Choice], shelf: Shelf, room: int) -> list[Piece]:
    """Pieces of the choices that may have room at all."""
    most = max(0, room) // _LEAST_OF_A_FILE
    paths = [choice.file.path for choice in choices[:most]]
    return [
        Piece(choice, shelf.shown_path(path), partial(shelf.cleaned, path))
        for choice, path in zip(choices, paths, strict=False)
    ]


def _num_wanted(choice: Choice) -> int:
    return len(Piece(choice, "", lambda: Cleaned(choice.file.lines)).wanted)


def _reasons(wanted: dict[str, int], num_shown: dict[str, int]) -> list[str]:
    """Why files are not shown in full, files of which nothing is shown first."""
    absent = [f"{path}: no room" for path in wanted if path not in num_shown]
    in_part = [
        f"{path}: no room for {wanted[path] - num} of {wanted[path]} lines"
        for path, num in num_shown.items()
        if num < wanted[path]
    ]
    return absent + in_part


def _pack(area: str, shelf: Shelf, facts: tuple[str, ...], shown: _Shown) -> Pack:
    replaced = withheld = 0
    for excerpt in shown.excerpts:
        cleaned = shelf.cleaned(shelf.real_path(excerpt.path))
        numbers = {number for number, _ in excerpt.lines}
        replaced += len(numbers & cleaned.replaced)
        withheld += len(numbers & cleaned.withheld)
    return Pack(area, shown.excerpts, facts, shown.num_files, shown.num_lines, shown.left_out, replaced, withheld)


def _clean(cleaner: Cleaner, facts: Sequence[str]) -> tuple[str, ...]:
    """Facts name files, and names of files may say anything."""
    return cleaner.clean(_FACTS, facts).lines


def _room(facts: Sequence[str], max_tokens: int) -> int:
    """Bytes that files have beside facts."""
    return max(0, (max_tokens - _TOKENS_AROUND) * BYTES_A_TOKEN - sum(map(_cost, facts)))


def _cost(text: str) -> int:
    """Bytes of a line that has no number."""
    return len(shown_line(text, MAX_LINE).encode("utf-8", "replace")) + BAR


def _fitting(facts: Sequence[str], max_tokens: int) -> tuple[str, ...]:
    """The facts that fit, in their order; a last one says that more were known."""
    kept: list[str] = []
    room = max_tokens * BYTES_A_TOKEN
    for at, fact in enumerate(facts):
        room -= _cost(fact)
        if room < 0:
            return (*kept, f"{len(facts) - at} more facts had no room.")
        kept.append(shown_line(fact, MAX_LINE))
    return tuple(kept)


def _listed(left_out: Sequence[str], room: int) -> tuple[str, ...]:
    """At most 200 lines of what is left out within `room` bytes; a last one counts the others."""
    room -= _SLACK
    kept: list[str] = []
    for each in left_out[: _MAX_LEFT_OUT - 1]:
        line = shown_line(each)
        room -= _cost(line)
        if room < 0:
            break
        kept.append(line)
    more = len(left_out) - len(kept)
    return (*kept, f"{more} more: no room") if more else tuple(kept)


def _frame(excerpt: Excerpt) -> int:
    return FENCES + len(quoted(excerpt.path).encode())
