"""Tables of how the code stands: one row a group, and the places behind its numbers."""

import polars as pl

from mlops_mentor.schemas.table import GROUP_ID, TEXT_LIST, Column, Table, count

RUFF_FAMILIES = (
    "style",
    "errors",
    "imports",
    "naming",
    "security",
    "simplification",
    "modernisation",
    "complexity",
)
LINT_TOOLS = ("dockerfile", "workflow")
LINT_SEVERITIES = ("error", "warning", "info")
SECRET_CONFIDENCES = ("high", "medium", "low")

_FAMILY_WORDS = {
    "style": "layout (E, W; lines up to 120 characters)",
    "errors": "likely bugs and unused names (F, PLE, B)",
    "imports": "order of imports (I)",
    "naming": "names (N)",
    "security": "security (S; tests left out)",
    "simplification": "what can be said more simply (C4, SIM)",
    "modernisation": "outdated Python (UP)",
    "complexity": "functions of cyclomatic complexity above 10 (C90)",
}


def _share(name: str, description: str) -> Column:
    return Column(name, pl.Float64, description, minimum=0, maximum=1)


def _number(name: str, description: str) -> Column:
    return Column(name, pl.Float64, description, minimum=0)


CODE_QUALITY = Table(
    "code_quality",
    "How the group's own code stands at the snapshot: not vendored, generated or starter code. It informs and never "
    "grades. Nothing of it was run, and the group's own settings of linters did not count.",
    (
        GROUP_ID,
        # Size
        count("num_own_python_files", "Python files of the group's own that were read, tests included."),
        count("num_broken_python_files", "Of these, files that are no valid Python; no other number counts them."),
        Column("broken_python_files", TEXT_LIST, "`path:line: error` of each, up to 20.", True),
        count("lines_own_python", "Lines of the files that are not broken, tests included."),
        _number("median_file_lines", "Median lines of these files, empty ones left out."),
        count("max_file_lines", "Lines of the longest."),
        Column("longest_file", pl.String, "Its path."),
        # Ruff
        count("num_violations", "Violations of our rules (`quality/rules.yaml`) that ruff found, `# noqa` ignored."),
        _number("violations_per_1000_lines", "Of these, per 1,000 lines of `lines_own_python`; null without a line."),
        *(
            _number(f"{name}_per_1000_lines", f"Violations per 1,000 lines: {words}.")
            for name, words in _FAMILY_WORDS.items()
        ),
        Column("most_broken_rules", TEXT_LIST, "`rule: times` of the five that are broken most.", True),
        # Functions
        count("num_functions", "Functions and methods outside of tests, those within functions included."),
        _share(
            "share_functions_typed",
            "Of these, with a type for every parameter (but `self` and `cls`) and for what is returned (`__init__` "
            "needs none if it has a typed parameter).",
        ),
        count("num_documentable", "Modules that are not empty, classes, and functions not within functions; no tests."),
        _share("share_documented", "Of these, with a docstring."),
        _number("median_complexity", "Median cyclomatic complexity of functions outside of tests (McCabe, by ruff)."),
        count("max_complexity", "The highest."),
        Column("most_complex_function", pl.String, "`path:line name` of it."),
        count("num_complex_functions", "Functions outside of tests with a complexity above 10."),
        _number(
            "median_function_lines", "Median lines of functions outside of tests, signature and docstring included."
        ),
        count("max_function_lines", "Lines of the longest."),
        Column("longest_function", pl.String, "`path:line name` of it."),
        # Tests
        count("num_test_files", "Test files that hold a test that pytest would collect by its defaults."),
        count("num_tests", "Tests in them: functions and methods by name; a parametrized one counts once."),
        count("num_test_classes", "Classes of tests in them."),
        count("num_parametrized_tests", "Of the tests, those with `parametrize`."),
        count("num_assertions", "`assert`, calls of `assert...`, `raises` and `warns` in files under tests."),
        count(
            "num_tests_without_assertion", "Tests with none of these in them; they may call a function that has one."
        ),
        # Notebooks
        count("num_notebooks", "Notebooks of the group's own that were read."),
        count("num_broken_notebooks", "Of these, those that are no notebook."),
        count("lines_notebook_code", "Lines of code in their cells, blank ones left out."),
        _share(
            "share_code_in_notebooks", "Of these and the lines of Python files that are not blank, those in notebooks."
        ),
        count("num_cells_with_outputs", "Code cells whose outputs were committed."),
        # Dependencies
        Column("dependency_files", TEXT_LIST, "Files that declare dependencies, those of the starter code too.", True),
        count("num_declared", "Distributions that they declare, each once."),
        _share("share_pinned", "Of these, with an exact version somewhere."),
        Column(
            "has_lock_file",
            pl.Boolean,
            "uv.lock, poetry.lock, pdm.lock, pixi.lock, Pipfile.lock, conda-lock.yml, "
            "pylock.toml, or requirements that uv or pip-compile wrote.",
        ),
        Column(
            "undeclared_imports",
            TEXT_LIST,
            "`distribution (path:line)` that code imports and no file declares; "
            "imports that code copes without, and those of starter code and notebooks, left out.",
            True,
        ),
        Column(
            "unused_dependencies",
            TEXT_LIST,
            "Distributions that are declared to run, that nothing imports, and "
            "that are not known as tools or plugins. Empty for the dump of an environment.",
            True,
        ),
        # Containers and workflows
        count("num_dockerfiles", "Dockerfiles of the group's own that were read; compose files are none."),
        count("num_dockerfile_hits", "Places in them where a rule is broken (`lint_hits`)."),
        count("num_workflows", "Workflows of the group's own that were read."),
        count(
            "num_workflow_hits", "Places in them where an audit finds something, but for actions that are not pinned."
        ),
        count("num_unpinned_actions", "Actions that are not pinned to a commit."),
        # Secrets
        count("num_secrets", "Places that look like a secret (`committed_secrets`), of high or medium confidence."),
        Column("not_available", TEXT_LIST, "`subject: reason` for what could not be looked at.", True),
    ),
    key=("group_id",),
    version="1",
    is_one_row=True,
)

LINT_HITS = Table(
    "lint_hits",
    "Places in the group's own Dockerfiles and workflows where a rule of hadolint, of zizmor, or of ours is broken.",
    (
        GROUP_ID,
        Column("tool", pl.String, "What was looked at.", True, values=LINT_TOOLS),
        Column("rule", pl.String, "Id of the rule: hadolint's, zizmor's, or a name of ours.", True),
        Column("severity", pl.String, "How bad the tool takes it to be.", True, values=LINT_SEVERITIES),
        Column("message", pl.String, "What the rule says.", True),
        Column("path", pl.String, "Path in the repository.", True),
        Column("line", pl.Int64, "Line, from 1; null for the file as a whole.", minimum=1),
        Column("blob_id", pl.String, "Git's id of the file's content.", True),
    ),
    key=(),
    version="1",
)

COMMITTED_SECRETS = Table(
    "committed_secrets",
    "Places at the snapshot that look like a secret, starter code left out. Place and kind: neither the value nor a "
    "hash of it is kept anywhere.",
    (
        GROUP_ID,
        Column("path", pl.String, "Path in the repository.", True),
        Column("line", pl.Int64, "Line, from 1.", True, minimum=1),
        Column("kind", pl.String, "What kind of secret: betterleaks' name of its rule.", True),
        Column("confidence", pl.String, "How sure the rule is.", True, values=SECRET_CONFIDENCES),
        Column("blob_id", pl.String, "Git's id of the file's content.", True),
    ),
    key=("path", "line", "kind"),
    version="1",
)
