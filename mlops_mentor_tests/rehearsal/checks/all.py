"""All checks of what a rehearsal has left, which can be made again as long as its folder is there.

Belongs here: what they are given, and their order. None of them starts the product.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from mlops_mentor_tests.rehearsal.checks.class_tables import check_class
from mlops_mentor_tests.rehearsal.checks.exported import check_export, check_leaks
from mlops_mentor_tests.rehearsal.checks.money import check_money
from mlops_mentor_tests.rehearsal.checks.numbers import check_numbers
from mlops_mentor_tests.rehearsal.checks.published import check_published
from mlops_mentor_tests.rehearsal.checks.repositories import check_repositories
from mlops_mentor_tests.rehearsal.checks.rows import check_rows
from mlops_mentor_tests.rehearsal.checks.undisturbed import check_against_undisturbed
from mlops_mentor_tests.rehearsal.checks.warehouse import check_repeated, check_warehouse
from mlops_mentor_tests.rehearsal.checks.words import check_words
from mlops_mentor_tests.rehearsal.model import Books
from mlops_mentor_tests.rehearsal.world import World


@dataclass(frozen=True)
class Lived:
    """What is known of a class that has lived, besides its folder.

    `shown` are the (group, commit) that readers saw, `secrets` what the product was given, `may_be_lost` the number of
    a model's answers that kills may have lost.
    """

    world: World
    shown: set[tuple[str, str]]
    books: Books
    secrets: set[str]
    may_be_lost: int

    @property
    def data(self) -> Path:
        return self.world.data


def all_problems(
    lived: Lived, tell: Callable[[str], None] = lambda line: None, only: Collection[str] = ()
) -> list[str]:
    """What is wrong, by the check that found it; `tell` hears how each went.

    `only` some, by their names, where any are given.
    """
    world, data = lived.world, lived.data
    checks: list[tuple[str, Iterator[str]]] = [
        ("repositories", check_repositories(world, data)),
        ("rows", check_rows(world, data)),
        ("numbers", check_numbers(world, data)),
        ("class", check_class(world, data, lived.shown)),
        ("repeated", check_repeated(world, data)),
        ("warehouse", check_warehouse(world, data)),
        ("words", check_words(world, data)),
        ("export", check_export(world, data)),
        ("published", check_published(world, data)),
        ("leaks", check_leaks(world, data, lived.secrets)),
        ("money", check_money(data, lived.books, lived.may_be_lost)),
    ]
    if world.fresh.is_dir():
        checks.append(("undisturbed", check_against_undisturbed(world, data, world.fresh)))
    problems = []
    for name, found in checks:
        if only and name not in only:
            continue
        mine = []
        try:
            mine += [f"{name}: {problem}" for problem in found]
        except Exception as error:  # noqa: BLE001 - what cannot be looked at is wrong, and keeps nobody from looking on
            mine.append(f"{name}: the check met {type(error).__name__}: {error}"[:300])
        tell(f"check of {name}: {len(mine)} problems")
        problems += mine
    return problems
