"""TAs at their desk: they read drafts, score, comment, write, release and take back, by the desk's own way.

Belongs here: what they say. What groups must get to read after that, `check` finds out from the sheet alone.
"""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

from mlops_mentor.desk.saying import say
from mlops_mentor.desk.standing import AreaStanding, the_class
from mlops_mentor.errors import MentorError
from mlops_mentor.feedback.review_sheet import NewReview
from mlops_mentor.settings import Settings
from mlops_mentor.storage.lake import Lake
from mlops_mentor_tests.rehearsal.people import Student

_NAMES = ("Kim", "Alex")


@dataclass
class TAs:
    """Two of them, who share the sheet."""

    settings: Settings
    rng: random.Random
    counts: Counter[str] = field(default_factory=Counter)

    def work(self, members: dict[str, tuple[Student, ...]], num_groups: int) -> None:
        """Say something of so many groups that have drafts."""
        lake = Lake(self.settings.lake_dir)
        try:
            standings = the_class(lake, self.settings).standings()
        except MentorError as error:
            self.counts[f"could not read ({type(error).__name__})"] += 1
            return
        ready = [group_id for group_id, areas in standings.items() if areas and group_id in members]
        for group_id in self.rng.sample(ready, min(num_groups, len(ready))):
            self._one(lake, group_id, self.rng.choice(standings[group_id]), members[group_id])

    def _one(self, lake: Lake, group_id: str, area: AreaStanding, members: tuple[Student, ...]) -> None:
        who = self.rng.choice(_NAMES)
        kind = self.rng.choices(("release", "text", "score", "take back", "comment"), (6, 3, 2, 1, 1))[0]
        row = NewReview(group_id, area.area_id, who)
        rows = {
            "release": [NewReview(group_id, area.area_id, who, is_released=True)],
            "text": [
                NewReview(group_id, area.area_id, who, text=self._text(group_id, members)),
                NewReview(group_id, area.area_id, who, is_released=True),
            ],
            "score": [NewReview(group_id, area.area_id, who, score=self.rng.randint(1, 5), is_released=True)],
            "take back": [NewReview(group_id, area.area_id, who, is_released=False)],
            "comment": [NewReview(group_id, row.area, who, comment=f"Talk to {members[0].name} about the tests.")],
        }[kind]
        try:
            changed = say(lake, self.settings, rows, seen={(group_id, area.area_id): area.seen}, now=datetime.now(UTC))
        except (ValueError, MentorError):
            # The group left the roster between the look and the word.
            self.counts["refused"] += 1
            return
        self.counts["changed meanwhile" if changed else kind] += 1

    def _text(self, group_id: str, members: tuple[Student, ...]) -> str:
        one = members[0]
        return (
            f"Group {group_id}, word {self.rng.randint(10_000, 99_999)}: {one.name} did well. "
            f"Write to {one.email} or ask {one.study_number}, who is @{one.login}."
        )
