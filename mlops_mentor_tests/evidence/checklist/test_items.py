"""The items are data: checked when loaded, and next year's list is an edit of the file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlops_mentor.errors import ConfigError
from mlops_mentor.evidence.checklist.claims import read_claims
from mlops_mentor.evidence.checklist.detect import all_detectors
from mlops_mentor.evidence.checklist.items import FILE, checklist, load_checklist
from mlops_mentor.evidence.report.locate import NoReport
from mlops_mentor.evidence.report.templates import course

IDS = [
    *(f"W1-{number:02}" for number in range(1, 21)),
    *(f"W2-{number:02}" for number in range(1, 19)),
    *(f"W3-{number:02}" for number in range(1, 10)),
    *(f"EX-{number:02}" for number in range(1, 7)),
]
Edit = Callable[[dict[str, Any]], object]


def edited(tmp_path: Path, edit: Edit) -> Path:
    content = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    edit(content)
    file = tmp_path / "items.yaml"
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    return file


def test_there_are_53_items_in_the_lists_order() -> None:
    assert [item.id for item in checklist().items] == IDS


def test_the_versions_are_those_of_the_reports_templates() -> None:
    assert checklist().versions == tuple(template.version for template in course().templates)


@pytest.mark.parametrize(("version", "number"), [("27-36", 34), ("31-52", 52), ("31-53", 53), ("99-99", 53)])
def test_a_version_asks_for_its_own_items(version: str, number: int) -> None:
    # Two of the 36 boxes have no successor; a version that nobody knows is taken for the whole list.
    assert len(checklist().asked(version)) == number


def test_the_item_of_2026_is_asked_in_2026_alone() -> None:
    assert checklist().asked("31-53") - checklist().asked("31-52") == {"W3-02"}


@pytest.mark.skipif(not all_detectors(), reason="no detectors yet")
def test_every_detector_that_is_named_is_there_and_is_named() -> None:
    assert {item.detector for item in checklist().items} == set(all_detectors())


def test_no_item_reads_like_another() -> None:
    assert len({item.title for item in checklist().items}) == len(IDS)
    assert len({item.expects for item in checklist().items}) == len(IDS)


def test_next_years_list_is_an_edit(tmp_path: Path) -> None:
    def edit(content: dict[str, Any]) -> None:
        content["versions"].append("32-53")
        content["items"].append(content["items"][40] | {"id": "W3-10", "texts": ["Ask the users"], "since": "32-53"})
        gone = content["items"].pop(0)
        content["retired"] += gone["texts"]
        content["items"][0]["until"] = "31-53"
        content["items"][1]["texts"].insert(0, "Create an environment with uv")

    ids = [item.id for item in load_checklist(edited(tmp_path, edit)).items]
    assert ids == [*IDS[1:], "W3-10"]
    asked = load_checklist(edited(tmp_path, edit)).asked
    assert asked("32-53") - asked("31-53") == {"W3-10"}
    assert asked("31-53") - asked("32-53") == {"W1-02"}


def _same(content: dict[str, Any], name: str) -> None:
    content["items"][3][name] = content["items"][2][name]


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda content: _same(content, "id"), "'W1-03' stands there twice"),
        (lambda content: _same(content, "texts"), "stands there twice"),
        (lambda content: content["retired"].append("create a GIT repository!"), "stands there twice"),
        (lambda content: content["items"][4].update(week=2), "W1-05: id W1-05 is not of week 2"),
        (lambda content: content["items"][4].update(week=None), "is not of week None"),
        (lambda content: content["items"][4].update(since="31-54"), "W1-05: '31-54' is none of versions"),
        (lambda content: content["items"][4].update(since="31-53", until="31-52"), "until is before since"),
        (lambda content: content["items"][4].update(texts=[]), "W1-05.texts"),
        (lambda content: content["items"][4].update(texts=["?!"]), "has no words"),
        (lambda content: content["items"][4].update(remedy="Do it"), "W1-05.remedy: ends without a full stop"),
        (lambda content: content["items"][4].update(detector="No such"), "W1-05.detector"),
        (lambda content: content["items"][4].update(module="6"), "W1-05.module"),
        (lambda content: content["items"][4].update(colour="red"), "W1-05.colour"),
        (lambda content: content["items"][4].pop("expects"), "W1-05.expects: Field required"),
        (lambda content: content["items"][4].pop("id"), "items.4.id: Field required"),
        (lambda content: content["marks"]["no"].append(" X "), "['x'] would mean both"),
        (lambda content: content["marks"]["yes"].append(True), "marks.yes"),
        (lambda content: content.pop("versions"), "versions: Field required"),
    ],
)
def test_what_is_wrong_in_the_file_is_said_with_its_place(tmp_path: Path, edit: Edit, words: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load_checklist(edited(tmp_path, edit))
    assert words in str(raised.value)


def test_a_file_that_is_no_yaml_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "items.yaml"
    file.write_text("items: [", encoding="utf-8")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_checklist(file)


def test_without_a_report_every_item_is_missing_and_an_unreadable_one_leaves_them_unknown() -> None:
    missing = read_claims(NoReport("no", "No file holds the questions."))
    unknown = read_claims(NoReport("not_available", "It is kept by Git LFS.", "reports/README.md"))
    assert {claim.claimed for claim in missing.of.values()} == {"missing"}
    assert {claim.claimed for claim in unknown.of.values()} == {"unknown"}
    assert list(missing.of) == list(unknown.of) == IDS
