import ast

import pytest

from mlops_mentor.evidence.code.python_file import PythonFile, read_python_file


def read(text: str) -> PythonFile:
    return read_python_file("a.py", "id", text, ast.parse(text), is_test=False)


def names(text: str) -> list[str]:
    return [call.name for call in read(text).calls]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("import numpy as np\nnp.zeros(3)", "numpy.zeros"),
        ("import torch.nn\ntorch.nn.Linear()", "torch.nn.Linear"),
        ("from torch import nn as n\nn.Linear()", "torch.nn.Linear"),
        ("from . import data\ndata.load()", ".data.load"),
        ("from .data import load as l\nl()", ".data.load"),
        ("from loguru import logger\nlogger.info(1)", "loguru.logger.info"),
        ("load()", "load"),
        ("(a + b).fit()", "?.fit"),
        ("models[0].fit()", "models.fit"),
        ("make()(1)", "make()"),
        ("async def f():\n    (await g()).h()", "g().h"),
    ],
)
def test_a_call_has_its_full_name(text: str, name: str) -> None:
    assert name in names(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("from fastapi import FastAPI\napp = FastAPI()\napp.mount('/m', x)", "fastapi.FastAPI().mount"),
        ("import logging\nlog: object = logging.getLogger()\nlog.info(1)", "logging.getLogger().info"),
        ("import wandb\nwith wandb.init() as run:\n    run.log({})", "wandb.init().log"),
        (
            "import logging\nclass A:\n    def __init__(self):\n        self.log = logging.getLogger()\n"
            "    def b(self):\n        self.log.info(1)",
            "logging.getLogger().info",
        ),
        ("import wandb\nif run := wandb.init():\n    run.log({})", "wandb.init().log"),
    ],
)
def test_what_is_made_by_a_call_is_known_by_it(text: str, name: str) -> None:
    assert name in names(text)


def test_names_are_not_chased_in_circles() -> None:
    assert names("a = b.c()\nb = a.d()\na.x()")[-1].endswith(".x")


def test_a_decorator_is_a_call_with_and_without_parentheses() -> None:
    text = "from invoke import task\n@task\ndef a(c): ...\n@task(name='b')\ndef b(c): ...\n"
    assert names(text) == ["invoke.task", "invoke.task"]
    assert [each.decorators for each in read(text).functions] == [("invoke.task",), ("invoke.task",)]


def test_texts_are_those_of_the_code_and_docstrings_are_none() -> None:
    file = read('"""of the module"""\nx = "a"\ndef f():\n    """of f"""\n    return f"b{x}c"\n')
    assert [(text.value, text.line) for text in file.texts] == [("a", 2), ("b", 5), ("c", 5)]


def test_scopes_bases_and_keywords() -> None:
    file = read("import torch\nclass Net(torch.nn.Module):\n    def fit(self):\n        run(workers=4)\n")
    assert file.classes[0].bases == ("torch.nn.Module",)
    assert [each.name for each in file.functions] == ["Net.fit"]
    [call] = file.calls
    assert (call.scope, ast.literal_eval(call.keyword("workers") or ast.Constant(0))) == ("Net.fit", 4)


def test_a_chain_without_end_is_cut() -> None:
    text = "x" + ".a()" * 500
    assert all(len(name) < 100 for name in names(text))
