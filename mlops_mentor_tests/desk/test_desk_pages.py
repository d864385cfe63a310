"""What the pages show: flags first, drafts beside evidence, quoted lines, and texts of others as texts."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from urllib.parse import urlsplit

import polars as pl
import pytest

from mlops_mentor.desk.home_page import flag_kinds
from mlops_mentor.desk.today import Flag
from mlops_mentor.schemas import FEEDBACK, FLAGS, GROUPS, UNMAPPED_IDENTITIES
from mlops_mentor_tests.conftest import MakeFrame
from mlops_mentor_tests.desk.visitors import Visitor
from mlops_mentor_tests.feedback.classes import ReviewedClass
from mlops_mentor_tests.feedback.rows import citation, remark

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)>\"' onmouseover='x' [a](javascript:alert(1)) "
    "![i](https://evil.example/i.png) <https://evil.example> https://evil.example {{ 7*7 }} </textarea></code>\u202e"
)
_TAGS_OF_NOBODY = {"iframe", "object", "embed", "base", "svg", "style", "audio", "video"}


class _Seen(HTMLParser):
    """Tags, attributes and links of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.scripts = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


def assert_is_clean(page: str) -> None:
    """Nothing of others has become a tag, an attribute or a link."""
    seen = _Seen(page)
    assert seen.tags.count("script") == 1
    assert seen.tags.count("img") == 0
    assert not _TAGS_OF_NOBODY & set(seen.tags)
    assert not [name for name, _ in seen.attributes if name.startswith("on") or name == "style"]
    links = [value for name, value in seen.attributes if name in ("href", "src", "action", "formaction")]
    assert all(link.startswith(("/", "#", "?", "data:,")) and not link.startswith("//") for link in links), links
    assert "49" not in re.findall(r"\b49\b", page) or "7*7" in page


def test_the_first_page_has_flags_then_groups(ada: Visitor, reviewed: ReviewedClass, make_frame: MakeFrame) -> None:
    sha = reviewed.feedback()["code_quality"]["snapshot_sha"]
    flags = (
        {"group_id": "2", "flag": "member_silent", "severity": "notice", "sha": sha, "detail": "A member is silent."},
        {"group_id": "2", "flag": "secrets", "severity": "serious", "sha": sha, "path": "README.md", "line": 3,
         "detail": "Looks like a secret."},
    )  # fmt: skip
    reviewed.lake.write(FLAGS, make_frame(FLAGS, *flags), "2")
    page = ada.get("/").text
    places = [page.index(text) for text in ("Looks like a secret.", "A member is silent.", 'id="groups"')]
    assert places == sorted(places)
    link = re.search(r'href="(/group/2/source\?[^"]+)"', page)
    assert link is not None
    assert 'id="quoted"' in ada.get(link[1].replace("&amp;", "&")).text


def test_flags_that_half_the_class_has_are_one_line() -> None:
    flags = [Flag(str(number), "serious", "no_commits", "x") for number in range(60)] + [
        Flag("7", "notice", "ci_failing", "x"),
        Flag("7", "serious", "secrets", "x"),
    ]
    kinds = flag_kinds(flags)
    assert [(kind.name, kind.num_groups, kind.is_open) for kind in kinds] == [
        ("no commits", 60, False),
        ("secrets", 1, True),
        ("ci failing", 1, True),
    ]


@pytest.mark.parametrize(("query", "groups"), [("", ["1", "2"]), ("?show=draft", ["1", "2"]), ("?show=released", []),
                                               ("?find=2", ["2"]), ("?show=nonsense", ["1", "2"])])  # fmt: skip
def test_groups_can_be_filtered(ada: Visitor, query: str, groups: list[str]) -> None:
    page = ada.get(f"/{query}").text
    table = page[page.index("<tbody>") :]
    assert re.findall(r'<th scope="row"><a href="/group/([^"]+)"', table) == groups


def test_a_group_shows_draft_evidence_scores_and_forms(ada: Visitor, reviewed: ReviewedClass) -> None:
    page = ada.get("/group/1").text
    for row in reviewed.feedback().values():
        assert f'id="{row["area"]}"' in page
    assert page.index("Draft</h3>") < page.index("Evidence</h3>")
    assert len(ada.forms("/group/1", "/group/1/area/code_quality")) == 1


def test_each_citation_opens_the_quoted_lines_at_the_commit(ada: Visitor, reviewed: ReviewedClass) -> None:
    cited = [
        each
        for row in reviewed.feedback().values()
        for one in (*row["strengths"], *row["improvements"])
        for each in one["citations"]
        if each["quote"]
    ]
    assert cited
    links = set(re.findall(r'href="(/group/1/source\?[^"]+)"', ada.get("/group/1").text))
    pages = [ada.get(link.replace("&amp;", "&").partition("#")[0]) for link in sorted(links)]
    assert {page.status_code for page in pages} == {200}
    together = "\n".join(page.text for page in pages)
    marked = {line.strip() for line in re.findall(r"<mark>(.*?)</mark>", together)}
    for each in cited:
        first = each["quote"].splitlines()[0].strip()
        escaped = first.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&#34;")
        assert any(escaped.replace("'", "&#39;")[:60] in line for line in marked), first


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?sha=x&path=README.md",
        "?sha={sha}&path=../../../etc/passwd",
        "?sha={sha}&path=/etc/passwd",
        "?sha={sha}&path=nothing.py",
        "?sha={other}&path=README.md",
        "?sha={sha}&path=README.md&start=-1",
        "?sha={sha}&path=README.md&start=99999999999",
        "?sha=--output=x&path=README.md",
        "?sha={sha}&path=%00",
        "?sha={sha}&path=" + "x" * 9_000,
    ],
)
def test_what_is_no_quoted_place_is_not_there(ada: Visitor, reviewed: ReviewedClass, query: str) -> None:
    sha = reviewed.feedback()["code_quality"]["snapshot_sha"]
    answer = ada.get(f"/group/1/source{query.format(sha=sha, other='f' * 40)}")
    assert answer.status_code == 404
    assert "root:" not in answer.text


@pytest.mark.parametrize("path", ["/group/99", "/group/99/preview", "/group/99/source", "/group/..%2f..", "/nothing"])
def test_what_is_not_there_is_404(ada: Visitor, path: str) -> None:
    assert ada.get(path).status_code == 404


def test_forms_for_what_is_not_there_are_404_and_write_nothing(ada: Visitor, reviewed: ReviewedClass) -> None:
    form = ada.form("/group/1", "/group/1/area/code_quality")
    for path in ("/group/99/area/code_quality", "/group/1/area/nothing", "/group/99/comment", "/group/99/identity"):
        form.action = path
        assert ada.send(form, do="accept", comment="x", member="bot", name="a", email="b").status_code == 404
    assert not reviewed.settings.reviews_file.exists()
    assert not reviewed.settings.identities_file.exists()


def test_texts_of_students_and_models_stay_texts(ada: Visitor, reviewed: ReviewedClass, make_frame: MakeFrame) -> None:
    sha = reviewed.feedback()["code_quality"]["snapshot_sha"]
    places = [citation(f"src/{HOSTILE}.py", 1, HOSTILE)]
    changed = reviewed.lake.read(FEEDBACK, "1").with_columns(
        pl.lit(HOSTILE).alias("summary"),
        pl.lit("needs_review").alias("state"),
        pl.lit(HOSTILE).alias("reason"),
        pl.Series("strengths", [[remark(HOSTILE, *places)]] * 4, dtype=FEEDBACK.schema["strengths"]),
        pl.Series(
            "improvements",
            [[remark(HOSTILE, *places, severity="major", advice=HOSTILE)]] * 4,
            dtype=FEEDBACK.schema["improvements"],
        ),
        pl.Series("dropped", [[HOSTILE]] * 4, dtype=FEEDBACK.schema["dropped"]),
        pl.lit(1).cast(pl.Int64).alias("num_remarks_dropped"),
    )
    reviewed.lake.write(FEEDBACK, changed, "1")
    flag = {"group_id": "1", "flag": "secrets", "severity": "serious", "sha": sha, "path": HOSTILE, "detail": HOSTILE}
    reviewed.lake.write(FLAGS, make_frame(FLAGS, flag), "1")
    who = {"group_id": "1", "name": HOSTILE, "email": f"{HOSTILE}@x", "contributor_name": HOSTILE, "num_commits": 1}
    reviewed.lake.write(UNMAPPED_IDENTITIES, make_frame(UNMAPPED_IDENTITIES, who), "1")
    # In the form's hidden field a name stays what it is, to be found again in the commits.
    shown = [re.sub("<input[^>]*>", "", ada.get(path).text) for path in ("/", "/group/1", "/identities")]
    assert not any("\u202e" in page for page in shown)
    assert all(r"\u202e" in page for page in shown)
    form = ada.form("/group/1", "/group/1/area/code_quality")
    assert ada.send(form, do="accept", comment=HOSTILE, text=HOSTILE + "!").status_code == 303
    for path in (
        "/",
        "/group/1",
        "/group/1/preview",
        "/group/1/preview?as=all",
        "/identities",
        "/agreement",
        "/release",
    ):
        answer = ada.get(path)
        assert answer.status_code == 200, path
        assert_is_clean(answer.text)
    assert "&lt;script&gt;" in ada.get("/group/1").text
    refused = ada.send(form, do="nothing", comment=HOSTILE, text=HOSTILE)
    assert refused.status_code == 422
    assert_is_clean(refused.text)
    assert_is_clean(ada.get(f"/group/{HOSTILE}").text)
    assert_is_clean(ada.get("/", params={"find": HOSTILE, "show": HOSTILE}).text)


def test_no_data_yet_is_a_page_that_says_what_to_do(ada: Visitor, reviewed: ReviewedClass) -> None:
    reviewed.lake.remove(GROUPS)
    answer = ada.get("/")
    assert answer.status_code == 200
    assert "mlops-mentor run" in answer.text
    for path in ("/release", "/identities", "/agreement"):
        assert ada.get(path).status_code == 200


def test_a_group_without_feedback_says_so(ada: Visitor, reviewed: ReviewedClass) -> None:
    reviewed.lake.remove(FEEDBACK, "2")
    assert "mlops-mentor run" in ada.get("/group/2").text
    assert ada.get("/group/2/preview").status_code == 200


def test_a_row_that_cannot_be_used_is_named_and_others_count(ada: Visitor, reviewed: ReviewedClass) -> None:
    file = reviewed.settings.reviews_file
    file.write_text(
        "group_id,area,score,comment,reviewer,time,released\n1,code_quality,99,secret words,Bo,2026-01-01T10:00,\n"
    )
    for path in ("/", "/group/1", "/agreement"):
        page = ada.get(path).text
        assert "row 2" in page
        assert "no whole number" in page
        assert "secret words" not in page


def test_a_file_that_cannot_be_read_at_all_is_a_page_with_the_remedy(ada: Visitor, reviewed: ReviewedClass) -> None:
    reviewed.settings.reviews_file.write_text("something else\n")
    answer = ada.get("/group/1")
    assert answer.status_code == 503
    assert "reviews.csv" in answer.text
    assert "The first row must be" in answer.text


def test_a_broken_table_is_a_page_that_names_it(ada: Visitor, reviewed: ReviewedClass) -> None:
    reviewed.lake.path(FEEDBACK, "1").write_bytes(b"no Parquet")
    answer = ada.get("/group/1")
    assert answer.status_code == 503
    assert "feedback" in answer.text


def test_the_preview_shows_what_is_released_and_what_would_be(ada: Visitor) -> None:
    assert "reads nothing yet" in ada.get("/group/1/preview").text
    everything = ada.get("/group/1/preview?as=all").text
    assert all(title in everything for title in ("Code quality", "Unit testing", "CI/CD", "Exam report"))
    ada.send(ada.form("/group/1", "/group/1/area/code_quality"), do="accept", comment="Well done")
    page = ada.get("/group/1/preview").text
    assert "Well done" in page
    assert "A teaching assistant" in page
    assert "Ada" not in page.split('<div class="reads')[1]
    assert "Unit testing" not in page.split('<div class="reads')[1]


def test_agreement_follows_each_score_at_once(ada: Visitor, reviewed: ReviewedClass) -> None:
    assert "No TA has given a score yet" in ada.get("/agreement").text
    machine = reviewed.feedback()["code_quality"]["score"]
    other = str(machine % 5 + 1)
    ada.send(ada.form("/group/1", "/group/1/area/code_quality"), do="save", score=other)
    page = ada.get("/agreement").text
    assert 'src="data:image/png;base64,' in page
    assert "Code quality</td><td>1</td><td>0 %" in page


def test_every_link_of_the_desk_leads_somewhere(ada: Visitor) -> None:
    open_paths, seen = ["/"], set()
    while open_paths:
        path = open_paths.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = ada.get(path)
        assert answer.status_code == 200, path
        links = {value for name, value in _Seen(answer.text).attributes if name == "href" and value.startswith("/")}
        pages = {link.partition("#")[0] for link in links if not link.startswith("/assets")}
        # Where citations lead is tested one by one elsewhere.
        quoted = sorted(page for page in pages if "/source" in page)
        open_paths += [*(pages - set(quoted)), *quoted[: 3 if "/source" not in path else 0]]
    assert {urlsplit(path).path for path in seen} >= {
        "/",
        "/group/1",
        "/group/2",
        "/release",
        "/identities",
        "/agreement",
    }


def test_forms_of_the_desk_go_nowhere_else(visit: Callable[[str], Visitor]) -> None:
    for path in ("/", "/group/1", "/release", "/identities", "/who"):
        assert all(form.action.startswith("/") for form in visit("Bo").forms(path))
