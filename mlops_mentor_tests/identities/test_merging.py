"""Which identities are one contributor, why, and who is no person."""

from collections.abc import Iterable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_mentor.identities.merging import (
    Contributor,
    Identity,
    kind_of,
    merge_identities,
    most_used,
    name_key,
    parse_co_author,
)

_NAMES = st.sampled_from(
    ["Ada Lovelace", "Ada", "ada-lovelace", "Bo Holm", "bo", "root", "", "Ada B. Lovelace", "s204001"]
)
_EMAILS = st.sampled_from(
    ["ada@a.example", "s204001@uni.example", "1+bo-h@users.noreply.github.com", "", "bo@b.example"]
)
_IDENTITIES = st.builds(Identity, _NAMES, _EMAILS)


def _merge(*identities: tuple[str, str], mailmap: dict[Identity, Identity] | None = None) -> list[Contributor]:
    """Contributors of identities of which the first is used most."""
    counts = {Identity(*identity): 100 - number for number, identity in enumerate(identities)}
    return merge_identities(counts, mailmap or {})


def _names(contributors: Iterable[Contributor]) -> list[set[str]]:
    return [{identity.name for identity in contributor.identities} for contributor in contributors]


@pytest.mark.parametrize(
    ("first", "second", "rule"),
    [
        (("Ada Lovelace", "ada@uni.example"), ("al", "ADA@Uni.Example "), "same e-mail (ada@uni.example)"),
        (("Bo Ek", "bo@uni.example"), ("bo  EK", "be@home.example"), "same name (bo ek)"),
        (("李明", "a@uni.example"), ("李明", "b@home.example"), "same name (李明)"),
        (
            ("Ada Augusta Lovelace", "ada@uni.example"),
            ("Ada Lovelace", "al@home.example"),
            "same name (ada lovelace)",
        ),
        (
            ("Ada L", "17+ada-codes@users.noreply.github.com"),
            ("Lovelace", "ada-codes@users.noreply.github.com"),
            "GitHub login (ada-codes)",
        ),
        (
            ("Ada L", "17+adacodes@users.noreply.github.com"),
            ("Lovelace", "adacodes@home.example"),
            "GitHub login (adacodes)",
        ),
        (("Ada L", "17+adacodes@users.noreply.github.com"), ("AdaCodes", "x@home.example"), "GitHub login (adacodes)"),
        (("Ada L", "s204001@uni.example"), ("Lovelace", "s204001@student.uni.example"), "study number (s204001)"),
        (("Ada L", "s204001@uni.example"), ("s204001", "ada@home.example"), "study number (s204001)"),
        (
            ("Ada Lovelace", "al@uni.example"),
            ("mathematician", "ada.lovelace@home.example"),
            "name as address (adalovelace)",
        ),
        (
            ("Ada Lovelace", "al@uni.example"),
            ("mathematician", "adalovelace1815@home.example"),
            "name as address (adalovelace)",
        ),
    ],
)
def test_what_tells_that_two_are_one_is_named_as_the_reason(
    first: tuple[str, str], second: tuple[str, str], rule: str
) -> None:
    (contributor,) = _merge(first, second)
    assert contributor.identities == (Identity(*first), Identity(*second))
    (reason,) = contributor.merge_reasons
    assert reason == f"{rule}: {first[0]} <{first[1]}> = {second[0]} <{second[1]}>"


@pytest.mark.parametrize(
    ("first", "second"), [("Ada Lovelace", "ada  LOVELACE"), ("Søren Ærø", "Soren Aero"), ("José Núñez", "Jose Nunez")]
)
def test_a_name_is_the_same_in_other_letters(first: str, second: str) -> None:
    assert _names(_merge((first, "a@uni.example"), (second, "b@home.example"))) == [{first, second}]


def test_where_the_names_are_equal_that_is_the_reason() -> None:
    (contributor,) = _merge(("Ada Lovelace", "a@uni.example"), ("Ada Lovelace", "b@home.example"))
    assert contributor.merge_reasons[0].startswith("same name (ada lovelace): ")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("Mads Holm", "mh@uni.example"), ("Mads Berg", "mb@uni.example")),
        (("Mads Holm", "mads@uni.example"), ("Mads Berg", "mads@home.example")),
        (("Mads", "mh@uni.example"), ("Mads Berg", "mb@uni.example")),
        (("Ada Bo Lovelace", "a@uni.example"), ("Ada Bo Christensen", "c@uni.example")),
        (("Ada Holm", "a@uni.example"), ("Bo Holm", "b@uni.example")),
        (("Bo", "17+bob@users.noreply.github.com"), ("Bea", "bob@home.example")),
        (("!!!", "a@uni.example"), ("???", "b@uni.example")),
        (("Ada", "s204001@uni.example"), ("Bo", "s204002@uni.example")),
    ],
)
def test_two_persons_who_share_little_stay_two(first: tuple[str, str], second: tuple[str, str]) -> None:
    contributors = _merge(first, second)
    assert _names(contributors) == [{first[0]}, {second[0]}]
    assert all(not contributor.merge_reasons for contributor in contributors)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("Alexander Holm", "alexander@uni.example"), ("Alexander Berg", "alexander@home.example")),
        (("Anna Holm", "jonassen@uni.example"), ("Bo Berg", "jonassen@home.example")),
        (("Mads Holm", "mads@uni.example"), ("Mads Berg", "17+mads@users.noreply.github.com")),
    ],
)
def test_two_full_names_that_differ_stay_two_whatever_their_addresses_begin_with(
    first: tuple[str, str], second: tuple[str, str]
) -> None:
    assert len(_merge(first, second)) == 2


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("Ada Lovelace", "al@uni.example"), ("Ada L", "ada.lovelace@home.example")),
        (("Ada B Lovelace", "adalove@uni.example"), ("Ada Lovelace", "adalove@home.example")),
        (("Ada Lovelace", "17+adacodes@users.noreply.github.com"), ("She Codes", "adacodes@users.noreply.github.com")),
        (("Ada Lovelace", "s204001@uni.example"), ("She Codes", "s204001@home.example")),
    ],
)
def test_short_names_and_certain_signs_still_make_one_of_two(first: tuple[str, str], second: tuple[str, str]) -> None:
    assert len(_merge(first, second)) == 1


@pytest.mark.parametrize("name", ["root", "Ubuntu", "user", "Your Name", "student", ""])
def test_a_placeholder_for_a_name_merges_nobody(name: str) -> None:
    assert len(_merge((name, "a@one.example"), (name, "b@two.example"))) == 2


@pytest.mark.parametrize("email", ["you@example.com", "root@localhost", "", "YOUR@EMAIL.COM"])
def test_a_placeholder_for_an_address_merges_nobody(email: str) -> None:
    assert len(_merge(("Ada Lovelace", email), ("Bo Holm", email))) == 2


def test_reasons_of_a_chain_are_all_kept() -> None:
    (contributor,) = _merge(("Bo Ek", "ada@uni.example"), ("Bo Ek", "al@home.example"), ("al", "al@home.example"))
    assert [reason.split(" (")[0] for reason in contributor.merge_reasons] == ["same name", "same e-mail"]


def test_two_groups_of_identities_that_a_third_joins_keep_all_reasons() -> None:
    (contributor,) = _merge(
        ("Ada Lovelace", "ada@uni.example"),
        ("Lady Byron", "byron@home.example"),
        ("Ada Lovelace", "al@uni.example"),
        ("Lady Byron", "b@home.example"),
        ("Lady Byron", "ada@uni.example"),
    )
    assert len(contributor.merge_reasons) == 4


def test_the_repository_s_own_mailmap_merges() -> None:
    ada, nick = Identity("Ada Lovelace", "ada@uni.example"), Identity("nick", "n@home.example")
    (contributor,) = _merge(ada, nick, mailmap={nick: ada})
    assert set(contributor.identities) == {ada, nick}
    assert any("ada@uni.example" in reason for reason in contributor.merge_reasons)


def test_two_entries_that_mailmap_takes_for_a_third_are_one() -> None:
    true = Identity("Ada Lovelace", "ada@uni.example")
    one, two = Identity("nick", "n@home.example"), Identity("other", "o@home.example")
    (contributor,) = _merge(one, two, mailmap={one: true, two: true})
    assert set(contributor.identities) == {one, two}


@pytest.mark.parametrize(
    ("name", "email", "kind"),
    [
        ("Ada Lovelace", "ada@uni.example", "person"),
        ("Claude Monet", "monet@uni.example", "person"),
        ("Jules Verne", "jules@uni.example", "person"),
        ("Jules", "jules@uni.example", "person"),
        ("Devin Booker", "devin@uni.example", "person"),
        ("Robot Chicken", "rc@uni.example", "person"),
        ("Ada", "17+ada@users.noreply.github.com", "person"),
        ("Claude Monet", "17+claudemonet@users.noreply.github.com", "person"),
        ("Claude", "", "ai_assistant"),
        ("Claude", "81847+claude@users.noreply.github.com", "ai_assistant"),
        ("aider (gpt-4o)", "noreply@aider.chat", "ai_assistant"),
        ("GitHub Actions", "actions@uni.example", "bot"),
        ("dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com", "bot"),
        ("github-actions[bot]", "41898282+github-actions[bot]@users.noreply.github.com", "bot"),
        ("pre-commit-ci[bot]", "66853113+pre-commit-ci[bot]@users.noreply.github.com", "bot"),
        ("GitHub", "noreply@github.com", "bot"),
        ("GitHub Action", "action@github.com", "bot"),
        ("github-classroom[bot]", "66690702+github-classroom[bot]@users.noreply.github.com", "bot"),
        ("Claude", "noreply@anthropic.com", "ai_assistant"),
        ("Claude Opus 4", "noreply@anthropic.com", "ai_assistant"),
        ("claude[bot]", "209825114+claude[bot]@users.noreply.github.com", "ai_assistant"),
        ("Copilot", "223556219+Copilot@users.noreply.github.com", "ai_assistant"),
        ("copilot-swe-agent[bot]", "198982749+Copilot@users.noreply.github.com", "ai_assistant"),
        ("Cursor Agent", "cursoragent@cursor.com", "ai_assistant"),
        ("Codex", "codex@openai.com", "ai_assistant"),
        ("google-labs-jules[bot]", "161369871+google-labs-jules[bot]@users.noreply.github.com", "ai_assistant"),
        ("devin-ai-integration[bot]", "158243242+devin-ai-integration[bot]@users.noreply.github.com", "ai_assistant"),
    ],
)
def test_bots_and_assistants_are_told_from_persons(name: str, email: str, kind: str) -> None:
    assert kind_of(Identity(name, email)) == kind


@pytest.mark.parametrize(
    ("name", "email"),
    [
        ("Jean Claude", "jean@uni.example"),
        ("Claude", "claude.monet@uni.example"),
        ("Ada Stale", "ada@uni.example"),
        ("Devin", "devin@abbott.example"),
    ],
)
def test_a_person_named_like_an_assistant_is_a_person(name: str, email: str) -> None:
    assert kind_of(Identity(name, email)) == "person"


def test_an_assistant_is_never_merged_with_the_person_who_uses_it() -> None:
    person, assistant = _merge(("Ada Lovelace", "ada@uni.example"), ("claude[bot]", "ada@uni.example"))
    assert (person.kind, assistant.kind) == ("person", "ai_assistant")


def test_a_bot_with_two_addresses_is_one_bot() -> None:
    (bot,) = _merge(("dependabot[bot]", "support@github.example"), ("dependabot[bot]", "bot@github.example"))
    assert bot.kind == "bot"


def test_contributors_stand_by_use_and_their_identities_too() -> None:
    counts = {
        Identity("Bo Holm", "bo@uni.example"): 5,
        Identity("Ada Lovelace", "al@home.example"): 2,
        Identity("Ada Lovelace", "ada@uni.example"): 4,
    }
    contributors = merge_identities(counts, {})
    assert [[identity.email for identity in c.identities] for c in contributors] == [
        ["ada@uni.example", "al@home.example"], ["bo@uni.example"],
    ]  # fmt: skip


def test_the_id_depends_on_the_smallest_address_alone() -> None:
    (before,) = _merge(("Ada", "ada@uni.example"))
    (after,) = _merge(("Ada", "zoe@uni.example"), ("Ada", "ada@uni.example"))
    assert before.contributor_id == after.contributor_id
    (other,) = _merge(("Ada", "zoe@uni.example"))
    assert other.contributor_id != before.contributor_id


@given(st.dictionaries(_IDENTITIES, st.integers(1, 9), max_size=8))
@settings(derandomize=True, deadline=None)
def test_every_identity_belongs_to_exactly_one_contributor(counts: dict[Identity, int]) -> None:
    contributors = merge_identities(counts, {})
    members = [identity for contributor in contributors for identity in contributor.identities]
    assert sorted(members) == sorted(counts)
    assert len({contributor.contributor_id for contributor in contributors}) == len(contributors)
    assert all(len(c.merge_reasons) == len(c.identities) - 1 for c in contributors)


@given(st.lists(_IDENTITIES, max_size=8, unique=True), st.randoms(use_true_random=False))
@settings(derandomize=True, deadline=None)
def test_the_order_in_which_identities_are_found_changes_nothing(identities: list[Identity], random: Random) -> None:
    shuffled = list(identities)
    random.shuffle(shuffled)
    assert merge_identities(dict.fromkeys(shuffled, 1), {}) == merge_identities(dict.fromkeys(identities, 1), {})


@pytest.mark.parametrize(
    ("trailer", "identity"),
    [
        ("Ada Lovelace <ada@uni.example>", Identity("Ada Lovelace", "ada@uni.example")),
        ("  Ada  < >", Identity("Ada", " ")),
        ("<ada@uni.example>", Identity("", "ada@uni.example")),
        ("Ada Lovelace ", Identity("Ada Lovelace", "")),
        ("", Identity("", "")),
    ],
)
def test_a_co_author_is_read_as_people_write_it(trailer: str, identity: Identity) -> None:
    assert parse_co_author(trailer) == identity


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Čuhel, Honza", "cuhel honza"),
        ("O'Neill-Smith", "o neill smith"),
        ("Łukasz ÐØ", "lukasz do"),
        ("_a_", "a"),
        ("", ""),
    ],
)
def test_a_name_s_key_has_no_accents_case_or_punctuation(name: str, key: str) -> None:
    assert name_key(name) == key


def test_names_stand_by_use_and_empty_ones_are_left_out() -> None:
    assert most_used([("b", 1), ("a", 1), ("c", 1), ("c", 2), ("", 9)]) == ["c", "a", "b"]
