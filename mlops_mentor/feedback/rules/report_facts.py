"""Facts about the exam report: what is answered, at which length, with which figures and links, beside the repository.

Belongs here: the report's named facts, and the level of each answer. What they are worth stands in `rules.yaml`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlops_mentor.evidence.report.templates import course
from mlops_mentor.feedback.evidence import GroupEvidence
from mlops_mentor.feedback.rules.facts import Fact, Place

# What a check that failed is about; several checks are one fact, so that a group reads of it once.
_CHECKS = {
    "figures_missing": ("image_count",),
    "figures_lost": ("image_files", "example_figures"),
    "links_lost": ("links", "docker_link", "workflow_link"),
    "tests_miscounted": ("num_tests",),
    "coverage_unsaid": ("coverage_figure",),
    "members_differ": ("study_numbers",),
}
_WRONG = ("no", "partial")
# These answers need no words: what they show is a figure or a number.
_FAR_TOO_SHORT = 0.5


@dataclass(frozen=True)
class _Answer:
    """A question of the report: how it is answered, and what its checks say."""

    row: Mapping[str, Any]
    least: int
    most: int | None
    checks: tuple[Mapping[str, Any], ...]

    @property
    def place(self) -> tuple[Place, ...]:
        if self.row["line"] is None:
            return ()
        seen = next((each for each in self.checks if each["line"] == self.row["line"]), {})
        return (Place(self.row["path"], self.row["line"], seen.get("snippet"), seen.get("blob_id")),)

    @property
    def kind(self) -> str:
        """`missing`, `far_too_short`, `short`, `long`, `flawed` or `fine`."""
        words = self.row["num_words"] or 0
        if not self.row["is_answered"]:
            # Some may be left empty: the course asks for no word there.
            return "fine" if self.most is not None and not self.least else "missing"
        if words < self.least:
            return "far_too_short" if words < self.least * _FAR_TOO_SHORT else "short"
        if self.most is not None and words > self.most:
            return "long"
        counted = [check for checks in _CHECKS.values() for check in checks if check != "study_numbers"]
        is_flawed = any(each["outcome"] in _WRONG and each["check"] in counted for each in self.checks)
        return "flawed" if is_flawed else "fine"


def report_facts(evidence: GroupEvidence) -> dict[str, Fact]:
    """The report's facts; without a report `report_found` is 0 and nothing else is known."""
    found = evidence.report_checks.filter(check="found")
    if not found.height:
        return {}
    if found["outcome"][0] not in ("yes", "partial"):
        return {"report_found": Fact({"no": 0.0}.get(found["outcome"][0]))}
    answers = _answers(evidence)
    facts = {
        "report_found": Fact(1.0),
        "report_questions": Fact(float(len(answers))),
        "answers_missing": _fact(each for each in answers if each.kind == "missing"),
        "answers_short": _fact(each for each in answers if each.kind in ("short", "far_too_short")),
        "answers_long": _fact(each for each in answers if each.kind == "long"),
    }
    facts["report_answered"] = Fact(float(len(answers)) - (facts["answers_missing"].value or 0))
    good = [each for each in answers if each.kind in ("fine", "flawed")]
    facts["answers_of_length"] = Fact(float(len(good)), _places(good))
    facts |= {name: _failed(answers, checks) for name, checks in _CHECKS.items()}
    return facts | _claims(evidence)


def answer_kinds(evidence: GroupEvidence) -> dict[str, str]:
    """By topic, how the question is answered: the kinds that `rules.yaml` gives levels to."""
    found = evidence.report_checks.filter(check="found")
    if not found.height or found["outcome"][0] not in ("yes", "partial"):
        return {}
    return {each.row["topic"]: each.kind for each in _answers(evidence)}


def _answers(evidence: GroupEvidence) -> list[_Answer]:
    limits = {
        (template.version, question.topic): question.limits.words
        for template in course().templates
        for question in template.questions
    }
    checks: dict[str, list[Mapping[str, Any]]] = {}
    for check in evidence.report_checks.iter_rows(named=True):
        checks.setdefault(check["topic"], []).append(check)
    answers = []
    for row in evidence.report_answers.sort("question").iter_rows(named=True):
        words = limits.get((row["template"], row["topic"]))
        least, most = words if words is not None else (0, None)
        answers.append(_Answer(row, least, most, tuple(checks.get(row["topic"], ()))))
    return answers


def _fact(answers: Iterable[_Answer]) -> Fact:
    answers = list(answers)
    return Fact(float(len(answers)), _places(answers), tuple(each.row["title"] for each in answers))


def _places(answers: Sequence[_Answer]) -> tuple[Place, ...]:
    return tuple(place for each in answers for place in each.place)


def _failed(answers: Iterable[_Answer], checks: Sequence[str]) -> Fact:
    """Answers for which one of these checks failed; those that are missing are said to be missing, and no more."""
    names, places, is_known = [], [], False
    for answer in answers:
        rows = [each for each in answer.checks if each["check"] in checks]
        is_known = is_known or bool(rows)
        wrong = [each for each in rows if each["outcome"] in _WRONG]
        if not wrong or answer.kind == "missing":
            continue
        names.append(answer.row["title"])
        if wrong[0]["line"] is not None and wrong[0]["path"] is not None:
            places.append(Place(wrong[0]["path"], wrong[0]["line"], wrong[0]["snippet"], wrong[0]["blob_id"]))
    return Fact(float(len(names)) if is_known else None, tuple(places), tuple(names))


def _claims(evidence: GroupEvidence) -> dict[str, Fact]:
    """Boxes that are ticked, and those of them for which nothing in the repository was found."""
    ticked = [row for row in evidence.checklist.iter_rows(named=True) if row["claimed"] == "yes"]
    checkable = [row for row in ticked if row["verdict"] in ("supported", "partly_supported", "unsupported")]
    bare = [row for row in checkable if row["verdict"] == "unsupported"]
    borne_out = sum(row["verdict"] == "supported" for row in checkable)
    places = tuple(Place(row["claim_path"], row["claim_line"]) for row in bare if row["claim_line"] is not None)
    facts = {
        "claims_checked": Fact(float(len(checkable))),
        "claims_borne_out": Fact(float(borne_out)),
        "claims_unsupported": Fact(float(len(bare)), places, tuple(row["title"] for row in bare)),
    }
    if checkable:
        facts["share_claims_borne_out"] = Fact((len(checkable) - len(bare)) / len(checkable))
    return facts
