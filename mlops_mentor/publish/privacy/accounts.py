"""Accounts that are a word of letters, such as `leleblom`: names by which git or GitHub knows somebody.

Belongs here: which of them are somebody's wherever they stand, over the whole class. Others, with digits, joints or
capitals within, are told by their form (`is_odd` of the feedback packs); those that are words of code, of English or of
our texts are somebody's only where accounts stand.
"""

import re
from collections.abc import Collection, Iterator

from mlops_mentor.feedback.packs.identities import Person
from mlops_mentor.feedback.packs.names import fold

# Of three letters too many are words.
_WORD = re.compile(r"[^\W\d_]{4,64}")


def word_accounts(person: Person, words: Collection[str]) -> Iterator[str]:
    """The person's logins, and names of one word, that are none of `words` (folded).

    Local parts of addresses do not count: `info@` and `kontakt@` are words.
    """
    for name in (*person.logins, *person.names):
        if _WORD.fullmatch(name) and fold(name) not in words:
            yield name
