"""Every number of `commits` and `files` is the one that plain git commands give."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mlops_mentor.sample import SampleClass
from mlops_mentor_tests.repos.plain import (
    assert_agrees_with_plain_git,
    commits_of,
    files_of,
    plain_commits_one_by_one,
)
from mlops_mentor_tests.repos.sources import EXECUTABLE, GITLINK, LINK, Source, mirrored

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"4d7a2146" * 8 + b"\nsize 104857600\n"
LONG = b"".join(b"line %d of something\n" % number for number in range(40))


def check(source: Source, mirror: Path) -> None:
    assert_agrees_with_plain_git(mirrored(source, mirror), mirror, source.path)


@pytest.mark.parametrize("group", [1, 2, 3, 4, 5, 6, 7, 10])
def test_a_sample_group_has_the_numbers_of_plain_git(sample: SampleClass, group: int, mirror: Path) -> None:
    repository = sample.repositories / f"group-{group:02}"
    assert_agrees_with_plain_git(mirrored(repository, mirror), mirror, repository)


def test_the_sample_group_without_commits_has_no_rows(sample: SampleClass, mirror: Path) -> None:
    state = mirrored(sample.repositories / "group-08", mirror)
    assert commits_of(state, mirror).height == files_of(state, mirror).height == 0


def test_exact_and_edited_renames_count_as_one_file(source: Source, mirror: Path) -> None:
    source.commit({b"a.py": LONG, b"b.py": LONG + b"b\n"})
    source.commit({b"a.py": None, b"moved/a.py": LONG})
    source.commit({b"b.py": None, b"moved/b.py": LONG.replace(b"line 7 ", b"row 7 ") + b"b\n"})
    source.commit({b"moved/b.py": None, b"c.py": b"nothing of it\n", b"mode.sh": (EXECUTABLE, b"echo\n")})
    source.commit({b"mode.sh": b"echo\n"})
    check(source, mirror)
    assert commits_of(mirrored(source, mirror), mirror)["num_files_changed"].to_list() == [1, 3, 1, 1, 2]


def test_merges_octopus_merges_several_roots_and_empty_commits_agree(source: Source, mirror: Path) -> None:
    base = source.commit({b"a": b"1\n"})
    left = source.commit({b"left": LONG}, parents=[base], ref="refs/heads/left")
    right = source.commit({b"right": LONG}, parents=[base], ref="refs/heads/right")
    other_root = source.commit({b"other": b"root\n"}, parents=[], ref="refs/heads/other")
    source.commit({b"left": LONG, b"merged": b"by hand\n"}, parents=[base, left])
    source.commit({b"right": LONG, b"other": b"root\n"}, parents=[source.sha(), right, other_root, left])
    source.commit({})
    source.commit({b"late": b"never merged\n"}, parents=[left], ref="refs/heads/unmerged")
    check(source, mirror)
    table = commits_of(mirrored(source, mirror), mirror)
    # What only the branch `unmerged` has is no pull request's and not of the default branch.
    assert (table.height, table["is_merge"].sum()) == (7, 2)


def test_pull_requests_count_once_and_only_what_was_merged_is_on_the_default_branch(
    source: Source, mirror: Path
) -> None:
    base = source.commit({b"a": b"1\n"})
    merged = source.commit({b"b": b"1\n"}, parents=[base], ref="refs/pull/1/head")
    source.commit({b"c": b"1\n"}, parents=[base], ref="refs/pull/2/head")
    source.git("update-ref", "refs/pull/3/head", source.sha("refs/pull/2/head"))
    source.commit({b"b": b"1\n"}, parents=[base, merged])
    source.commit({b"x": b"made by the server\n"}, parents=[base], ref="refs/pull/2/merge")
    check(source, mirror)
    table = commits_of(mirrored(source, mirror), mirror)
    assert (table.height, table["is_on_default"].sum()) == (4, 3)


def test_content_that_is_no_plain_text_agrees(source: Source, mirror: Path) -> None:
    first: dict[bytes, bytes] = {
        b"crlf.txt": b"a\r\nb\r\n",
        b"carriage-returns.txt": b"a\rb\rc",
        b"no-newline": b"one\ntwo",
        b"only-newlines": b"\n\n\n",
        b"empty": b"",
        b"utf16.txt": b"\xff\xfe" + "en\nto\n".encode("utf-16-le"),
        b"utf16-be.csv": b"\xfe\xff" + "en\nto".encode("utf-16-be"),
        b"binary.dat": bytes(range(256)) * 40,
        b"nul-at-the-edge": b"x" * 7999 + b"\0\n",
        b"nul-behind-the-edge": b"x" * 8000 + b"\0\n",
        b"image.png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(300),
        b"model.PT": b"PK\x03\x04" + bytes(200),
        b"latin1.md": b"Tilf\xf8j\n",
        b"form-feed.py": b"a\x0cb\nc\x1cd\x85e\n",
    }
    source.commit(first)
    source.commit({path: content + b"more\n" for path, content in first.items()})
    source.commit(dict.fromkeys(first) | {b"left": b"x\n"})
    check(source, mirror)
    source.commit(first)
    check(source, mirror)


def test_paths_that_are_no_text_agree(source: Source, mirror: Path) -> None:
    paths = [
        b"bytes-\xff\xfe.py", b"new\nline.py", b"tab\tin.py", b"-rf", b"--stat", b" both ends ", b"quo\"te'.md",
        b"back\\slash.py", b"caf\xc3\xa9", b"cafe\xcc\x81", b"\x01\x7f", b"a/" * 60 + b"deep.py",
        b":100644 100644 " + b"a" * 40, b"1 file changed, 7 insertions(+)", b":(glob)**", b"2\t3\tx.py",
    ]  # fmt: skip
    source.commit(dict.fromkeys(paths, b"1\n"))
    source.commit(dict.fromkeys(paths, b"1\n2\n"))
    source.commit({paths[1]: None, b"moved\n" + paths[1]: b"1\n2\n"})
    check(source, mirror)
    assert files_of(mirrored(source, mirror), mirror).height == len(paths)


def test_links_and_submodules_are_never_followed(source: Source, mirror: Path) -> None:
    source.commit({
        b"passwd": (LINK, b"/etc/passwd"), b"same-blob": b"/etc/passwd",
        b"up": (LINK, b"../../.."), b"README.md": b"x\n",
        b".gitmodules": b'[submodule "evil"]\n\tpath = evil\n\turl = ext::touch\n', b"evil": (GITLINK, b"deadbeef" * 5),
    })  # fmt: skip
    source.commit({b"README.md": (LINK, b"passwd"), b"evil": (GITLINK, b"f00dfeed" * 5), b"up": b"a file now\n"})
    check(source, mirror)
    rows = files_of(mirrored(source, mirror), mirror).rows_by_key("path", named=True, unique=True)
    assert (rows["passwd"]["kind"], rows["passwd"]["lines"]) == ("symlink", None)
    assert (rows["evil"]["kind"], rows["evil"]["is_available"]) == ("gitlink", False)


def test_lfs_pointers_are_text_in_commits_and_pointers_in_files(source: Source, mirror: Path) -> None:
    source.commit(
        {b".gitattributes": b"*.png filter=lfs diff=lfs merge=lfs -text\ndata/** filter=lfs\n", b"a.png": POINTER}
    )
    source.commit({b"data/x.npy": POINTER, b"b.png": b"\x89PNG\r\n\x1a\n\0\0", b"notes.txt": POINTER})
    check(source, mirror)
    source.commit(
        {b".gitattributes": None, b"a.png": POINTER.replace(b"104857600", b"104857601"), b"notes.txt": b"x\n"}
    )
    # Lines of `commits` alone: without .gitattributes an image's name decides in `files`.
    state = mirrored(source, mirror)
    table = commits_of(state, mirror)
    assert table.select("lines_added", "lines_removed").rows() == [(2, 6), (6, 0), (5, 0)]


def test_lfs_pointers_below_a_folder_with_gitattributes_of_its_own_agree(source: Source, mirror: Path) -> None:
    source.commit({b"models/.gitattributes": b"*.pt filter=lfs diff=lfs merge=lfs -text\n", b"models/best.pt": POINTER})
    check(source, mirror)


def test_lfs_pointers_on_a_branch_that_gave_lfs_up_again_agree(source: Source, mirror: Path) -> None:
    base = source.commit({b"a.py": b"1\n"})
    side = source.commit(
        {b".gitattributes": b"*.pt filter=lfs\n", b"x.pt": POINTER}, parents=[base], ref="refs/heads/side"
    )
    side = source.commit({b".gitattributes": None, b"x.pt": None, b"b.py": b"1\n"}, ref="refs/heads/side")
    source.commit({b"b.py": b"1\n"}, parents=[base, side])
    check(source, mirror)


def test_text_and_links_with_an_images_name_agree(source: Source, mirror: Path) -> None:
    source.commit({b"logo.png": (LINK, b"assets/logo.png"), b"failed.jpg": b"<html>\n404\n</html>\n"})
    check(source, mirror)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\n\n  leading and trailing\n\n\n",
        b"record \x1e unit \x1f group \x1d and \x1b[31m escape, tab\t, return\r\n",
        b"latin-1 \xf8\xe5\xe6 \xff\xfe",
        b"diff --git a/x b/x\n 3 files changed, 10 insertions(+), 2 deletions(-)\n",
        b"commit 0123456789012345678901234567890123456789\n\n1\t2\tpath\n",
        b"Subject\n\nCo-authored-by: Grace <grace@uni.example>\nCo-Authored-By: Alan <alan@uni.example>\n",
        b"Subject\n\nCo-authored-by: Long\n  name <long@uni.example>\nSigned-off-by: x <x@y>\n",
        b"Subject\n\nCo-authored-by: not a trailer <a@b>\n\nbecause this paragraph is the last one\n",
        b"Subject\n\nCo-authored-by:\nCo-authored-by: nobody\nCo-authored-by: two <t@x>\nCo-authored-by: two <t@x>\n",
        b"Subject\n\n=======\n%H%x00%n$Format:%H$\n",
    ],
)
def test_commit_messages_with_odd_characters_change_no_number(source: Source, mirror: Path, message: bytes) -> None:
    source.commit({b"a": b"1\n2\n"}, message=b"first")
    source.commit({b"a": b"1\n3\n4\n"}, message=message)
    source.commit({b"b": b"1\n"}, message=b"last")
    check(source, mirror)
    stored = commits_of(mirrored(source, mirror), mirror)["message"].to_list()
    assert stored == ["last", message.decode("utf-8", "replace").rstrip("\n"), "first"]


def test_a_separator_within_a_trailer_does_not_cut_it(source: Source, mirror: Path) -> None:
    source.commit({b"a": b"1\n"}, message=b"Subject\n\nCo-authored-by: A\x1fB <a@b.example>\n")
    check(source, mirror)


def test_authors_as_odd_as_git_allows_are_kept(source: Source, mirror: Path) -> None:
    names = [b"\x1e\x1f \xff \xe2\x80\xa8 ", b" <@>", "Æ Ø Å <å@x>".encode(), b'"Q" \\n %s <a b@c>']
    for name in names[1:]:
        source.commit({b"a": name}, author=name)
    source.commit({b"a": b"x"}, author=names[0] + b"<x@y>")
    check(source, mirror)


def test_a_repository_with_sha256_names_agrees(make_source: Callable[..., Source], mirror: Path) -> None:
    source = make_source(object_format="sha256")
    source.commit({b"a.py": LONG, b"bin": b"\0"})
    source.commit({b"a.py": None, b"b.py": LONG + b"more\n"})
    check(source, mirror)
    source.commit({b"c.py": b"1\n"})
    check(source, mirror)
    assert commits_of(mirrored(source, mirror), mirror)["sha"].str.len_chars().to_list() == [64] * 3


def test_a_pull_request_ref_may_name_anything_and_the_commits_agree(source: Source, mirror: Path) -> None:
    tip = source.commit({b"a": b"1\n"})
    tag = source.store("tag", f"object {tip}\ntype commit\ntag t\ntagger A <a@b> 1 +0000\n\nx\n".encode())
    for number, target in enumerate([source.sha("main^{tree}"), source.sha("main:a"), tag], start=1):
        source.git("update-ref", f"refs/pull/{number}/head", target)
    state = mirrored(source, mirror)
    assert state.refs.num_pull_request_heads == 3
    assert set(commits_of(state, mirror)["sha"]) == set(plain_commits_one_by_one(source.path, tip, []))
