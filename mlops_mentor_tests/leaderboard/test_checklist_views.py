"""A TA's short lists: claims without evidence, and evidence without a claim."""

from pathlib import Path

from mlops_mentor.evidence.checklist.items import checklist
from mlops_mentor.evidence.checklist.tables import checklist_frame
from mlops_mentor.evidence.finding import Finding, Location
from mlops_mentor.leaderboard.warehouse import publish_warehouse, query
from mlops_mentor.schemas import CHECKLIST
from mlops_mentor.storage.lake import Lake
from mlops_mentor_tests.evidence.checklist.lists import claims_of

LIST = """# Report

* [x] Create a git repository (M5)
* [x] Load test your application (M24)
* [ ] Create a frontend for your API (M26)
* [ ] Publish the documentation to GitHub Pages (M32)
"""


def test_both_lists_name_the_box_and_the_place(tmp_path: Path) -> None:
    lake, file = Lake(tmp_path / "lake"), tmp_path / "mentor.duckdb"
    found = {item.id: Finding(f"checklist/{item.id}", "no", "Not seen.") for item in checklist().items}
    for item_id, place in (("W1-01", Location(".gitignore")), ("W2-18", Location("app.py", 3))):
        found[item_id] = Finding(f"checklist/{item_id}", "yes", "Seen.", "wired", (place,))
    lake.write(CHECKLIST, checklist_frame("1", claims_of(LIST), found), "1")
    publish_warehouse(lake, file, ["1"])
    claims = query(file, "select item, verdict, claimed_at, place from claims_without_evidence").rows
    assert claims == [("W2-16", "unsupported", "reports/README.md:4", None)]
    evidence = query(file, "select item, claimed, claimed_at, place from evidence_without_claim").rows
    assert evidence == [("W2-18", "no", "reports/README.md:5", "app.py:3")]
