"""Settings: where they come from, which wins, and what is said when one is wrong."""

from pathlib import Path

import pytest

from mlops_mentor.errors import ConfigError
from mlops_mentor.settings import load_settings

_COURSE = """
course: A course
term: January 2027
time_zone: Europe/Copenhagen
project_start: 2027-01-04
deadline: "2027-01-22T12:00:00"
roster: lists/groups.csv
"""


def test_without_any_setting_everything_is_under_data(tmp_path: Path) -> None:
    settings = load_settings()
    assert settings.root == tmp_path / "data"
    assert settings.course_file == tmp_path / "data" / "course.yaml"
    places = {
        settings.lake_dir,
        settings.mirrors_dir,
        settings.locks_dir,
        settings.warehouse_file,
        settings.dagster_home,
    }
    assert len(places) == 5
    assert {place.parent for place in places} == {settings.root}


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MENTOR_WORKERS", "3")
    monkeypatch.setenv("MENTOR_GIT_TIMEOUT_S", "12.5")
    settings = load_settings()
    assert (settings.workers, settings.git_timeout_s) == (3, 12.5)


def test_variables_of_others_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", "/elsewhere")
    monkeypatch.setenv("ROSTER", "/elsewhere.csv")
    settings = load_settings()
    assert settings.root == Path.cwd() / "data"
    assert settings.roster is None


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MENTOR_WORKERS", "")
    monkeypatch.setenv("MENTOR_DATA_DIR", "")
    assert load_settings().root == Path.cwd() / "data"


def test_a_dotenv_file_is_read_and_the_environment_wins_over_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("MENTOR_WORKERS=5\nMENTOR_MAX_REPO_MB=7\nOPENAI_API_KEY=other\n")
    monkeypatch.setenv("MENTOR_WORKERS", "2")
    settings = load_settings()
    assert (settings.workers, settings.max_repo_mb) == (2, 7)


def test_what_the_command_line_says_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MENTOR_DATA_DIR", str(tmp_path / "environment"))
    assert load_settings(data_dir=tmp_path / "line").root == tmp_path / "line"


def test_an_option_that_was_not_given_leaves_the_environment_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MENTOR_DATA_DIR", str(tmp_path / "environment"))
    assert load_settings(data_dir=None).root == tmp_path / "environment"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MENTOR_WORKERS", "0"),
        ("MENTOR_WORKERS", "many"),
        ("MENTOR_WORKERS", "65"),
        ("MENTOR_MAX_CONCURRENT_RUNS", "0"),
        ("MENTOR_GROUPS_PER_RUN", "0"),
        ("MENTOR_LOOK_EVERY_S", "4"),
        ("MENTOR_GIT_TIMEOUT_S", "0"),
        ("MENTOR_ASK_TIMEOUT_S", "-1"),
        ("MENTOR_MAX_REPO_MB", "0.5"),
        ("MENTOR_MAX_BLOB_MB", "0"),
    ],
)
def test_a_bad_value_names_its_variable(variable: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError, match=f"^{variable}: "):
        load_settings()


def test_a_bad_value_in_a_dotenv_file_names_its_variable_too(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("MENTOR_WORKERS=many\n")
    with pytest.raises(ConfigError, match=r"^MENTOR_WORKERS: .*\.env"):
        load_settings()


def test_settings_cannot_be_changed_afterwards() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().workers = 9  # type: ignore[misc]


def test_the_roster_lies_beside_the_course_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "term").mkdir()
    (tmp_path / "term" / "course.yaml").write_text(_COURSE)
    settings = load_settings(course=Path("term/course.yaml"))
    assert settings.roster_file == tmp_path / "term" / "lists" / "groups.csv"
    assert settings.the_course.term == "January 2027"


def test_a_roster_that_is_given_needs_no_course(tmp_path: Path) -> None:
    assert load_settings(roster=Path("mine.csv")).roster_file == tmp_path / "mine.csv"


def test_a_path_may_begin_at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MENTOR_DATA_DIR", "~/mentor")
    assert load_settings().root == Path.home() / "mentor"


@pytest.mark.parametrize("name", ["a[1]", "a]", "a*", "what?", "[2027]/data"])
def test_a_data_directory_that_readers_take_for_a_pattern_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("MENTOR_DATA_DIR", str(tmp_path / name))
    with pytest.raises(ConfigError, match=r"^MENTOR_DATA_DIR: .*Choose a data directory"):
        load_settings()


def test_a_working_directory_that_readers_take_for_a_pattern_is_refused_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "course [2027]").mkdir()
    monkeypatch.chdir(tmp_path / "course [2027]")
    with pytest.raises(ConfigError, match=r"^MENTOR_DATA_DIR: .* contains \[ \], "):
        load_settings()


def test_a_home_that_does_not_exist_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MENTOR_DATA_DIR", "~nobody-of-this-name/data")
    with pytest.raises(ConfigError, match=r"^MENTOR_DATA_DIR: .*leads nowhere"):
        load_settings()


@pytest.mark.parametrize(("num_processors", "workers"), [(None, 4), (2, 4), (16, 16), (256, 64)])
def test_workers_follow_the_machine_within_their_own_limit(
    monkeypatch: pytest.MonkeyPatch, num_processors: int | None, workers: int
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: num_processors)
    assert load_settings().workers == workers


def test_extensions_and_identities_lie_beside_the_course_that_names_them(tmp_path: Path) -> None:
    (tmp_path / "term").mkdir()
    (tmp_path / "term" / "course.yaml").write_text(_COURSE)
    assert load_settings(course=Path("term/course.yaml")).extensions_file == tmp_path / "term" / "extensions.csv"
    assert load_settings(course=Path("term/course.yaml")).identities_file == tmp_path / "term" / "identities.csv"


@pytest.mark.parametrize(("workers", "asking"), [("1", 16), ("40", 40)])
def test_repositories_are_asked_by_more_than_work_on_them(
    monkeypatch: pytest.MonkeyPatch, workers: str, asking: int
) -> None:
    monkeypatch.setenv("MENTOR_WORKERS", workers)
    assert load_settings().workers_asking == asking


# --- GitHub


def _token() -> str | None:
    token = load_settings().github_token
    return token.get_secret_value() if token is not None else None


@pytest.mark.parametrize(
    ("environment", "token"),
    [
        ({}, None),
        ({"GITHUB_TOKEN": "one"}, "one"),
        ({"GH_TOKEN": "two"}, "two"),
        ({"GH_TOKEN": "two", "GITHUB_TOKEN": "one"}, "one"),
        ({"GH_TOKEN": "two", "GITHUB_TOKEN": ""}, "two"),
        ({"GH_TOKEN": "", "GITHUB_TOKEN": ""}, None),
    ],
)
def test_the_token_has_githubs_names_and_an_empty_one_is_none(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], token: str | None
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert _token() == token


def test_a_token_may_stand_in_a_dotenv_file_and_the_environment_wins_over_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("GITHUB_TOKEN=file\n")
    assert _token() == "file"
    monkeypatch.setenv("GITHUB_TOKEN", "environment")
    assert _token() == "environment"


def test_the_token_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_TheSecretOfThisTest")
    settings = load_settings()
    shown = (
        repr(settings),
        str(settings),
        str(settings.model_dump()),
        settings.model_dump_json(),
        f"{settings!r:.500}",
    )
    assert not any("TheSecret" in text for text in shown)
    monkeypatch.setenv("MENTOR_WORKERS", "many")
    with pytest.raises(ConfigError) as error:
        load_settings()
    assert "TheSecret" not in str(error.value)
    assert error.value.__cause__ is None


def test_without_any_setting_github_is_the_public_one() -> None:
    settings = load_settings()
    assert settings.github_server_url == "https://github.com"
    assert (settings.github_api_url, settings.github_graphql_url, settings.github_token) == (None, None, None)


_URLS = ("GITHUB_SERVER_URL", "GITHUB_API_URL", "GITHUB_GRAPHQL_URL")


@pytest.mark.parametrize("variable", _URLS)
@pytest.mark.parametrize(
    ("url", "stored"),
    [
        ("https://github.example.org", "https://github.example.org"),
        ("https://github.example.org:8443/api/v3/", "https://github.example.org:8443/api/v3"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://localhost", "http://localhost"),
    ],
)
def test_a_token_may_be_sent_where_nobody_can_listen(
    monkeypatch: pytest.MonkeyPatch, variable: str, url: str, stored: str
) -> None:
    monkeypatch.setenv(variable, url)
    assert getattr(load_settings(), variable.lower()) == stored


@pytest.mark.parametrize("variable", _URLS)
@pytest.mark.parametrize(
    "url",
    [
        "http://github.example.org",
        "http://localhost.example.org",
        "http://127.0.0.1@example.org",
        "ftp://github.example.org",
        "file:///etc",
        "github.example.org",
        "//github.example.org",
        "https://",
        "https://[broken",
        "https://somebody:secret@github.example.org",
        "https://:secret@github.example.org",
        "https://github.example.org?to=elsewhere",
        "https://github.example.org#elsewhere",
    ],
)
def test_an_address_that_is_not_safe_for_a_token_is_refused_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, url: str
) -> None:
    monkeypatch.setenv(variable, url)
    with pytest.raises(ConfigError, match=f"^{variable}: ") as error:
        load_settings()
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("variable", _URLS)
def test_an_empty_address_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "")
    settings = load_settings()
    assert (settings.github_server_url, settings.github_api_url) == ("https://github.com", None)


@pytest.mark.parametrize(
    ("variable", "value"),
    [("MENTOR_GITHUB_TIMEOUT_S", "0"), ("MENTOR_GITHUB_TIMEOUT_S", "soon"), ("MENTOR_GITHUB_MAX_WAIT_S", "-1")],
)
def test_what_is_our_own_about_github_has_our_prefix(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError, match=f"^{variable}: "):
        load_settings()
