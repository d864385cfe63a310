"""From a model's answer to a judgement: what of it holds, and why a TA should look.

Belongs here: what is kept, dropped and doubted. Scores are the model's (of the report the mean of its criteria's,
halves rounded up): nothing here corrects one.
"""

from collections.abc import Sequence
from math import floor

from mlops_mentor.feedback.evidence import GroupEvidence
from mlops_mentor.feedback.judge.answer import GivenAnswer, GivenImprovement, GivenRemark
from mlops_mentor.feedback.judge.citations import Dropped, Verifier
from mlops_mentor.feedback.judge.contradictions import contradictions
from mlops_mentor.feedback.judgement import Citation, Judgement, Remark
from mlops_mentor.feedback.packs.pack import Pack, ReadSource
from mlops_mentor.feedback.rubric import Area, Rubric
from mlops_mentor.schemas.feedback import REMARK_SEVERITIES


def verified(
    given: GivenAnswer, area: Area, rubric: Rubric, evidence: GroupEvidence, read: ReadSource, pack: Pack
) -> Judgement:
    """The judgement that an answer comes to; remarks without a citation that holds are dropped and counted.

    Of more remarks than the rubric allows the first are kept, of improvements the first of the worst.
    """
    paths = frozenset(evidence.files["path"]) if "path" in evidence.files.columns else frozenset()
    verifier = Verifier(read, [each.path for each in pack.excerpts], paths)
    dropped: list[str] = []
    strengths = [_remark(each, verifier, dropped) for each in given.strengths]
    improvements = [_remark(each, verifier, dropped) for each in given.improvements]
    kept_strengths = [each for each in strengths if each is not None]
    kept_improvements = sorted(
        (each for each in improvements if each is not None),
        key=lambda each: REMARK_SEVERITIES.index(each.severity or "minor"),
    )
    remarks = (*kept_strengths, *kept_improvements)
    num_citations = sum(len(each.citations) for each in (*given.strengths, *given.improvements))
    scores = {each.criterion: each.score for each in given.criteria}
    score = area_score(area, given.score, scores)
    return Judgement(
        area=area.id,
        reviewer="model",
        score=score,
        summary=given.summary,
        strengths=tuple(kept_strengths[: rubric.limits.strengths]),
        improvements=tuple(kept_improvements[: rubric.limits.improvements]),
        criteria=tuple((each.id, scores[each.id]) for each in area.criteria),
        confidence=given.confidence,
        review_reasons=(
            *_doubts(len(remarks), len(strengths) + len(improvements), len(dropped), num_citations, rubric, pack),
            *contradictions(area, score, scores, evidence, rubric),
        ),
        num_remarks_dropped=len(strengths) + len(improvements) - len(remarks),
        num_citations=num_citations,
        num_citations_moved=sum(citation.is_moved for remark in remarks for citation in remark.citations),
        dropped=tuple(dropped),
    )


def area_score(area: Area, given: int, criteria: dict[str, int]) -> int:
    """The area's score: the answer's own, or the weighted mean of its criteria's, halves rounded up."""
    mean = area.mean(criteria) if area.score_from == "criteria" else None
    return given if mean is None else floor(mean + 0.5)


def disagreement(first: Judgement, second: Judgement, model: str, rubric: Rubric) -> str | None:
    """Why the score is the TA's to say, where two models differ by as much as the rubric names."""
    if first.score is None or second.score is None or abs(first.score - second.score) < rubric.limits.disagreement:
        return None
    return f"Two models disagree: {first.score} of {rubric.scale.most}, and {second.score} by {model}."


def _remark(given: GivenRemark, verifier: Verifier, dropped: list[str]) -> Remark | None:
    """The remark with the citations that hold; None where none does."""
    citations: list[Citation] = []
    for each in given.citations:
        found = verifier.verify(each)
        if isinstance(found, Dropped):
            dropped.append(str(found))
        elif found not in citations:
            citations.append(found)
    if not citations:
        return None
    if isinstance(given, GivenImprovement):
        return Remark(given.criterion, given.text, tuple(citations), given.severity, given.advice)
    return Remark(given.criterion, given.text, tuple(citations))


def _doubts(
    num_kept: int, num_remarks: int, num_dropped: int, num_citations: int, rubric: Rubric, pack: Pack
) -> Sequence[str]:
    found = []
    if num_kept < rubric.limits.least_remarks:
        found.append(f"Only {num_kept} of {num_remarks} remarks have a quote that stands in the repository.")
    if num_dropped * 2 > num_citations:
        found.append(f"{num_dropped} of {num_citations} quotes do not stand where the model says they do.")
    if pack.num_withheld:
        found.append(f"{pack.num_withheld} lines that address a reviewer were withheld from the model.")
    return found
