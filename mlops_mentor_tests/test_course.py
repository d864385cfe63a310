"""`course.yaml`: what it says, and what is said when it is wrong."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlops_mentor.course import load_course
from mlops_mentor.errors import ConfigError

_GOOD = {
    "course": "02476 Machine Learning Operations",
    "term": "January 2027",
    "time_zone": "Europe/Copenhagen",
    "project_start": date(2027, 1, 4),
    "deadline": "2027-01-22T12:00:00",
}


def _file(folder: Path, **changes: Any) -> Path:
    content = {name: value for name, value in (_GOOD | changes).items() if value is not None}
    file = folder / "course.yaml"
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    return file


def test_a_course_that_was_edited_is_another_and_one_that_was_not_is_not_parsed_again(tmp_path: Path) -> None:
    before = load_course(_file(tmp_path))
    assert load_course(_file(tmp_path)) is before
    assert load_course(_file(tmp_path, term="January 2028")).term == "January 2028"


def test_the_bundled_course_loads() -> None:
    course = load_course(Path(__file__).parents[1] / "data" / "course.yaml")
    assert course.course.startswith("02476")
    assert (course.roster, course.extensions) == (Path("group_info.csv"), Path("extensions.csv"))
    assert course.starter_code


def test_a_deadline_without_an_offset_is_local_time(tmp_path: Path) -> None:
    course = load_course(_file(tmp_path))
    assert course.deadline_utc == datetime(2027, 1, 22, 11, tzinfo=UTC)
    assert course.zone.key == "Europe/Copenhagen"


def test_a_deadline_in_summer_has_the_offset_of_summer(tmp_path: Path) -> None:
    course = load_course(_file(tmp_path, deadline="2027-06-22T12:00:00"))
    assert course.deadline_utc == datetime(2027, 6, 22, 10, tzinfo=UTC)


@pytest.mark.parametrize("deadline", ["2027-01-22T12:00:00-05:00", "2027-01-22T17:00:00Z"])
def test_a_deadline_with_an_offset_keeps_it(tmp_path: Path, deadline: str) -> None:
    assert load_course(_file(tmp_path, deadline=deadline)).deadline_utc == datetime(2027, 1, 22, 17, tzinfo=UTC)


def test_a_deadline_without_a_time_is_refused_or_means_the_end_of_the_day(tmp_path: Path) -> None:
    try:
        course = load_course(_file(tmp_path, deadline="2027-01-22"))
    except ConfigError:
        return
    assert course.deadline_utc > datetime(2027, 1, 22, 22, 59, tzinfo=UTC)


def test_what_is_left_out_has_a_default(tmp_path: Path) -> None:
    course = load_course(_file(tmp_path))
    assert (course.roster, course.starter_code) == (Path("group_info.csv"), ())
    assert course.extensions == Path("extensions.csv")


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    file = _file(tmp_path)
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert load_course(file).term == "January 2027"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("course", None),
        ("course", ""),
        ("term", None),
        ("term", 7),
        ("time_zone", None),
        ("time_zone", "Copenhagen"),
        ("time_zone", "../../etc/passwd"),
        ("project_start", None),
        ("project_start", "soon"),
        ("deadline", None),
        ("deadline", "the 22nd"),
        ("deadline", "2027-01-03T12:00:00"),
        ("starter_code", "https://github.com/owner/name"),
        ("roster", 7),
        ("extensions", 7),
        ("tiem_zone", "Europe/Copenhagen"),
    ],
)
def test_a_wrong_field_is_named_with_its_file(tmp_path: Path, field: str, value: object) -> None:
    file = _file(tmp_path, **{field: value})
    with pytest.raises(ConfigError) as error:
        load_course(file)
    assert str(error.value).startswith(f"{file}: ")
    assert f"{field}: " in str(error.value)


def test_every_wrong_field_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"(?s)term: .*project_start: "):
        load_course(_file(tmp_path, term=None, project_start="soon"))


def test_a_deadline_on_the_first_day_is_allowed(tmp_path: Path) -> None:
    assert load_course(_file(tmp_path, deadline="2027-01-04T00:30:00")).deadline_utc.day == 3


@pytest.mark.parametrize(
    "content", [b"", b"- a\n- b\n", b"course: [", b"course: \xff\xfe", b"just words", b"deadline: 2027-02-30", b"a: \0"]
)
def test_a_file_that_is_no_course_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "course.yaml"
    file.write_bytes(content)
    with pytest.raises(ConfigError) as error:
        load_course(file)
    assert str(error.value).startswith(f"{file}: ")


def test_what_is_wrong_in_yaml_is_named_by_its_line_and_nothing_of_the_file_is_quoted(tmp_path: Path) -> None:
    file = tmp_path / "course.yaml"
    file.write_text("starter_code:\n  - [https://ada:secret@uni.example/a/b: c: d\n")
    with pytest.raises(ConfigError, match=r"is not valid YAML: .* in line [23]\. ") as error:
        load_course(file)
    assert "secret" not in str(error.value)


def test_a_missing_file_is_named_with_the_setting_that_leads_to_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: cannot be read .*MENTOR_COURSE"):
        load_course(tmp_path / "nowhere.yaml")


def test_thresholds_of_flags_have_defaults_that_the_bundled_file_shows_in_full(tmp_path: Path) -> None:
    bundled = Path(__file__).parents[1] / "data" / "course.yaml"
    shown = yaml.safe_load(bundled.read_text(encoding="utf-8"))["flags"]
    assert shown == load_course(_file(tmp_path)).flags.model_dump()
    changed = load_course(_file(tmp_path, flags={"no_commits_days": 5}))
    assert (changed.flags.no_commits_days, changed.flags.end_days) == (5, 3)


@pytest.mark.parametrize("flags", [{"silent_dayz": 3}, {"no_commits_days": 0}, {"end_share": 1.5}, "three"])
def test_a_threshold_that_is_unknown_or_out_of_bounds_is_refused(tmp_path: Path, flags: Any) -> None:
    with pytest.raises(ConfigError, match="flags"):
        load_course(_file(tmp_path, flags=flags))
