"""The course's rules for each answer: length, figures, links.

Belongs here: one finding a rule. What only the repository's other tables can tell is for `cross_checks`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mlops_mentor.evidence.finding import Finding, snippet
from mlops_mentor.evidence.report.locate import Report
from mlops_mentor.evidence.report.markup import Reference, definitions_in, references
from mlops_mentor.evidence.report.split import Answer
from mlops_mentor.evidence.report.targets import Target, Tree

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg")
_NOT_FOUND = "neither the heading nor the text of this question was found in the report"
_AMISS = {
    "misplaced": "leads nowhere from the report's folder: the file is {path}, from the root",
    "other_case": "is {path} there: upper and lower case count",
    "missing": "is not in the repository",
    "embedded": "is written into the report and not a file",
    "outside": "is at another site and not in the repository",
    "own_other": "is not among the files of the snapshot",
    "run": "is a page and not a file",
    "anchor": "is a place in the report and not a file",
}


@dataclass(frozen=True)
class Linked:
    """A reference of an answer, and where it leads."""

    reference: Reference
    target: Target
    line: int

    @property
    def name(self) -> str:
        """As written, short and fit to be shown."""
        name = snippet(self.reference.target)
        return name if len(name) <= 80 else name[:79] + "…"


@dataclass(frozen=True)
class AnswerView:
    """An answer with its references resolved: what every rule looks at."""

    report: Report
    answer: Answer
    images: tuple[Linked, ...]
    links: tuple[Linked, ...]
    tree: Tree

    def finding(
        self, check: str, outcome: str, reason: str, *, line: int | None = None, remedy: str | None = None
    ) -> Finding:
        """A finding about this answer, at the line named, or where the answer begins."""
        where = line or self.answer.line
        places = (self.report.at(where),)
        return Finding(f"report/{check}", outcome, reason, locations=places, remedy=remedy)


def views(report: Report, tree: Tree) -> list[AnswerView]:
    """Every answer of the report with its references."""
    definitions = definitions_in(report.lines)
    found = []
    for answer in report.content.answers:
        linked = [
            Linked(reference, tree.resolve(reference.target, report.folder), (answer.line or 1) + reference.line)
            for reference in references(answer.lines, definitions)
        ]
        images = tuple(one for one in linked if one.reference.is_image)
        links = tuple(one for one in linked if not one.reference.is_image)
        found.append(AnswerView(report, answer, images, links, tree))
    return found


def length(view: AnswerView) -> Finding | None:
    """The answer's words are within the question's limits; None where it has none."""
    limits = view.answer.question.limits.words
    if limits is None:
        return None
    asked = f"{limits[0]} to {limits[1]} words are asked for"
    if view.answer.line is None:
        return view.finding("length", "no", f"{_upper(_NOT_FOUND)}; {asked}.", remedy="Restore the question.")
    words = view.answer.num_words if view.answer.is_answered else 0
    if not view.answer.is_answered and limits[0]:
        return view.finding("length", "no", f"It is not answered; {asked}.", remedy="Answer the question.")
    if words < limits[0]:
        remedy = f"Write at least {limits[0] - words} words more."
        return view.finding("length", "no", f"{_words(words)}; {asked}.", remedy=remedy)
    if words > limits[1]:
        remedy = f"Shorten it by {_words(words - limits[1])}."
        return view.finding("length", "no", f"{_words(words)}; {asked}.", remedy=remedy)
    return view.finding("length", "yes", f"{_words(words)}; {asked}.")


def image_count(view: AnswerView) -> Finding | None:
    """So many figures as the question asks for; None where it asks for none."""
    limits = view.answer.question.limits.images
    if limits is None:
        return None
    asked = f"{limits[0]} to {limits[1]} are asked for" if limits[0] < limits[1] else f"{limits[0]} is asked for"
    if view.answer.line is None:
        return view.finding("image_count", "no", f"{_upper(_NOT_FOUND)}; {asked}.", remedy="Restore the question.")
    number = len(view.images)
    reason = f"{number} {'figure' if number == 1 else 'figures'}; {asked}."
    if limits[0] <= number <= limits[1]:
        return view.finding("image_count", "yes", reason)
    remedy = (
        "Keep the figures that show most." if number > limits[1] else "Show figures with ![name](figures/file.png)."
    )
    linked = [one for one in view.links if one.reference.target.lower().endswith(IMAGE_SUFFIXES)]
    if linked and number < limits[0]:
        return view.finding(
            "image_count",
            "no",
            f"{reason} {linked[0].name} is linked and not shown.",
            line=linked[0].line,
            remedy="Put an exclamation mark before the link: ![name](figures/file.png).",
        )
    return view.finding("image_count", "no", reason, remedy=remedy)


def image_files(view: AnswerView) -> Finding | None:
    """Every figure is a png, jpg or jpeg file of the repository; None where the answer has none."""
    if not view.images:
        return None
    return _all_well(view, "image_files", view.images, _image_problem, "Put the file into figures/, under that name.")


def _image_problem(linked: Linked) -> tuple[str, str] | None:
    """(outcome, what is wrong) of one figure."""
    target = linked.target
    if target.status in ("misplaced", "other_case") and target.file is not None:
        return "partial", _AMISS[target.status].format(path=target.path)
    if target.file is None:
        return "no", _AMISS["missing" if target.status == "found" else target.status].format(path=target.path)
    if not target.file.path.lower().endswith(IMAGE_SUFFIXES):
        return "no", "is no png, jpg or jpeg file"
    return None


def example_figures(view: AnswerView, starter_blobs: frozenset[str] | None) -> Finding | None:
    """No figure is one of the course's own, under whatever name; None where the answer shows no file."""
    shown = [linked for linked in view.images if linked.target.file is not None]
    if not shown:
        return None

    def problem(linked: Linked) -> tuple[str, str] | None:
        file = linked.target.file
        if file is None:
            return None
        is_example = file.is_starter_code if starter_blobs is None else file.blob_id in starter_blobs
        if is_example is None:
            return "not_available", "could not be compared: the starter code was not read"
        if file.kind == "lfs_pointer":
            return "not_checkable", "cannot be compared: it is kept by Git LFS"
        return ("no", "is a figure that the course handed out") if is_example else None

    return _all_well(view, "example_figures", shown, problem, "Show a figure of your own project.")


def links(view: AnswerView) -> Finding | None:
    """Relative links and those into the group's own repository lead to files of the snapshot; None without links."""
    told = [linked for linked in view.links if linked.target.status != "anchor"]
    if not told:
        return None
    return _all_well(view, "links", told, _link_problem, "Link to a file that is in the repository.")


def _link_problem(linked: Linked) -> tuple[str, str] | None:
    target = linked.target
    if target.status == "found":
        return None
    outcome = {"misplaced": "partial", "other_case": "partial", "missing": "no", "embedded": "no"}
    return outcome.get(target.status, "not_checkable"), _AMISS[target.status].format(path=target.path)


def _all_well(
    view: AnswerView,
    check: str,
    linked: Sequence[Linked],
    problem: Callable[[Linked], tuple[str, str] | None],
    remedy: str,
) -> Finding:
    """One finding over all: `no` where none is well, `partial` where some are, and what cannot be seen aside."""
    told = [(one, problem(one)) for one in linked]
    unseen = [(one, found) for one, found in told if found and found[0] in ("not_checkable", "not_available")]
    seen = [(one, found) for one, found in told if not (found and found[0] in ("not_checkable", "not_available"))]
    amiss = [(one, found) for one, found in seen if found]
    if amiss:
        is_partial = len(amiss) < len(seen) or any(found[0] == "partial" for _, found in amiss)
        reason = "; ".join(f"{one.name} {found[1]}" for one, found in amiss[:5])
        outcome = "partial" if is_partial else "no"
        return view.finding(check, outcome, f"{len(seen) - len(amiss)} of {len(seen)} well: {reason}.",
                            line=amiss[0][0].line, remedy=remedy)  # fmt: skip
    if seen:
        return view.finding(check, "yes", f"{len(seen)} of {len(seen)} well.", line=seen[0][0].line)
    one, found = unseen[0]
    return view.finding(check, found[0], f"{one.name} {found[1]}.", line=one.line)


def _words(number: int) -> str:
    return f"{number} word" if number == 1 else f"{number} words"


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
