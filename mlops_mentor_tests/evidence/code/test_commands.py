from mlops_mentor.evidence.code.commands import noted_commands
from mlops_mentor_tests.evidence.checklist.projects import project_of

TASKS = "from invoke import task\n@task\ndef run_tests(ctx):\n    ctx.run('coverage run -m pytest tests/', echo=True)\n"
MAKE = "IMAGE := x\n\ntest: lint\n\tuv run invoke run-tests\n\nlint:\n\t@ruff check \\\n\t\t.\n"


def workflow(run: str, on: str = "push") -> str:
    steps = f"      - uses: actions/checkout@v4\n      - run: |\n          echo\n          {run}\n"
    return f"on: {on}\njobs:\n  a:\n    steps:\n{steps}"


def test_what_ci_calls_is_followed_through_make_and_invoke() -> None:
    project = project_of({".github/workflows/t.yml": workflow("make test"), "Makefile": MAKE, "tasks.py": TASKS})
    found = {(each.path, each.line): each.text for each in project.ci_commands}
    assert found["tasks.py", 4] == "coverage run -m pytest tests/"
    assert found["Makefile", 4] == "uv run invoke run-tests"
    assert (".github/workflows/t.yml", 8) in found
    assert not any("ruff" in text for text in found.values())


def test_a_workflow_that_people_start_is_no_continuous_integration() -> None:
    project = project_of({".github/workflows/t.yml": workflow("make test", "workflow_dispatch"), "Makefile": MAKE})
    assert project.ci_commands == ()
    assert project.run("make test")


def test_lines_that_go_on_are_one_command_and_keep_their_number() -> None:
    project = project_of({"Makefile": MAKE, "run.sh": "#!/bin/sh\ndocker \\\n  build .\ndocker push x\n"})
    assert [(str(place), place.snippet) for place in project.run(r"docker\s+build", "script")] == [
        ("run.sh:2", "docker \\")
    ]
    assert [str(place) for place in project.run("docker push", "script")] == ["run.sh:4"]


def test_notes_of_commands_are_documentation() -> None:
    found = noted_commands("a.txt", "0", ["dvc==3", "  gcloud run deploy x", "dockers"])
    assert [each.line for each in found] == [2]


def test_arguments_of_cloud_build_are_one_line() -> None:
    text = "steps:\n- name: gcr.io/cloud-builders/gcloud\n  args: [run, deploy, api]\n"
    assert [str(place) for place in project_of({"cloudbuild.yaml": text}).run("gcloud run deploy")] == [
        "cloudbuild.yaml:3"
    ]


def test_docker_instructions_in_both_forms() -> None:
    text = 'FROM python\nRUN pip install . && \\\n    pip cache purge\nENTRYPOINT ["python", "-u", "src/train.py"]\n'
    project = project_of({"train.dockerfile": text})
    assert [str(place) for place in project.run(r"python\s+-u\s+src/train.py", "docker")] == ["train.dockerfile:4"]
    assert [str(place) for place in project.run("pip cache", "docker")] == ["train.dockerfile:2"]


def test_prose_is_asked_for_by_name_alone() -> None:
    project = project_of({"README.md": "# Run\n```bash\ndvc pull\n```\n$ make all\nno command\n"})
    assert project.run("dvc pull") == []
    assert [str(place) for place in project.run(".", "docs")] == ["README.md:3", "README.md:5"]


def test_prose_goes_on_behind_a_backslash_and_a_tree_of_folders_is_no_command() -> None:
    text = "```bash\ndocker run \\\n  -p 80:80 \\\n  api\nls\n```\n```\n├── data\n│   └── raw\n```\n"
    project = project_of({"README.md": text})
    assert [(each.text, each.line) for each in project.commands] == [("docker run  -p 80:80  api", 2), ("ls", 5)]


def test_two_targets_that_call_each_other_end() -> None:
    make = "a:\n\tmake b\nb:\n\tmake a\n"
    project = project_of({".github/workflows/t.yml": workflow("make a"), "Makefile": make})
    assert len(project.ci_commands) == 4
