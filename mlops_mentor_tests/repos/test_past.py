"""What a history holds beside its snapshot: former versions of texts, and code in other branches."""

import shutil
from pathlib import Path

import pytest

from mlops_mentor.errors import RepoError
from mlops_mentor.evidence.checklist.facts import group_facts
from mlops_mentor.evidence.report.locate import NoReport
from mlops_mentor.repos import past
from mlops_mentor.repos.files import read_files
from mlops_mentor.repos.past import past_texts
from mlops_mentor.repos.unmerged import Unmerged, unmerged_branches
from mlops_mentor_tests.repos.sources import Source

NOBODY = NoReport("no", "None.")


def texts(source: Source, *current: str) -> list[tuple[str, str]]:
    return [(path, text) for path, _, text in past_texts(source.path, source.sha(), current)]


def current(source: Source) -> list[str]:
    return read_files(source.path, "1", source.sha(), None)["blob_id"].to_list()


def test_former_versions_come_newest_first_and_each_once(source: Source) -> None:
    source.commit({b"a.py": b"one"})
    source.commit({b"a.py": b"two", b"b.py": b"gone"})
    source.commit({b"a.py": b"one", b"b.py": None})
    source.commit({b"a.py": b"three"})
    assert texts(source, *current(source)) == [("a.py", "one"), ("a.py", "two"), ("b.py", "gone")]


def test_what_the_snapshot_has_under_another_name_is_no_former_version(source: Source) -> None:
    source.commit({b"a.py": b"one"})
    source.commit({b"a.py": None, b"b.py": b"one"})
    assert texts(source, *current(source)) == []


def test_prose_images_vendored_and_generated_files_are_left_out(source: Source) -> None:
    names = (b"a.md", b"a.png", b".venv/a.py", b"outputs/a.yaml", b"google-cloud-sdk/a.py", b"uv.lock", b"a.ipynb")
    source.commit(dict.fromkeys(names, b"x"))
    source.commit(dict.fromkeys(names))
    assert texts(source) == []


def test_settings_scripts_and_docker_files_are_read_wherever_they_are(source: Source) -> None:
    names = (b"x/a.toml", b".github/workflows/a.yml", b"docker/Dockerfile.train", b"Makefile", b"a.sh", b".dvc/config")
    source.commit({name: name for name in names})
    source.commit(dict.fromkeys(names))
    assert sorted(path.encode() for path, _ in texts(source)) == sorted(names)


def test_odd_names_and_contents_are_read(source: Source) -> None:
    source.commit({b"a\n:100644.py": b"one", "æ.py".encode(): b"\xff", b"\xff.py": b"two", b"c.py": b"a\0b"})
    source.commit({b"a\n:100644.py": None, "æ.py".encode(): None, b"\xff.py": None, b"c.py": None, b"d.py": b"x"})
    found = texts(source, *current(source))
    assert sorted(found) == [("\\xff.py", "two"), ("a\n:100644.py", "one"), ("æ.py", "\ufffd")]


def test_links_are_not_read(source: Source) -> None:
    source.commit({b"a.py": (b"120000", b"/etc/passwd"), b"b.py": (b"160000", b"1" * 40)})
    source.commit({b"a.py": None, b"b.py": None, b"c": b""})
    assert texts(source) == []


def test_a_blob_that_the_mirror_lacks_is_left_out(source: Source) -> None:
    source.commit({b"a.py": b"one", b"b.py": b"two"})
    source.commit({b"a.py": None, b"b.py": None, b"c": b""})
    lost = source.git("rev-parse", "main~1:a.py").decode().strip()
    kept = source.git("rev-list", "--objects", "--no-object-names", "main").decode().split()
    packed = source.git("pack-objects", "--stdout", stdin="\n".join(each for each in kept if each != lost).encode())
    folder = source.path / "objects"
    shutil.rmtree(folder)
    (folder / "pack").mkdir(parents=True)
    source.git("index-pack", "--stdin", stdin=packed)
    assert texts(source) == [("b.py", "two")]


@pytest.mark.parametrize(("name", "limit"), [("MAX_BLOBS", 2), ("MAX_TOTAL_BYTES", 6), ("MAX_COMMITS", 3)])
def test_no_more_is_read_than_the_limits_allow(
    source: Source, monkeypatch: pytest.MonkeyPatch, name: str, limit: int
) -> None:
    for number in range(6):
        source.commit({b"a.py": b"v%d." % number})
    monkeypatch.setattr(past, name, limit)
    assert [text for _, text in texts(source, *current(source))] == ["v4.", "v3."] + ["v2."] * (name == "MAX_COMMITS")


def test_nothing_runs_before_the_first_is_asked_for(tmp_path: Path) -> None:
    found = past_texts(tmp_path / "none.git", "main", ())
    with pytest.raises((RepoError, OSError)):
        next(found)


def test_branches_with_code_of_their_own_are_told(source: Source) -> None:
    first = source.commit({b"a.py": b"one"})
    source.commit({b"b.py": b"b", b"c.py": b"c", b"n.md": b"n"}, ref="refs/heads/wide", parents=[first])
    source.commit({b"d.ipynb": b"d"}, ref="refs/heads/small", parents=[first])
    source.commit({b"index.py": b"e"}, ref="refs/heads/gh-pages", parents=[first])
    source.commit({b".venv/e.py": b"e"}, ref="refs/heads/vendored", parents=[first])
    source.commit({b"a.py": b"two"})
    assert unmerged_branches(source.path, source.sha()) == (Unmerged("wide", 2), Unmerged("small", 1))


def test_merged_squashed_moved_and_removed_code_waits_for_nobody(source: Source) -> None:
    first = source.commit({b"a.py": b"one"})
    source.commit({b"b.py": b"b"}, ref="refs/heads/squashed", parents=[first])
    source.commit({b"c.py": b"c"}, ref="refs/heads/moved", parents=[first])
    source.commit({b"d.py": b"d"}, ref="refs/heads/removed", parents=[first])
    source.git("update-ref", "refs/heads/merged", first)
    source.commit({b"b.py": b"b", b"src/c.py": b"c", b"d.py": b"d"})
    source.commit({b"d.py": None})
    assert unmerged_branches(source.path, source.sha()) == ()


def test_facts_read_the_history_once_and_only_when_asked(source: Source) -> None:
    source.commit({b"a.py": b"one", b"b.py": b"starter"})
    source.commit({b"a.py": b"two", b"b.py": None})
    sha = source.sha()
    starter = source.git("rev-parse", "main~1:b.py").decode().strip()
    files = read_files(source.path, "1", sha, None)
    facts = group_facts(source.path, sha, files, NOBODY, branches=("main",), group_size=4, starter_blobs=[starter])
    assert facts.past_texts is not None
    assert facts.unmerged is not None
    found = facts.past_texts()
    assert [(path, text) for path, _, text in found] == [("a.py", "one")]
    assert facts.past_texts() is found
    assert facts.unmerged() == ()
    known = (facts.group_size, facts.branches, facts.num_people, facts.workflow_runs, facts.report_images)
    assert known == (4, ("main",), None, None, ())


def test_facts_of_a_repository_without_a_commit(source: Source) -> None:
    files = read_files(source.path, "1", None, None)
    facts = group_facts(source.path, None, files, NOBODY)
    assert facts.past_texts is not None
    assert facts.unmerged is not None
    assert (facts.past_texts(), facts.unmerged(), facts.snapshot_sha) == ((), (), None)
