"""Building the sample class: ten repositories, what the course hands out, the roster and the course file.

Belongs here: which history each group has, and putting all parts in one directory. Two groups have no history: group 8
has an empty repository, and what the roster says about group 9 leads nowhere.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mlops_mentor.sample.average_group import average_history
from mlops_mentor.sample.content import course_settings
from mlops_mentor.sample.history import History
from mlops_mentor.sample.hostile_group import hostile_history
from mlops_mentor.sample.repository import write_repository
from mlops_mentor.sample.reviews import reviews_text
from mlops_mentor.sample.roster import repository_name, roster_text
from mlops_mentor.sample.squashing_group import squashing_history
from mlops_mentor.sample.starter import course_history, starter_history
from mlops_mentor.sample.strong_group import strong_history
from mlops_mentor.sample.uneven_groups import last_night_history, late_history, solo_history, untouched_history
from mlops_mentor.storage.whole_files import replace_whole

# Group 9 is missing on purpose: its repository does not exist.
_HISTORIES: dict[int, Callable[[], History]] = {
    1: strong_history,
    2: average_history,
    3: squashing_history,
    4: solo_history,
    5: last_night_history,
    6: late_history,
    7: untouched_history,
    8: History,
    10: hostile_history,
}


@dataclass(frozen=True)
class SampleClass:
    """Where the parts of the sample class are."""

    roster: Path
    course: Path
    repositories: Path
    starter: Path
    course_material: Path


def build_sample_class(target: Path) -> SampleClass:
    """Make the sample class below `target`, the same on each machine; what is there already and right stays untouched.

    Raises:
        GitError: git could not make a repository.
    """
    target = target.resolve()
    repositories = target / "repos"
    sample = SampleClass(
        roster=target / "group_info.csv",
        course=target / "course.yaml",
        repositories=repositories,
        starter=repositories / "starter",
        course_material=repositories / "course",
    )
    repositories.mkdir(parents=True, exist_ok=True)
    write_repository(sample.starter, starter_history())
    write_repository(sample.course_material, course_history())
    for group, history in _HISTORIES.items():
        write_repository(repositories / repository_name(group), history())
    _write_text(sample.roster, roster_text(repositories))
    _write_text(sample.course, course_settings())
    reviews = target / "reviews.csv"
    # Whoever tries the sample class writes into this one.
    if not reviews.exists():
        _write_text(reviews, reviews_text())
    return sample


def _write_text(path: Path, content: str) -> None:
    wanted = content.encode()
    if path.exists() and path.read_bytes() == wanted:
        return
    replace_whole(path, wanted)
