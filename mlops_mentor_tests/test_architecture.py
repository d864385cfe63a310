"""Each engine has one place that knows it, and arrows between the folders point one way."""

import ast
from pathlib import Path

import mlops_mentor

ROOT = Path(mlops_mentor.__file__).parent
HOMES = {
    "dagster": ("defs", "definitions.py"),
    "git": ("repos/git.py",),
    "duckdb": ("leaderboard/warehouse.py",),
    "githubkit": ("github",),
    "hishel": ("github",),
    "httpx": ("github",),
    "openai": ("feedback/llm/client.py",),
    "httpx2": ("feedback/llm/client.py", "publish/hub"),
    "huggingface_hub": ("publish/hub", "app"),
    "datasets": (),
    "gradio": ("app",),
    "jinja2": ("pages/render.py", "app/content.py"),
    "starlette": ("app", "desk"),
    "uvicorn": ("app", "desk"),
    "upath": ("storage/lake_files.py",),
    # GitHub and models are asked asynchronously, and nothing else is.
    "anyio": ("github", "feedback", "chain/changes.py"),
    "typer": ("cli",),
    "rich": ("cli",),
    # Programs are started in two places: git, and the linters.
    "subprocess": ("repos/git.py", "evidence/quality/programs.py"),
}
# Later in the data flow, and further from the ground: a folder or a module imports only what stands before it.
FLOORS = ("errors", "yaml_models", "diagnosis", "schemas", "course", "storage/whole_files", "storage/lake_files",
          "storage/lake", "sheets/reading", "sheets/writing", "roster/addresses", "roster/roster", "roster/extensions",
          "settings", "repos", "identities/merging", "identities/rules", "identities/mapping", "identities/sheet",
          "github", "evidence", "metrics", "chain/inputs", "chain/freshness", "chain/group_work", "chain/chain",
          "chain/changes", "chain/waves", "feedback", "erasure", "leaderboard", "publish", "pages", "app", "desk",
          "sample", "defs", "cli")  # fmt: skip


def imports(file: Path) -> set[str]:
    """Names of the modules that a file imports, in full."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def files() -> list[Path]:
    return sorted(ROOT.rglob("*.py"))


def floor(module: str) -> int | None:
    """Where a module stands in `FLOORS`, by itself or by its folder; None where neither is there."""
    names = module.replace(".", "/").split("/")
    return next((FLOORS.index(name) for name in ("/".join(names[:2]), names[0]) if name in FLOORS), None)


def is_within(file: Path, homes: tuple[str, ...]) -> bool:
    path = file.relative_to(ROOT)
    return any(path.is_relative_to(home) for home in homes)


def test_each_engine_is_imported_in_its_home_alone() -> None:
    strangers = [
        (str(file.relative_to(ROOT)), engine)
        for file in files()
        for engine, homes in HOMES.items()
        if not is_within(file, homes) and any(name.split(".")[0] == engine for name in imports(file))
    ]
    assert strangers == []


def test_arrows_point_one_way() -> None:
    backwards = []
    for file in files():
        here = floor(".".join(file.relative_to(ROOT).with_suffix("").parts))
        for name in imports(file):
            there = floor(name.removeprefix("mlops_mentor.")) if name.startswith("mlops_mentor.") else None
            if here is not None and there is not None and there > here:
                backwards.append((str(file.relative_to(ROOT)), name))
    assert backwards == []


def test_every_floor_is_there() -> None:
    there = {str(path.relative_to(ROOT).with_suffix("")) for path in ROOT.rglob("*")}
    assert [name for name in FLOORS if name not in there] == []
