"""Order clues: to whom the words near a place speak, what they are about, and who is said to have decided.

Belongs here: questions about a place, each answered from the words around it. What makes an order is for `orders`.
"""

from collections.abc import Iterator

from mlops_mentor.evidence.order_words import Words

# A rule gives (first word, last word, whether it is certain) of what it sees, in order.
Seen = Iterator[tuple[int, int, bool]]
AROUND = 32
# A number after one of these is the end of a scale.
FROM = frozenset(["0", "1", "to", "and", "til", "bis", "a", "through", "between"])


def is_addressed(words: Words, at: int) -> bool:
    return is_to_a_machine(words, at) or is_greeted(words, at)


def is_to_a_machine(words: Words, at: int) -> bool:
    """Whether a reviewing program is spoken of nearby: `AI reviewers`, `the grader, an LLM`, `if you are an AI`."""
    begin, end = max(0, at - AROUND), at + AROUND
    machine = words.next("sure_machine", begin, end)
    if machine is None:
        language = words.next("language", begin, end)
        machine = (
            language if language is not None and words.next("machine", language, language + 2) is not None else None
        )
    if machine is None:
        reviewer = words.next("reviewer", begin, end)
        return reviewer is not None and words.next("machine", reviewer - 1, reviewer + 2) is not None
    if words.next("reviewer", begin, end) is not None:
        return True
    judging = words.next("judging", begin, end)
    if judging is not None and words.next("self", judging + 1, judging + 3) is not None:
        return True
    you = words.last("you", max(begin, machine - 5), machine)
    return you is not None and words.last("if", max(0, you - 2), you + 1) is not None


def is_greeted(words: Words, at: int) -> bool:
    """Whether a reviewer is spoken to: `dear grader`, `note to the reviewer`, `you as the examiner`."""
    begin, end = max(0, at - AROUND), at + AROUND
    for family in ("person", "sure_machine"):
        greeted = words.next(family, begin, end)
        while greeted is not None:
            if words.last("greeting", max(0, greeted - 6), greeted) is not None:
                return True
            if family == "person" and words.next("you", greeted - 5, greeted + 6) is not None:
                return True
            greeted = words.next(family, greeted + 1, end)
    return False


def has_own_work(words: Words, begin: int, end: int) -> bool:
    """Whether it is about `this project`, `our code`."""
    own = words.next("self", begin, end)
    while own is not None:
        if words.next("work", own + 1, own + 4) is not None:
            return True
        own = words.next("self", own + 1, end)
    return False


def is_given_to_own_work(words: Words, begin: int, last: int) -> bool:
    """`Give this project full marks`, `award full marks to our group`."""
    give = words.last("direct_give", begin, last)
    if give is None or words.last("not", max(0, give - 3), give) is not None:
        return False
    return has_own_work(words, give + 1, give + 3) or has_own_work(words, last + 1, last + 3)


def decided(words: Words, first: int, last: int) -> int | None:
    """Where it is said that somebody has decided on that mark already."""
    staff = words.last("staff", max(0, first - 20), first)
    if staff is not None and words.next("said", staff + 1, min(staff + 9, first + 4)) is not None:
        return staff
    after = words.next("staff", last + 1, last + 12)
    if after is not None and words.next("said", last + 1, after + 6) is not None:
        return after
    earlier = words.last("earlier", max(0, first - 10), first)
    if earlier is not None and words.next("judged", earlier + 1, earlier + 4) is not None:
        return earlier
    passing = words.last("passing", max(0, first - 5), first)
    is_passed = passing is not None and words.last("checked", max(0, passing - 3), passing) is not None
    is_number = words.next("number", first, last + 1) is not None
    return passing if is_passed and is_number else None


def is_about_answers(words: Words, last: int) -> bool:
    """Whether a judge of answers is told when to give that mark: no order of a student, and likely a prompt."""
    condition = words.next("if", last + 1, last + 5)
    is_condition = condition is not None and words.next("you", condition, condition + 2) is None
    # A report asks questions all along: that alone says nothing.
    spoken_of = {word.removesuffix("s") for word in words.among("judged_text", max(0, last - 40), last + 40)}
    return is_condition or len(spoken_of) >= 2


def is_defended(words: Words, at: int) -> bool:
    """Whether such sentences are spoken of, rather than spoken."""
    return words.next("defence", max(0, at - 40), at + 40) is not None


def tops(words: Words, begin: int = 0, end: int | None = None) -> Iterator[tuple[int, int, bool]]:
    """Words that name the highest mark: `full marks`, `score of 5`, `5/5`, `12 points`; whether marks are spoken of."""
    for at in words.all("highest", begin, end):
        mark = words.next("marks", at, at + 4)
        mark = words.next("mark_word", at + 1, at + 3) if mark is None else mark
        if mark is not None:
            yield at, mark, True
    for at in words.all("top_after", begin, end):
        mark = words.last("mark_word", max(0, at - 2), at)
        if mark is not None:
            yield mark, at, True
    for at in words.all("number", begin, end):
        # A scale names its highest number, too.
        if at and words.words[at - 1] in FROM:
            continue
        same = next(
            (i for i in range(at + 1, min(at + 4, len(words.words))) if words.words[i] == words.words[at]), None
        )
        mark = words.last("marks", max(0, at - 3), at)
        is_linked = mark is not None and words.count("linking", mark + 1, at) == at - mark - 1
        if same is not None:
            yield at, same, mark is not None or words.next("marks", same + 1, same + 3) is not None
        elif mark is not None and is_linked:
            yield mark, at, True
        elif (mark := words.next("marks", at + 1, at + 2)) is not None:
            yield at, mark, True
