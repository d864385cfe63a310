"""Packs put together: within the budget, stable, with counts that are right, and sources that agree with them."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlops_mentor.evidence.report.locate import find_report
from mlops_mentor.feedback.llm.calls import estimate_tokens
from mlops_mentor.feedback.packs.build import review_packs_frame, shorter, sources, tokens_of
from mlops_mentor.feedback.packs.pack import Pack
from mlops_mentor.feedback.packs.render import render
from mlops_mentor.feedback.rubric import load_rubric
from mlops_mentor.schemas import COMMITTED_SECRETS, REVIEW_PACKS, validate
from mlops_mentor_tests.evidence.checklist.projects import Contents, project_of
from mlops_mentor_tests.evidence.report.reports import report
from mlops_mentor_tests.feedback.packs.material import AsItIs, evidence, packs_of, rows, shown_paths, shown_text
from mlops_mentor_tests.feedback.packs.test_choose import CODE

LONG = "".join(f"def f{n}(a, b):\n    total = a + b * {n}\n    return total\n\n\n" for n in range(300))
REPORT = report({4: "We used uv.", 5: "As the template.", 12: "Hydra. <!-- HIDDEN --> And more."})
ALL: Contents = {**CODE, "src/proj/long.py": LONG, "reports/README.md": REPORT}
SECRET = {"group_id": "1", "kind": "api-key", "confidence": "high", "blob_id": "b"}


def ids(contents: Contents, **options: Any) -> dict[str, str]:
    return {area: pack.pack_id for area, pack in packs_of(contents, **options).items()}


def test_there_is_one_pack_an_area_in_the_rubrics_order() -> None:
    assert list(packs_of(ALL)) == [area.id for area in load_rubric().areas]
    assert list(packs_of({})) == [area.id for area in load_rubric().areas]


def test_a_change_of_the_readme_changes_the_pack_of_code_quality_alone() -> None:
    before, after = ids(ALL), ids({**ALL, "README.md": "# Another\n\nText.\n"})

    assert [area for area in before if before[area] != after[area]] == ["code_quality"]


def test_a_change_of_the_report_changes_its_pack_alone() -> None:
    before, after = ids(ALL), ids({**ALL, "reports/README.md": REPORT.replace("We used uv.", "We used pip.")})

    assert [area for area in before if before[area] != after[area]] == ["report"]


def test_the_order_of_files_and_a_second_run_change_nothing() -> None:
    first, second = packs_of(ALL), packs_of(dict(reversed(list(ALL.items()))))

    assert [pack.to_json() for pack in first.values()] == [pack.to_json() for pack in second.values()]


def test_the_commit_is_no_part_of_a_pack() -> None:
    assert "c0ffee" not in "".join(pack.to_json() for pack in packs_of(ALL).values())


@pytest.mark.parametrize("max_tokens", [1_500, 3_000, 6_000])
def test_packs_fit_their_budget_and_use_it(max_tokens: int) -> None:
    packs = packs_of(ALL, max_tokens)

    assert all(tokens_of(pack) <= max_tokens for pack in packs.values())
    assert tokens_of(packs["code_quality"]) > 0.8 * max_tokens


PATHS = st.sampled_from(["src/a.py", "src/ø b.py", "tests/test_a.py", "Dockerfile", "pyproject.toml", "README.md"])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(PATHS, st.text(alphabet="aø \n:=#\t", max_size=3000)), st.integers(1_000, 3_000))
def test_whatever_the_files_packs_fit_and_show_lines_of_theirs(contents: dict[str, str], max_tokens: int) -> None:
    cleaner = AsItIs(replaces="øø", withholds="aa")
    own = project_of(contents).own
    read = sources(evidence(own.files), own, find_report(own.files, own.read), cleaner)

    for pack in packs_of(contents, max_tokens, cleaner).values():
        assert estimate_tokens([render(pack, "0" * 24)]) <= max_tokens
        assert Pack.from_json(pack.to_json()) == pack
        assert pack.num_lines_shown <= pack.num_lines and len(pack.excerpts) <= pack.num_files
        for excerpt in pack.excerpts:
            source = read(excerpt.path)
            assert source is not None and source.blob_id == excerpt.blob_id
            assert len(source.lines) == excerpt.num_lines
            for number, text in excerpt.lines:
                whole = source.lines[number - 1]
                assert text == whole or (text.endswith("…") and whole.startswith(text[:-1]))


def test_counts_and_coverage_say_what_is_shown() -> None:
    pack = packs_of(ALL, 3_000)["code_quality"]

    assert pack.num_files == 8
    assert pack.num_lines > 1500 > pack.num_lines_shown
    assert pack.coverage.startswith(f"{len(pack.excerpts)} of 8 files, ")
    (told,) = [each for each in pack.left_out if each.startswith("src/proj/long.py")]
    num_shown = len(next(each for each in pack.excerpts if each.path == "src/proj/long.py").lines)
    assert told == f"src/proj/long.py: no room for {1498 - num_shown} of 1498 lines"


def test_files_that_have_no_room_are_not_cleaned() -> None:
    cleaner = AsItIs()
    many: Contents = {f"src/proj/part{n:03}.py": LONG for n in range(60)}

    pack = packs_of({**CODE, **many}, 3_000, cleaner)["code_quality"]

    cleaned = {path for path in cleaner.asked if path.startswith("src/proj/part")}
    assert cleaned.issuperset(path for path in shown_paths(pack) if path.startswith("src/proj/part"))
    assert len(cleaned) < 20
    assert pack.coverage.startswith(f"{len(pack.excerpts)} of 67 files")


def test_all_is_shown_where_all_has_room() -> None:
    pack = packs_of(CODE)["ci_cd"]

    assert pack.left_out == () and pack.num_lines == pack.num_lines_shown
    assert pack.coverage == "6 of 6 files, 100 % of their lines"


def test_what_is_replaced_and_withheld_is_counted_where_it_is_shown() -> None:
    contents = {"src/a.py": "x = 'TOKEN'\ny = 1\n# OBEY\n", "src/b.py": "z = 'TOKEN'\n", "Makefile": "all:\n"}

    packs = packs_of(contents, cleaner=AsItIs("TOKEN", "OBEY"))

    quality = packs["code_quality"]
    assert (quality.num_replaced, quality.num_withheld) == (2, 1)
    assert "TOKEN" not in quality.to_json() and "OBEY" not in quality.to_json()
    assert (packs["ci_cd"].num_replaced, packs["ci_cd"].num_withheld) == (0, 0)


def test_a_secret_that_only_the_scanner_saw_is_taken_out_of_packs_and_sources() -> None:
    contents = {"src/a.py": "x = 1\nkey = 'hunter2hunter2'\n"}
    found = rows(COMMITTED_SECRETS, SECRET | {"path": "src/a.py", "line": 2})
    own = project_of(contents).own

    packs = packs_of(contents, committed_secrets=found)
    source = sources(evidence(own.files, committed_secrets=found), own, find_report(own.files, own.read), AsItIs())(
        "src/a.py"
    )

    assert shown_text(packs["code_quality"]) == "x = 1\n[secret]"
    assert packs["code_quality"].num_replaced == 1
    assert source is not None and source.lines == ("x = 1", "[secret]")


def test_names_of_files_that_speak_to_a_reviewer_are_withheld_and_the_file_is_shown() -> None:
    contents = {"src/OBEY_give_five.py": "def f():\n    pass\n", "tests/test_a.py": "def test():\n    pass\n"}
    cleaner = AsItIs(withholds="OBEY")
    own = project_of(contents).own

    packs = packs_of(contents, cleaner=cleaner)

    assert not any("OBEY" in pack.to_json() for pack in packs.values())
    (path,) = shown_paths(packs["code_quality"])
    source = sources(evidence(own.files), own, find_report(own.files, own.read), cleaner)(path)
    assert path.startswith("file-") and path.endswith(".py")
    assert source is not None and source.path == "src/OBEY_give_five.py"


def test_names_of_people_in_paths_are_replaced_and_no_two_files_are_called_alike() -> None:
    contents = {f"src/{name}/a.py": f"x = '{name}'\n" for name in ("ANNA", "[replaced]")}

    pack = packs_of(contents, cleaner=AsItIs("ANNA"))["code_quality"]

    assert "ANNA" not in pack.to_json()
    assert len(set(shown_paths(pack))) == 2


def test_sources_are_own_files_as_they_may_be_seen_and_nothing_else() -> None:
    contents: Contents = {**ALL, ".env": "KEY=1\n", "venv/a.py": "x = 1\n", "src/crlf.py": "a = 1\r\nb = 2\x0b\r\n"}
    cleaner = AsItIs()
    own = project_of(contents, report_path="reports/README.md").own
    read = sources(evidence(own.files), own, find_report(own.files, own.read), cleaner)

    assert [read(path) for path in (".env", "venv/a.py", "no/such.py")] == [None, None, None]
    source = read("src/crlf.py")
    assert source is not None and source.lines == ("a = 1", "b = 2�")
    assert read("src/crlf.py") == source and cleaner.asked.count("src/crlf.py") == 1


def test_of_the_report_answers_alone_are_shown_at_their_lines_without_comments() -> None:
    pack = packs_of(ALL)["report"]
    lines = REPORT.split("\n")

    (excerpt,) = pack.excerpts
    assert [text.strip() for _, text in excerpt.lines] == ["We used uv.", "As the template.", "Hydra.  And more."]
    assert [lines[number - 1] for number, _ in excerpt.lines][:2] == ["We used uv.", "As the template."]
    assert pack.coverage == "1 of 1 files, 100 % of their lines"


def test_a_long_answer_does_not_push_out_the_others() -> None:
    answers = {number: f"Answer {number}." for number in range(4, 20)} | {9: "word " * 4000 + "\n\nEnd."}

    pack = packs_of({"reports/README.md": report(answers)}, 3_000)["report"]

    text = shown_text(pack)
    assert all(f"Answer {number}." in text for number in range(4, 20) if number != 9)
    assert "word word" in text and tokens_of(pack) <= 3_000
    assert pack.left_out == ("reports/README.md: no room for all of the answer to question 9",)
    assert "question 9 (Branches and pull requests)" in "".join(pack.facts)
    assert "not shown in full" in "".join(pack.facts)


def test_a_shorter_pack_fits_keeps_facts_and_is_the_same_each_time() -> None:
    pack = packs_of(ALL)["code_quality"]

    cut = shorter(pack, 2_000)

    assert tokens_of(cut) <= 2_000 < tokens_of(pack)
    assert shorter(pack, 2_000) == cut and cut.pack_id != pack.pack_id
    assert cut.facts == pack.facts and cut.area == pack.area and len(cut.excerpts) > 1
    assert shorter(pack, 12_000) is pack
    known = {(excerpt.path, line) for excerpt in pack.excerpts for line in excerpt.lines}
    assert {(excerpt.path, line) for excerpt in cut.excerpts for line in excerpt.lines} < known


def test_a_shorter_pack_of_the_report_has_the_beginning_of_each_answer() -> None:
    answers = {number: f"Answer {number}. " + "word " * 100 for number in range(4, 20)}
    pack = packs_of({"reports/README.md": report(answers)})["report"]

    cut = shorter(pack, 2_500)

    assert tokens_of(cut) <= 2_500 < tokens_of(pack)
    assert all(f"Answer {number}." in shown_text(cut) for number in range(4, 20))


def test_the_table_holds_what_the_packs_say() -> None:
    packs = packs_of(ALL, 3_000)

    frame = validate(REVIEW_PACKS, review_packs_frame("1", "c0ffee", list(packs.values())))

    row = frame.row(0, named=True)
    assert row["area"] == "code_quality" and row["snapshot_sha"] == "c0ffee"
    assert row["files"] == shown_paths(packs["code_quality"])
    assert row["num_tokens"] == tokens_of(packs["code_quality"]) <= 3_000
    assert row["coverage"] == packs["code_quality"].coverage
