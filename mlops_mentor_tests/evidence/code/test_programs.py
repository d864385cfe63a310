"""What a line of shell starts."""

import pytest

from mlops_mentor.evidence.code.documents import read_document
from mlops_mentor.evidence.code.programs import programs


@pytest.mark.parametrize(
    ("text", "started"),
    [
        ("pytest tests/", ["pytest tests/"]),
        ("uv run --group dev -n x python -m pytest -q", ["pytest -q"]),
        ("cd app && A=1 poetry run coverage run -m pytest | tee log", ["cd app", "coverage run -m pytest", "tee log"]),
        ("sudo bash -c 'ruff check .'", ["ruff check .'"]),
        ("git ls-files | xargs -r ruff check", ["git ls-files", "ruff check"]),
        ("pip install pytest ruff", ["pip install pytest ruff"]),
        ("echo run pytest", ["echo run pytest"]),
        ("cloud-sdk:slim gcloud run deploy api", ["gcloud run deploy api"]),
        ("python train.py", ["python train.py"]),
        ("JOB=$(gcloud ai custom-jobs create --region x)", ["gcloud ai custom-jobs create --region x)"]),
        ('export ID="$(uv run gcloud builds submit)" && x', ['gcloud builds submit)"', "x"]),
        ("ID=$$(gcloud run deploy api)", ["gcloud run deploy api)"]),
        ("ID=`gcloud run deploy api`", ["gcloud run deploy api`"]),
        ("N=$((1 + 2)) pytest", ["+ 2)) pytest"]),
        ("A=$( pytest tests )", ["pytest tests )"]),
        ("# pytest", []),
        ("", []),
        ("uv run", []),
    ],
)
def test_what_leads_to_a_program_is_left_out(text: str, started: list[str]) -> None:
    assert programs(text) == started


def test_a_line_without_an_end_is_cut() -> None:
    assert len(programs("uv run " * 1_000_000)) <= 1


def test_options_of_an_ini_file_have_the_lines_of_their_own_section() -> None:
    text = "[core]\n    remote = b\n['remote \"a\"']\n    url = gdrive://x\n['remote \"b\"']\n    url = gs://y\n"
    entries = read_document(".dvc/config", "0", text).entries
    assert [(entry.value, entry.line) for entry in entries] == [("b", 2), ("gdrive://x", 4), ("gs://y", 6)]
