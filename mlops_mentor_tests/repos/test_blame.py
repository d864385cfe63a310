"""Blame: whatever happened to a file, its lines belong to whom plain git says, and nothing stops at one file."""

import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from mlops_mentor.repos.blame import BlameLimits, Surviving, own_files, read_surviving
from mlops_mentor.repos.commits import read_commits
from mlops_mentor.repos.diffs import read_changes
from mlops_mentor.repos.files import read_files
from mlops_mentor.repos.refs import mirror_refs
from mlops_mentor_tests.repos.sources import Source, mirrored, plain_git

BO, CY = b"Bo Holm <bo@uni.example>", "Čy Ø <cy@ø.example>".encode()
BODY = b"".join(b"def function_%d(argument):\n    return argument * %d + compute_%d()\n" % (n, n, n) for n in range(12))
OTHER = BODY.replace(b"function", b"method").replace(b"compute", b"estimate")


def _read(source: Source, mirror: Path, starter: pl.Series | None = None, **limits: float) -> Surviving:
    mirrored(source, mirror)
    sha = source.sha()
    found = BlameLimits(**limits)  # type: ignore[arg-type]
    return read_surviving(mirror, sha, read_files(mirror, "1", sha, starter), _commits(mirror, sha), starter, found)


def _commits(mirror: Path, sha: str) -> pl.DataFrame:
    return read_commits(mirror, "1", sha, mirror_refs(mirror).pull_request_shas)


def _plain(repository: Path, sha: str, paths: list[str]) -> dict[tuple[str, str], int]:
    """One process a file, one line after the other, as git prints them for programs."""
    counts: Counter[tuple[str, str]] = Counter()
    for path in paths:
        printed = plain_git(repository, "blame", "--line-porcelain", "-w", "-M", "-C", sha, "--", path)
        lines = printed.split(b"\n")
        header = ""
        for line in lines:
            if line.startswith(b"\t"):
                counts[path, header] += 1
                header = ""
            elif not header:
                header = line.split(b" ")[0].decode()
    return dict(counts)


def _agree(source: Source, mirror: Path) -> Surviving:
    found = _read(source, mirror)
    sha = source.sha()
    paths = own_files(read_files(mirror, "1", sha, None))["path"].to_list()
    assert {(path, commit): n for path, _, commit, n in found.frame.iter_rows()} == _plain(source.path, sha, paths)
    assert (found.num_files, found.left_out, found.without_copies) == (len(paths), (), None)
    return found


def _lines(found: Surviving, sha: str) -> int:
    return int(found.frame.filter(pl.col("sha") == sha)["lines"].sum())


def test_a_repository_without_commits_or_own_files_has_no_lines(source: Source, mirror: Path) -> None:
    assert read_surviving(mirror, None, pl.DataFrame(), pl.DataFrame()).frame.height == 0
    source.commit({b"image.png": b"\x89PNG\0", b"a.csv": b"1\n", b"x.ipynb": b"{}\n", b"uv.lock": b"x\n"})
    found = _agree(source, mirror)
    assert (found.frame.height, found.is_available) == (0, True)


def test_moved_and_copied_lines_stay_with_their_writer(source: Source, mirror: Path) -> None:
    first = source.commit({b"model.py": BODY + OTHER})
    half = OTHER
    moved = source.commit({b"model.py": BODY, b"train.py": b"import model\n" + half}, author=BO)
    found = _agree(source, mirror)
    assert (_lines(found, first), _lines(found, moved)) == (48, 1)
    turned = source.commit({b"model.py": b"# turned round\n" + BODY[400:] + BODY[:400]}, author=CY)
    found = _agree(source, mirror)
    assert _lines(found, turned) <= 3


def test_renames_white_space_and_line_ends_change_no_writer(source: Source, mirror: Path) -> None:
    first = source.commit({b"model.py": BODY})
    source.commit({b"model.py": None, b"src/modell \xc3\xb8.py": BODY}, author=BO)
    source.commit({b"src/modell \xc3\xb8.py": BODY.replace(b"    ", b"\t")}, author=BO)
    source.commit({b"src/modell \xc3\xb8.py": BODY.replace(b"\n", b"\r\n")}, author=CY)
    found = _agree(source, mirror)
    assert dict(found.frame.select("sha", "lines").iter_rows()) == {first: 24}


def test_merges_deleted_files_and_a_mailmap_agree(source: Source, mirror: Path) -> None:
    base = source.commit({b"a.py": BODY, b".mailmap": b"Somebody Else <else@x> <bo@uni.example>\n"})
    gone = source.commit({b"gone.py": OTHER}, author=CY)
    source.commit({b"gone.py": None})
    left = source.commit({b"a.py": b"import os\n" + BODY}, author=BO)
    side = source.commit({b"a.py": BODY + b"x = 1\n"}, parents=[base], ref="refs/heads/side", author=CY)
    source.commit({b"a.py": b"import os\n" + BODY + b"x = 1\n# merged\n"}, parents=[left, side])
    found = _agree(source, mirror)
    assert [_lines(found, sha) for sha in (gone, left, side)] == [0, 1, 1]


def test_paths_as_odd_as_git_allows_are_blamed(source: Source, mirror: Path) -> None:
    names = [b"a b.py", b"-x.py", b":(glob)*.py", b'q"uote.py', b"tab\t.py", b"back\\slash.py", b"new\nline.py",
             b"\xff\xfe.py", b"literal\\xff.py", "ø/å.py".encode(), b"*.py"]  # fmt: skip
    sha = source.commit({name: b"x = %d\n" % number for number, name in enumerate(names)})
    found = _read(source, mirror)
    assert (found.num_files, _lines(found, sha), found.left_out) == (len(names), len(names), ())


def test_a_repository_with_sha256_names_agrees(make_source: Callable[..., Source], mirror: Path) -> None:
    source = make_source(object_format="sha256")
    source.commit({b"a.py": BODY})
    source.commit({b"b.py": BODY + b"1\n", b"a.py": OTHER}, author=BO)
    _agree(source, mirror)


_PATHS = (b"a.py", b"src/b.py", b"tests/test_c.py", "dokument ø.md".encode(), b"d.yaml", b"e.sh")


def _edited(lines: list[bytes], others: list[bytes], step: int, rng: random.Random) -> list[bytes]:
    """The lines of a file after some change that people make."""
    new = [b"value_%d_%d = compute(%d)\n" % (step, n, rng.randint(0, 99)) for n in range(rng.randint(1, 15))]
    at = rng.randint(0, len(lines))
    ways = {
        "new": lines[:at] + new + lines[at:],
        "edit": lines[:at] + new[:1] + lines[at + 1 :],
        "indent": [b"    " + line for line in lines],
        "crlf": [line.rstrip(b"\r\n") + b"\r\n" for line in lines],
        "copy": lines + others[:8],
        "swap": lines[at:] + lines[:at],
        "delete": [],
    }
    return ways[rng.choice(["new", *ways])]


@pytest.mark.parametrize("seed", range(6))
def test_generated_histories_agree_with_plain_git(source: Source, mirror: Path, seed: int) -> None:
    rng = random.Random(seed)
    state: dict[bytes, bytes] = {}
    for step in range(14):
        before = dict(state)
        for _ in range(rng.randint(1, 3)):
            path = rng.choice(_PATHS)
            if path in state and rng.random() < 0.2:
                state[b"renamed_%d.py" % step] = state.pop(path)
                continue
            others = state[rng.choice(sorted(state))].splitlines(keepends=True) if state else []
            state[path] = b"".join(_edited(state.pop(path, b"").splitlines(keepends=True), others, step, rng))
            if not state[path]:
                del state[path]
        paths = [path for path in before.keys() | state.keys() if before.get(path) != state.get(path)]
        if paths:
            source.commit({path: state.get(path) for path in paths}, author=rng.choice([b"Ada <a@x>", BO, CY]))
    assert _agree(source, mirror).num_files > 0


def test_a_squashed_pull_request_s_lines_belong_to_who_wrote_them_there(source: Source, mirror: Path) -> None:
    base = source.commit({b"a.py": BODY})
    head = source.commit({b"a.py": BODY + b"x = 1\n"}, parents=[base], ref="refs/pull/7/head", author=BO)
    head = source.commit({b"b.py": OTHER}, ref="refs/pull/7/head", author=CY)
    squash = source.commit({b"a.py": BODY + b"x = 1\n", b"b.py": OTHER + b"y = 2\n"}, message=b"Train (#7)\n\n* all")
    found = _read(source, mirror)
    assert dict(found.squashed) == {squash: head}
    assert [_lines(found, sha) for sha in (base, head, squash)] == [24, 24, 1]


def test_a_pull_request_that_builds_on_its_own_squash_makes_no_circle(source: Source, mirror: Path) -> None:
    base = source.commit({b"a.py": BODY})
    one = source.commit({b"a.py": BODY + b"1\n"}, message=b"One (#1)")
    two = source.commit({b"a.py": BODY + b"1\n2\n"}, message=b"Two (#2)")
    source.commit({b"c.py": b"1\n"}, parents=[two], ref="refs/pull/1/head", author=BO)
    source.commit({b"c.py": b"1\n"}, parents=[one], ref="refs/pull/2/head", author=BO)
    found = _read(source, mirror)
    assert len(found.squashed) == 1
    assert [_lines(found, sha) for sha in (base, one, two)] == [24, 1, 1]


def test_lines_that_the_starter_code_had_are_nobody_s(source: Source, mirror: Path) -> None:
    source.commit({b"template.py": BODY, b"untouched.py": OTHER})
    starter = pl.Series([source.sha("main:template.py"), source.sha("main:untouched.py")])
    edited = source.commit({b"template.py": None, b"model.py": BODY + b"x = 1\n"}, author=BO)
    found = _read(source, mirror, starter)
    assert dict(found.frame.select("sha", "lines").iter_rows()) == {edited: 1}
    assert (found.num_starter_lines, found.num_files) == (24, 1)


def test_what_is_no_work_of_a_person_is_not_looked_at(source: Source, mirror: Path) -> None:
    source.commit({
        b"a.py": b"1\n", b"wandb/run-1/x.py": b"1\n", b"uv.lock": b"1\n", b"node_modules/a.js": b"1\n",
        b"nb.ipynb": b"{}\n",
        b"data/x.csv": b"1\n", b"signed.py": b"# @generated\n", b"dump.json": b"1\n" * 1001, b"long.py": b"1\n" * 5001,
        b"link.py": (b"120000", b"a.py"), b"short.json": b"{}\n", b"noend": b"1\n",
    })  # fmt: skip
    found = _read(source, mirror)
    assert sorted(found.frame["path"]) == ["a.py", "short.json"]
    assert found.left_out == ("longer than what people write: 2 files",)
    assert found.is_available


def test_limits_leave_files_out_in_one_order_and_say_so(source: Source, mirror: Path) -> None:
    source.commit({b"b.py": b"1\n" * 9, b"a.py": b"1\n", b"README.md": b"1\n", b"tests/test_a.py": b"1\n"})
    found = _read(source, mirror, max_files=2)
    assert found.frame["path"].to_list() == ["a.py", "b.py"]
    assert found.left_out == ("beyond the limits of a group: 2 files",)
    assert _read(source, mirror, max_bytes=19).frame["path"].to_list() == ["a.py"]
    late = _read(source, mirror, timeout_s=0.0)
    assert (late.num_files, late.left_out, late.is_available) == (0, ("not reached in time: 4 files",), False)


def _without(mirror: Path, blob_id: str) -> None:
    """Take a blob away from a mirror whose objects are packed."""
    packs = sorted(mirror.glob("objects/pack/*.pack"))
    for pack in packs:
        content = pack.read_bytes()
        for file in pack.parent.glob(f"{pack.stem}.*"):
            file.unlink()
        plain_git(mirror, "unpack-objects", "-q", stdin=content)
    (mirror / "objects" / blob_id[:2] / blob_id[2:]).unlink()


def test_a_missing_blob_elsewhere_costs_the_search_for_copies_alone(source: Source, mirror: Path) -> None:
    first = source.commit({b"a.py": BODY, b"big.dat": b"1\n" * 500})
    missing = source.sha("main:big.dat")
    second = source.commit({b"b.py": OTHER, b"big.dat": b"2\n" * 400}, author=BO)
    mirrored(source, mirror)
    _without(mirror, missing)
    sha = source.sha()
    found = read_surviving(mirror, sha, read_files(mirror, "1", sha, None), _commits(mirror, sha))
    assert dict(found.frame.select("sha", "lines").iter_rows()) == {first: 24, second: 24}
    assert found.left_out == ()
    assert found.without_copies == "a blob is missing that git would look for copies in: 1 file"


def test_a_file_whose_own_history_lacks_a_blob_is_left_out_alone(source: Source, mirror: Path) -> None:
    source.commit({b"a.py": BODY})
    missing = source.sha("main:a.py")
    source.commit({b"a.py": BODY + b"1\n"})
    last = source.commit({b"b.py": b"1\n"})
    mirrored(source, mirror)
    _without(mirror, missing)
    found = read_surviving(mirror, last, read_files(mirror, "1", last, None), _commits(mirror, last))
    assert dict(found.frame.select("path", "lines").iter_rows()) == {"b.py": 1}
    assert found.left_out == ("a blob of their history is missing: 1 file",)


def test_a_long_file_with_a_long_history_ends_in_time(source: Source, mirror: Path) -> None:
    lines = [b"same\n"] * 4990
    for number in range(8):
        lines[number * 7] = b"%d\n" % number
        source.commit({b"a.py": b"".join(lines), b"b.py": b"".join(reversed(lines))})
    begin = time.monotonic()
    _read(source, mirror, timeout_s=2.0)
    assert time.monotonic() - begin < 6


def _changes(source: Source, mirror: Path, starter: pl.Series | None = None) -> list[tuple[object, ...]]:
    mirrored(source, mirror)
    sha = source.sha()
    commits, files = read_commits(mirror, "1", sha, []), read_files(mirror, "1", sha, starter)
    found = read_changes(mirror, commits, files, starter)
    return sorted(found.select("path", "kind", "is_own", "lines_added", "lines_removed").iter_rows())


def test_changes_are_those_of_own_texts_and_renames_are_one(source: Source, mirror: Path) -> None:
    source.commit(
        {b"a.py": BODY, b"x.csv": b"1\n", b"p.PNG": b"\x89PNG\0", b"wandb/run-1/x.py": b"1\n", b"t.py": OTHER}
    )
    starter = pl.Series([source.sha("main:t.py")])
    source.commit({b"a.py": None, b"src/new\nline.py": BODY + b"1\n", b"m.pkl": b"\0\n"})
    assert _changes(source, mirror, starter) == [
        ("a.py", "python", True, 24, 0),
        ("m.pkl", "data", False, None, None),
        ("src/new\nline.py", "python", True, 1, 0),
        ("t.py", "python", False, 24, 0),
        ("x.csv", "data", False, 1, 0),
    ]


def test_changes_add_up_to_the_commits(source: Source, mirror: Path) -> None:
    rng = random.Random(7)
    for _ in range(12):
        names = [b"a.py", b"b.md", b"tests/c.py", b":x\t1\n.py"]
        source.commit({rng.choice(names): b"".join(b"%d\n" % rng.randint(0, 9) for _ in range(20))})
    mirrored(source, mirror)
    sha = source.sha()
    commits = read_commits(mirror, "1", sha, [])
    changes = read_changes(mirror, commits, read_files(mirror, "1", sha, None))
    assert changes["lines_added"].sum() == commits["lines_added"].sum()
    assert changes["lines_removed"].sum() == commits["lines_removed"].sum()


def test_a_missing_blob_that_was_renamed_from_a_picture_s_name_fails_nothing(source: Source, mirror: Path) -> None:
    source.commit({b"p.png": b"1\n" * 50, b"a.py": BODY})
    missing = source.sha("main:p.png")
    source.commit({b"p.png": None, b"p.txt": b"1\n" * 50, b"a.py": BODY + b"1\n"})
    mirrored(source, mirror)
    _without(mirror, missing)
    sha = source.sha()
    files = read_files(mirror, "1", sha, None)
    # As if it had been counted: git sees the rename as long as it sees the picture.
    commits = read_commits(mirror, "1", sha, []).head(1).with_columns(lines_added=pl.lit(1, pl.Int64))
    rows = read_changes(mirror, commits, files).select("path", "is_own", "lines_added").rows()
    assert sorted(rows) == [("a.py", True, 1), ("p.txt", False, None)]
