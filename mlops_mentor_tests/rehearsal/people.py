"""Who is in the class, and what of them must never get out: names, addresses, study numbers, logins, tokens.

Belongs here: inventing it, so that each is a word of its own that stands nowhere else.
"""

import random
from dataclasses import dataclass

_BEGIN = ("Quill", "Vask", "Brom", "Zyl", "Fjor", "Tamb", "Wren", "Kolv", "Pryx", "Ulfr", "Nimb", "Dask")
_MIDDLE = ("ova", "eri", "uno", "ika", "ymo", "aze", "ilo", "urt", "ebb", "off", "anq", "isk")
_END = ("strup", "gaard", "lev", "sted", "holt", "mose", "bjerg", "toft", "vig", "rud", "sund", "borg")
_LETTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


@dataclass(frozen=True)
class Student:
    """A member of a group; `email` is what stands in commits."""

    study_number: str
    name: str
    login: str
    email: str

    @property
    def planted(self) -> tuple[str, ...]:
        """What of this person must not be seen outside: what can be known. A login that stands in no address cannot."""
        logins = (self.login,) if self.login in self.email else ()
        return (self.study_number, self.name, self.email, *logins)


def make_students(rng: random.Random, first: int, number: int) -> tuple[Student, ...]:
    """So many members; `first` is the class's next free study number."""
    made = []
    for place in range(first, first + number):
        # The number in letters keeps names apart.
        tail = "".join("bcdfghjklm"[int(digit)] for digit in f"{place:04}")
        given = f"{rng.choice(_BEGIN)}{rng.choice(_MIDDLE)}{tail[2:]}".capitalize()
        family = f"{rng.choice(_MIDDLE)}{rng.choice(_END)}{tail}".capitalize()
        study_number, login = f"s{970000 + place}", f"{given.lower()}-{tail}"
        email = (
            f"{study_number}@student.dtu.dk",
            f"{given.lower()}.{family.lower()}@mail.example",
            f"{58_000_000 + place}+{login}@users.noreply.github.com",
        )[place % 3]
        made.append(Student(study_number, f"{given} {family}", login, email))
    return tuple(made)


def make_token(rng: random.Random) -> str:
    """What looks like a token and is none: made of parts, so that no scanner takes this file for a leak."""
    return "".join(("gh", "p_", *(rng.choice(_LETTERS) for _ in range(36))))
