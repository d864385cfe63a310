"""Reviewing by rules: a judgement of one area from the evidence alone.

Belongs here: scores, which remarks are made and in which order, the summary. What is measured is for `facts` and
`report_facts`, what is said for `rules.yaml`.

A level is 1 to 5, whatever the rubric's scale; the area's score is brought to that scale at the end.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mlops_mentor.feedback.evidence import GroupEvidence
from mlops_mentor.feedback.judgement import Citation, Judgement, Remark
from mlops_mentor.feedback.packs.pack import ReadSource
from mlops_mentor.feedback.rubric import Area
from mlops_mentor.feedback.rules.citing import Quotes
from mlops_mentor.feedback.rules.facts import Fact, code_facts
from mlops_mentor.feedback.rules.report_facts import answer_kinds, report_facts
from mlops_mentor.feedback.rules.rulebook import (
    LEAST_LEVEL,
    MOST_LEVEL,
    Advice,
    AreaWords,
    Cap,
    Rule,
    Rulebook,
    load_rulebook,
)
from mlops_mentor.feedback.rules.texts import UnknownFactError, fill, listed
from mlops_mentor.schemas.feedback import REMARK_SEVERITIES

RULES = "rules"
# So that one criterion does not take up the whole list.
_MOST_OF_A_CRITERION = 2


@dataclass(frozen=True)
class _Said:
    """A rule that spoke, with its level."""

    rule: Rule
    level: int


def review_by_rules(
    area: Area, evidence: GroupEvidence, sources: ReadSource | None = None, *, rulebook: Rulebook | None = None
) -> Judgement:
    """What the rules say of an area, the same for the same evidence.

    The score is None where there is nothing to review, or nothing is known; `summary` says which. `sources` gives the
    lines that are quoted, else the evidence's snippets do.

    Raises:
        ConfigError: the bundled rules cannot be used.
    """
    book = rulebook or load_rulebook()
    words = book.areas.get(area.id)
    if words is None:
        return _silent(area, book.label, "The rules know nothing of this area.")
    facts = code_facts(evidence) | report_facts(evidence)
    if words.nothing is not None and all(condition.holds(facts) for condition in words.nothing.when):
        remark = Remark(None, words.nothing.text, (), severity="critical", advice=words.nothing.advice)
        summary = f"{book.label} {words.nothing.text}"
        return Judgement(area.id, RULES, None, summary, (), (remark,))
    said = [
        _Said(rule, level) for rule in book.rules if rule.area == area.id and (level := rule.level(facts)) is not None
    ]
    levels = _criteria(area, said, _answer_levels(area, evidence, book), words.most)
    if not levels:
        return _silent(area, book.label, "Nothing of what this area is about could be looked at.")
    quotes = Quotes(evidence, sources)
    cap = _cap(said, _mean(area, levels))
    return Judgement(
        area=area.id,
        reviewer=RULES,
        score=_area_score(area, levels, cap),
        summary=_summary(area, levels, words, book.label, cap),
        strengths=_strengths(said, facts, quotes, book),
        improvements=_improvements(said, facts, quotes, book),
        criteria=tuple((each, _to_scale(area, level)) for each, level in levels.items()),
        review_reasons=_review_reasons(words, evidence),
    )


def _silent(area: Area, label: str, why: str) -> Judgement:
    return Judgement(area.id, RULES, None, f"{label} {why}", (), (), review_reasons=(why,))


def _cap(said: Iterable[_Said], mean: float) -> Cap | None:
    """The strictest cap that holds the area's level down, the first of several."""
    caps = [cap for each in said for cap in each.rule.caps if each.level <= cap.to_level]
    applying = [cap for cap in caps if cap.level < mean]
    return min(applying, key=lambda cap: cap.level, default=None)


def _answer_levels(area: Area, evidence: GroupEvidence, book: Rulebook) -> dict[str, list[tuple[float, float]]]:
    """Levels of the report's answers, by criterion; none for areas whose criteria name no questions."""
    if not any(criterion.topics for criterion in area.criteria):
        return {}
    kinds = answer_kinds(evidence)
    return {
        criterion.id: [(float(book.answers[kinds[topic]]), 1.0) for topic in criterion.topics if topic in kinds]
        for criterion in area.criteria
    }


def _criteria(
    area: Area, said: Iterable[_Said], levels: Mapping[str, Sequence[tuple[float, float]]], most: int
) -> dict[str, float]:
    """The mean level of each criterion of which anything is known, in the rubric's order."""
    found = {criterion.id: list(levels.get(criterion.id, ())) for criterion in area.criteria}
    for each in said:
        if each.rule.weight and each.rule.criterion in found:
            found[each.rule.criterion].append((float(each.level), each.rule.weight))
    return {
        criterion: min(float(most), sum(level * weight for level, weight in pairs) / sum(each for _, each in pairs))
        for criterion, pairs in found.items()
        if pairs
    }


def _area_score(area: Area, levels: Mapping[str, float], cap: Cap | None) -> int:
    if area.score_from == "criteria":
        # The rubric's own formula, from scores as they are shown.
        scores = {criterion: _to_scale(area, level) for criterion, level in levels.items()}
        return round(area.mean(scores) or min(area.scores))
    return _to_scale(area, _mean(area, levels) if cap is None else float(cap.level))


def _mean(area: Area, levels: Mapping[str, float]) -> float:
    weights = {criterion.id: criterion.weight for criterion in area.criteria}
    return sum(level * weights[each] for each, level in levels.items()) / sum(weights[each] for each in levels)


def _to_scale(area: Area, level: float) -> int:
    """The level on the rubric's scale, rounded, halves down: rules see forms and not what they are worth."""
    least, most = min(area.scores), max(area.scores)
    score = least + (level - LEAST_LEVEL) * (most - least) / (MOST_LEVEL - LEAST_LEVEL)
    return math.ceil(round(score, 6) - 0.5)


def _strengths(said: Iterable[_Said], facts: Mapping[str, Fact], quotes: Quotes, book: Rulebook) -> tuple[Remark, ...]:
    """The heaviest first, one a criterion as far as that goes."""
    good = [each for each in said if each.rule.good is not None and each.level >= each.rule.good.from_level]
    good.sort(key=lambda each: (-each.level * max(each.rule.weight, 0.5), book.rules.index(each.rule)))
    firsts = {each.rule.criterion: each for each in reversed(good)}
    ordered = [each for each in good if firsts[each.rule.criterion] is each]
    ordered += [each for each in good if firsts[each.rule.criterion] is not each]
    remarks = []
    for each in ordered:
        praise = each.rule.good
        try:
            text = fill(praise.text, facts) if praise is not None else ""
        except UnknownFactError:
            continue
        cited = _cited((praise and praise.cite) or each.rule.fact, facts, quotes, 1)
        remarks.append(Remark(each.rule.criterion, text, cited))
    return tuple(remarks[: book.strengths])


def _improvements(
    said: Iterable[_Said], facts: Mapping[str, Fact], quotes: Quotes, book: Rulebook
) -> tuple[Remark, ...]:
    """What helps most first: by severity, then by what the score loses."""
    weak = [(each, advice) for each in said if (advice := _advice(each)) is not None]
    weak.sort(key=lambda pair: _urgency(pair[0], pair[1], book))
    taken: dict[str, int] = {}
    remarks = []
    for each, advice in weak:
        criterion = each.rule.criterion
        if taken.get(criterion, 0) >= _MOST_OF_A_CRITERION and advice.severity == REMARK_SEVERITIES[-1]:
            continue
        try:
            text, next_step = fill(advice.text, facts), fill(advice.advice, facts)
        except UnknownFactError:
            continue
        taken[criterion] = taken.get(criterion, 0) + 1
        cited = _cited(advice.cite or each.rule.fact, facts, quotes, book.citations)
        remarks.append(Remark(criterion, text, cited, severity=advice.severity, advice=next_step))
    return tuple(remarks[: book.improvements])


def _advice(said: _Said) -> Advice | None:
    return next((each for each in said.rule.better if said.level <= each.to_level), None)


def _urgency(said: _Said, advice: Advice, book: Rulebook) -> tuple[int, float, int]:
    # What has no part in the score is half as urgent as what has an ordinary one.
    lost = (MOST_LEVEL - said.level) * (said.rule.weight or 0.5)
    return REMARK_SEVERITIES.index(advice.severity), -lost, book.rules.index(said.rule)


def _cited(name: str, facts: Mapping[str, Fact], quotes: Quotes, most: int) -> tuple[Citation, ...]:
    fact = facts.get(name)
    return quotes.of(fact.places, most) if fact is not None else ()


def _summary(area: Area, levels: Mapping[str, float], words: AreaWords, label: str, cap: Cap | None) -> str:
    """Who wrote it, what is met best and least, what holds the score down, what is not known and cannot be seen."""
    titles = {criterion.id: criterion.title for criterion in area.criteria}
    best, least = max(levels.values()), min(levels.values())
    sentences = [label]
    if best - least >= 1:
        top = listed([titles[each] for each, level in levels.items() if level == best])
        low = listed([titles[each] for each, level in levels.items() if level == least])
        sentences.append(f"Of what could be measured, best met: {top}; least: {low}.")
    if cap is not None:
        sentences.append(f"The score goes no higher because {cap.reason}.")
    if unknown := [title for each, title in titles.items() if each not in levels]:
        sentences.append(f"Not measured, and counted neither way: {listed(unknown)}.")
    return " ".join([*sentences, words.cannot_see])


def _review_reasons(words: AreaWords, evidence: GroupEvidence) -> tuple[str, ...]:
    """Text that addresses a reviewer: no rule reads it, and a TA should."""
    orders = evidence.hostile_content.filter(check="instructions_to_reviewer", outcome="yes")
    reports = set(evidence.report_answers["path"].drop_nulls())
    places = [
        row["path"] if row["line"] is None else f"{row['path']}:{row['line']}"
        for row in orders.iter_rows(named=True)
        if row["path"] is not None and words.orders == ("report" if row["path"] in reports else "elsewhere")
    ]
    return (f"Text that addresses a reviewer stands in {listed(places)}.",) if places else ()
