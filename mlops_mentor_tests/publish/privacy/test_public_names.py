"""Public names: an alias that says who a group is stops the export."""

from dataclasses import replace

import pytest

from mlops_mentor.errors import PrivacyError
from mlops_mentor.publish.privacy.known import Someone
from mlops_mentor.publish.privacy.public_names import check_public_names
from mlops_mentor_tests.publish.privacy.a_class import ADA, GRACE, KNOWN, SOREN


@pytest.mark.parametrize(
    ("alias", "kind"),
    [("Ada Lovelace", "name"), ("Team Søren", "name"), ("s123456", "study number"), ("ada1815x", "account"),
     ("leaf_disease_scan", "repository"), ("ada@home.dk", "e-mail")],
)  # fmt: skip
def test_an_alias_that_says_who_a_group_is_stops_the_export_without_being_repeated(alias: str, kind: str) -> None:
    names = {"7": alias, "8": "Heron"}
    known = replace(KNOWN, everyone=(Someone(alias, ADA), Someone(alias, SOREN), Someone("Heron", GRACE)))
    with pytest.raises(PrivacyError, match=rf"group 7 \([a-z, -]*{kind}") as caught:
        check_public_names(names, known, show_addresses=False)
    assert alias not in str(caught.value)
    assert "group 8" not in str(caught.value)


def test_a_number_that_is_somebodys_is_not_repeated_either() -> None:
    with pytest.raises(PrivacyError, match=r"the 2\. group") as caught:
        check_public_names({"1": "1", "s123456": "s123456"}, KNOWN, show_addresses=False)
    assert "s123456" not in str(caught.value)


@pytest.mark.parametrize("name", ["7", "Heron", "Group 12", "Team <3 MLOps", "group_b"])
def test_other_names_pass(name: str) -> None:
    check_public_names({"7": name}, KNOWN, show_addresses=False)
