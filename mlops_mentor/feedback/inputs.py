"""Inputs of feedback: what it depends on besides a group's evidence.

Belongs here: gathering it, and the keys by which feedback is known to be up to date.
"""

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from mlops_mentor.chain.freshness import input_key as evidence_key_of
from mlops_mentor.chain.freshness import table_key
from mlops_mentor.chain.inputs import Inputs, load_inputs
from mlops_mentor.course import Course
from mlops_mentor.errors import LakeError
from mlops_mentor.feedback.judge.judge import Judge
from mlops_mentor.feedback.judge.questions import Parameters, input_key
from mlops_mentor.feedback.llm.server import Reviewer, choose_reviewer
from mlops_mentor.feedback.prompts import Prompts, load_prompts
from mlops_mentor.feedback.reviews import Reviews, load_reviews, reviews_key
from mlops_mentor.feedback.rubric import Rubric, load_rubric
from mlops_mentor.feedback.rules.rulebook import load_rulebook
from mlops_mentor.roster.roster import Group
from mlops_mentor.schemas import (
    FEEDBACK,
    FEEDBACK_REPORTS,
    FEEDBACK_TABLES,
    GROUP_TABLES,
    LLM_CALLS,
    REPO_SNAPSHOTS,
    REVIEW_PACKS,
    REVIEWS,
)
from mlops_mentor.settings import Settings
from mlops_mentor.storage.lake import Lake


@dataclass(frozen=True)
class FeedbackInputs:
    """What feedback depends on besides a group's evidence; `reviews` is the stored table of all groups.

    `ask_again` has the reviewer asked although it has answered the same before. `said_by_now` reads what the TAs' sheet
    says of a group at that moment; None where there is no sheet to read.
    """

    inputs: Inputs
    rubric: Rubric
    reviewer: Reviewer
    pack_tokens: int
    max_tokens: int
    reviews: pl.DataFrame
    ask_again: bool = False
    said_by_now: Callable[[str], pl.DataFrame] | None = None

    def packs_key(self, lake: Lake, group: Group) -> str:
        """The key of a group's packs."""
        found = evidence_key_of(lake, REVIEW_PACKS, group, None, self.inputs)
        areas = [self.rubric.area(area.id).model_dump_json() for area in self.rubric.areas]
        who = (group.address.url, *group.students)
        return table_key(REVIEW_PACKS, found, str(self.pack_tokens), self.inputs.starter_shapes_key, *areas, *who)

    @cached_property
    def prompts(self) -> Prompts:
        return load_prompts()

    @cached_property
    def judge(self) -> Judge:
        """What is the same for all questions to a model.

        Raises:
            ValueError: rules review.
        """
        if self.reviewer.model is None:
            raise ValueError("no model is asked")
        parameters: Parameters = {"max_tokens": self.max_tokens, "temperature": 0}
        return Judge(self.rubric, self.prompts, self.reviewer.model, parameters, self.reviewer.second_model)

    def area_key(self, area_id: str, pack_id: str) -> str:
        """The key of what the reviewer says of a pack: while it is the same, nobody has to be asked."""
        area = self.rubric.area(area_id)
        if self.reviewer.kind == "rules":
            return table_key(FEEDBACK, "rules", load_rulebook().key, pack_id, self.rubric.key(area_id))
        judge = self.judge
        return input_key(pack_id, area, self.rubric, self.prompts, judge.model, judge.parameters, judge.second_model)

    def feedback_key(self, lake: Lake, group: Group) -> str:
        """The key of a group's feedback, given its stored packs: the evidence beside them counts too."""
        packs = lake.read(REVIEW_PACKS, group.group_id).select("area", "pack_id").iter_rows()
        evidence = lake.input_key(REVIEW_PACKS, group.group_id)
        rules = load_rulebook().key
        return table_key(FEEDBACK, evidence, rules, *(self.area_key(area_id, pack_id) for area_id, pack_id in packs))

    def is_current(self, lake: Lake, group: Group) -> bool:
        """Whether a group's packs, feedback and page are stored as they would be made now; damaged parts never are."""
        try:
            return self._is_current(lake.keeping((*GROUP_TABLES, *FEEDBACK_TABLES)), group)
        except LakeError:
            return False

    def _is_current(self, lake: Lake, group: Group) -> bool:
        group_id = group.group_id
        if lake.input_key(REVIEW_PACKS, group_id) != self.packs_key(lake, group):
            return False
        if not all(lake.has_current(table, group_id) for table in (REVIEW_PACKS, FEEDBACK, FEEDBACK_REPORTS)):
            return False
        if lake.input_key(FEEDBACK, group_id) != self.feedback_key(lake, group):
            return False
        return lake.input_key(FEEDBACK_REPORTS, group_id) == page_key(
            lake, group, self.inputs.course, self.rubric, self.reviews
        )


def load_feedback_inputs(settings: Settings, *, ask_again: bool = False) -> FeedbackInputs:
    """The inputs as they are at this moment; looks for a local model where nothing is configured.

    Raises:
        ConfigError: a setting, the course, the rubric or a sheet cannot be used.
    """
    return FeedbackInputs(
        inputs=load_inputs(settings),
        rubric=load_rubric(settings.rubric_file),
        reviewer=choose_reviewer(settings),
        pack_tokens=settings.pack_tokens,
        max_tokens=settings.llm_max_tokens,
        reviews=Lake(settings.lake_dir).read_or_empty(REVIEWS),
        ask_again=ask_again,
        said_by_now=lambda group_id: reviews_of(settings, [group_id]).frame,
    )


def reviews_of(settings: Settings, group_ids: Collection[str]) -> Reviews:
    """The TAs' sheet as it is now: usable rows, and what is wrong with others.

    Raises:
        ConfigError: the course, the rubric or the sheet cannot be used.
    """
    return load_reviews(
        settings.reviews_file,
        zone=settings.the_course.zone,
        group_ids=group_ids,
        rubric=load_rubric(settings.rubric_file),
    )


def sheet_key(found: Reviews) -> str:
    """The key of the table `reviews`: changes with every usable row."""
    return table_key(REVIEWS, found.frame.write_json())


def page_key(lake: Lake, group: Group, course: Course, rubric: Rubric, reviews: pl.DataFrame) -> str:
    """The key of a group's page, given what is stored of its feedback."""
    parts = [lake.read_or_empty(table, group.group_id) for table in (REVIEW_PACKS, FEEDBACK, LLM_CALLS)]
    digest = hashlib.sha256("\x1f".join(part.write_json() for part in parts).encode()).hexdigest()
    formula = f"{rubric.overall.model_dump_json()} {rubric.scale.model_dump_json()}"
    said = reviews_key(reviews, group.group_id)
    return table_key(FEEDBACK_REPORTS, digest, said, formula, group.address.url, course.time_zone)


def has_commit(lake: Lake, group: Group) -> bool | None:
    """Whether there is a commit of the group that feedback can be about; None where its repository was never read."""
    snapshot = lake.read_or_empty(REPO_SNAPSHOTS, group.group_id)
    if snapshot.is_empty() or snapshot["snapshot_rule"].item() is None:
        return None
    return snapshot["snapshot_sha"].item() is not None
