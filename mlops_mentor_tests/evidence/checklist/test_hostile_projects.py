"""Projects that nobody wrote in good faith: every detector gives an answer, and soon."""

import json
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlops_mentor.evidence.checklist.detect import all_detectors, detect
from mlops_mentor.evidence.checklist.items import checklist
from mlops_mentor.evidence.code.facts import Facts
from mlops_mentor_tests.evidence.checklist.projects import Contents, project_of

# A hang is hours; a slow machine is not.
_HANG_S = 100
_MIB = 2**20
ITEMS = [item for item in checklist().items if item.detector in all_detectors()]

SOUND: Mapping[str, str] = {
    "src/data.py": "import torch\n\n\ndef load(path: str):\n    '''Read.'''\n    return torch.load(path)\n",
    "src/train.py": "import hydra\nimport logging\nimport wandb\nfrom lightning import Trainer\n"
    "from src.data import load\n"
    "logger = logging.getLogger(__name__)\n\n\n@hydra.main(config_path='../configs', config_name='config')\n"
    "def train(cfg):\n    wandb.init(project='a')\n    logger.info('start %s', cfg)\n"
    "    Trainer(devices=cfg.devices, strategy='ddp').fit(model, load('a'))\n\n\nif __name__ == '__main__':\n"
    "    train()\n",
    "src/api.py": "from fastapi import FastAPI\nfrom prometheus_client import Counter, make_asgi_app\napp = FastAPI()\n"
    "C = Counter('a', 'b')\napp.mount('/metrics', make_asgi_app())\n\n\n@app.post('/predict')\ndef predict(x: int):\n"
    "    with open('predictions.csv', 'a') as file:\n        file.write(str(x))\n    return x\n",
    "tests/test_data.py": "from src.data import load\n\n\ndef test_data():\n    assert load('a')\n",
    "configs/config.yaml": "defaults:\n- model: small\ndevices: 2\nnum_workers: 4\n",
    "configs/model/small.yaml": "lr: 0.1\n",
    ".github/workflows/tests.yaml": "name: Tests\non:\n  push:\n    branches: [main]\njobs:\n  t:\n"
    "    runs-on: ${{ matrix.os }}\n"
    "    strategy:\n      matrix:\n        os: [ubuntu-latest, macos-latest]\n    steps:\n"
    "    - uses: actions/checkout@v4\n"
    "    - run: |\n        pip install .\n        coverage run -m pytest\n",
    "pyproject.toml": "[project]\nname = 'a'\ndependencies = ['torch', 'wandb>=0.1']\n[tool.ruff]\nline-length = 120\n",
    "requirements.txt": "torch==2.0\nwandb\n",
    "dockerfiles/train.dockerfile": 'FROM python:3.12\nCOPY src src\nRUN a && \\\n  b\nCMD ["python", "a"]\n',
    "docker-compose.yml": "services:\n  a:\n    build: .\n",
    "cloudbuild.yaml": "steps:\n- name: gcr.io/cloud-builders/docker\n  args: [build, -t, a, .]\n",
    "Makefile": "train:\n\tpython src/train.py\n",
    "run.sh": "#!/bin/sh\ngcloud run deploy a --image b\n",
    ".pre-commit-config.yaml": "repos:\n- repo: a\n  hooks:\n  - id: ruff\n",
    ".dvc/config": "[core]\n    remote = r\n['remote \"r\"']\n    url = gs://a\n",
    "data.dvc": "outs:\n- md5: a\n  path: data\n",
    "infra/main.tf": 'resource "google_monitoring_alert_policy" "a" {\n}\n',
    "docs/index.md": "# A\n\n```mermaid\nflowchart LR\n  A --> B\n```\n",
    "README.md": "# A\n\n```\ndocker build .\n```\n[a](b) ![c](d.png)\n",
    "tox.ini": "[tox]\nenvlist = a\n",
    "setup.cfg": "[flake8]\nmax-line-length = 120\n",
    "package.json": '{"dependencies": {"react": "1"}}',
    "a.ipynb": json.dumps(
        {"cells": [{"cell_type": "code", "source": ["import torch\n", "torch.compile(m)"], "outputs": []}]}
    ),
}
PATHS = sorted(SOUND)


@contextmanager
def hang_guard() -> Iterator[None]:
    """Ends the test where it would never end."""

    def give_up(signum: int, frame: FrameType | None) -> None:
        del signum, frame
        raise TimeoutError(f"not done after {_HANG_S} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(_HANG_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def outcomes(contents: Contents) -> dict[str, str]:
    """The outcome of every item, none of which is an error."""
    with hang_guard():
        found = detect(project_of(contents, facts=Facts(branches=("main",), past_texts=list)), ITEMS)
    errors = {item_id: finding.reason for item_id, finding in found.items() if finding.outcome == "error"}
    assert errors == {}
    return {item_id: finding.outcome for item_id, finding in found.items()}


def replaced(path: str, content: str | bytes) -> Contents:
    return {**SOUND, path: content}


def test_the_sound_project_shows_something() -> None:
    assert list(outcomes(SOUND).values()).count("yes") >= 5


ALIAS_BOMB = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(20)
)
BROKEN = {
    "empty": b"",
    "blank": b"\n \n\t\n",
    "null bytes": b"a\0b = 1\n\0",
    "control characters": bytes(range(1, 32)) * 20,
    "no UTF-8": b"\xff\xfe\xfa\x80 = \xc3\x28\n",
    "UTF-16": "on: push\nimport torch\n".encode("utf-16"),
    "UTF-16 cut": "on: push\nimport torch\n".encode("utf-16")[:-1],
    "UTF-8 with a mark": b"\xef\xbb\xbfon: push\n",
    "another encoding declared": b"# -*- coding: latin-1 -*-\nx = '\xe6'\n",
    "an unknown encoding declared": b"# -*- coding: klingon -*-\nx = 1\n",
    "an encoding that is none": b"# -*- coding: rot13 -*-\nk = 1\n",
    "halves of characters": b'{"a": "\\ud800", "cells": [{"cell_type": "code", "source": "\\ud800 = 1"}]}',
    "carriage returns": b"on: push\rjobs:\r  a:\r",
    "separators of lines": "a = 1\u2028b = 2\x85c = 3\x0cd = 4\n".encode(),
    "conflict marks": b"<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> b\n",
    "alias bomb": ALIAS_BOMB.encode(),
    "alias of itself": b"a: &a\n  b: *a\non: *a\njobs: *a\n",
    "aliases as keys": b"? &a {x: y}\n: *a\n? [*a, *a]\n: 1\n",
    "tags": b"!!python/object/apply:os.system ['true']\n",
    "tags of values": b"on: !!binary aaa\njobs: !x {a: !!set {b}}\nsteps: !!timestamp 9999-99-99\n",
    "keys twice": b"on: push\non: [push]\njobs: 1\njobs: {a: 1}\njobs: {a: {steps: [{run: 1, run: 2}]}}\n",
    "merged keys": b"a: &a {run: x}\njobs:\n  t:\n    steps:\n    - <<: *a\n    - <<: [*a, *a]\n",
    "jobs of all kinds": b"on: {push: [1, {a: b}]}\njobs: [1, null, {a: [b]}, [[[]]]]\nsteps: {a: b}\nrepos: 7\n"
    b"services: []\n",
    "nulls": b"on:\njobs:\n  a:\n    steps:\n    -\n    - run:\n    - uses:\n      with:\nsteps:\n-\n- args:\n"
    b"defaults:\n-\n- a:\n",
    "steps of numbers": b"on: 1\njobs: {1: {steps: [{run: 1.5, uses: true, with: {2: 3}}]}}\n"
    b"steps: [{name: 1, args: 2}]\n",
    "many documents": b"---\na: 1\n" * 3000,
    "deep lists of YAML": b"[" * 100_000,
    "deep blocks of YAML": b"".join(b" " * n + b"a:\n" for n in range(400)),
    "deep flow": b"{a: " * 5000 + b"1" + b"}" * 5000,
    "deep parentheses": b"x = " + b"(" * 5000 + b")" * 5000,
    "deep attributes": b"x = a" + b".b" * 20_000 + b"\n",
    "deep calls": b"x = a" + b"()" * 5000 + b"\n",
    "deep sums": b"x = 1" + b" + 1" * 20_000 + b"\n",
    "deep minus": b"x = " + b"-" * 20_000 + b"1\n",
    "deep blocks of Python": b"".join(b" " * n + b"if x:\n" for n in range(90)) + b" " * 90 + b"pass\n",
    "deep definitions": b"".join(b" " * n + b"class A:\n" for n in range(90)) + b" " * 90 + b"def f(): ...\n",
    "long elif": b"if x: pass\n" + b"elif y: pass\n" * 3000,
    "deep JSON": b'{"cells": ' * 20_000 + b"1" + b"}" * 20_000,
    "deep TOML": b"a = " + b"[" * 20_000,
    "dotted TOML": b".".join([b"a"] * 5000) + b" = 1\n",
    "TOML of odd types": b"dependencies = 1\n[project]\ndependencies = {a = 1}\n[tool]\nruff = 3\npoetry = [1]\n",
    "TOML of dates": b"[project]\nname = 1979-05-27\ndependencies = [1979-05-27, 1.5, true, {a = [1]}]\n",
    "huge numbers": b"x = " + b"9" * 5000 + b"\nnum_workers: " + b"9" * 5000 + b"\n",
    "infinite numbers": b"num_workers: .inf\ndevices: .nan\nlr: 1e999\n",
    "JSON of odd numbers": b'{"a": NaN, "b": -Infinity, "c": 1e999}',
    "odd cells": b'{"cells": [1, {"cell_type": "code"}, {"cell_type": "code", "source": [1]}, {"source": {}}]}',
    "cells that are none": b'{"cells": {"a": 1}}',
    "magic": b'{"cells": [{"cell_type": "code", "source": "%%sh\\nx"}, {"cell_type": "code", "source": "!a\\n%b"}]}',
    "interpolation": b"[a]\nb = %(c)s\nc = %(b)s\n[a]\nb\n  = 1\n",
    "a list": b"[1, 2]",
    "a text": b'"text"',
    "a number": b"5",
    "open quotes": b"a: 'x\nb: \"y\n'''z\n\"\"\"\n```\n<!--\n",
    "open fences": b"```mermaid\nflowchart LR\n" * 500,
    "continued lines": b"RUN a \\\n" * 5000,
    "odd instructions": b'FROM\nCOPY\nCOPY a\nCMD\nCMD [\nENTRYPOINT ["a\nADD --from=x\nONBUILD COPY . .\n',
    "odd targets": b":\n\ta\n: :\n\t@-\nmake: make\n\tmake make\n\t$(MAKE) $(call x,$(y))\n",
    "targets in circles": b"a: b\n\tmake b\nb: a\n\tmake a\n\tbash run.sh\n",
    "odd requirements": b"-r requirements.txt\n-r ../../../x\n-e .\n@\n==1\na @ b @ c\n#egg=\n; python\n\\\n\\",
    "odd decorators": b"@(lambda f: f)\n@a[0](1).b\n@app.post(*x, **y)\ndef predict(): ...\n",
    "odd arguments": b"DataLoader(*a, num_workers=*b if c else d)\n",
    "odd calls": b"Trainer(**a, devices=[*b], strategy=f'{c}{d!r:>{e}}')\nopen(mode=x)\nopen()\n(yield)\n"
    b"logger.info()\n",
    "bytes for texts": b"open(b'a', b'w')\nhydra.main(config_path=b'a')\nd = {b'num_workers': 1, None: 2, **e}\n",
    "names of other scripts": "\u0301\u0301 = 1\nimport \u00e6\u00f8\u00e5\n\ufb01 = 2\n".encode(),
    "matches": b"match x:\n    case {'a': [1, *b], **c}: pass\ntype A[T] = int\n",
}
FORMATS = [
    "src/api.py",
    "tests/test_data.py",
    ".github/workflows/tests.yaml",
    "configs/config.yaml",
    "pyproject.toml",
    "requirements.txt",
    "dockerfiles/train.dockerfile",
    "docker-compose.yml",
    "cloudbuild.yaml",
    "Makefile",
    "run.sh",
    ".pre-commit-config.yaml",
    ".dvc/config",
    "data.dvc",
    "infra/main.tf",
    "docs/index.md",
    "README.md",
    "tox.ini",
    "setup.cfg",
    "package.json",
    "a.ipynb",
]


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_broken_files_of_every_format_at_once(content: bytes) -> None:
    outcomes({**SOUND, **dict.fromkeys(FORMATS, content)})


@pytest.mark.parametrize("path", FORMATS)
def test_one_broken_file_keeps_no_other_from_being_seen(path: str) -> None:
    for content in BROKEN.values():
        outcomes({"src/train.py": SOUND["src/train.py"], path: content})


# What patterns stumble over: blanks, brackets, quotes, and the beginnings of what is looked for.
LONG = {
    "letters": b"a",
    "blanks": b" ",
    "tabs": b"\t",
    "brackets": b"[",
    "images": b"![",
    "tags": b"<img ",
    "quotes": b"'",
    "backslashes": b"\\",
    "dashes": b"-",
    "hashes": b"# ",
    "dots": b"a.",
    "slashes": b"a/",
    "colons": b"a: ",
    "commands": b"gcloud run ",
    "options": b"docker build --",
    "requirements": b"-r a ",
    "dollars": b"${",
    "equals": b"a=b ",
    "fences": b"```",
    "commas": b"a,",
    "stars": b"*a ",
    "semicolons": b"make a;",
    "braces": b"{",
    "digits": b"9",
}
# Below what is read of a file of each format; what is larger is left out.
READ = 256 * 2**10 - 100


@pytest.mark.parametrize("part", LONG.values(), ids=LONG)
def test_a_line_as_long_as_is_read(part: bytes) -> None:
    outcomes({**SOUND, **dict.fromkeys(FORMATS, part * (READ // len(part)))})


def test_a_line_as_long_as_is_read_within_what_is_well_formed() -> None:
    long = "a " * (120 * 2**10)
    outcomes(
        {
            **SOUND,
            "src/api.py": f"x = '''{long}'''\nimport wandb\nwandb.init('{long}')\nctx.run('{long}')\n",
            ".github/workflows/tests.yaml": f"on: push\njobs:\n  a:\n    steps:\n    - run: {long}\n",
            "configs/config.yaml": f"a: {long}\n",
            "pyproject.toml": f"a = '{long}'\n",
            "package.json": json.dumps({"a": long}),
            "a.ipynb": json.dumps({"cells": [{"cell_type": "code", "source": f"x = '{long * 20}'"}]}),
            "dockerfiles/train.dockerfile": f"FROM a\nRUN {long}\nCOPY {long}\nCMD {long}\n",
            "Makefile": f"a:\n\t{long}\n",
            "README.md": f"# {long}\n\n```\n{long}\n```\n",
        }
    )


def test_a_line_of_50_mb_in_every_format() -> None:
    content = b"a" * (50 * _MIB)
    found = outcomes({**SOUND, **dict.fromkeys(FORMATS, content)})
    assert "yes" in found.values()


def test_thousands_of_tiny_files() -> None:
    tiny = {f"src/p{n % 60}/m{n}.py": f"import m{n + 1}\nx{n} = m{n + 1}.f({n})\n" for n in range(4000)}
    tiny |= {f"configs/g{n % 30}/c{n}.yaml": f"defaults:\n- g{n}: c{n}\nnum_workers: {n}\n" for n in range(1500)}
    tiny |= {f"docs/d{n}.md": f"# {n}\n```\nmake t{n}\n```\n" for n in range(1500)}
    tiny |= {
        f".github/workflows/w{n}.yml": f"on: push\njobs:\n  a:\n    steps:\n    - run: make t{n}\n" for n in range(200)
    }
    tiny |= {f"s{n}.sh": f"bash s{n + 1}.sh\n" for n in range(800)} | {f"images/{n}.png": "" for n in range(4000)}
    outcomes({**SOUND, **tiny})


def test_one_file_with_thousands_of_everything() -> None:
    outcomes(
        {
            **SOUND,
            "src/api.py": SOUND["src/api.py"]
            + "".join(f"@app.get('/{n}')\ndef f{n}(): f{n + 1}()\n" for n in range(5000)),
            "src/train.py": "".join(
                f"if cfg.a{n}:\n    torch.compile(DataLoader(m, num_workers=cfg.a{n}))\n" for n in range(3000)
            ),
            "configs/config.yaml": "".join(f"a{n}: {n}\n" for n in range(15_000)),
            "Makefile": "".join(f"t{n}:\n\tmake t{n + 1} t{n + 2}\n" for n in range(8000)),
            "README.md": "".join(f"![a{n}](b{n}.png) [c]\n" for n in range(9000)),
        }
    )


HOSTILE_PATHS = [
    "src/\n.py",
    "src/ .py",
    "-rf.py",
    "a:b.py",
    "æøå/ü.yaml",
    "src/'\".py",
    "a" * 250 + ".py",
    "(.py",
    "[.yaml",
    "\\d+.py",
    "a/" * 200 + "b.py",
    "Dockerfile/a.py",
    ".github/workflows/(.yml",
    "src/..py",
    "configs/.yaml",
    "configs/(x)/*.yaml",
]


def test_paths_that_are_patterns_themselves() -> None:
    outcomes(
        {**SOUND}
        | dict.fromkeys(HOSTILE_PATHS, "num_workers: 4\n")
        | {"src/[.py": "import (\n", "src/(.py": "x = f()\n"}
    )


MUTATION = settings(derandomize=True, deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))


@MUTATION
@given(st.data())
def test_mutated_texts_give_answers(data: st.DataObject) -> None:
    contents = dict(SOUND)
    for path in data.draw(st.lists(st.sampled_from(PATHS), min_size=1, max_size=4, unique=True)):
        text = contents[path]
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 40)))
        drawn = st.text(max_size=30) | st.sampled_from(
            ["\n", "\t", "(", "[", "{", "'", '"""', ": ", "*a", "&a ", "!!x ", "\\", "#", "- "]
        )
        contents[path] = text[:start] + data.draw(drawn) + text[end:]
    outcomes({path: text.encode("utf-8", "surrogatepass") for path, text in contents.items()})


@MUTATION
@given(st.data())
def test_mutated_bytes_give_answers(data: st.DataObject) -> None:
    contents = {path: text.encode() for path, text in SOUND.items()}
    for path in data.draw(st.lists(st.sampled_from(PATHS), min_size=1, max_size=4, unique=True)):
        content = contents[path]
        start = data.draw(st.integers(0, len(content)))
        contents[path] = (
            content[:start] + data.draw(st.binary(max_size=30)) + content[start + data.draw(st.integers(0, 9)) :]
        )
    outcomes(contents)


@MUTATION
@given(st.dictionaries(st.sampled_from(PATHS), st.sampled_from(PATHS), max_size=8))
def test_contents_under_the_names_of_others_give_answers(swapped: dict[str, str]) -> None:
    outcomes({**SOUND, **{path: SOUND[other] for path, other in swapped.items()}})
