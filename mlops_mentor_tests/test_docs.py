"""What README and docs/ say of commands, settings and files is so."""

import re
from pathlib import Path

import pytest
import typer
from pydantic import AliasChoices

import mlops_mentor
from mlops_mentor.cli import app
from mlops_mentor.settings import Settings

ROOT = Path(mlops_mentor.__file__).parent.parent
README = ROOT / "README.md"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
COMMANDS = {each.name or each.callback.__name__ for each in app.registered_commands if each.callback}


def section(name: str) -> str:
    return README.read_text().split(f"\n## {name}\n")[1].split("\n## ")[0]


def first_cells(text: str) -> list[str]:
    return re.findall(r"^\| (`[^|]+) \|", text, flags=re.MULTILINE)


def test_every_setting_is_in_the_table_with_its_name() -> None:
    named = {name for cell in first_cells(section("Settings")) for name in re.findall(r"`([A-Z_]+)`", cell)}
    known: set[str] = set()
    for name, field in Settings.model_fields.items():
        aliases = field.validation_alias
        if isinstance(aliases, AliasChoices):
            choices = [str(choice) for choice in aliases.choices]
            known |= {choice for choice in choices if choice.isupper()}
            assert named & set(choices), f"{name} is not in the table of settings"
        else:
            known.add(f"MENTOR_{name.upper()}")
            assert f"MENTOR_{name.upper()}" in named
    assert named <= known


def test_every_command_is_in_the_table() -> None:
    named = {
        match for cell in first_cells(section("Commands")) for match in re.findall(r"mlops-mentor ([a-z-]+)", cell)
    }
    assert named == COMMANDS


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_and_links_of_a_page_lead_somewhere(page: Path) -> None:
    text = page.read_text()
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []
    said = set(re.findall(r"mlops-mentor (?!-)([a-z][a-z-]+)", text))
    assert said - COMMANDS == set()
    places = re.findall(r"`((?:docs|deploy|mlops_mentor|benchmarks)/[\w./-]+)`", text)
    if page.name != "CHANGELOG.md":
        assert [place for place in places if not (ROOT / place).exists()] == []
    targets = set(re.findall(r"(?:^|`|\s)make ([a-z][a-z-]+)`", text))
    made = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert targets <= made


def test_the_makefile_gives_commands_options_that_they_have() -> None:
    known = typer.main.get_command(app)
    assert isinstance(known, typer.core.TyperGroup)
    found = re.findall(r"\$\(BIN\)/mlops-mentor ([a-z-]+)([^&|;\\\n]*)", (ROOT / "Makefile").read_text())
    assert len(found) > 5
    for command, said in found:
        options = {option for each in known.commands[command].params for option in each.opts}
        assert set(re.findall(r"--[a-z-]+", said)) <= options, f"mlops-mentor {command}{said}"
